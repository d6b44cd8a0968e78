"""A bearer token, verified: what its issuer says, when it says it to us, now.

The guard in front is ours, and asks nothing of any library: one form of the text, one issuer, one key and one algorithm, chosen by
configuration. The library checks one signature. https://www.rfc-editor.org/rfc/rfc9068 https://www.rfc-editor.org/rfc/rfc8725
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple, NoReturn

from joserfc import jws
from joserfc.errors import JoseError

from fhir_server.access.issuer import Issuer
from fhir_server.access.keys import LONGEST_ID, Key
from fhir_server.fhir import codec
from fhir_server.fhir.instant import SECOND
from fhir_server.fhir.outcome import Unauthorized, Unavailable, Unreadable

LONGEST_TOKEN = 8192
LONGEST_TEXT = 255
"""Of iss, sub and jti (https://openid.net/specs/openid-connect-core-1_0.html#IDToken has it of sub)."""
SKEW = 30
"""How many seconds an issuer's clock may differ from ours."""
REMEMBERED_FOR = 30 * SECOND
REMEMBERED = 10_000
_FORM = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
_HEADER = frozenset({"alg", "kid", "typ"})


@dataclass(frozen=True, slots=True, eq=False)
class Claims:
    """What a verified token says, one object for as long as it is remembered: `values` are its claims as they stand in it, `id`
    its jti, `subject` its sub, `expires` the moment of exp in ms since 1970.
    """

    issuer: Issuer
    id: str
    subject: str = field(repr=False)
    expires: int
    values: Mapping[str, Any] = field(repr=False)


class Parts(NamedTuple):
    """A token taken apart: nothing of it has been verified."""

    text: str
    algorithm: str
    key_id: str
    type: str
    claims: dict[str, Any]
    header: dict[str, Any]


class _Remembered(NamedTuple):
    claims: Claims
    since: int
    until: int


class Verifier:
    """Verifies access tokens that are meant for `base`.

    `issuers` are those trusted, by their `iss`; it may change under way, and then counts at once. `revoked` tells whether the token
    of an issuer (iss) with an id (jti) has been revoked: it is asked at every use. `clock` gives milliseconds since 1970.
    """

    def __init__(
        self,
        base: str,
        issuers: Mapping[str, Issuer],
        revoked: Callable[[str, str], bool],
        clock: Callable[[], int],
    ) -> None:
        self._base, self._issuers, self._revoked, self._clock = base, issuers, revoked, clock
        self._remembered: dict[bytes, _Remembered] = {}

    async def verify(self, bearer: str) -> Claims:
        """The claims of a token ("" where none came). Unauthorized, and nothing else, for one that is not to be trusted;
        Unavailable where nobody can tell who is trusted now.
        """
        try:
            return await self._verified(bearer)
        except (Unauthorized, Unavailable):
            raise
        except Exception as error:
            # whatever a stranger's bytes make of the libraries, the answer is no
            raise Unauthorized.over("fault") from error

    async def _verified(self, bearer: str) -> Claims:
        if not bearer:
            _refuse("no-token", "no-token")
        if len(bearer) > LONGEST_TOKEN:
            _refuse("too-long", "token-too-long", limit=LONGEST_TOKEN)
        digest = sha256(bearer.encode("utf-8", "surrogatepass")).digest()
        claims = self._recollect(digest) or await self._examine(bearer, digest)
        if self._revoked(claims.issuer.url, claims.id):
            _refuse("revoked", "token-revoked")
        return claims

    def _recollect(self, digest: bytes) -> Claims | None:
        """What was verified a moment ago, by the same issuer as it is registered now."""
        found = self._remembered.get(digest)
        if found is None:
            return None
        if found.since <= self._clock() < found.until and self._trusts(found.claims.issuer):
            return found.claims
        del self._remembered[digest]
        return None

    def _trusts(self, issuer: Issuer) -> bool:
        return self._issuers.get(issuer.url) is issuer

    async def _examine(self, bearer: str, digest: bytes) -> Claims:
        parts = take_apart(bearer)
        issuer = self._issuer(parts)
        refuse_forged(parts, await _key(parts, issuer))
        now = self._clock()
        claims = _checked(parts.claims, issuer, self._base, now)
        self._remember(digest, _Remembered(claims, now, min(claims.expires, now + REMEMBERED_FOR)))
        return claims

    def _issuer(self, parts: Parts) -> Issuer:
        url = parts.claims.get("iss")
        issuer = self._issuers.get(url) if isinstance(url, str) else None
        if issuer is None or issuer.url != url:
            _refuse("issuer", "token-issuer")
        if parts.type not in issuer.types:
            _refuse("type", "token-type")
        if parts.algorithm not in issuer.algorithms:
            _refuse("algorithm")
        return issuer

    def _remember(self, digest: bytes, found: _Remembered) -> None:
        """All are remembered for the same time at most, so the first in is the first to go."""
        self._remembered.pop(digest, None)
        while len(self._remembered) >= REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[digest] = found


def _refuse(reason: str, key: str = "token-invalid", **said: Any) -> NoReturn:
    raise Unauthorized.over(reason, key, **said)


def take_apart(token: str, *, beside: frozenset[str] = frozenset()) -> Parts:
    """The parts of a token in the one form that is taken: nothing of them is verified yet. Unauthorized for any other form.
    `beside` are the members that its header may have besides alg, kid and typ.
    """
    found = _FORM.fullmatch(token)
    if found is None:
        _refuse("form", "token-malformed")
    header, claims, _ = (_decoded(part) for part in found.groups())
    told = _object(header, "header")
    if not {"alg", "kid"} <= told.keys() <= _HEADER | beside or not all(
        isinstance(text, str) for text in told.values()
    ):
        _refuse("header", "token-malformed")
    if not 0 < len(told["kid"]) <= LONGEST_ID:
        _refuse("header", "token-malformed")
    return Parts(token, told["alg"], told["kid"], told.get("typ", ""), _object(claims, "payload"), told)


def _decoded(part: str) -> bytes:
    """One text for one value: spare bits that are set, or a length that cannot be, make it another token with the same meaning
    (https://www.rfc-editor.org/rfc/rfc4648#section-3.5).
    """
    try:
        value = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        _refuse("base64", "token-malformed")
    if urlsafe_b64encode(value).rstrip(b"=") != part.encode():
        _refuse("base64", "token-malformed")
    return value


def _object(text: bytes, reason: str) -> dict[str, Any]:
    try:
        found = codec.decode(text)
    except Unreadable:
        _refuse(reason, "token-malformed")
    if not isinstance(found, dict):
        _refuse(reason, "token-malformed")
    return found


async def _key(parts: Parts, issuer: Issuer) -> Key:
    """The one key that the token can be signed with: named by its kid, its issuer's, and of the kind of the algorithm."""
    key = await issuer.keys.find(parts.key_id)
    if key is None:
        _refuse("key")
    if not key.signs_by(parts.algorithm):
        _refuse("algorithm")
    return key


@cache
def _registry(algorithm: str) -> jws.JWSRegistry:
    registry = jws.JWSRegistry(algorithms=[algorithm])
    registry.max_header_length = registry.max_signature_length = LONGEST_TOKEN  # the guard has bounded the whole
    return registry


def refuse_forged(parts: Parts, key: Key) -> None:
    """Raises Unauthorized where the signature is not by this key."""
    try:
        jws.deserialize_compact(parts.text, key.public, registry=_registry(parts.algorithm))
    except (JoseError, ValueError):
        _refuse("signature")


def _checked(claims: dict[str, Any], issuer: Issuer, base: str, now: int) -> Claims:
    id, subject = _text(claims, "jti"), _text(claims, "sub")
    _refuse_audience(claims.get("aud"), base, issuer.audiences)
    issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
    if not 0 < expires - issued <= issuer.lifetime:
        _refuse("lifetime", "token-lifetime", limit=issuer.lifetime)
    if now >= (expires + SKEW) * SECOND:
        _refuse("expired", "token-expired")
    _refuse_early("iat", issued, now)
    if "nbf" in claims:
        _refuse_early("nbf", _seconds(claims, "nbf"), now)
    return Claims(issuer, id, subject, expires * SECOND, claims)


def _refuse_early(name: str, at: int, now: int) -> None:
    if at * SECOND > now + SKEW * SECOND:
        _refuse(name, "token-early", name=name)


def _text(claims: dict[str, Any], name: str) -> str:
    found = claims.get(name)
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_TEXT:
        _refuse(name, "token-claim", name=name)
    return found


def _seconds(claims: dict[str, Any], name: str) -> int:
    """A whole number of seconds since 1970: neither true, nor 1e9, nor "1000000000"."""
    found = claims.get(name)
    if type(found) is not int:
        _refuse(name, "token-claim", name=name)
    return found


def _refuse_audience(told: Any, base: str, beside: frozenset[str]) -> None:
    """Our base, to the letter; beside it only what the issuer's configuration lets stand there."""
    audiences = told if isinstance(told, list) else [told]
    if not all(isinstance(one, str) for one in audiences) or len(set(audiences)) != len(audiences):
        _refuse("audience", "token-audience")
    if base not in audiences or not set(audiences) <= beside | {base}:
        _refuse("audience", "token-audience")
