"""`/authorize`: who are you, for which patient, and may the app? Three steps on two pages, each of which asks everything anew:
what an app asked for travels along as it came, and nothing of it is kept until it is approved.

https://hl7.org/fhir/smart-app-launch/app-launch.html#obtain-authorization-code
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from fhir_server.access.authorize.authority import Authority
from fhir_server.access.authorize.person import Person
from fhir_server.access.authorize.refusal import Refused, Returned
from fhir_server.access.authorize.remembered import Approval, Context, Launch
from fhir_server.access.authorize.session import Visit, refuse_forged_form, visit_of
from fhir_server.access.authorize.wire import Fields, fields_of, form_of, needed, page, sent_back, sent_on
from fhir_server.access.client import CODE, Client
from fhir_server.access.scope import Scopes

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
PERSONAL = frozenset({"patient", "user", ""})
"""The contexts in which a person approves; "" of scopes that are about no resources."""
SHOWN = 200
"""So many patients are offered."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an app asks for, found good; `text` is the form that it came in."""

    client: Client
    redirect_uri: str
    state: str
    scopes: Scopes
    challenge: str
    nonce: str
    launch: str
    begun: Launch | None
    text: str


async def authorize(authority: Authority, request: Request) -> Response:
    """The endpoint. A form from an app's page comes without our cookie, so it is led to the same by GET, which has it."""
    if request.method == "POST":
        asked = await _asked(authority, await form_of(request))
        return sent_on(f"{authority.url}/authorize?{asked.text}")
    asked = await _asked(authority, fields_of(request.scope["query_string"]))
    visit = await visit_of(authority, request)
    if visit.person is None:
        return await visit.sign_in_page(authority, request, asked.text)
    _refuse_other(asked, visit.person)
    return await _approval_page(authority, request, asked, visit, visit.person)


async def approve(authority: Authority, request: Request) -> Response:
    """What the person answered: a code for the app, or that there is none."""
    form = await form_of(request)
    asked = await _asked(authority, fields_of(needed(form, "asked").encode("ascii", "replace")))
    visit = await visit_of(authority, request)
    refuse_forged_form(authority, visit, form)
    if visit.person is None:
        return sent_on(f"{authority.url}/authorize?{asked.text}")
    _refuse_other(asked, visit.person)
    if form.get("answer") != "yes":
        raise Returned(Refused("denied"), asked.redirect_uri, asked.state)
    return await _answered(authority, asked, visit, visit.person, form.get("patient", ""))


async def _answered(authority: Authority, asked: Asked, visit: Visit, person: Person, chosen: str) -> Response:
    context = await _context(authority, asked, person, chosen)
    if asked.begun is not None and not await authority.memory.use_launch(asked.launch):
        raise Returned(Refused("launch"), asked.redirect_uri, asked.state)
    code = await authority.memory.keep_code(
        Approval(
            client=asked.client.id,
            redirect_uri=asked.redirect_uri,
            challenge=asked.challenge,
            scopes=_granted(asked.scopes, context),
            person=person.reference,
            nonce=asked.nonce,
            session=visit.key,
            context=context,
        )
    )
    await authority.record(asked.client.id, person.reference, "$authorize", 303)
    return sent_back(asked.redirect_uri, {"code": code, "state": asked.state})


# ------------------------------------------------------------------------------------------------ what is asked


async def _asked(authority: Authority, fields: Fields) -> Asked:
    """Refused where nobody can be answered but the person in front of the page; Returned where the app can."""
    client = await authority.client(needed(fields, "client_id"))
    redirect_uri = needed(fields, "redirect_uri")
    if redirect_uri not in client.redirect_uris or CODE not in client.grants:
        raise Refused("redirect")
    try:
        return await _good(authority, client, redirect_uri, fields)
    except Refused as why:
        raise Returned(why, redirect_uri, fields.get("state", "")) from None


