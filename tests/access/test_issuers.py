"""The issuers that a deployment trusts."""

import pytest

from fhir_server.access.issuer import Issuer
from fhir_server.access.issuers import KIND, Issuers, RegisteredIssuer
from fhir_server.access.keys import InlineKeys
from fhir_server.access.mapping import load_mapping
from fhir_server.access.registration import BadRegistration, convert_registration, read_registration
from fhir_server.access.registry import Registry
from fhir_server.fhir.codec import encode
from fhir_server.fhir.outcome import Unavailable
from tests.registered import KEY, WITHOUT, an_issuer
from tests.storage.contract import STORES, Clock

pytestmark = pytest.mark.anyio

URL = "https://idp.example"


def issuer(members) -> RegisteredIssuer:
    return convert_registration(RegisteredIssuer, members)


@pytest.mark.parametrize(
    "members",
    [
        an_issuer(),
        an_issuer(jwks=WITHOUT, jwks_url="https://idp.example/jwks"),
        an_issuer(organizations=["*"]),
        an_issuer(kinds=["citizen"], organizations=WITHOUT, audiences=WITHOUT, lifetime=WITHOUT),
        an_issuer(types=["JWT"], mapping="sambi"),
        an_issuer(url="http://127.0.0.1:8080/fhir", active=False),
    ],
)
def test_an_issuer_comes_back_from_json_as_it_was(members):
    found = issuer(members)

    assert found == read_registration(RegisteredIssuer, encode(found))
    assert members["url"] == found.key


REFUSED = [
    (an_issuer(url=""), "url"),
    (an_issuer(url="http://idp.example"), "url"),
    (an_issuer(url="https://idp.example#a"), "url"),
    (an_issuer(url="https://user@idp.example"), "url"),
    (an_issuer(jwks=WITHOUT), "jwks"),
    (an_issuer(jwks_url="https://idp.example/jwks"), "jwks"),
    (an_issuer(jwks={"keys": [KEY | {"d": "c2VjcmV0"}]}), "jwks"),
    (an_issuer(mapping=""), "mapping"),
    (an_issuer(mapping="../inera"), "mapping"),
    (an_issuer(algorithms=[]), "algorithms"),
    (an_issuer(algorithms=["none"]), "algorithms"),
    (an_issuer(algorithms=["ES256", "HS256"]), "algorithms"),
    (an_issuer(kinds=[]), "kinds"),
    (an_issuer(kinds=["staff", "admin"]), "kinds"),
    (an_issuer(organizations=[]), "organizations"),
    (an_issuer(organizations=["SE"]), "organizations"),
    (an_issuer(organizations=["SE2321000016*"]), "organizations"),
    (an_issuer(audiences=[""]), "audiences"),
    (an_issuer(types=[]), "types"),
    (an_issuer(types=["a b"]), "types"),
    (an_issuer(lifetime=0), "lifetime"),
    (an_issuer(lifetime=86_401), "lifetime"),
    (an_issuer(lifetime="900"), "Expected `int`"),
    (an_issuer(jwks_uri="https://idp.example/jwks"), "unknown field `jwks_uri`"),
]


@pytest.mark.parametrize(("members", "why"), REFUSED)
def test_an_issuer_that_cannot_be_is_refused_with_what_may_be(members, why):
    with pytest.raises(BadRegistration) as refusal:
        issuer(members)

    assert why in str(refusal.value).partition(".")[0]
    assert "c2VjcmV0" not in str(refusal.value)


# ------------------------------------------------------------------------------------------------ trusted


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite-memory", "mongo"])
async def store(request, tmp_path, clock):
    async with STORES[request.param](tmp_path, clock) as opened:
        yield opened


@pytest.fixture
def registry(store, clock) -> Registry[RegisteredIssuer]:
    return Registry(KIND, RegisteredIssuer, store, clock, "{}", lambda _: None)


@pytest.fixture
def issuers(store, clock) -> Issuers:
    return Issuers(store, clock, lambda it: InlineKeys(encode(it.jwks)), load_mapping)


async def test_a_registered_issuer_is_trusted_for_what_it_was_registered_for(registry, issuers):
    await registry.add(issuer(an_issuer()))
    await issuers.refresh()

    found = issuers[URL]
    assert isinstance(found, Issuer)
    assert (URL, 900, {"ES256", "RS256"}, {"staff"}) == (found.url, found.lifetime, found.algorithms, found.kinds)
    assert ({"SE2321000016-1003", "SE2321000016-"}, {"https://other.example/fhir"}) == (
        found.organizations,
        found.audiences,
    )
    assert "one" == (await found.keys.find("one")).id
    assert ([URL], 1) == (list(issuers), len(issuers))


async def test_a_09_an_issuer_is_trusted_by_its_url_to_the_letter(registry, issuers):
    await registry.add(issuer(an_issuer()))
    await issuers.refresh()

    assert [True, False, False] == [url in issuers for url in (URL, URL + "/", URL.upper())]


async def test_an_issuer_is_the_same_object_until_its_registration_changes(registry, issuers, clock):
    await registry.add(issuer(an_issuer()))
    await issuers.refresh()
    first = issuers[URL]

    clock.now += 5_000
    await issuers.refresh()
    assert first is issuers[URL]

    await registry.add(issuer(an_issuer(lifetime=300)), anew=True)
    await issuers.refresh()
    assert first is not issuers[URL]
    assert 300 == issuers[URL].lifetime


async def test_a_revoked_issuer_is_trusted_no_longer_and_its_neighbour_is(registry, issuers):
    await registry.add(issuer(an_issuer()))
    await registry.add(issuer(an_issuer(url="https://other.example")))
    await issuers.refresh()
    assert 2 == len(issuers)

    await registry.revoke(URL)
    await issuers.refresh()

    assert ["https://other.example"] == list(issuers)


async def test_what_is_kept_and_cannot_be_used_is_not_trusted_and_told(store, registry, issuers):
    await registry.add(issuer(an_issuer()))
    await registry.add(issuer(an_issuer(url="https://nowhere.example", mapping="nobodys")))
    await registry.add(issuer(an_issuer(url="https://revoked.example", active=False)))
    await store.keep(KIND, "https://broken.example", "{}", until=0)
    await store.keep(KIND, "https://moved.example", encode(issuer(an_issuer())).decode(), until=0)

    unusable = await issuers.refresh()

    assert [URL] == list(issuers)
    assert {f"https://{name}.example" for name in ("nowhere", "broken", "moved")} == unusable


async def test_no_issuer_is_trusted_where_nobody_can_look_for_thirty_seconds(registry, issuers, clock):
    await registry.add(issuer(an_issuer()))
    with pytest.raises(Unavailable):
        issuers.get(URL)

    await issuers.refresh()
    clock.now += 29_999
    assert URL == issuers.get(URL).url
    clock.now += 1
    with pytest.raises(Unavailable):
        issuers.get(URL)
