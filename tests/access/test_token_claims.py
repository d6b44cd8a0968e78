"""Which tokens are believed: for whom, from whom, and when."""

import json

import pytest

from fhir_server.access.keys import InlineKeys
from fhir_server.access.token import SKEW, Verifier
from tests.tokens import (
    BASE,
    ISSUER,
    NOW,
    Clock,
    a_header,
    a_token,
    a_verifier,
    accepted,
    an_issuer,
    jwk,
    jwks,
    reason,
    rsa_key,
    signed,
    the_claims,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": NOW - SKEW, "iat": NOW - 100}, "expired"),
        ({"exp": NOW - 3000, "iat": NOW - 3600}, "expired"),
        ({"exp": None}, "exp"),
        ({"exp": str(NOW + 300)}, "exp"),
        ({"exp": NOW + 300.5}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": [NOW + 300]}, "exp"),
        ({"exp": 2**64}, "lifetime"),
        ({"exp": -1}, "lifetime"),
        ({"exp": NOW + 10**12}, "lifetime"),
        ({"exp": NOW - 10, "iat": NOW - 10}, "lifetime"),
        ({"exp": NOW + 3591}, "lifetime"),
        ({"iat": None}, "iat"),
        ({"iat": str(NOW)}, "iat"),
        ({"iat": False}, "iat"),
        ({"iat": NOW + SKEW + 1}, "iat"),
        ({"nbf": NOW + SKEW + 1}, "nbf"),
        ({"nbf": str(NOW)}, "nbf"),
        ({"nbf": []}, "nbf"),
    ],
    ids=str,
)
async def test_a_07_a_token_is_refused_outside_its_time(claims, why):
    assert why == await reason(a_verifier(), a_token(**claims))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW - SKEW + 1, "iat": NOW - 100},
        {"exp": NOW + 3590},
        {"iat": NOW + SKEW},
        {"nbf": NOW + SKEW},
        {"nbf": NOW - 10},
        {"nbf": None},
    ],
    ids=str,
)
async def test_a_07_a_token_is_accepted_to_the_last_second_of_its_time(claims):
    assert await accepted(a_verifier(), a_token(**claims))


@pytest.mark.parametrize("member", ["exp", "iat", "nbf"])
@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", "1e400", "1e999999999", "1E9", "9" * 5000, "0x1", "null"]
)
async def test_a_07_a_moment_is_a_whole_number(member, value):
    def with_value(text: str) -> bytes:
        return json.dumps(the_claims(**{member: "?"})).replace('"?"', text).encode()

    assert await reason(a_verifier(), signed(a_header(), with_value(value))) in {member, "payload", "lifetime"}
    sound = str(the_claims(nbf=NOW)[member])
    assert await accepted(a_verifier(), signed(a_header(), with_value(sound)))


@pytest.mark.parametrize(
    "aud",
    [
        None,
        "",
        [],
        [[]],
        {},
        1,
        ["https://other.example/fhir"],
        "https://other.example/fhir",
        f"{BASE}/",
        f"{BASE}.evil.se",
        f"{BASE}/evil",
        BASE.removesuffix("r"),
        BASE.upper(),
        BASE.replace("plans", "Plans"),
        BASE.replace("https", "http"),
        f"{BASE} ",
        f"{BASE}\n",
        [BASE, "https://other.example/fhir"],
        [BASE, BASE],
        [BASE, 1],
        [[BASE]],
        {BASE: True},
        f"{BASE} https://other.example/fhir",
        "*",
        "planner",
    ],
    ids=lambda aud: str(aud)[-45:],
)
async def test_a_08_a_token_for_another_audience_is_refused(aud):
    assert "audience" == await reason(a_verifier(), a_token(aud=aud))
    assert await accepted(a_verifier(), a_token(aud=BASE))
    assert await accepted(a_verifier(), a_token(aud=[BASE]))


