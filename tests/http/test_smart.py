"""`[base]/.well-known/smart-configuration`. https://hl7.org/fhir/smart-app-launch/conformance.html"""

from urllib.parse import urlsplit

import httpx
import pytest
from prometheus_client import CollectorRegistry

from fhir_server.access.scope import parse_scopes
from fhir_server.assembly import _application
from fhir_server.assembly.outside import clock
from fhir_server.audit.doorstep import Doorstep
from fhir_server.fhir.definitions import BadDefinition, read
from fhir_server.http.application import DISCOVERY_PATH, Beside, application
from fhir_server.http.smart import (
    FILE,
    WELL_KNOWN,
    AuthorizationServer,
    configuration_of,
    discovery_route,
    smart_configuration,
)
from tests.builders import issue_keys
from tests.search.reading import PARSER

pytestmark = pytest.mark.anyio

DEFINITION = dict(read("security"))[FILE]
ROOT = "https://plans.example"
ORIGIN = {"Origin": "https://app.example"}


def a_server(**members: object) -> AuthorizationServer:
    """One that can do all there is."""
    all_of_it = {
        "issuer": f"{ROOT}/auth",
        "authorization_endpoint": f"{ROOT}/auth/authorize",
        "token_endpoint": f"{ROOT}/auth/token",
        "jwks_uri": f"{ROOT}/auth/keys",
        "introspection_endpoint": f"{ROOT}/auth/introspect",
        "revocation_endpoint": f"{ROOT}/auth/revoke",
        "launches": True,
        "refreshes": True,
        "client_assertions": True,
        "client_secrets": True,
    }
    return AuthorizationServer(**{**all_of_it, **members})


# ------------------------------------------------------------------------------------------------ what it says


def test_what_smart_demands_of_a_server_with_all_capabilities_is_there():
    document = smart_configuration(a_server())

    assert {"authorization_code", "client_credentials"} == set(document["grant_types_supported"])
    assert ["S256"] == document["code_challenge_methods_supported"]
    assert {"RS384", "ES384"} == set(document["token_endpoint_auth_signing_alg_values_supported"])
    assert "private_key_jwt" in document["token_endpoint_auth_methods_supported"]
    assert {"launch-ehr", "launch-standalone", "sso-openid-connect", "permission-v1", "permission-v2"} <= set(
        document["capabilities"]
    )
    assert not {"context-style", "smart-app-state"} & set(document["capabilities"])
    for values in (values for values in document.values() if not isinstance(values, str)):
        assert len(values) == len(set(values))
        assert all(isinstance(value, str) and value for value in values)


def test_every_address_is_absolute():
    document = smart_configuration(a_server())
    addresses = {name: value for name, value in document.items() if isinstance(value, str)}

    assert {"issuer", "jwks_uri"} | {
        f"{kind}_endpoint" for kind in ("authorization", "token", "introspection", "revocation")
    } == set(addresses)
    for address in addresses.values():
        assert urlsplit(address).scheme
        assert urlsplit(address).netloc


@pytest.mark.parametrize("address", ["/auth/token", "auth/token", "//plans.example/token", "https:///token", "urn:x"])
def test_an_address_that_is_not_absolute_is_refused(address):
    with pytest.raises(ValueError, match="token_endpoint"):
        a_server(token_endpoint=address)
    assert a_server(token_endpoint=f"{ROOT}/auth/token")


@pytest.mark.parametrize(
    ("without", "capability"),
    [
        ({"launches": False}, "launch-ehr"),
        ({"launches": False}, "context-standalone-patient"),
        ({"authorization_endpoint": ""}, "launch-standalone"),
        ({"token_endpoint": ""}, "client-public"),
        ({"jwks_uri": ""}, "sso-openid-connect"),
        ({"refreshes": False}, "permission-offline"),
        ({"refreshes": False}, "permission-online"),
        ({"client_assertions": False}, "client-confidential-asymmetric"),
        ({"client_secrets": False}, "client-confidential-symmetric"),
    ],
)
def test_a_capability_is_claimed_only_where_it_can_be_kept(without, capability):
    assert capability in smart_configuration(a_server())["capabilities"]
    assert capability not in smart_configuration(a_server(**without))["capabilities"]


def test_the_issuer_is_told_to_those_who_may_sign_in_with_it():
    told, untold = smart_configuration(a_server()), smart_configuration(a_server(jwks_uri=""))

    assert f"{ROOT}/auth" == told["issuer"]
    assert "openid" in told["scopes_supported"]
    assert "issuer" not in untold
    assert "openid" not in untold["scopes_supported"]


