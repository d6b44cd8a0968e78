"""JSON merge patch: what is given replaces what is there, member by member; null removes.

https://www.rfc-editor.org/rfc/rfc7396
"""

from typing import Any

from fhir_server.fhir.outcome import Issue, Unreadable
from fhir_server.fhir.patch.bounds import settled, too_deep

SPEC = "https://www.rfc-editor.org/rfc/rfc7396#section-2"


def apply_merge_patch(resource: dict[str, Any], document: Any) -> Any:
    """The resource with the document merged in. Unreadable for a document that is no JSON object, and would replace the
    whole resource by something that is none.
    """
    if type(document) is not dict:
        raise Unreadable(Issue(Unreadable.code, "patch-not-an-object", source=SPEC))
    try:
        return settled(merged(resource, document))
    except RecursionError:
        raise too_deep() from None


def merged(target: Any, patch: Any) -> Any:
    """MergePatch of the RFC, on values of JSON: members keep their order, new ones come last."""
    if type(patch) is not dict:
        return patch
    result = dict(target) if type(target) is dict else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
