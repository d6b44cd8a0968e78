"""The same tokens through two libraries: joserfc behind our guard, and python-jose as its own pages tell to use it.

Where they agree, the vectors are right; where they differ stands in `DIFFERENT`, each with why we refuse. A library that comes to
see it otherwise fails a test here, and the list is looked at again. No token is refused by us and taken to be sound by mistake:
every row stands beside its twin.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jose import jwt
from jose.exceptions import JOSEError

from fhir_server.access.keys import InlineKeys
from fhir_server.fhir.outcome import Unauthorized
from tests.tokens import (
    BASE,
    ISSUER,
    Clock,
    a_header,
    a_verifier,
    an_issuer,
    b64,
    ec_key,
    jwk,
    jwks,
    rsa_key,
    signature,
    signed,
    spare_bits_set,
    the_claims,
)

pytestmark = pytest.mark.anyio

NOW = int(time.time())


@pytest.fixture(autouse=True)
def today(monkeypatch):
    """python-jose looks at the clock of the machine: a token is made when it is tried."""
    monkeypatch.setattr(sys.modules[__name__], "NOW", int(time.time()))


"""python-jose reads the clock itself."""
PUBLIC = rsa_key().public_key()
PEM = PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
DER = PUBLIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
SSH = PUBLIC.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)


@dataclass(frozen=True)
class Vector:
    """A token, how python-jose is asked of it, and the keys and algorithm that our issuer has."""

    token: str
    key: Any = None
    algorithms: Any = ("RS256",)
    keys: bytes = b""
    algorithm: str = "RS256"


def sound(header: dict[str, Any] | None = None, signer: Any = None, **claims: Any) -> str:
    header = a_header(**(header or {}))
    return signed(header, the_claims(NOW, **claims), signer, header["alg"])


def of_text(header: str = "", claims: str = "") -> str:
    """Signed as it stands: what a JSON writer would not write."""
    told = header or json.dumps(a_header())
    return signed(told.encode(), (claims or json.dumps(the_claims(NOW))).encode())


def claims_with(member: str, text: str) -> str:
    return json.dumps(the_claims(NOW, **{member: "?"})).replace('"?"', text)


def spare_bits_in(token: str) -> str:
    signed, _, seal = token.rpartition(".")
    return f"{signed}.{spare_bits_set(seal)}"


def unsigned(header: bytes) -> str:
    return f"{b64(header)}.{b64(json.dumps(the_claims(NOW)).encode())}.AA"


def es384_by_p256() -> Vector:
    key = ec_key("P-256")
    text = f"{b64(json.dumps(a_header(alg='ES384')).encode())}.{b64(json.dumps(the_claims(NOW)).encode())}"
    token = f"{text}.{b64(signature(text.encode(), key, 'ES384'))}"
    return Vector(token, jwk(key), ("ES384",), jwks(jwk(key)), "ES384")


SAME: dict[str, tuple[bool, Callable[[], Vector]]] = {
    "a sound token": (True, lambda: Vector(sound())),
    "a sound token, by a JWK": (
        True,
        lambda: Vector(sound(), jwk(rsa_key(), alg="RS256"), keys=jwks(jwk(rsa_key(), alg="RS256"))),
    ),
    "a sound token, ES256": (
        True,
        lambda: Vector(sound({"alg": "ES256"}, ec_key()), jwk(ec_key()), ("ES256",), jwks(jwk(ec_key())), "ES256"),
    ),
    "a list of one audience": (True, lambda: Vector(sound(aud=[BASE]))),
    "nbf in the past": (True, lambda: Vector(sound(nbf=NOW - 10))),
    "alg none": (False, lambda: Vector(unsigned(json.dumps(a_header(alg="none")).encode()))),
    "alg nOnE": (False, lambda: Vector(unsigned(json.dumps(a_header(alg="nOnE")).encode()))),
    "another's key": (False, lambda: Vector(sound(signer=rsa_key(name="other")))),
    "an algorithm outside the list": (False, lambda: Vector(sound({"alg": "RS384"}))),
    "an embedded key": (False, lambda: Vector(sound({"jwk": jwk(rsa_key(name="other"))}, rsa_key(name="other")))),
    "HS256 by the PEM": (False, lambda: Vector(sound({"alg": "HS256"}, PEM), PEM, ("RS256", "HS256"))),
    "HS256 by the OpenSSH form": (False, lambda: Vector(sound({"alg": "HS256"}, SSH), SSH, ("RS256", "HS256"))),
    "expired": (False, lambda: Vector(sound(exp=NOW - 60, iat=NOW - 120))),
    "nbf to come": (False, lambda: Vector(sound(nbf=NOW + 120))),
    "exp is NaN": (False, lambda: Vector(of_text(claims=claims_with("exp", "NaN")))),
    "exp is a word": (False, lambda: Vector(of_text(claims=claims_with("exp", '"soon"')))),
    "another audience": (False, lambda: Vector(sound(aud="https://other.example"))),
    "another issuer": (False, lambda: Vector(sound(iss="https://other.example"))),
    "two parts": (False, lambda: Vector(sound().rpartition(".")[0])),
    "claims that are a list": (False, lambda: Vector(of_text(claims="[]"))),
    "a header that is a list": (False, lambda: Vector(of_text(header="[]"))),
}
"""Whether it is sound, and the token: both libraries say so."""

ACCEPTED = "accepted"
DIFFERENT: dict[str, tuple[str, str, Callable[[], Vector]]] = {
    "HS256 by the DER, no list of algorithms": (
        ACCEPTED,
        "CVE-2026-85394: a public key is no secret, in whatever form; and no algorithm of ours is symmetric",
        lambda: Vector(sound({"alg": "HS256"}, DER), DER, None),
    ),
    "HS256 by the DER": (
        ACCEPTED,
        "as above, with HS256 in a list that is shared with other tokens",
        lambda: Vector(sound({"alg": "HS256"}, DER), DER, ("RS256", "HS256")),
    ),
    "HS256 by the empty key": (
        ACCEPTED,
        "everybody knows the empty secret",
        lambda: Vector(sound({"alg": "HS256"}, b""), b"", ("HS256",)),
    ),
    "no audience": (
        ACCEPTED,
        "an audience was asked for: a token for nobody is for somebody else",
        lambda: Vector(sound(aud=None)),
    ),
    "an audience among others": (
        ACCEPTED,
        "each of the others could use the token with us",
        lambda: Vector(sound(aud=[BASE, "https://other.example"])),
    ),
    "no exp": (ACCEPTED, "a token without an end is a password", lambda: Vector(sound(exp=None))),
    "exp as text": (ACCEPTED, "a moment is a number (RFC 7519 §2)", lambda: Vector(sound(exp=str(NOW + 60)))),
    "exp is infinite": (
        "OverflowError",
        "a token without an end; and the exception that nobody expects is an error 500 for a stranger",
        lambda: Vector(of_text(claims=claims_with("exp", "Infinity"))),
    ),
    "exp is 1e400": (
        "OverflowError",
        "as above, in JSON that is JSON",
        lambda: Vector(of_text(claims=claims_with("exp", "1e400"))),
    ),
    "valid for a year": (
        ACCEPTED,
        "how long is the issuer's policy, and ours to hold it to",
        lambda: Vector(sound(exp=NOW + 31_536_000)),
    ),
    "no iat": (ACCEPTED, "without it nobody can tell for how long the token is valid", lambda: Vector(sound(iat=None))),
    "iat to come": (
        ACCEPTED,
        "a clock that is wrong, or a token that is made for later",
        lambda: Vector(sound(iat=NOW + 120)),
    ),
    "no jti": (ACCEPTED, "it could not be revoked", lambda: Vector(sound(jti=None))),
    "no sub": (ACCEPTED, "it speaks of nobody", lambda: Vector(sound(sub=None))),
    "an unknown crit": (
        ACCEPTED,
        "who does not understand what is critical must refuse (RFC 7515 §4.1.11)",
        lambda: Vector(sound({"crit": ["x"], "x": 1})),
    ),
    "crit b64": (
        ACCEPTED,
        "as above: the signature would be over something else",
        lambda: Vector(sound({"crit": ["b64"], "b64": False})),
    ),
    "kid is no text": (ACCEPTED, "a kid goes into a look-up", lambda: Vector(sound({"kid": {"$ne": 1}}))),
    "no kid": (ACCEPTED, "one key by its name, not whichever fits", lambda: Vector(sound({"kid": None}))),
    "another kid": (ACCEPTED, "as above", lambda: Vector(sound({"kid": "k2"}))),
    "typ JWT": (
        ACCEPTED,
        "an ID token is no access token (RFC 9068 §4): the application's duty",
        lambda: Vector(sound({"typ": "JWT"})),
    ),
    "jku": (
        ACCEPTED,
        "keys are where they were registered, and a token that says otherwise has a reason to",
        lambda: Vector(sound({"jku": "https://evil.example/jwks"})),
    ),
    "alg stands twice": (
        ACCEPTED,
        "who reads the first and who reads the last see two tokens",
        lambda: Vector(of_text(header='{"alg":"none","kid":"k1","typ":"at+jwt","alg":"RS256"}')),
    ),
    "aud stands twice": (
        ACCEPTED,
        "as above",
        lambda: Vector(of_text(claims=json.dumps(the_claims(NOW))[:-1] + f', "aud": "{BASE}"}}')),
    ),
    "the key is for another algorithm": (
        ACCEPTED,
        "a key has the one use that its owner gave it (RFC 8725 §3.1)",
        lambda: Vector(sound(), jwk(rsa_key(), alg="RS384"), None, jwks(jwk(rsa_key(), alg="RS384"))),
    ),
    "the key is for encryption": (
        ACCEPTED,
        "as above: use",
        lambda: Vector(
            sound(), jwk(rsa_key(), use="enc", alg="RS256"), keys=jwks(jwk(rsa_key(), use="enc", alg="RS256"))
        ),
    ),
    "ES384 by a P-256 key": (
        ACCEPTED,
        "ES384 is P-384 (RFC 7518 §3.4): the weaker curve is not what was agreed on",
        es384_by_p256,
    ),
    "RSA of 1024 bits": (
        ACCEPTED,
        "it can be broken",
        lambda: Vector(sound(signer=rsa_key(1024)), jwk(rsa_key(1024), alg="RS256"), keys=jwks(jwk(rsa_key(1024)))),
    ),
    "spare bits in the signature": (
        ACCEPTED,
        "another text for the same token fools a list of texts",
        lambda: Vector(spare_bits_in(sound())),
    ),
    "a pad at the end": (ACCEPTED, "as above", lambda: Vector(sound() + "=")),
    "two pads at the end": (ACCEPTED, "as above", lambda: Vector(sound() + "==")),
    "ignored characters at the end": (ACCEPTED, "as above", lambda: Vector(sound() + "!!!!")),
    "a header nested 1,000 deep": (
        "RecursionError",
        "2.8 kB from anybody at all",
        lambda: Vector(unsigned(b'{"alg":"RS256","kid":"k1","typ":"at+jwt","x":' + b"[" * 1000 + b"]" * 1000 + b"}")),
    ),
    "4 MB": (
        ACCEPTED,
        "nobody says so much about a caller, and somebody must hash it",
        lambda: Vector(sound(fill="x" * 3_000_000)),
    ),
    "an Ed25519 key stands first in the set": (
        "JWKError",
        "it is we who accept: a key that cannot be used must not take the others with it",
        lambda: Vector(
            sound(),
            {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": b64(b"x" * 32), "kid": "k0"}, jwk(rsa_key(), alg="RS256")]},
            keys=jwks({"kty": "OKP", "crv": "Ed25519", "x": b64(b"x" * 32), "kid": "k0"}, jwk(rsa_key())),
        ),
    ),
}
"""What python-jose does, why we do otherwise, and the token."""
WE_ACCEPT = {"an Ed25519 key stands first in the set"}


def python_jose(vector: Vector) -> str:
    key = PEM if vector.key is None else vector.key
    try:
        jwt.decode(vector.token, key, algorithms=vector.algorithms, audience=BASE, issuer=ISSUER)
    except JOSEError as error:
        return type(error).__name__
    except Exception as error:  # noqa: BLE001  # which one is what the table tells
        return type(error).__name__
    return ACCEPTED


FAULT = "a fault of ours"


async def ours(vector: Vector) -> bool | str:
    keys = InlineKeys(vector.keys or jwks(jwk(rsa_key())))
    issuer = an_issuer(keys=keys, algorithms=frozenset({vector.algorithm}))
    try:
        await a_verifier(issuer, clock=Clock(NOW)).verify(vector.token)
    except Unauthorized as refused:
        return FAULT if refused.reason == "fault" else False
    return True


@pytest.mark.parametrize("name", SAME)
async def test_both_libraries_say_the_same(name):
    expected, vector = SAME[name]

    assert (expected, expected) == (await ours(vector()), python_jose(vector()) == ACCEPTED)


@pytest.mark.parametrize("name", DIFFERENT)
async def test_where_the_libraries_differ_it_is_as_the_list_has_it(name):
    theirs, why, vector = DIFFERENT[name]

    assert why
    assert (name in WE_ACCEPT, theirs) == (await ours(vector()), python_jose(vector()))
