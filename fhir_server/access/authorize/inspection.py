"""`/introspect` and `/revoke`: what a token still is, and that it is nothing any more.

https://www.rfc-editor.org/rfc/rfc7662 https://www.rfc-editor.org/rfc/rfc7009
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from fhir_server.access.authorize.authority import Authority
from fhir_server.access.authorize.grants import revoke_family
from fhir_server.access.authorize.proof import NONE, proven
from fhir_server.access.authorize.refusal import Refused
from fhir_server.access.authorize.remembered import Family, is_current
from fhir_server.access.authorize.wire import Fields, form_of, needed, refused, shared_with, told
from fhir_server.access.client import Client
from fhir_server.access.token import Claims
from fhir_server.fhir.instant import SECOND
from fhir_server.fhir.outcome import Unauthorized, Unavailable

TOLD = ("scope", "client_id", "exp", "iat", "iss", "sub", "aud", "jti", "patient", "encounter", "fhirContext")
"""Of the claims of an access token. Who the person is nationally is not among them."""
INACTIVE = {"active": False}


async def introspect(authority: Authority, request: Request) -> Response:
    """What a token is. Who asks is a confidential client, or has an access token of its own."""
    fields = await form_of(request)
    asker = await _asker(authority, request.headers.get("authorization", ""), fields)
    return told(await _state(authority, needed(fields, "token"), asker))


async def _asker(authority: Authority, authorization: str, fields: Fields) -> str:
    """The client that asks; "" for one that may ask about the tokens of all."""
    scheme, _, bearer = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return await _bearing(authority, bearer)
    if not authorization and not {"client_assertion", "client_id"} & fields.keys():
        raise Refused("bearer")
    _, way = await proven(authority, authorization, fields)
    if way == NONE:
        raise Refused("proof")
    return ""


async def _bearing(authority: Authority, bearer: str) -> str:
    claims = await _verified(authority, bearer)
    if claims is None:
        raise Refused("bearer")
    client = str(claims.values["client_id"])
    return "" if claims.subject == client else client


async def _verified(authority: Authority, token: str) -> Claims | None:
    try:
        return await authority.verifier().verify(token)
    except Unauthorized:
        return None


async def _state(authority: Authority, token: str, asker: str) -> dict[str, Any]:
    claims = await _verified(authority, token)
    if claims is None:
        return await _state_of_refresh(authority, token, asker)
    client = str(claims.values["client_id"])
    if asker not in {"", client} or not await authority.is_known(client):
        return INACTIVE
    values = claims.values
    found = {name: values[name] for name in TOLD if name in values}
    if "openid" in str(values["scope"]).split(" "):
        found["fhirUser"] = values["fhirUser"]
    return {"active": True, "token_type": "Bearer", **found}


async def _state_of_refresh(authority: Authority, token: str, asker: str) -> dict[str, Any]:
    family = await _family(authority, token)
    if family is None or asker not in {"", family.client} or not await authority.is_known(family.client):
        return INACTIVE
    exp = family.until // SECOND
    return {"active": True, "scope": family.scopes, "client_id": family.client, "exp": exp, "iss": authority.url}


async def _family(authority: Authority, token: str) -> Family | None:
    id, dot, secret = token.partition(".")
    family = await authority.memory.find_family(id) if dot else None
    return family if family is not None and is_current(family, secret) else None


# ------------------------------------------------------------------------------------------------ the end of a token


async def revoke(authority: Authority, request: Request) -> Response:
    """Ends a token of the client that asks. One that nobody knows has ended already."""
    origin = request.headers.get("origin", "")
    shared = shared_with(origin, authority.origins)
    try:
        fields = await form_of(request)
        client, _ = await proven(authority, request.headers.get("authorization", ""), fields)
        shared = shared_with(origin, authority.origins_of(client))
        await _revoke(authority, client, needed(fields, "token"))
    except Refused as why:
        return refused(why, shared)
    except Unavailable:
        return refused(Refused("away"), shared)
    return told({}, shared)


async def _revoke(authority: Authority, client: Client, token: str) -> None:
    if (claims := await _verified(authority, token)) is not None:
        _refuse_others(client, str(claims.values["client_id"]))
        await authority.revoke(claims.id, claims.expires)
        await authority.record(client.id, "", "$revoke", 200)
    elif (family := await _family(authority, token)) is not None:
        _refuse_others(client, family.client)
        await revoke_family(authority, token.partition(".")[0])
        await authority.record(client.id, "", "$revoke", 200)


def _refuse_others(client: Client, owner: str) -> None:
    if client.id != owner:
        raise Refused("not-yours")
