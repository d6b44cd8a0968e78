"""Page tokens: where the next page starts, sealed so that nobody reads or makes one.

A position holds sort values (somebody's date of birth, say), which have no place in a URL or a log: so it is encrypted as
well as signed (the synthetic-IV way of https://www.rfc-editor.org/rfc/rfc5297). A token carries no rights: the search it
belongs to is decided anew each time.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from hashlib import sha256, shake_256
from typing import TypeAlias

import msgspec

from fhir_server.fhir.outcome import BadParameter

Position: TypeAlias = tuple[str | int | float | None, ...]
"""Where a page starts: the sort keys and the id of the item before it; of a history, its moment, type and id."""

_SIGNED = 16
"""Bytes of the signature: 128 bits."""

_positions = msgspec.json.Decoder(Position)


def seal(secret: bytes, query: str, position: Position) -> str:
    """The token of a position, for this query's text alone; letters, digits, `-` and `_`."""
    plain = msgspec.json.encode(position)
    signature = _sign(secret, query, plain)
    return _token(signature + _crypt(secret, signature, plain))


def unseal(secret: bytes, query: str, token: str) -> Position:
    """The position of a token. BadParameter for one that was not given out, by this server and for this query."""
    sealed = _sealed(token)
    signature, hidden = sealed[:_SIGNED], sealed[_SIGNED:]
    plain = _crypt(secret, signature, hidden)
    if not hmac.compare_digest(signature, _sign(secret, query, plain)):
        raise BadParameter.because("page-token")
    return _positions.decode(plain)


def _token(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _sealed(token: str) -> bytes:
    """The bytes of a token, which has one spelling: a decoder passes over what is not Base64 and over the last idle bits."""
    try:
        sealed = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (UnicodeEncodeError, NotBase64):
        sealed = b""
    if _token(sealed) != token:
        raise BadParameter.because("page-token")
    return sealed


def _sign(secret: bytes, query: str, plain: bytes) -> bytes:
    bound = sha256(query.encode("utf-8", "surrogatepass")).digest()
    return hmac.digest(secret, b"page signature" + bound + plain, "sha256")[:_SIGNED]


def _crypt(secret: bytes, signature: bytes, text: bytes) -> bytes:
    """The text under a stream of bytes that only the secret and the signature give; twice over, it is the text again."""
    key = hmac.digest(secret, b"page cipher" + signature, "sha256")
    stream = shake_256(key).digest(len(text))
    return bytes(a ^ b for a, b in zip(text, stream, strict=True))
