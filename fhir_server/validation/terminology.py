"""What a profile binds a value to: a code, a coding, a concept or a quantity out of a value set.

Required is an error and extensible a warning; preferred and example bind nobody. Of an extensible binding the widest value
set, where one is told, is an error again. https://hl7.org/fhir/R4/terminologies.html#strength
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fhir_server.fhir.definitions import r4
from fhir_server.validation.binding import MOST_CODES_NAMED
from fhir_server.validation.codes import Codes, ValueSets
from fhir_server.validation.finding import Context, Findings, Rule, broken
from fhir_server.validation.snapshot import Statement

WIDEST = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
STRENGTHS = {"required": "", "extensible": "-advised"}
"""What binds, and how the key of its issue ends."""


def bindings(binding: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The strengths that bind, each with the canonical of its value set."""
    if binding.get("strength") in STRENGTHS and "valueSet" in binding:
        yield binding["strength"], binding["valueSet"]
    for extension in binding.get("extension", ()):
        if extension.get("url") == WIDEST:
            widest = extension.get("valueCanonical") or extension.get("valueUri")
            yield from [("required", widest)] if widest else ()


def bound(statement: Statement, strength: str, canonical: str, kind: str, value_sets: ValueSets) -> Rule | None:
    """The rule of values of a type that are bound to a value set; None where nothing can be told of its codes."""
    codes = value_sets.find(canonical)
    has = _MEMBERSHIPS.get("code" if r4().is_primitive(kind) else kind)
    if codes is None or has is None:
        return None
    what = "profile-concept" if kind == "CodeableConcept" else "profile-code"
    key, allowed = what + STRENGTHS[strength], _named(codes, canonical)

    def rule(value: Any, _: Context) -> Findings:
        return None if has(codes, value) else broken(key, statement.source, allowed=allowed)

    return rule


def is_within(codes: Codes, value: Any, kind: str) -> bool:
    """Whether a value of a type is out of a value set; of other types nothing can be told."""
    has = _MEMBERSHIPS.get("code" if r4().is_primitive(kind) else kind)
    return has is not None and has(codes, value)


def _has_code(codes: Codes, value: Any) -> bool:
    return type(value) is not str or codes.has_code(value)


def _has_coding(codes: Codes, value: Any) -> bool:
    """A coding or a quantity without a code says with extensions, or with words, what it means: cardinality is asked of it."""
    return "code" not in value or _has(codes, value)


def _has_concept(codes: Codes, value: Any) -> bool:
    """As base R4 has it: one of the codings is in the value set, or all that there is are extensions."""
    if value.keys() <= {"id", "extension"}:
        return True
    codings = value.get("coding")
    return type(codings) is list and any(type(coding) is dict and _has(codes, coding) for coding in codings)


def _has(codes: Codes, coding: dict[str, Any]) -> bool:
    system, code = coding.get("system"), coding.get("code")
    return type(system) is str and type(code) is str and codes.has(system, code)


_MEMBERSHIPS: Mapping[str, Callable[[Codes, Any], bool]] = {
    "code": _has_code,
    "CodeableConcept": _has_concept,
    **dict.fromkeys(("Coding", "Quantity", "Age", "Count", "Distance", "Duration"), _has_coding),
}


def _named(codes: Codes, canonical: str) -> str:
    known = sorted({code for _, code in codes.pairs})
    named = known[:MOST_CODES_NAMED] + (["…"] if len(known) > MOST_CODES_NAMED else [])
    return ", ".join(named) if known and not codes.open_systems else canonical
