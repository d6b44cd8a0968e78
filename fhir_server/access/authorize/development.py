"""`/development-token`: an access token for whoever develops on this very machine, without an app and without a page."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fhir_server.access.authorize.authority import DEVELOPMENT, DEVELOPMENT_SECONDS, USER_SECONDS, Authority
from fhir_server.access.authorize.person import Person
from fhir_server.access.authorize.refusal import Refused
from fhir_server.access.authorize.remembered import Context
from fhir_server.access.authorize.wire import body_of, told
from fhir_server.access.registration import LOOPBACK
from fhir_server.access.scope import Scopes


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked for: scopes; the id of a Patient; a role; the HSA-id of a unit or a commission; and for how many seconds."""

    scope: str
    patient: str = ""
    role: str = ""
    unit: str = ""
    expires: int = USER_SECONDS


async def development_token(authority: Authority, request: Request) -> Response:
    """The endpoint: from this machine, and by no page of another origin, which could send neither JSON nor its own Host."""
    _refuse_elsewhere(request)
    try:
        wish = msgspec.json.decode(await body_of(request), type=Wish)
    except msgspec.DecodeError:
        raise Refused("development") from None
    if not 0 < wish.expires <= DEVELOPMENT_SECONDS:
        raise Refused("expires", most=DEVELOPMENT_SECONDS)
    return told(await _given(authority, wish))


def _refuse_elsewhere(request: Request) -> None:
    here = request.client is not None and request.client.host in LOOPBACK and request.url.hostname in LOOPBACK
    json = request.headers.get("content-type", "").partition(";")[0].strip() == "application/json"
    if not here or not json or "origin" in request.headers:
        raise Refused("development")


async def _given(authority: Authority, wish: Wish) -> dict[str, Any]:
    scopes = authority.parse(wish.scope)
    if not wish.scope or scopes.unknown:
        raise Refused("scope-none")
    token = await _token(authority, wish, scopes)
    await authority.record(DEVELOPMENT, "", "$token", 200)
    return {"access_token": token, "token_type": "Bearer", "expires_in": wish.expires, "scope": str(scopes)}


async def _token(authority: Authority, wish: Wish, scopes: Scopes) -> str:
    jti = authority.memory.new_text()
    if scopes.context == "system":
        claims = {"sub": DEVELOPMENT, "purpose": "HSYSADMIN", **({"role": [wish.role]} if wish.role else {})}
        return authority.access_token(DEVELOPMENT, str(scopes), wish.expires, claims, jti)
    person = await _person(authority, wish)
    context = Context(patient=wish.patient or person.patient)
    return authority.person_token(person, DEVELOPMENT, str(scopes), context, jti, wish.expires)


async def _person(authority: Authority, wish: Wish) -> Person:
    """The citizen who is the patient; with a role or a unit, or without a patient, the first of the staff who fits."""
    people = await authority.people.all()
    if wish.patient and not (wish.role or wish.unit):
        fitting = [one for one in people if one.patient == wish.patient]
    else:
        fitting = [one for one in people if not one.number and wish.unit in {"", one.unit, one.commission}]
    if not fitting:
        raise Refused("nobody")
    return fitting[0].acting_as(wish.role)
