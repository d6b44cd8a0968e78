"""$validate: what a create or update would say of the content, without writing anything.

https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from typing import Any

from fhir_server.fhir.codec import encode
from fhir_server.fhir.outcome import Issue, Unreadable, outcome
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.storage.store import Grant


async def validate(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and an OperationOutcome with every issue, whether the content is valid or not."""
    resource = _resource(call)
    issues = server.content.validator.issues(resource) or (Issue("informational", "all-good", severity="information"),)
    return Answer(200, encode(outcome(issues, call.language)))


def _resource(call: Call) -> dict[str, Any]:
    """The body itself, or the `resource` parameter of a Parameters."""
    body = call.body
    if isinstance(body, dict) and body.get("resourceType") == "Parameters" and call.type != "Parameters":
        body = _parameter(body, "resource")
    if not isinstance(body, dict):
        raise Unreadable.because("no-body", expected=call.type)
    if body.get("resourceType") != call.type:
        raise Unreadable.because("type-mismatch", "resourceType", expected=call.type)
    return body


def _parameter(parameters: dict[str, Any], name: str) -> Any:
    members = parameters.get("parameter")
    for member in members if isinstance(members, list) else ():
        if isinstance(member, dict) and member.get("name") == name:
            return member.get("resource")
    return None
