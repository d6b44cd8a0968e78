"""Questionnaire/$populate: a response that is filled in beforehand, by what the caller may read of the person. Nothing is stored.

https://hl7.org/fhir/uv/sdc/OperationDefinition-Questionnaire-populate.html
"""

from typing import Any
from urllib.parse import parse_qsl

from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.instant import instant
from fhir_server.fhir.outcome import BadParameter, Issue, NotFound, Refusal, outcome
from fhir_server.interactions.call import Answer, Call, Server, Shown
from fhir_server.interactions.forms import form_of
from fhir_server.interactions.operations.parameters import ill_given, named, parameter
from fhir_server.interactions.parties import place_at
from fhir_server.interactions.shown import shown
from fhir_server.process.form.filling import PERSON, SOURCE, Filling, Known, variables_in
from fhir_server.storage.store import Grant

MOST = 100
"""So many resources does a search of a questionnaire find at the most, in the order that it asks for."""

Json = dict[str, Any]


async def populate(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and Parameters: the `response`, and `issues` for what could not be filled in. BadParameter for what is missing or malformed,
    NotFound for a questionnaire that is not kept here, and for a person whom the caller may not read.
    """
    form, subject = await _form(call, grant, server), _subject(call, server)
    seen: list[Shown] = list(await shown([await server.store.read("Patient", subject, grant)], call, server))
    known = {"patient": Known("Patient", decode(seen[0].text))}
    issues = list[Issue]()
    for name, query in variables_in(form).items():
        try:
            found = await _found(query, subject, call, grant, server)
        except Refusal:
            issues.append(Issue("not-supported", "form-source", "Questionnaire", {"name": name}, "warning", SOURCE))
            continue
        seen += found
        known[name] = Known(
            "Bundle", {"resourceType": "Bundle", "entry": [{"resource": decode(it.text)} for it in found]}
        )
    filling = Filling(known, lambda member, value: _fits(member, value, server))
    response = _response(form, filling, subject, server)
    told = [named("response", resource=response)]
    if issues := [*issues, *filling.issues]:
        told.append(named("issues", resource=outcome(tuple(issues), call.language)))
    return Answer(200, encode({"resourceType": "Parameters", "parameter": told}), seen=tuple(seen))


async def _form(call: Call, grant: Grant, server: Server) -> Json:
    if call.id:
        form: Json = decode((await server.store.read("Questionnaire", call.id, grant)).text)
        return form
    given = parameter(call, "questionnaire")
    if isinstance(given, dict) and given.get("resourceType") == "Questionnaire":
        refused = [one for one in server.content.validator.issues(given) if one.blocks]
        if refused:
            raise BadParameter(*refused)
        return given
    canonical = given if isinstance(given, str) else parameter(call, "canonical")
    if not isinstance(canonical, str) or not canonical:
        raise ill_given("questionnaire", given, "a Questionnaire, or its canonical")
    found = await form_of(canonical, server)
    if found is None:
        raise NotFound.because("form-unknown", allowed="Questionnaire?url=")
    return dict(found)


def _subject(call: Call, server: Server) -> str:
    given = parameter(call, "subject")
    place = place_at(given if isinstance(given, dict) else {"reference": given}, server)
    if not place.startswith("Patient/"):
        raise ill_given("subject", given, "Patient/[id]")
    return place.removeprefix("Patient/")


async def _found(query: str, subject: str, call: Call, grant: Grant, server: Server) -> list[Shown]:
    """What a search of the questionnaire finds of the person, as the caller may see it. A refusal for what is no search."""
    type, _, asked = query.partition("?")
    if type not in server.types or PERSON not in asked or "{{" in asked.replace(PERSON, ""):
        raise BadParameter.because("parameter-value", name="variable", expected="x-fhir-query")
    filled = asked.replace(PERSON, subject)
    search = server.content.parser.parse(type, parse_qsl(filled, keep_blank_values=True))
    page = await server.store.search(search.query, grant, count=min(MOST, search.count), total=False)
    return list(await shown(page.items, call, server))


def _response(form: Json, filling: Filling, subject: str, server: Server) -> Json:
    version = f"|{form['version']}" if "version" in form else ""
    items = filling.items(form)
    return {
        "resourceType": "QuestionnaireResponse",
        **({"questionnaire": f"{form['url']}{version}"} if "url" in form else {}),
        "status": "in-progress",
        "subject": {"reference": f"Patient/{subject}"},
        "authored": instant(server.clock()),
        **({"item": items} if items else {}),
    }


def _fits(member: str, value: Any, server: Server) -> bool:
    """Whether a value has the form that FHIR wants in a member of an answer."""
    item = {"linkId": "it", "answer": [{member: value}]}
    answer = {"resourceType": "QuestionnaireResponse", "status": "in-progress", "item": [item]}
    return not any(one.blocks for one in server.content.validator.issues(answer))
