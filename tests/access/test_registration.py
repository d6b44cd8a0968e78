"""What is common to all that is registered."""

import pytest

from fhir_server.access.client import Client
from fhir_server.access.registration import (
    BadRegistration,
    convert_registration,
    is_address,
    is_hsa_id,
    is_loopback,
    is_origin,
    read_registration,
    require_keys,
)
from tests.registered import KEY, a_portal

RSA = {"kty": "RSA", "kid": "two", "e": "AQAB", "n": "_" + "A" * 341}
"""As long as a key of 2048 bits is."""


@pytest.mark.parametrize(
    "url",
    [
        "https://portal.example",
        "https://portal.example/back?of=1",
        "https://portal.example:8443/a/b",
        "http://localhost:4567/custom",
        "http://127.0.0.1/back",
        "http://[::1]:3000/back",
    ],
)
def test_an_address_is_https_or_on_loopback(url):
    assert is_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "portal.example",
        "//portal.example",
        "http://portal.example",
        "http://localhost.portal.example",
        "http://127.0.0.1.portal.example/",
        "ftp://portal.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://",
        "https:///back",
        "https://user@portal.example",
        "https://portal.example@evil.example",
        "https://portal.example#back",
        "https://*.portal.example",
        "https://portal.example/*",
        "https://portal.example:99999",
        "https://portal.example:x",
        "https://[::1",
        "https://portal.example/a b",
        "https://portal.example/a\n",
        "https://portal.example\\@evil.example",
        "https://pörtal.example",
        "https://portal.example/" + "x" * 300,
    ],
)
def test_what_is_no_address_of_ours_is_none(url):
    assert not is_address(url)


@pytest.mark.parametrize("url", ["http://localhost:1/a", "http://127.0.0.1", "https://[::1]/"])
def test_loopback_is_this_machine(url):
    assert is_loopback(url)
    assert not is_loopback(url.replace("localhost", "x").replace("127.0.0.1", "127.0.0.2").replace("::1", "::2"))


@pytest.mark.parametrize("origin", ["https://portal.example", "https://portal.example:8443", "http://localhost:3000"])
def test_an_origin_is_as_a_browser_sends_it(origin):
    assert is_origin(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "https://portal.example/",
        "https://portal.example/a",
        "https://Portal.example",
        "HTTPS://portal.example",
        "https://portal.example:443",
        "http://portal.example",
        "https://portal.example?a",
        "https://*.portal.example",
        "*",
        "null",
        "",
    ],
)
def test_what_no_browser_sends_as_an_origin_is_none(origin):
    assert not is_origin(origin)


@pytest.mark.parametrize("id", ["SE2321000016-1003", "SE2321000016-a", "SE165565594230-1000"])
def test_an_hsa_id_begins_with_the_number_of_its_organisation(id):
    assert is_hsa_id(id)


@pytest.mark.parametrize(
    "id",
    ["SE2321000016-", "SE2321000016", "se2321000016-1", "SE232100001-1", "SE2321000016-å", "SE2321000016-1" * 3, ""],
)
def test_what_is_no_hsa_id_is_none(id):
    assert not is_hsa_id(id)


# ------------------------------------------------------------------------------------------------ keys


@pytest.mark.parametrize("keys", [[KEY], [RSA], [KEY, RSA], [KEY | {"kid": str(number)} for number in range(50)]])
def test_public_keys_are_taken(keys):
    assert require_keys({"keys": keys}, "") is None


def test_an_address_of_keys_is_taken():
    assert require_keys(None, "https://idp.example/jwks") is None


@pytest.mark.parametrize("private", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_a_private_key_is_refused_and_not_repeated(private):
    with pytest.raises(BadRegistration, match="public keys alone") as refusal:
        require_keys({"keys": [KEY, RSA | {private: "c2VjcmV0"}]}, "")
    assert "c2VjcmV0" not in str(refusal.value)


@pytest.mark.parametrize(
    ("jwks", "url"),
    [
        (None, ""),
        ({"keys": [KEY]}, "https://idp.example/jwks"),
        (None, "http://idp.example/jwks"),
        (None, "http://localhost/jwks"),
        (None, "https://user@idp.example/jwks"),
        ({}, ""),
        ({"keys": []}, ""),
        ({"keys": {}}, ""),
        ({"keys": ["key"]}, ""),
        ({"keys": [KEY | {"kid": str(number)} for number in range(51)]}, ""),
        ({"keys": [KEY, KEY]}, ""),
        ({"keys": [KEY | {"kid": ""}]}, ""),
        ({"keys": [KEY | {"kid": 1}]}, ""),
        ({"keys": [KEY | {"kid": "x" * 256}]}, ""),
        ({"keys": [KEY | {"kty": "oct"}]}, ""),
        ({"keys": [KEY | {"kty": "OKP"}]}, ""),
        ({"keys": [KEY | {"crv": "secp256k1"}]}, ""),
        ({"keys": [KEY | {"x": 1}]}, ""),
        ({"keys": [RSA | {"n": "A" + RSA["n"][1:]}]}, ""),
        ({"keys": [RSA | {"n": "AQAB"}]}, ""),
        ({"keys": [RSA | {"n": "å"}]}, ""),
        ({"keys": [RSA | {"n": None}]}, ""),
        ({"keys": [RSA | {"e": None}]}, ""),
    ],
)
def test_what_is_no_set_of_public_keys_that_we_can_use_is_refused(jwks, url):
    with pytest.raises(BadRegistration, match=r"^jwks"):
        require_keys(jwks, url)


# ------------------------------------------------------------------------------------------------ from JSON


def test_a_member_that_is_not_known_is_refused_with_those_that_are():
    assert "portal" == convert_registration(Client, a_portal()).key

    with pytest.raises(BadRegistration, match=r"client_id.*The members are .*redirect_uris"):
        convert_registration(Client, a_portal(client_id="portal"))


def test_a_member_that_is_missing_is_named():
    members = a_portal()
    del members["scopes"]

    with pytest.raises(BadRegistration, match=r"scopes.*The members are"):
        convert_registration(Client, members)


@pytest.mark.parametrize("text", [b"", b"[]", b'"x"', b"{", b'{"id":"a","id":"b"}', b"\xff", b"[" * 5000])
def test_what_is_no_json_of_a_registration_is_refused(text):
    with pytest.raises(BadRegistration):
        read_registration(Client, text)


def test_a_registration_shows_nothing_but_its_name():
    assert "Client('portal')" == repr(convert_registration(Client, a_portal()))
