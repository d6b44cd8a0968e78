"""What follows from a report that a unit was asked for and has given: the message that tells it, and the Task, done.

The answers are told in words: whoever gets the message reads them, and need not know the form.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from fhir_server.fhir.canonical import structure
from fhir_server.fhir.extension import value_of
from fhir_server.process.definition import MESSAGE
from fhir_server.process.discharge.report import FORM_INPUT, OPEN, is_report
from fhir_server.validation.answers import FINISHED

ANSWER = "vardbegaran"
"""The message by which a municipality tells of a person who has come to hospital, of `CodeSystem/message`."""
RESPONSE_OUTPUT = {"coding": [{"system": FORM_INPUT["coding"][0]["system"], "code": "questionnaire-response"}]}
YES, NO = "ja", "nej"

Json = Mapping[str, Any]


def is_answered_by(task: Json, response: Json) -> bool:
    """Whether a Task asks for this response, and is open."""
    forms = [_bare(one["valueCanonical"]) for one in task.get("input", ()) if "valueCanonical" in one]
    is_for = task.get("for", {}).get("reference") == response.get("subject", {}).get("reference")
    return (
        is_report(task)
        and task["status"] in OPEN
        and response["status"] in FINISHED
        and is_for
        and _bare(response.get("questionnaire", "")) in forms
    )


def following(response: Json, task: Json, notice: Json, form: Json, at: str) -> list[dict[str, Any]]:
    """The entries of a transaction: the message to whoever sent the notice that asked, sent at a moment (a dateTime), and the Task. The
    same response gives the same message.
    """
    version = response["meta"]["versionId"]
    name = uuid5(NAMESPACE_URL, f"QuestionnaireResponse/{response['id']}/{version}/{task['id']}")
    output = {"type": RESPONSE_OUTPUT, "valueReference": {"reference": f"QuestionnaireResponse/{response['id']}"}}
    done = {**task, "status": "completed", "output": [*task.get("output", ()), output]}
    match = f'W/"{task["meta"]["versionId"]}"'
    return [
        {
            "fullUrl": f"urn:uuid:{name}",
            "resource": _message(response, task, notice, form, f"urn:uuid:{name}", at),
            "request": {"method": "POST", "url": "Communication"},
        },
        {
            "fullUrl": f"Task/{task['id']}",
            "resource": done,
            "request": {"method": "PUT", "url": f"Task/{task['id']}", "ifMatch": match},
        },
    ]


def _message(response: Json, task: Json, notice: Json, form: Json, name: str, at: str) -> dict[str, Any]:
    return {
        "resourceType": "Communication",
        "meta": {"profile": [structure("message")]},
        "language": "sv",
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": name}],
        "status": "completed",
        "category": [{"coding": [{"system": MESSAGE, "code": ANSWER}]}],
        "subject": response["subject"],
        **({"encounter": task["encounter"]} if "encounter" in task else {}),
        "sent": at,
        "recipient": [notice["sender"]],
        "sender": task["restriction"]["recipient"][0],
        "payload": [{"contentString": text} for text in _told(response, form)],
    }


def _told(response: Json, form: Json) -> Iterator[str]:
    """The answers as text, a part for each item at the top; what was not answered is not told."""
    texts = dict(_texts(form))
    for item in response.get("item", ()):
        lines = list(_lines(item, texts, ""))
        if lines:
            yield "\n".join(lines)


def _lines(item: Json, texts: Mapping[str, str], indent: str) -> Iterator[str]:
    said = [_worded(value_of(one)) for one in item.get("answer", ()) if value_of(one) is not None]
    inner = [line for one in _inner(item) for line in _lines(one, texts, f"{indent}  ")]
    title = texts.get(item["linkId"]) or item.get("text", item["linkId"])
    if said or inner:
        yield f"{indent}{title}: {'; '.join(said)}" if said else f"{indent}{title}"
        yield from inner


def _inner(item: Json) -> Iterator[Json]:
    yield from item.get("item", ())
    for answer in item.get("answer", ()):
        yield from answer.get("item", ())


def _texts(holder: Json) -> Iterator[tuple[str, str]]:
    for one in holder.get("item", ()):
        yield one["linkId"], one.get("text", "")
        yield from _texts(one)


def _worded(value: Any) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    if not isinstance(value, dict):
        return str(value)
    amount = " ".join(str(value[name]) for name in ("value", "unit") if name in value)
    return str(value.get("display") or value.get("text") or amount or value.get("code") or value.get("reference") or "")


def _bare(canonical: str) -> str:
    return canonical.partition("|")[0]
