"""What is common to all that is registered: read from JSON, and held to rules that say what is allowed.

No message repeats a value: what was meant for one member may be a secret in another.
"""

import re
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Collection, Iterable
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

import msgspec

from fhir_server.fhir import codec
from fhir_server.fhir.outcome import Unreadable

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
LONGEST = 255
MOST_KEYS = 50
RSA_BITS = 2048
CURVES = frozenset({"P-256", "P-384", "P-521"})

_ADDRESS = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()+,;=%]+", re.ASCII)
"""The characters of a URI (RFC 3986 §2) without `#`, which begins a fragment, and `*`, which somebody takes for any."""
_HSA_ID = re.compile(r"SE(?:16)?[0-9]{10}-[A-Za-z0-9]+", re.ASCII)
_LONGEST_HSA_ID = 31
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members of a key that nobody but its owner may know: https://www.rfc-editor.org/rfc/rfc7518#section-6"""


class BadRegistration(ValueError):
    """A registration cannot be taken; the message says what is allowed, and repeats no value."""


class Registration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody who is registered under a key of its own. One that is not `active` was revoked: it is kept, so that its name is
    not given to another by mistake.
    """

    active: bool = True

    @property
    def key(self) -> str:
        """The name that it is registered under."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Nothing but the name: there are hashes of secrets among the members."""
        return f"{type(self).__name__}({self.key!r})"


R = TypeVar("R", bound=Registration)


def read_registration(kind: type[R], text: bytes) -> R:
    """The registration that JSON tells of. BadRegistration."""
    try:
        return convert_registration(kind, codec.decode(text))
    except Unreadable as error:
        raise BadRegistration(error.issues[0].text()) from None


def convert_registration(kind: type[R], value: Any) -> R:
    """The registration that a JSON value tells of. BadRegistration."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        members = ", ".join(kind.__struct_fields__)
        known = f" The members are {members}." if "field" in str(error) else ""
        raise BadRegistration(f"{str(error).removesuffix('.')}.{known}") from None


# ------------------------------------------------------------------------------------------------ the rules


def require(holds: bool, why: str) -> None:
    """Raises BadRegistration, which says why, where something does not hold."""
    if not holds:
        raise BadRegistration(why)


def require_some_of(member: str, values: Collection[str], allowed: Iterable[str]) -> None:
    """At least one value, each of them once and allowed."""
    known = sorted(allowed)
    each = len(set(values)) == len(values)
    require(bool(values) and each and set(values) <= set(known), f"{member}: some of {', '.join(known)}, each once.")


def require_addresses(member: str, urls: Iterable[str]) -> None:
    """Addresses that may be called or sent to."""
    why = f"{member}: https://…, or http:// on loopback, without user, fragment or *."
    require(all(is_address(url) for url in urls), why)


def is_address(url: str) -> bool:
    """Whether it is an https address, or one of http on loopback; without a user, a fragment, or anything that stands for
    any. https://www.rfc-editor.org/rfc/rfc9700#section-2.1
    """
    parts = _parted(url)
    if parts is None or "@" in parts.netloc or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def is_loopback(url: str) -> bool:
    """Whether an address is one of this machine."""
    parts = _parted(url)
    return parts is not None and parts.hostname in LOOPBACK


def is_origin(text: str) -> bool:
    """Whether it is an origin as a browser sends it: scheme, host and, where it is not the usual one, port.
    https://www.rfc-editor.org/rfc/rfc6454#section-6.2
    """
    parts = _parted(text)
    if parts is None or not is_address(text) or parts.port in {80, 443}:
        return False
    return text == f"{parts.scheme}://{parts.netloc.lower()}"


def _parted(url: str) -> SplitResult | None:
    if len(url) > LONGEST or not _ADDRESS.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port, parts.hostname  # what is no port, or no address, is met when it is asked for
    except ValueError:
        return None
    return parts


def is_hsa_id(text: str) -> bool:
    """Whether it is an HSA-id: SE, the organisation's number, a dash, and what the organisation says."""
    return len(text) <= _LONGEST_HSA_ID and _HSA_ID.fullmatch(text) is not None


# ------------------------------------------------------------------------------------------------ keys


def require_keys(jwks: dict[str, Any] | None, jwks_url: str) -> None:
    """One of the two ways to keys: a JWK Set of public ones, or the https address of one."""
    require((jwks is None) != (jwks_url == ""), "jwks or jwks_url: one of the two.")
    if jwks is None:
        require(
            is_address(jwks_url) and jwks_url.startswith("https:"), "jwks_url: https://…, without user or fragment."
        )
        return
    rows = jwks.get("keys")
    require(isinstance(rows, list) and 0 < len(rows) <= MOST_KEYS, f"jwks: a list of 1 to {MOST_KEYS} `keys`.")
    assert isinstance(rows, list), "it was required"
    require(all(isinstance(row, dict) for row in rows), "jwks: each key is an object.")
    require(
        not any(_PRIVATE & row.keys() for row in rows), "jwks: public keys alone; keep the private parts to yourself."
    )
    ids = [row.get("kid") for row in rows]
    require(
        all(isinstance(id, str) and 0 < len(id) <= LONGEST for id in ids) and len(set(ids)) == len(ids),
        "jwks: each key has a `kid` of its own.",
    )
    allowed = f"RSA of {RSA_BITS} bits or more, or EC on {', '.join(sorted(CURVES))}"
    require(all(map(_is_fit, rows)), f"jwks: each key is {allowed}.")


def _is_fit(row: dict[str, Any]) -> bool:
    if row.get("kty") == "EC":
        return row.get("crv") in CURVES and isinstance(row.get("x"), str) and isinstance(row.get("y"), str)
    return row.get("kty") == "RSA" and isinstance(row.get("e"), str) and _bits(row.get("n")) >= RSA_BITS


def _bits(number: Any) -> int:
    if not isinstance(number, str):
        return 0
    try:
        return int.from_bytes(urlsafe_b64decode(number + "=" * (-len(number) % 4))).bit_length()
    except (Error, ValueError):
        return 0