async def _good(authority: Authority, client: Client, redirect_uri: str, fields: Fields) -> Asked:
    if {"request", "request_uri"} & fields.keys():
        raise Refused("request-object")
    if needed(fields, "response_type") != "code":
        raise Refused("response-type")
    state = needed(fields, "state")
    if needed(fields, "aud") != authority.base:
        raise Refused("target", base=authority.base)
    challenge = fields.get("code_challenge", "")
    if fields.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise Refused("challenge")
    if "none" in fields.get("prompt", "").split(" "):
        raise Refused("no-prompt")
    scopes = authority.scopes(fields.get("scope", ""), client, PERSONAL)
    launch = fields.get("launch", "")
    begun = await _begun(authority, client, launch, scopes)
    nonce = fields.get("nonce", "")
    return Asked(client, redirect_uri, state, scopes, challenge, nonce, launch, begun, urlencode(fields))


async def _begun(authority: Authority, client: Client, launch: str, scopes: Scopes) -> Launch | None:
    if bool(launch) != ("launch" in scopes.launch):
        raise Refused("launch")
    if not launch:
        return None
    begun = await authority.memory.find_launch(launch)
    if begun is None or begun.client != client.id:
        raise Refused("launch")
    return begun


def _refuse_other(asked: Asked, person: Person) -> None:
    """An EHR launches an app for who is signed in there, and for nobody else."""
    if asked.begun is not None and asked.begun.person != person.reference:
        raise Returned(Refused("launch"), asked.redirect_uri, asked.state)


# ------------------------------------------------------------------------------------------------ for which patient


def _wants_patient(scopes: Scopes) -> bool:
    return scopes.context == "patient" or any(one.startswith("launch/patient") for one in scopes.launch)


async def _context(authority: Authority, asked: Asked, person: Person, chosen: str) -> Context:
    """The launch context; Returned where the person may not see who was chosen."""
    if asked.begun is not None:
        return asked.begun.context
    if not _wants_patient(asked.scopes):
        return Context()
    wards = await authority.wards(person, asked.client.id) if chosen not in {"", person.patient} else ()
    if chosen in {one["id"] for one in wards}:
        return Context(patient=chosen)
    patient = person.patient or chosen
    if not await authority.may_see(person, asked.client.id, "Patient", patient):
        raise Returned(Refused("no-patient"), asked.redirect_uri, asked.state)
    return Context(patient=patient)


async def patients_of(authority: Authority, person: Person, client: str) -> Sequence[dict[str, Any]]:
    """The patients that a person may see: found as the person would find them, and audited so."""
    return await authority.visible(person, client, "Patient", (("_sort", "family"), ("_count", str(SHOWN))))


def _granted(scopes: Scopes, context: Context) -> str:
    """What is granted of what was asked: an encounter only where the launch has one."""
    told = str(scopes).split(" ")
    return " ".join(one for one in told if context.encounter or not one.startswith("launch/encounter"))


# ------------------------------------------------------------------------------------------------ the page


async def _approval_page(
    authority: Authority, request: Request, asked: Asked, visit: Visit, person: Person
) -> Response:
    patients = await _offered(authority, asked, person)
    return page(
        authority,
        request,
        "approve",
        targets=[asked.redirect_uri],
        client=asked.client,
        person=person,
        scopes=str(asked.scopes).split(" "),
        picks=patients is not None,
        patients=[label(one) for one in patients or ()],
        begun=asked.begun,
        asked=asked.text,
        csrf=visit.csrf(authority),
    )


async def _offered(authority: Authority, asked: Asked, person: Person) -> Sequence[dict[str, Any]] | None:
    """Whom a person can choose among; None where there is nothing to choose. A citizen acts for nobody, or for a ward."""
    if asked.begun is not None or not _wants_patient(asked.scopes):
        return None
    if person.patient:
        return await authority.wards(person, asked.client.id) or None
    return await patients_of(authority, person, asked.client.id)


def label(patient: dict[str, Any]) -> dict[str, str]:
    """A patient as a row of a list: the birth date tells two of one name apart, the number is nobody's business here."""
    names = patient.get("name") or [{}]
    name = names[0].get("text") or " ".join([*names[0].get("given", ()), names[0].get("family", "")]).strip()
    return {"id": patient["id"], "name": name or patient["id"], "born": patient.get("birthDate", "")}
