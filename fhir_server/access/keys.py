"""The keys that issuers sign with: their JWK Sets, held at hand.

A key is found by the `kid` of its own issuer's set alone. https://www.rfc-editor.org/rfc/rfc7517
"""

from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

from joserfc.jwk import ECKey, RSAKey

from fhir_server.fhir import codec
from fhir_server.fhir.outcome import Unreadable

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "RS256": "RSA",
        "RS384": "RSA",
        "RS512": "RSA",
        "PS256": "RSA",
        "PS384": "RSA",
        "PS512": "RSA",
        "ES256": "P-256",
        "ES384": "P-384",
        "ES512": "P-521",
    }
)
"""The algorithms that a token may be signed with, and the kind of key that each asks for. None is symmetric: with one of
those whoever may check a token could make it. https://www.rfc-editor.org/rfc/rfc7518#section-3.1"""

MOST_KEYS = 50
MOST_BYTES = 256_000
LONGEST_ID = 255
RSA_BITS = range(2048, 8193)
"""Shorter can be broken (NIST SP 800-131A); longer is a way to stall us."""
EXPONENT_BITS = 32
MEMBERS = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y")}
"""The public members of the types of key that are taken; whatever else a set says of them is left there."""


class BadKeys(ValueError):
    """A JWK Set cannot be used; the message says why, and nothing of what is in it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key: `kind` is RSA or the curve, `algorithm` the one that its set holds it to ("": any of its kind)."""

    id: str
    kind: str
    algorithm: str
    public: RSAKey | ECKey = field(repr=False)

    def signs_by(self, algorithm: str) -> bool:
        """Whether a signature by this algorithm can be this key's."""
        return KINDS.get(algorithm) == self.kind and self.algorithm in {"", algorithm}


KeySet: TypeAlias = Mapping[str, Key]
"""Keys by their ids."""


class Keys(Protocol):
    """The keys of one issuer."""

    async def find(self, id: str) -> Key | None:
        """The key that the issuer calls so; None where it has none, or where its set cannot be had."""
        ...


class InlineKeys:
    """The keys of an issuer whose set is known beforehand: the server's own, for development."""

    def __init__(self, jwks: bytes) -> None:
        """BadKeys for what is no JWK Set."""
        self._keys = read_keys(jwks)

    async def find(self, id: str) -> Key | None:
        """The key of that id."""
        return self._keys.get(id)


def read_keys(jwks: bytes) -> KeySet:
    """The usable keys of a JWK Set. BadKeys where it is none, or has more than 50 keys.

    A key of an unknown type or curve, for another use, without an id, or too weak is passed over: one that we cannot use must
    not take the others with it (https://www.rfc-editor.org/rfc/rfc7517#section-5). Two of one id are neither of them used.
    """
    rows = _rows(jwks)
    found = [key for row in rows if (key := _key(row)) is not None]
    times = Counter(key.id for key in found)
    return MappingProxyType({key.id: key for key in found if times[key.id] == 1})


def _rows(jwks: bytes) -> list[Any]:
    if len(jwks) > MOST_BYTES:
        raise BadKeys(f"it is larger than {MOST_BYTES} bytes")
    try:
        found = codec.decode(jwks)
    except Unreadable as error:
        raise BadKeys(f"it cannot be read: {error.issues[0].key}") from None
    rows = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(rows, list):
        raise BadKeys("it has no list of keys")
    if len(rows) > MOST_KEYS:
        raise BadKeys(f"it has more than {MOST_KEYS} keys")
    return rows


def _key(row: Any) -> Key | None:
    if not isinstance(row, dict) or not _for_signatures(row):
        return None
    id, algorithm = row.get("kid"), row.get("alg", "")
    if not isinstance(id, str) or not 0 < len(id) <= LONGEST_ID or not isinstance(algorithm, str):
        return None
    public = _public(row)
    if public is None:
        return None
    kind = "RSA" if isinstance(public, RSAKey) else str(row["crv"])
    return Key(id, kind, algorithm, public) if kind in KINDS.values() else None


def _for_signatures(row: dict[str, Any]) -> bool:
    """https://www.rfc-editor.org/rfc/rfc7517#section-4.2"""
    operations = row.get("key_ops", ["verify"])
    return row.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def _public(row: dict[str, Any]) -> RSAKey | ECKey | None:
    type = row.get("kty")
    members = MEMBERS.get(type) if isinstance(type, str) else None
    if members is None or not all(isinstance(row.get(name), str) for name in members):
        return None
    told = {name: row[name] for name in members}
    try:
        return _rsa(told) if type == "RSA" else ECKey.import_key(told)
    except Exception:  # noqa: BLE001  # whatever the library makes of a broken key, the others are to be had
        return None


def _rsa(told: dict[str, Any]) -> RSAKey | None:
    # joserfc warns of a short key, and a warning is no refusal: the length is read off before
    if not RSA_BITS.start <= _bits(told["n"]) < RSA_BITS.stop or _bits(told["e"]) > EXPONENT_BITS:
        return None
    return RSAKey.import_key(told)


def _bits(number: str) -> int:
    return int.from_bytes(urlsafe_b64decode(number + "=" * (-len(number) % 4))).bit_length()
