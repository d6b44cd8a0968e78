"""Which tokens are believed a moment later, and which have been revoked."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from fhir_server.access import token
from fhir_server.access.keys import InlineKeys
from fhir_server.access.token import REMEMBERED_FOR, SKEW
from tests.tokens import (
    ISSUER,
    NOW,
    Clock,
    a_token,
    a_verifier,
    accepted,
    an_issuer,
    b64,
    digest,
    ec_key,
    jwk,
    jwks,
    reason,
    rsa_key,
)

pytestmark = pytest.mark.anyio


async def test_a_14_a_revoked_token_is_refused_though_it_was_accepted_a_moment_ago():
    revoked: set[tuple[str, str]] = set()
    verifier = a_verifier(revoked=lambda issuer, jti: (issuer, jti) in revoked)

    assert await accepted(verifier, a_token())
    revoked.add((ISSUER, "token-1"))
    assert "revoked" == await reason(verifier, a_token())
    assert await accepted(verifier, a_token(jti="token-2"))
    assert "revoked" == await reason(a_verifier(revoked=lambda issuer, jti: (issuer, jti) in revoked), a_token())


@pytest.mark.parametrize("jti", [None, "", 1, ["token-1"], {"$ne": ""}, "x" * 256], ids=lambda jti: str(jti)[:10])
async def test_a_14_a_token_that_could_not_be_revoked_is_refused(jti):
    assert "jti" == await reason(a_verifier(), a_token(jti=jti))
    assert await accepted(a_verifier(), a_token(jti="x" * 255))


async def test_a_15_revocation_is_not_fooled_by_the_other_signature_that_every_ecdsa_signature_has():
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    issuer = an_issuer(keys=InlineKeys(jwks(jwk(ec_key()))), algorithms=frozenset({"ES256"}))
    revoked: set[tuple[str, str]] = set()
    verifier = a_verifier(issuer, revoked=lambda issuer, jti: (issuer, jti) in revoked)
    text = a_token(key=ec_key(), alg="ES256").rpartition(".")[0]
    r, s = decode_dss_signature(ec_key().sign(text.encode(), ec.ECDSA(SHA256())))
    one, other = (f"{text}.{b64(r.to_bytes(32) + half.to_bytes(32))}" for half in (s, order - s))

    assert await accepted(verifier, one)
    assert await accepted(verifier, other)
    revoked.add((ISSUER, "token-1"))
    assert ["revoked", "revoked"] == [await reason(verifier, text) for text in (one, other)]


async def test_a_token_that_is_remembered_is_not_verified_again_until_its_time_is_up():
    clock, keys = Clock(), CountedKeys()
    verifier = a_verifier(an_issuer(keys=keys), clock=clock)

    for seconds, times in ((0, 1), (29.999, 1), (30, 2), (59, 2)):
        clock.seconds = NOW + seconds
        assert await accepted(verifier, a_token())
        assert (seconds, times) == (seconds, keys.asked)


async def test_a_token_is_not_remembered_past_its_end():
    clock, keys = Clock(), CountedKeys()
    verifier = a_verifier(an_issuer(keys=keys), clock=clock)

    assert await accepted(verifier, a_token(exp=NOW + 5))
    clock.seconds = NOW + 5
    assert await accepted(verifier, a_token(exp=NOW + 5))
    assert 2 == keys.asked
    clock.seconds = NOW + 5 + SKEW
    assert "expired" == await reason(verifier, a_token(exp=NOW + 5))


async def test_a_clock_that_is_put_back_makes_nothing_be_remembered_for_longer():
    clock, keys = Clock(), CountedKeys()
    verifier = a_verifier(an_issuer(keys=keys), clock=clock)

    assert await accepted(verifier, a_token())
    clock.seconds = NOW - 1
    assert await accepted(verifier, a_token())
    assert 2 == keys.asked


async def test_no_more_than_so_many_tokens_are_remembered(monkeypatch):
    monkeypatch.setattr(token, "REMEMBERED", 3)
    verifier = a_verifier()
    texts = [a_token(jti=str(place)) for place in range(5)]
    for text in texts:
        assert await accepted(verifier, text)

    assert [digest(text) for text in texts[2:]] == list(verifier._remembered)


async def test_a_refused_token_is_not_remembered():
    verifier = a_verifier()
    assert "signature" == await reason(verifier, a_token(key=rsa_key(name="other")))

    assert {} == verifier._remembered


async def test_what_is_remembered_lasts_no_longer_than_a_revocation_may_take():
    assert REMEMBERED_FOR <= 30_000


class CountedKeys(InlineKeys):
    """The keys of the tests, and how often they were asked for."""

    def __init__(self) -> None:
        super().__init__(jwks(jwk(rsa_key())))
        self.asked = 0

    async def find(self, id):
        self.asked += 1
        return await super().find(id)
