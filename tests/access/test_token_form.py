"""Which tokens are believed: in which form they come."""

import json

import pytest

from fhir_server.access.token import LONGEST_TOKEN
from tests.tokens import (
    a_header,
    a_token,
    a_verifier,
    accepted,
    b64,
    reason,
    rsa_key,
    signature,
    signed,
    spare_bits_set,
    the_claims,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "member",
    [
        {"crit": ["x"], "x": 1},
        {"crit": ["exp"]},
        {"crit": []},
        {"crit": ["b64"], "b64": False},
        {"b64": True},
        {"zip": "DEF"},
        {"enc": "A256GCM"},
        {"cty": "JWT"},
        {"x5t": "AA"},
        {"x5t#S256": "AA"},
        {"ALG": "RS256"},
        {"": ""},
        {"alg": ["RS256"]},
        {"typ": ["at+jwt"]},
        {"typ": {"at+jwt": 1}},
        {"alg": 1},
    ],
    ids=str,
)
async def test_a_11_a_header_has_alg_kid_and_typ_and_nothing_else(member):
    assert "header" == await reason(a_verifier(), a_token(header=member))
    assert await accepted(a_verifier(), a_token())


def wrapped(inner: bytes) -> bytes:
    return json.dumps(a_header(x="?")).encode().replace(b'"?"', inner)


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (wrapped(b"[" * 1_000 + b"]" * 1_000), {"header"}),
        (wrapped(b'{"a":' * 500 + b"1" + b"}" * 500), {"header"}),
        (wrapped(b"[" * 2_000), {"header"}),
        (wrapped(b"[" * 100_000 + b"]" * 100_000), {"too-long"}),
        (wrapped(b'"' + b"x" * 64_000 + b'"'), {"too-long"}),
        (b'{"alg":"RS256","kid":"k1","typ":"at+jwt","alg":"RS256"}', {"header"}),
        (b'{"alg":"none","kid":"k1","typ":"at+jwt","alg":"RS256"}', {"header"}),
        (b'{"alg":"RS256","kid":"k1","typ":"at+jwt","\\u0061lg":"none"}', {"header"}),
        (b'{"alg":"RS256","kid":"k1","typ":"at+jwt"}{}', {"header"}),
        (b'\xef\xbb\xbf{"alg":"RS256","kid":"k1","typ":"at+jwt"}', {"header"}),
        ('{"alg":"RS256","kid":"k1","typ":"at+jwt"}'.encode("utf-16"), {"header"}),
        (b'{"alg":"RS256","kid":"k1","typ":"at+jwt\xff"}', {"header"}),
        (b'{"alg":"RS256","kid":"\\ud800","typ":"at+jwt"}', {"header"}),
        (b'["alg","kid","typ"]', {"header"}),
        (b'"alg"', {"header"}),
        (b"null", {"header"}),
        (b"[]", {"header"}),
        (b"{}", {"header"}),
        (b"{", {"header"}),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_12_a_header_that_is_no_header_is_refused(header, why):
    assert await reason(a_verifier(), signed(header, the_claims())) in why
    assert await accepted(a_verifier(), signed(b'{"alg":"RS256","kid":"k1","typ":"at+jwt"}', the_claims()))


@pytest.mark.parametrize(
    "claims",
    [
        b"[" * 2_000,
        b'{"a":' * 300 + b"1" + b"}" * 300,
        b"null",
        b"[]",
        b"\xff",
        json.dumps(the_claims()).replace('"sub"', '"aud": "x", "sub"').encode(),
        json.dumps(the_claims()).encode() + b" {}",
    ],
    ids=lambda value: str(value)[:30],
)
async def test_a_12_claims_that_are_no_claims_are_refused_though_they_are_signed(claims):
    assert "payload" == await reason(a_verifier(), signed(a_header(), claims))
    assert await accepted(a_verifier(), signed(a_header(), json.dumps(the_claims(), indent=1).encode()))


async def test_a_12_a_token_is_taken_to_the_last_character_that_it_may_have():
    def of_length(wanted: int) -> str:
        filling = 0
        while (short := wanted - len(text := a_token(fill="x" * filling))) > 0:
            filling += max(1, short * 3 // 4)
        return text

    longest = next(
        text for text in map(of_length, range(LONGEST_TOKEN, LONGEST_TOKEN - 4, -1)) if len(text) <= LONGEST_TOKEN
    )
    assert len(longest) > LONGEST_TOKEN - 4
    assert await accepted(a_verifier(), longest)
    assert "too-long" == await reason(a_verifier(), of_length(LONGEST_TOKEN + 1))


def malleated() -> dict[str, str]:
    """The same token by other texts."""
    sound = a_token(fill="x" if len(b64(json.dumps(the_claims()).encode())) % 4 == 0 else None)
    header, claims, seal = sound.split(".")
    return {
        "spare bits in the signature": f"{header}.{claims}.{spare_bits_set(seal)}",
        "one pad": sound + "=",
        "pads": sound + "==",
        "pads in the header": f"{header}=.{claims}.{seal}",
        "ignored characters": sound + "!!!!",
        "ignored characters within": f"{header}.{claims}.{seal[:8]}!{seal[8:]}",
        "a line feed at the end": sound + "\n",
        "a line feed within": f"{header}.{claims}.{seal[:8]}\n{seal[8:]}",
        "a space before": " " + sound,
        "standard alphabet": f"{header}.{claims}." + seal.replace("-", "+").replace("_", "/") + "+",
        "a length that cannot be": sound + "AAA",
        "a fourth part": sound + ".",
        "a part too few": f"{header}.{claims}",
        "a detached payload": f"{header}..{seal}",
        "no signature": f"{header}.{claims}.",
        "full-width": sound[:-1] + "\uff21",
        "a nul": sound + "\x00",
        "the scheme again": "Bearer " + sound,
        "two tokens": f"{sound},{sound}",
        "json": json.dumps({"payload": claims, "signatures": [{"protected": header, "signature": seal}]}),
        "five parts": f"{header}.{claims}.{seal}.AA.AA",
    }


@pytest.mark.parametrize("how", sorted(malleated()))
async def test_a_15_a_token_has_one_text(how):
    assert await reason(a_verifier(), malleated()[how]) in {"form", "base64"}
    assert await accepted(a_verifier(), a_token())


@pytest.mark.parametrize("part", [0, 1])
async def test_a_15_spare_bits_in_what_is_signed_are_refused_though_they_are_signed(part):
    texts = [b64(json.dumps(one).encode() + b" " * pad) for one, pad in ((a_header(), 0), (the_claims(), 0))]
    value = (a_header(), the_claims())[part]
    texts[part] = next(text for pad in range(3) if len(text := b64(json.dumps(value).encode() + b" " * pad)) % 4)
    texts_bent = [spare_bits_set(text) if place == part else text for place, text in enumerate(texts)]

    def whole(parts: list[str]) -> str:
        text = ".".join(parts)
        return f"{text}.{b64(signature(text.encode(), rsa_key(), 'RS256'))}"

    assert "base64" == await reason(a_verifier(), whole(texts_bent))
    assert await accepted(a_verifier(), whole(texts))