async def test_a_08_other_audiences_stand_beside_ours_where_the_issuer_is_configured_so():
    issuer = an_issuer(audiences=frozenset({"https://idp.example/userinfo"}))

    assert await accepted(a_verifier(issuer), a_token(aud=[BASE, "https://idp.example/userinfo"]))
    assert "audience" == await reason(a_verifier(issuer), a_token(aud=["https://idp.example/userinfo"]))
    assert "audience" == await reason(a_verifier(issuer), a_token(aud=[BASE, "https://other.example"]))


@pytest.mark.parametrize(
    "iss",
    [
        "https://other.example",
        f"{ISSUER}/",
        f"{ISSUER}.evil.se",
        ISSUER.upper(),
        "",
        None,
        [ISSUER],
        {"$ne": ""},
        1,
        True,
    ],
    ids=str,
)
async def test_a_09_an_unknown_issuer_is_refused(iss):
    assert "issuer" == await reason(a_verifier(), a_token(iss=iss))
    assert await accepted(a_verifier(), a_token(iss=ISSUER))


async def test_a_09_an_issuer_is_verified_by_its_own_keys_alone():
    other = an_issuer(
        url="https://other.example", keys=InlineKeys(jwks(jwk(rsa_key(name="other"), "k1"), jwk(rsa_key(), "k2")))
    )
    verifier = a_verifier(an_issuer(), other)

    assert "signature" == await reason(verifier, a_token(key=rsa_key(name="other")))
    assert "signature" == await reason(verifier, a_token(iss=other.url))
    assert "key" == await reason(verifier, a_token(header={"kid": "k2"}))
    assert await accepted(verifier, a_token())
    assert other.url == (await verifier.verify(a_token(iss=other.url, key=rsa_key(name="other")))).issuer.url


async def test_a_09_an_issuer_that_is_no_longer_trusted_is_refused_at_once():
    trusted = {ISSUER: an_issuer()}
    verifier = Verifier(BASE, trusted, lambda issuer, jti: False, Clock())

    assert await accepted(verifier, a_token())
    trusted.clear()
    assert "issuer" == await reason(verifier, a_token())
    trusted[ISSUER] = an_issuer(keys=InlineKeys(jwks(jwk(rsa_key(name="other")))))
    assert "signature" == await reason(verifier, a_token())


@pytest.mark.parametrize(
    "typ", ["JWT", "jwt", None, "", "refresh+jwt", "Refresh", "logout+jwt", "dpop+jwt", "AT+JWT ", "at"]
)
async def test_a_10_another_kind_of_token_is_no_access_token(typ):
    assert "type" == await reason(a_verifier(), a_token(header={"typ": typ}))
    assert await accepted(a_verifier(), a_token(header={"typ": "at+jwt"}))
    assert await accepted(a_verifier(), a_token(header={"typ": "application/at+jwt"}))


async def test_a_10_an_id_token_is_refused_by_its_audience_where_the_issuer_has_one_type_for_both():
    issuer = an_issuer(types=frozenset({"JWT"}))

    assert "audience" == await reason(a_verifier(issuer), a_token(header={"typ": "JWT"}, aud="planner", nonce="n"))
    assert await accepted(a_verifier(issuer), a_token(header={"typ": "JWT"}))
    assert "type" == await reason(a_verifier(issuer), a_token())


@pytest.mark.parametrize("sub", [None, "", 1, ["nurse-1"], "x" * 256], ids=lambda sub: str(sub)[:10])
async def test_a_token_about_nobody_is_refused(sub):
    assert "sub" == await reason(a_verifier(), a_token(sub=sub))


async def test_a_09_an_issuer_is_known_by_its_own_address_alone():
    trusted = {ISSUER: an_issuer(), "https://alias.example": an_issuer()}
    verifier = Verifier(BASE, trusted, lambda issuer, jti: False, Clock())

    assert "issuer" == await reason(verifier, a_token(iss="https://alias.example"))
    assert await accepted(verifier, a_token())
