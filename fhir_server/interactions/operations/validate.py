"""$validate: what a create, update or delete would say, without writing anything.

https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from typing import Any

from fhir_server.fhir.codec import encode
from fhir_server.fhir.outcome import BadParameter, Issue, NotFound, Unreadable, outcome
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.forms import RESPONSE, form_issues
from fhir_server.interactions.operations.parameters import is_parameters, parameter
from fhir_server.storage.store import Grant

MODES = ("create", "update", "profile", "delete")
FINE = (Issue("informational", "all-good", severity="information"),)


async def validate(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and an OperationOutcome with every issue, whether the content is valid or not; with mode delete, whether the
    resource of the address could be deleted: NotFound where it is not there, and for a profile that the server does not have.
    """
    mode = parameter(call, "mode")
    if mode not in {None, *MODES}:
        raise BadParameter.because("parameter-value", name="mode", expected=", ".join(MODES))
    if mode == "delete" and call.id:
        stored = await server.store.read(call.type, call.id, grant)
        return _told(FINE, call, (stored,))
    resource = _resource(call)
    issues = server.content.validator.issues(resource, profiles=_profiles(call, server))
    if call.type == RESPONSE and not any(one.blocks for one in issues):
        issues += await form_issues(resource, server)
    if mode == "update" and call.id and resource.get("id") != call.id:
        issues += (Issue("invalid", "id-mismatch", f"{call.type}.id", source=Unreadable.spec),)
    return _told(issues or FINE, call, ())


def _told(issues: tuple[Issue, ...], call: Call, seen: tuple[Any, ...]) -> Answer:
    return Answer(200, encode(outcome(issues, call.language)), seen=seen)


def _profiles(call: Call, server: Server) -> tuple[str, ...]:
    """The profile that the content is to be held to besides those that it claims, by `url` or `url|version`."""
    asked, known = parameter(call, "profile"), server.content.validator.profiles
    if asked is None:
        return ()
    if not isinstance(asked, str) or not known.has(asked):
        raise NotFound.because("no-such-profile", expected=", ".join(known.canonicals) or "-")
    return (asked,)


def _resource(call: Call) -> dict[str, Any]:
    """The body itself, or the `resource` parameter of a Parameters, of the type that the address names if it names one."""
    wrapped = is_parameters(call.body) and call.type != "Parameters"
    resource = parameter(call, "resource") if wrapped else call.body
    if not isinstance(resource, dict):
        raise Unreadable.because("no-body", expected=call.type or "resource")
    if call.type and resource.get("resourceType") != call.type:
        raise Unreadable.because("type-mismatch", "resourceType", expected=call.type)
    return resource
