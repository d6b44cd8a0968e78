"""`POST /token`: from a code, a refresh token, or a system's own word, to an access token.

https://hl7.org/fhir/smart-app-launch/app-launch.html#obtain-access-token
https://hl7.org/fhir/smart-app-launch/backend-services.html#obtain-access-token
"""

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from fhir_server.access.authorize.authority import SYSTEM_SECONDS, USER_SECONDS, Authority
from fhir_server.access.authorize.person import Person
from fhir_server.access.authorize.proof import ASSERTION, proven
from fhir_server.access.authorize.refusal import Refused
from fhir_server.access.authorize.remembered import (
    OFFLINE_FOR,
    SESSION_FOR,
    Approval,
    Family,
    Reused,
    context_told,
    hashed,
    is_current,
    refresh_token,
)
from fhir_server.access.authorize.wire import Fields, form_of, needed, preflight, refused, shared_with, told
from fhir_server.access.client import CODE, CREDENTIALS, REFRESH, Client
from fhir_server.fhir.instant import SECOND
from fhir_server.fhir.outcome import Unavailable

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)
"""https://www.rfc-editor.org/rfc/rfc7636#section-4.1"""
LONGING = frozenset({"offline_access", "online_access"})


async def token(authority: Authority, request: Request) -> Response:
    """The endpoint. Whatever it answers is kept by nobody, and shared with the scripts of the client's own origins alone."""
    origin = request.headers.get("origin", "")
    if request.method == "OPTIONS":
        return preflight(origin, await _every_origin(authority))
    shared = shared_with(origin, authority.origins)
    try:
        fields = await form_of(request)
        shared = shared_with(origin, await _origins(authority, fields))
        client, way = await proven(authority, request.headers.get("authorization", ""), fields)
        shared = shared_with(origin, authority.origins_of(client))
        given = await _given(authority, client, way, fields)
    except Refused as why:
        return refused(why, shared)
    except Unavailable:
        return refused(Refused("away"), shared)
    return told(given, shared)


async def _every_origin(authority: Authority) -> frozenset[str]:
    return authority.origins.union(*(client.origins for client in await authority.clients.all()))


async def _origins(authority: Authority, fields: Fields) -> frozenset[str]:
    """Of the client that the form names: its scripts may read why it was refused."""
    return authority.origins_of(await authority.clients.find(fields.get("client_id", "")))


async def _given(authority: Authority, client: Client, way: str, fields: Fields) -> dict[str, Any]:
    grant = needed(fields, "grant_type")
    if grant not in {CODE, REFRESH, CREDENTIALS}:
        raise Refused("grant-type")
    if grant not in client.grants:
        raise Refused("not-for-client")
    if grant == CODE:
        return await _for_code(authority, client, fields)
    if grant == REFRESH:
        return await _refreshed(authority, client, fields)
    if way != ASSERTION:
        raise Refused("proof")
    return await _for_itself(authority, client, fields)


# ------------------------------------------------------------------------------------------------ a code


async def _for_code(authority: Authority, client: Client, fields: Fields) -> dict[str, Any]:
    code = needed(fields, "code")
    try:
        approval = await _approved(authority, client, code, fields)
        family = await authority.memory.use_code(code, approval)
    except Reused as again:
        # https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2: whatever came of the code was perhaps not its owner's
        if family := str(again):
            await revoke_family(authority, family)
        raise Refused("code") from None
    return await _begun(authority, family, approval)


async def _approved(authority: Authority, client: Client, code: str, fields: Fields) -> Approval:
    approval = await authority.memory.find_code(code)
    if approval is None or approval.client != client.id or fields.get("redirect_uri") != approval.redirect_uri:
        raise Refused("code")
    verifier = fields.get("code_verifier", "")
    if not _VERIFIER.fullmatch(verifier) or not compare_digest(challenge_of(verifier), approval.challenge):
        raise Refused("verifier")
    return approval


def challenge_of(verifier: str) -> str:
    """https://www.rfc-editor.org/rfc/rfc7636#section-4.2"""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


