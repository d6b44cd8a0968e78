"""Issuers of the tests, and tokens to begin from: each call gives a new one, and what a test is about stands in the call."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from functools import cache
from hashlib import sha256
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512

from fhir_server.access.issuer import Issuer
from fhir_server.access.keys import InlineKeys
from fhir_server.access.mapping import load_mapping
from fhir_server.access.token import Verifier
from fhir_server.fhir.outcome import Unauthorized

BASE = "https://plans.example/fhir"
ISSUER = "https://idp.example"
NOW = 1_800_000_000
"""In seconds since 1970."""
REGION, MUNICIPALITY = "SE2321000016-A001", "SE2120000001-B001"
HASHES = {"256": SHA256, "384": SHA384, "512": SHA512}


class Clock:
    """A clock that a test sets, in ms."""

    def __init__(self, seconds: float = NOW) -> None:
        self.seconds = seconds

    def __call__(self) -> int:
        return int(self.seconds * 1000)


@cache
def rsa_key(bits: int = 2048, name: str = "") -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(curve: str = "P-256", name: str = "") -> ec.EllipticCurvePrivateKey:
    curves = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1, "secp256k1": ec.SECP256K1}
    return ec.generate_private_key(curves[curve]())


def b64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def number(value: int, length: int = 0) -> str:
    return b64(value.to_bytes(length or (value.bit_length() + 7) // 8))


def jwk(key: Any, kid: str | None = "k1", **members: Any) -> dict[str, Any]:
    """The public half of a key, as a set tells it."""
    id = {} if kid is None else {"kid": kid}
    numbers = key.public_key().public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e), **id, **members}
    names = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
    size = (key.key_size + 7) // 8
    point = {"x": number(numbers.x, size), "y": number(numbers.y, size)}
    return {"kty": "EC", "crv": names.get(key.curve.name, key.curve.name), **point, **id, **members}


def jwks(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


def signature(text: bytes, key: Any, alg: str) -> bytes:
    """The signature of a text by an algorithm, made with no JOSE library."""
    if alg.startswith("HS"):
        return hmac.digest(key, text, "sha" + alg[2:])
    hash = HASHES[alg[2:]]()
    if alg.startswith("RS"):
        return key.sign(text, padding.PKCS1v15(), hash)
    if alg.startswith("PS"):
        return key.sign(text, padding.PSS(padding.MGF1(hash), hash.digest_size), hash)
    size = (key.key_size + 7) // 8
    return b"".join(part.to_bytes(size) for part in decode_dss_signature(key.sign(text, ec.ECDSA(hash))))


def signed(header: Any, claims: Any, key: Any = None, alg: str = "RS256") -> str:
    """A token of a header and claims, as JSON values or as the very bytes; `alg` is what it is signed by, whatever it says."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
    text = ".".join(map(b64, parts))
    return f"{text}.{b64(signature(text.encode(), rsa_key() if key is None else key, alg))}"


def a_header(**members: Any) -> dict[str, Any]:
    return present({"alg": "RS256", "kid": "k1", "typ": "at+jwt", **members})


def the_claims(now: int = NOW, **claims: Any) -> dict[str, Any]:
    """Those of a nurse of the region; None leaves one out."""
    told = {
        "iss": ISSUER,
        "aud": BASE,
        "sub": "nurse-1",
        "jti": "token-1",
        "iat": now - 10,
        "exp": now + 300,
        "client_id": "planner",
        "scope": "user/CarePlan.rs",
        "employee": "SE2321000016-1003",
        "unit": "SE2321000016-U1",
        "commission": "SE2321000016-C1",
        "provider": REGION,
        "purpose": "TREAT",
        "acr": "loa3",
    }
    return present({**told, **claims})


def present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def a_token(header: dict[str, Any] | None = None, key: Any = None, alg: str = "RS256", **claims: Any) -> str:
    return signed(a_header(**{"alg": alg, **(header or {})}), the_claims(**claims), key, alg)


def an_issuer(**members: Any) -> Issuer:
    told = {
        "url": ISSUER,
        "keys": InlineKeys(jwks(jwk(rsa_key()))),
        "claims": load_mapping("own"),
        "algorithms": frozenset({"RS256"}),
        "kinds": frozenset({"citizen", "staff", "system"}),
        "organizations": frozenset({REGION}),
    }
    return Issuer(**{**told, **members})


def a_verifier(*issuers: Issuer, clock: Any = None, revoked: Any = None) -> Verifier:
    trusted = {issuer.url: issuer for issuer in issuers or (an_issuer(),)}
    return Verifier(BASE, trusted, revoked or (lambda issuer, jti: False), clock or Clock())


class _Wire(httpx.AsyncByteStream):
    def __init__(self, body: bytes) -> None:
        self.body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.body), 16_384):
            yield self.body[start : start + 16_384]


def answer(body: bytes, status: int = 200, **headers: str) -> httpx.Response:
    """What an issuer answers, part by part as a wire brings it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=named, stream=_Wire(body))


def digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


async def reason(verifier: Verifier, bearer: str) -> str:
    """Why a token is refused, as the audit has it."""
    with pytest.raises(Unauthorized) as refused:
        await verifier.verify(bearer)
    assert 401 == refused.value.status
    assert refused.value.headers["WWW-Authenticate"].startswith("Bearer")
    return refused.value.reason


async def accepted(verifier: Verifier, bearer: str) -> bool:
    return (await verifier.verify(bearer)).issuer.url == ISSUER


def spare_bits_set(text: str) -> str:
    """The same bytes by another last character: the bits that carry nothing are set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(text) % 4
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]
