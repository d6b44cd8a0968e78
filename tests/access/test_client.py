"""The apps and systems that may ask for tokens."""

import pytest

from fhir_server.access.client import KIND, Client, Clients, Origins, read_client, scopes_of
from fhir_server.access.mirror import LONGEST_UNSEEN
from fhir_server.access.registration import BadRegistration, convert_registration
from fhir_server.access.registry import Registry
from fhir_server.access.secret import hash_secret
from fhir_server.fhir.codec import encode
from fhir_server.fhir.outcome import Unavailable
from fhir_server.search.parameter import load_parameters
from fhir_server.search.parse import Parser
from tests.registered import KEY, WITHOUT, a_portal, a_system
from tests.storage.contract import STORES, Clock

pytestmark = pytest.mark.anyio

HASH = hash_secret("a secret of the tests, made by nobody", bytes(16))


def client(members) -> Client:
    return convert_registration(Client, members)


def a_tool(**changes):
    """A tool on a developer's machine, with a secret."""
    local = {"redirect_uris": ["http://localhost:4567/back"], "origins": ["http://localhost:4567"]}
    return a_portal(**({"kind": "confidential", "secret_hash": HASH} | local | changes))


def a_journal(**changes):
    """A confidential app that staff use."""
    return a_portal(id="journal", kind="confidential", jwks_url="https://journal.example/jwks", **changes)


TAKEN = [
    a_portal(),
    a_portal(grants=["authorization_code"], scopes=["patient/CarePlan.rs"], origins=WITHOUT),
    a_portal(id="https://portal.example/app", redirect_uris=["http://[::1]:3000/a", "https://portal.example/b?c=d"]),
    a_portal(active=False),
    a_portal(launch_uri="https://portal.example/launch"),
    a_system(),
    a_system(jwks=WITHOUT, jwks_url="https://kommun.example/jwks"),
    a_system(roles=WITHOUT, organizations=WITHOUT),
    a_journal(),
    a_journal(grants=["authorization_code", "client_credentials"], scopes=["user/Task.u"], roles=["coordinator"]),
    a_tool(),
]


@pytest.mark.parametrize("members", TAKEN)
def test_a_client_comes_back_from_json_as_it_was(members):
    found = client(members)

    assert found == read_client(encode(found))
    assert members["id"] == found.key
    assert members["id"] == found.id
    assert members.get("active", True) == found.active


REFUSED = [
    (a_portal(launch_uri="http://portal.example/launch"), "launch_uri"),
    (a_system(launch_uri="https://system.example/launch"), "launch_uri"),
    (a_tool(launch_uri="https://tool.example/launch"), "loopback"),
    (a_portal(id=""), "id"),
    (a_portal(id="a b"), "id"),
    (a_portal(id="a\n"), "id"),
    (a_portal(id="-a"), "id"),
    (a_portal(id="å"), "id"),
    (a_portal(id="x" * 256), "id"),
    (a_portal(id=1), "Expected `str`"),
    (a_portal(name=""), "name"),
    (a_portal(name=" a"), "name"),
    (a_portal(name="a\x1b[2J"), "name"),
    (a_portal(name="x" * 201), "name"),
    (a_portal(kind="Public"), "kind"),
    (a_portal(kind=""), "kind"),
    (a_portal(grants=[]), "grants"),
    (a_portal(grants=["password"]), "grants"),
    (a_portal(grants=["authorization_code", "authorization_code"]), "grants"),
    (a_portal(grants=["refresh_token"]), "grants"),
    (a_portal(grants=["authorization_code", "client_credentials"]), "grants"),
    (a_system(grants=["client_credentials", "refresh_token"]), "grants"),
    (a_portal(scopes=[]), "scopes"),
    (a_portal(scopes="patient/CarePlan.rs"), "Expected `array`"),
    (a_portal(redirect_uris=[]), "redirect_uris"),
    (a_portal(redirect_uris=["http://portal.example/back"]), "redirect_uris"),
    (a_portal(redirect_uris=["https://portal.example/back", "https://portal.example/#x"]), "redirect_uris"),
    (a_portal(redirect_uris=["https://*.portal.example/back"]), "redirect_uris"),
    (a_system(redirect_uris=["https://kommun.example/back"]), "redirect_uris"),
    (a_portal(origins=["*"]), "origins"),
    (a_portal(origins=["https://portal.example/"]), "origins"),
    (a_portal(jwks={"keys": [KEY]}), "jwks"),
    (a_portal(jwks_url="https://portal.example/jwks"), "jwks"),
    (a_tool(kind="public"), "jwks"),
    (a_portal(roles=["coordinator"]), "roles"),
    (a_portal(organizations=["SE2120000001-1003"]), "roles"),
    (a_system(jwks=WITHOUT), "jwks"),
    (a_system(jwks_url="https://kommun.example/jwks"), "jwks"),
    (a_system(jwks={"keys": [KEY | {"d": "c2VjcmV0"}]}), "jwks"),
    (a_system(jwks=WITHOUT, jwks_url="http://kommun.example/jwks"), "jwks_url"),
    (a_system(roles=["a b"]), "roles"),
    (a_system(roles=[""]), "roles"),
    (a_system(organizations=["2120000001"]), "organizations"),
    (a_system(organizations=["*"]), "organizations"),
    (a_system(organizations=["SE2120000001-"]), "organizations"),
    (a_tool(secret_hash="a secret of the tests, made by nobody"), "secret_hash"),
    (a_tool(jwks={"keys": [KEY]}), "jwks"),
    (a_tool(jwks_url="https://portal.example/jwks"), "jwks"),
    (a_tool(redirect_uris=["https://portal.example/back"]), "secret_hash"),
    (a_tool(origins=["https://portal.example"]), "secret_hash"),
    (a_tool(secret="a secret of the tests, made by nobody"), "unknown field `secret`"),
    (a_portal(active="no"), "Expected `bool`"),
]