async def _begun(authority: Authority, id: str, approval: Approval) -> dict[str, Any]:
    person = await _still(authority, approval.person, "code")
    client = await authority.client(approval.client)
    longing = LONGING & set(approval.scopes.split(" "))
    refreshes = bool(longing) and REFRESH in client.grants
    online = "offline_access" not in longing
    lasts = (SESSION_FOR if online else OFFLINE_FOR) if refreshes else USER_SECONDS * SECOND
    family = Family(
        client=approval.client,
        scopes=approval.scopes,
        person=approval.person,
        nonce=approval.nonce,
        session=approval.session if online else "",
        context=approval.context,
        until=authority.clock() + lasts,
    )
    new, jti, secret = _next(authority, family, refreshes=refreshes)
    if not await authority.memory.begin_family(id, new):
        raise Refused("code")
    return await _told(authority, person, new, new.scopes, jti, refresh_token(id, secret) if refreshes else "")


async def _still(authority: Authority, reference: str, key: str) -> Person:
    """The person as they are now: whose commission has ended gets no more tokens under it (Refused by that key)."""
    person = await authority.people.find(reference)
    if person is None:
        raise Refused(key)
    return person


def _next(authority: Authority, family: Family, *, refreshes: bool) -> tuple[Family, str, str]:
    """The family with one token more, its jti, and the secret of the next refresh token."""
    now, jti, secret = authority.clock(), authority.memory.new_text(), authority.memory.new_text()
    living = tuple(one for one in family.tokens if one[1] > now)
    tokens = (*living, (jti, now + USER_SECONDS * SECOND))
    return replace(family, tokens=tokens, secret=hashed(secret) if refreshes else ""), jti, secret


async def _told(  # what a token response tells of
    authority: Authority, person: Person, family: Family, scopes: str, jti: str, refresh: str
) -> dict[str, Any]:
    await authority.record(family.client, family.person, "$token", 200)
    access = authority.person_token(person, family.client, scopes, family.context, jti, USER_SECONDS)
    answer = {"access_token": access, "token_type": "Bearer", "expires_in": USER_SECONDS, "scope": scopes}
    answer |= context_told(family.context)
    if "openid" in scopes.split(" "):
        answer["id_token"] = authority.id_token(person, family)
    if refresh:
        answer["refresh_token"] = refresh
    return answer


# ------------------------------------------------------------------------------------------------ a refresh token


async def _refreshed(authority: Authority, client: Client, fields: Fields) -> dict[str, Any]:
    id, family = await _current(authority, client, needed(fields, "refresh_token"))
    person = await _still(authority, family.person, "refresh")
    if family.session and await authority.memory.person_of(family.session) != family.person:
        raise Refused("refresh")
    scopes = _narrowed(authority, client, family, fields.get("scope", ""))
    new, jti, secret = _next(authority, family, refreshes=True)
    if not await authority.memory.change_family(id, family, new):
        await revoke_family(authority, id)  # two at once have the same one, and one of them should not
        raise Refused("refresh")
    return await _told(authority, person, new, scopes, jti, refresh_token(id, secret))


async def _current(authority: Authority, client: Client, text: str) -> tuple[str, Family]:
    """The family whose refresh token it is; one that was its, and is no longer, ends the family.
    https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
    """
    id, _, secret = text.partition(".")
    family = await authority.memory.find_family(id)
    if family is None or family.client != client.id:
        raise Refused("refresh")
    if not is_current(family, secret):
        await revoke_family(authority, id)
        raise Refused("refresh")
    return id, family


def _narrowed(authority: Authority, client: Client, family: Family, text: str) -> str:
    """What is asked for anew: never more than was approved, nor than the client is registered for by now."""
    asked = authority.parse(text or family.scopes)
    if not asked.within(authority.parse(family.scopes)):
        raise Refused("scope-wide")
    authority.scopes(str(asked), client, frozenset({"patient", "user", ""}))
    return str(asked)


async def revoke_family(authority: Authority, id: str) -> None:
    """Ends a family, with its access tokens."""
    await authority.memory.revoke_family(id, authority.revoke)


# ------------------------------------------------------------------------------------------------ a system


async def _for_itself(authority: Authority, client: Client, fields: Fields) -> dict[str, Any]:
    scopes = str(authority.scopes(fields.get("scope", ""), client, frozenset({"system"})))
    claims: dict[str, Any] = {"sub": client.id, "purpose": "HSYSADMIN", "role": list(client.roles)}
    if len(client.organizations) == 1:  # of several, the token cannot say for which
        claims["provider"] = client.organizations[0]
    await authority.record(client.id, "", "$token", 200)
    access = authority.access_token(client.id, scopes, SYSTEM_SECONDS, claims, authority.memory.new_text())
    return {"access_token": access, "token_type": "Bearer", "expires_in": SYSTEM_SECONDS, "scope": scopes}
