"""The narrative after a patch: a text made from the data before it must not contradict the data after it.

https://hl7.org/fhir/R4/http.html#patch
"""

from typing import Any

DERIVED = frozenset({"generated", "extensions"})
"""Texts with these statuses say nothing of their own; those that a person wrote (`additional`) are nobody's to delete.
https://hl7.org/fhir/R4/valueset-narrative-status.html"""
APART = frozenset({"meta", "text"})
"""No text is made from these."""


def without_stale_narrative(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The resource without its text, where that was made from data that the patch has changed, and the patch left it as it
    was. "The server SHALL ensure that the narrative in a resource is not clinically unsafe": deleting it is one of the ways
    that the paragraph names.
    """
    text = before.get("text")
    derived = type(text) is dict and text.get("status") in DERIVED
    if not derived or text != after.get("text") or _told(before) == _told(after):
        return after
    return {name: value for name, value in after.items() if name != "text"}


def _told(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name not in APART}
