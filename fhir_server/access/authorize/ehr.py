"""`/ehr`: what stands for an EHR in the demo. It starts an app for the person who is signed in, and one patient.

https://hl7.org/fhir/smart-app-launch/app-launch.html#launch-app-ehr-launch
"""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from fhir_server.access.authorize.approval import label, patients_of
from fhir_server.access.authorize.authority import Authority
from fhir_server.access.authorize.person import Person
from fhir_server.access.authorize.refusal import Refused
from fhir_server.access.authorize.remembered import Context, Launch
from fhir_server.access.authorize.session import refuse_forged_form, visit_of
from fhir_server.access.authorize.wire import Fields, form_of, needed, page, sent_on
from fhir_server.access.client import Client
from fhir_server.fhir.canonical import OURS

OWN = "ehr"
"""What the audit knows the demo's EHR by."""
SIP_ROLE = f"{OURS}/roles/sip"


async def ehr(authority: Authority, request: Request) -> Response:
    """The page: which app, for whom."""
    visit = await visit_of(authority, request)
    if visit.person is None:
        return await visit.sign_in_page(authority, request, "")
    clients = [one for one in await authority.clients.all() if one.launch_uri]
    patients = await patients_of(authority, visit.person, OWN)
    return page(
        authority,
        request,
        "ehr",
        targets=[one.launch_uri for one in clients],
        person=visit.person,
        clients=clients,
        patients=[label(one) for one in patients],
        csrf=visit.csrf(authority),
    )


async def launch(authority: Authority, request: Request) -> Response:
    """Starts the app, with a token that is good once, for it, for this person, within five minutes."""
    form = await form_of(request)
    visit = await visit_of(authority, request)
    refuse_forged_form(authority, visit, form)
    if visit.person is None:
        raise Refused("person")
    client = await authority.client(needed(form, "client"))
    if not client.launch_uri:
        raise Refused("not-for-client")
    context = await _context(authority, visit.person, form)
    token = await authority.memory.keep_launch(Launch(client.id, visit.person.reference, context))
    return sent_on(_address(client, {"iss": authority.base, "launch": token}))


def _address(client: Client, parameters: dict[str, str]) -> str:
    mark = "&" if "?" in client.launch_uri else "?"
    return f"{client.launch_uri}{mark}{urlencode(parameters)}"


async def _context(authority: Authority, person: Person, form: Fields) -> Context:
    """The patient, and beside it an encounter or a plan of that patient's; Refused for what the person may not see."""
    patient = needed(form, "patient")
    if not await authority.may_see(person, OWN, "Patient", patient):
        raise Refused("no-patient")
    encounter, plan = form.get("encounter", ""), form.get("plan", "")
    for type, id in (("Encounter", encounter), ("CarePlan", plan)):
        if id and not await authority.may_see(person, OWN, type, id, patient):
            raise Refused("no-patient")
    about = ({"reference": f"CarePlan/{plan}", "role": SIP_ROLE},) if plan else ()
    return Context(patient, encounter, about, banner=False)