@pytest.mark.parametrize(("members", "why"), REFUSED)
def test_a_client_that_cannot_be_is_refused_with_what_may_be(members, why):
    with pytest.raises(BadRegistration) as refusal:
        client(members)

    assert why in str(refusal.value).partition(".")[0]
    for kept_back in ("a secret of the tests", "c2VjcmV0", HASH):
        assert kept_back not in str(refusal.value)


def test_a_client_knows_its_own_secret_and_one_without_knows_none():
    secret = "a secret of the tests, made by nobody"

    assert client(a_tool()).has_secret(secret)
    assert not client(a_tool()).has_secret(secret[:-1])
    assert [False, False] == [client(a_portal()).has_secret(text) for text in (secret, "")]


# ------------------------------------------------------------------------------------------------ its scopes


@pytest.fixture(scope="module")
def parser() -> Parser:
    return Parser(load_parameters(), "https://plans.example/fhir")


def test_a_client_may_have_scopes_in_several_contexts(parser):
    both = ["patient/CarePlan.rs", "launch user/*.cruds", "system/Task.rs"]
    one = client(a_journal(grants=["authorization_code", "client_credentials"], scopes=both))

    assert ["patient", "user", "system"] == [scopes.context for scopes in scopes_of(one, parser)]


@pytest.mark.parametrize("members", TAKEN)
def test_the_scopes_of_a_client_that_is_taken_are_read(members, parser):
    assert len(members["scopes"]) == len(scopes_of(client(members), parser))


@pytest.mark.parametrize(
    "members",
    [
        a_portal(scopes=["patient/CarePlan.rs system/CarePlan.rs"]),
        a_portal(scopes=["patient/CarePlan.rs", "patient/Task.rs"]),
        a_portal(scopes=["patient/CarePlan.rs", "openid", "launch"]),
        a_portal(scopes=["patient/CarePlan.sr"]),
        a_portal(scopes=["patient/Careplan.rs"]),
        a_portal(scopes=["patient/CarePlan.rs?nothing=1"]),
        a_portal(scopes=["system:CarePlan.read"]),
        a_portal(scopes=["patient/CarePlan.rs whatever"]),
        a_portal(scopes=[""]),
        a_portal(scopes=["patient/CarePlan.rs  patient/Task.rs"]),
        a_portal(scopes=["system/CarePlan.rs"]),
        a_portal(grants=["authorization_code"]),
        a_system(scopes=["user/CarePlan.rs"]),
        a_system(scopes=["patient/CarePlan.rs"]),
        a_system(scopes=["openid"]),
        a_system(scopes=["openid system/CarePlan.rs"]),
        a_system(scopes=["launch system/CarePlan.rs"]),
    ],
)
def test_scopes_that_cannot_be_granted_are_refused(members, parser):
    with pytest.raises(BadRegistration, match=r"^scopes: "):
        scopes_of(client(members), parser)


