"""The object beside a primitive value, `_birthDate` beside `birthDate`: its id and its extensions.

https://hl7.org/fhir/R4/json.html#primitive
"""

from typing import Any

from fhir_server.validation.finding import Check, Context, Findings, below, found, gathered


def sibling(name: str, element: Check) -> Check:
    """The rule of `_name` beside one value; `element` is the check of an Element."""

    def check(value: Any, context: Context, holder: Any) -> Findings:
        if value is None:
            return found("null")
        if type(value) is list:
            return found("not-single")
        findings = element(value, context, holder)
        return findings or _with_content(value, has_value=name in holder)

    return check


def siblings(name: str, element: Check) -> Check:
    """The rule of `_name` beside a list of values: as long as that, null where there is nothing to add."""

    def check(values: Any, context: Context, holder: Any) -> Findings:
        if type(values) is not list:
            return found("null" if values is None else "not-array")
        beside = holder.get(name)
        if not values:
            return found("empty-array")
        if name in holder and (type(beside) is not list or len(beside) != len(values)):
            return found("sibling-length")
        findings: Findings = None
        for place, value in enumerate(values):
            if value is None and name in holder:
                continue
            has_value = type(beside) is list and beside[place] is not None
            here = element(value, context, holder) or _with_content(value, has_value=has_value)
            if here is not None:
                findings = gathered(findings, below(f"[{place}]", here))
        return findings

    return check


def _with_content(value: dict[str, Any], *, has_value: bool) -> Findings:
    """ele-1: an element has a value or children; an id alone is neither."""
    return None if has_value or "extension" in value else found("no-value")


def values(item: Check, name: str) -> Check:
    """The rule of a list of primitive values; null stands where `_name` says what there is instead."""

    def check(given: Any, context: Context, holder: Any) -> Findings:
        if type(given) is not list:
            return found("null" if given is None else "not-array")
        if not given:
            return found("empty-array")
        beside = holder.get(f"_{name}")
        findings: Findings = None
        for place, value in enumerate(given):
            if value is None and _stands(beside, place):
                continue
            here = item(value, context, holder)
            if here is not None:
                findings = gathered(findings, below(f"[{place}]", here))
        return findings

    return check


def _stands(beside: Any, place: int) -> bool:
    return type(beside) is list and place < len(beside) and type(beside[place]) is dict
