"""What apps find out: the numbers in the names are of Inferno's SMART tests."""

import pytest

from tests.authorizing import AUTH, Browser

pytestmark = pytest.mark.anyio

WELL_KNOWN = ".well-known/smart-configuration"


@pytest.mark.parametrize("accept", ["application/json", "text/html", "application/fhir+xml"])
async def test_smart_1_1_01_the_configuration_is_json_whatever_is_asked_for(api, accept):
    answer = await api.get(WELL_KNOWN, headers={"accept": accept})

    assert 200 == answer.status_code
    assert answer.headers["content-type"].startswith("application/json")


async def test_smart_1_1_02_it_has_all_that_is_required(api):
    told = (await api.get(WELL_KNOWN)).json()

    for name in ("issuer", "jwks_uri", "authorization_endpoint", "token_endpoint", "introspection_endpoint"):
        assert told[name] == AUTH if name == "issuer" else told[name].startswith(f"{AUTH}/")
    assert "authorization_code" in told["grant_types_supported"]
    assert "client_credentials" in told["grant_types_supported"]
    assert ["S256"] == told["code_challenge_methods_supported"]
    assert {"launch-ehr", "launch-standalone", "sso-openid-connect"} <= set(told["capabilities"])


async def test_smart_1_1_02_what_it_names_is_there(api, assembly):
    told = (await api.get(WELL_KNOWN)).json()
    browser = Browser(assembly.app)
    async with browser.client:
        for name, address in told.items():
            if name.endswith(("_endpoint", "_uri")):
                status = {(await browser.client.request(way, address)).status_code for way in ("GET", "POST")}
                assert 404 not in status, name


async def test_smart_1_1_03_the_scripts_of_every_origin_read_it(api):
    answer = await api.get(WELL_KNOWN, headers={"origin": "https://any.example"})

    assert "*" == answer.headers["access-control-allow-origin"]


async def test_smart_stu1_the_statement_and_the_configuration_say_the_same(api):
    told = (await api.get(WELL_KNOWN)).json()
    security = (await api.get("metadata")).json()["rest"][0]["security"]
    (uris,) = security["extension"]
    addresses = {one["url"]: one["valueUri"] for one in uris["extension"]}

    assert {
        "authorize": told["authorization_endpoint"],
        "token": told["token_endpoint"],
        "introspect": told["introspection_endpoint"],
        "revoke": told["revocation_endpoint"],
    } == addresses
    assert "SMART-on-FHIR" == security["service"][0]["coding"][0]["code"]