# ------------------------------------------------------------------------------------------------ found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite-memory", "mongo"])
async def store(request, tmp_path, clock):
    async with STORES[request.param](tmp_path, clock) as opened:
        yield opened


def a_registry(store, clock) -> Registry[Client]:
    return Registry(KIND, Client, store, clock, '{"who":"somebody"}', lambda _: None)


async def test_b_04_a_client_that_is_registered_is_found_and_another_is_not(store, clock):
    await a_registry(store, clock).add(client(a_portal()))
    clients = Clients(store, clock)

    assert client(a_portal()) == await clients.find("portal")
    assert [None, None, None] == [await clients.find(id) for id in ("Portal", "portal ", "")]


async def test_a_client_that_is_found_is_not_asked_for_again_for_five_seconds(store, clock):
    await a_registry(store, clock).add(client(a_portal()))
    clients = Clients(store, clock)

    first = await clients.find("portal")
    clock.now += 4_999
    second = await clients.find("portal")
    clock.now += 1

    assert first is second
    assert first is await clients.find("portal")  # its text is the same


async def test_a_client_that_is_revoked_elsewhere_is_not_found_five_seconds_later(store, clock):
    registry, clients = a_registry(store, clock), Clients(store, clock)
    await registry.add(client(a_portal()))
    await registry.add(client(a_system()))
    assert await clients.find("portal")

    await registry.revoke("portal")
    clock.now += 5_000

    assert None is await clients.find("portal")
    assert "verksamhetssystem" == (await clients.find("verksamhetssystem")).id


async def test_a_client_that_is_registered_elsewhere_is_found_five_seconds_later(store, clock):
    clients = Clients(store, clock)
    assert None is await clients.find("portal")

    await a_registry(store, clock).add(client(a_portal()))
    clock.now += 5_000

    assert "portal" == (await clients.find("portal")).id


async def test_what_is_kept_of_a_client_and_cannot_be_read_is_no_client(store, clock):
    await store.keep(KIND, "portal", '{"id":"portal"}', until=0)
    await a_registry(store, clock).add(client(a_system()))
    clients = Clients(store, clock)

    assert None is await clients.find("portal")
    assert "verksamhetssystem" == (await clients.find("verksamhetssystem")).id


async def test_no_client_is_believed_while_nobody_can_look(clock, tmp_path):
    async with STORES["sqlite-memory"](tmp_path, clock) as store:
        await a_registry(store, clock).add(client(a_portal()))
        clients = Clients(store, clock)
        assert await clients.find("portal")
        store._readers.apart = _away
        assert await clients.find("portal")
        clock.now += 5_000
        with pytest.raises(Unavailable):
            await clients.find("portal")


async def test_the_origins_are_those_of_the_active_clients_and_those_that_are_set(store, clock):
    registry, origins = a_registry(store, clock), Origins(store, clock, ["https://set.example"])
    await registry.add(client(a_portal()))
    await registry.add(client(a_portal(id="other", origins=["https://other.example"])))
    assert "https://portal.example" not in origins
    await origins.refresh()
    assert {"https://portal.example", "https://other.example"} == {one for one in ASKED if one in origins} - SET

    await registry.revoke("other")
    await origins.refresh()

    assert {"https://portal.example"} | SET == {one for one in ASKED if one in origins}


async def test_an_origin_that_two_registered_stays_as_long_as_one_of_them(store, clock):
    registry, origins = a_registry(store, clock), Origins(store, clock)
    for id in ("portal", "other"):
        await registry.add(client(a_portal(id=id)))

    for id, stays in (("portal", True), ("other", False)):
        await registry.revoke(id)
        await origins.refresh()
        assert stays == ("https://portal.example" in origins)


async def test_no_registered_origin_is_believed_that_nobody_has_looked_at_for_thirty_seconds(store, clock):
    origins = Origins(store, clock, SET)
    await a_registry(store, clock).add(client(a_portal()))
    await origins.refresh()

    clock.now += LONGEST_UNSEEN - 1
    assert {"https://portal.example"} | SET == {one for one in ASKED if one in origins}
    clock.now += 1
    assert {one for one in ASKED if one in origins} == SET


SET = {"https://set.example"}
ASKED = ["https://portal.example", "https://other.example", *SET, "https://evil.example", "", "null"]


async def _away(_read):
    raise Unavailable.because("store-away")
