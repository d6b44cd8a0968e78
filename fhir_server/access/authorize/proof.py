"""How a client shows that it is who it says: a signed assertion, a secret, or, where it can keep neither, its name.

https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html https://www.rfc-editor.org/rfc/rfc7523
"""

from base64 import b64decode
from binascii import Error
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from fhir_server.access.authorize.authority import Authority
from fhir_server.access.authorize.refusal import Refused
from fhir_server.access.authorize.wire import Fields
from fhir_server.access.client import PUBLIC, Client
from fhir_server.access.token import LONGEST_TEXT, LONGEST_TOKEN, SKEW, Parts, refuse_forged, take_apart
from fhir_server.fhir.instant import SECOND
from fhir_server.fhir.outcome import Unauthorized

BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = frozenset({"RS384", "ES384"})
LONGEST_AHEAD = 300
"""Seconds from now to exp."""
ASSERTION, SECRET, NONE = "assertion", "secret", "none"


async def proven(authority: Authority, authorization: str, fields: Fields) -> tuple[Client, str]:
    """The client that asks, and how it showed it (ASSERTION, SECRET, NONE). Refused: invalid_client, whatever failed."""
    try:
        return await _proven(authority, authorization, fields)
    except Refused as why:
        raise Refused("proof") from why


async def _proven(authority: Authority, authorization: str, fields: Fields) -> tuple[Client, str]:
    ways = [bool(authorization), "client_assertion" in fields, "client_secret" in fields]
    if sum(ways) > 1:  # https://www.rfc-editor.org/rfc/rfc6749#section-2.3
        raise Refused("proof")
    if authorization:
        return await _by_secret(authority, *_basic(authorization), fields), SECRET
    if "client_assertion" in fields:
        return await _by_assertion(authority, fields), ASSERTION
    client = await authority.client(fields.get("client_id", ""))
    if client.kind != PUBLIC or "client_secret" in fields:
        raise Refused("proof")
    return client, NONE


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, told = authorization.partition(" ")
    try:
        id, colon, secret = b64decode(told, validate=True).decode().partition(":")
    except (Error, ValueError):
        raise Refused("proof") from None
    if scheme.lower() != "basic" or not colon:
        raise Refused("proof")
    return unquote_plus(id), unquote_plus(secret)


async def _by_secret(authority: Authority, id: str, secret: str, fields: Fields) -> Client:
    client = await authority.client(id)
    if fields.get("client_id", id) != id or not client.has_secret(secret):
        raise Refused("proof")
    return client


async def _by_assertion(authority: Authority, fields: Fields) -> Client:
    text = fields["client_assertion"]
    if fields.get("client_assertion_type") != BEARER or len(text) > LONGEST_TOKEN:
        raise Refused("proof")
    try:
        parts = take_apart(text, beside=frozenset({"jku"}))
        client = await authority.client(_issuer(parts.claims, fields))
        await _refuse_unsigned(authority, client, parts)
    except Unauthorized:
        raise Refused("proof") from None
    expires = _refuse_untimely(parts.claims, f"{authority.url}/token", authority.clock() // SECOND)
    jti = _text(parts.claims, "jti")
    if not await authority.memory.is_new(client.id, jti, (expires + SKEW) * SECOND):
        raise Refused("proof")
    return client


def _issuer(claims: Mapping[str, Any], fields: Fields) -> str:
    id = _text(claims, "iss")
    if claims.get("sub") != id or fields.get("client_id", id) != id:
        raise Refused("proof")
    return id


async def _refuse_unsigned(authority: Authority, client: Client, parts: Parts) -> None:
    """By a key that the client registered: a jku may say where that is, and leads nowhere else."""
    registered = client.jwks is not None or bool(client.jwks_url)
    elsewhere = "jku" in parts.header and parts.header["jku"] != client.jwks_url
    if not registered or elsewhere or parts.type != "JWT" or parts.algorithm not in ALGORITHMS:
        raise Refused("proof")
    key = await authority.keys(client).find(parts.key_id)
    if key is None or not key.signs_by(parts.algorithm):
        raise Refused("proof")
    refuse_forged(parts, key)


def _refuse_untimely(claims: Mapping[str, Any], audience: str, now: int) -> int:
    """The moment of exp, in seconds, of an assertion that is for us and for now."""
    expires = _seconds(claims, "exp", now + 1)
    early = max(_seconds(claims, name, now) for name in ("iat", "nbf"))
    if claims.get("aud") != audience or early > now + SKEW:
        raise Refused("proof")
    if "exp" not in claims or not now < expires <= now + LONGEST_AHEAD + SKEW:
        raise Refused("proof")
    return expires


def _seconds(claims: Mapping[str, Any], name: str, default: int) -> int:
    found = claims.get(name, default)
    if type(found) is not int:
        raise Refused("proof")
    return found


def _text(claims: Mapping[str, Any], name: str) -> str:
    found = claims.get(name)
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_TEXT:
        raise Refused("proof")
    return found
