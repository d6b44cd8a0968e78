"""Whatever comes for a token, the answer is yes or no."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.access.token import SKEW
from tests.tokens import (
    BASE,
    ISSUER,
    NOW,
    a_header,
    a_token,
    a_verifier,
    accepted,
    b64,
    reason,
    signed,
    the_claims,
)

pytestmark = pytest.mark.anyio


TEXTS = st.text(max_size=60) | st.text("ABCabc019-_.=", max_size=200)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


NAMES = st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "jku", "x5c"])


CLAIMS = st.sampled_from(["iss", "aud", "sub", "jti", "iat", "exp", "nbf"])


@given(TEXTS)
async def test_no_text_makes_anything_but_a_refusal(text):
    assert await reason(a_verifier(), text) != "fault"


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=60))
async def test_no_bytes_in_three_parts_make_anything_but_a_refusal(header, claims, seal):
    assert await reason(a_verifier(), f"{b64(header)}.{b64(claims)}.{b64(seal)}") != "fault"


@given(st.dictionaries(NAMES, JSON, min_size=1, max_size=3))
async def test_a_header_with_anything_in_it_is_refused_unless_it_is_the_sound_one(members):
    header = {**a_header(), **members}
    if header == a_header():
        assert await accepted(a_verifier(), signed(header, the_claims()))
    else:
        assert await reason(a_verifier(), signed(header, the_claims())) in {
            "header",
            "key",
            "type",
            "algorithm",
            "too-long",
        }


@given(st.dictionaries(CLAIMS, JSON, min_size=1, max_size=3))
async def test_claims_with_anything_in_them_are_refused_by_a_check_of_ours(members):
    claims = {**the_claims(), **members}
    bearer = signed(a_header(), claims)

    if is_sound(claims):
        assert await accepted(a_verifier(), bearer)
    else:
        assert await reason(a_verifier(), bearer) not in {"fault", "signature", "form", "base64"}


def is_sound(claims: dict) -> bool:
    """The rules of claims once more, as plainly as they can be told."""
    times = [claims.get(name, NOW) for name in ("iat", "exp", "nbf")]
    if any(type(time) is not int for time in times):
        return False
    issued, ends, begins = times
    return (
        claims["iss"] == ISSUER
        and claims["aud"] in (BASE, [BASE])
        and all(isinstance(claims[name], str) and 0 < len(claims[name]) <= 255 for name in ("sub", "jti"))
        and issued < ends <= issued + 3600
        and issued <= NOW + SKEW
        and begins <= NOW + SKEW
        and ends > NOW - SKEW
    )


@given(st.integers(0, 10_000), st.integers(1, 255))
async def test_a_token_with_one_octet_changed_is_refused(place, by):
    sound = a_token()
    place %= len(sound)
    changed = sound[:place] + chr((ord(sound[place]) + by) % 256) + sound[place + 1 :]

    assert await reason(a_verifier(), changed) != "fault"