def test_without_an_authorization_server_nothing_is_claimed_that_needs_one():
    document = smart_configuration()

    assert {"permission-patient", "permission-user", "permission-v1", "permission-v2"} == set(document["capabilities"])
    assert {"capabilities", "scopes_supported"} == set(document)


def test_every_scope_that_is_promised_is_understood():
    for scope in smart_configuration(a_server())["scopes_supported"]:
        scopes = parse_scopes(scope, PARSER)
        assert scope == str(scopes)
        assert not scopes.unknown


@pytest.mark.parametrize(
    ("row", "good"),
    [
        (
            {
                "name": "capabilities",
                "part": [{"name": "value", "valueString": "x"}, {"name": "needs", "valueCode": "luck"}],
            },
            {
                "name": "capabilities",
                "part": [{"name": "value", "valueString": "x"}, {"name": "needs", "valueCode": "issuer"}],
            },
        ),
        ({"name": "capabilities", "part": []}, {"name": "capabilities", "valueString": "x"}),
    ],
)
def test_a_row_that_needs_what_there_is_not_is_refused(row, good):
    definition = {"resourceType": "Parameters", "id": "smart-configuration"}

    assert ["x"] == configuration_of({**definition, "parameter": [good]}, a_server())["capabilities"]
    with pytest.raises(BadDefinition, match=FILE):
        configuration_of({**definition, "parameter": [row]}, a_server())


# ------------------------------------------------------------------------------------------------ where it answers


async def _nothing(*_: object) -> None:
    raise AssertionError("this is no call of FHIR's")


@pytest.fixture(params=[(), ("https://portal.example",)], ids=["no origins", "an origin"])
def smart(request):
    """A client of an application that knows where tokens are given out."""
    route = discovery_route(DISCOVERY_PATH, smart_configuration(a_server()))
    app = application(_nothing, Beside([route], _nothing, CollectorRegistry(), "1", origins=request.param))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ROOT)


@pytest.mark.parametrize("accept", ["application/json", "text/html", "application/fhir+xml", "*/*"])
async def test_it_is_json_whatever_is_asked_for_and_wants_no_token(smart, accept):
    answer = await smart.get(DISCOVERY_PATH, headers={"Accept": accept})

    assert 200 == answer.status_code
    assert "application/json" == answer.headers["content-type"]
    assert smart_configuration(a_server()) == answer.json()


async def test_scripts_of_every_origin_may_read_it(smart):
    assert "*" == (await smart.get(DISCOVERY_PATH, headers=ORIGIN)).headers["access-control-allow-origin"]


async def test_scripts_of_every_origin_may_ask_first(smart):
    asks = {**ORIGIN, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "cache-control"}

    answer = await smart.options(DISCOVERY_PATH, headers=asks)
    assert 204 == answer.status_code
    assert "*" == answer.headers["access-control-allow-origin"]
    assert "GET" in answer.headers["access-control-allow-methods"]
    assert "*" == answer.headers["access-control-allow-headers"]


async def test_it_is_asked_for_and_not_written(smart):
    answer = await smart.post(DISCOVERY_PATH)

    assert 405 == answer.status_code
    assert ["method-not-allowed"] == issue_keys(answer.json())
    assert 200 == (await smart.head(DISCOVERY_PATH)).status_code


async def test_a_server_that_asks_for_tokens_has_it_beside_its_own_addresses(assembly, settings):
    house = _application(settings.model_copy(update={"access": "smart"}), assembly.server, (), Doorstep(clock))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(house), base_url=assembly.server.base) as client:
        assert smart_configuration() == (await client.get(WELL_KNOWN)).json()
        assert "CapabilityStatement" == (await client.get("/metadata")).json()["resourceType"]
        assert 404 == (await client.get(f"{WELL_KNOWN}/more")).status_code


async def test_where_nobody_is_asked_for_a_token_it_is_not_there_and_says_why(api):
    absent, other = await api.get(WELL_KNOWN.lstrip("/")), await api.get(".well-known/nosuch")

    assert (404, 404) == (absent.status_code, other.status_code)
    assert ["no-discovery"] == issue_keys(absent.json())
    assert ["unknown-type"] == issue_keys(other.json())
    assert "application/fhir+json" in absent.headers["content-type"]


async def test_it_says_why_in_swedish_too(api):
    answer = await api.get(WELL_KNOWN.lstrip("/"), headers={"Accept-Language": "sv"})

    assert "åtkomstbevis" in answer.json()["issue"][0]["details"]["text"]
