"""Slices: which of an element's values belongs to which, and what is asked of each and of all together.

https://hl7.org/fhir/R4/profiling.html#slicing
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from fhir_server.fhir.definitions import BadDefinition
from fhir_server.validation.cardinality import Limits, count_slice, limits
from fhir_server.validation.discriminator import Reach, Says, matcher
from fhir_server.validation.finding import Context, Finding, Findings, broken, gathered
from fhir_server.validation.occurrence import MISSHAPEN, Occurrence, at
from fhir_server.validation.snapshot import Place

BY_URL = {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"}
"""Extensions are sliced by their url, whether a profile says so or not."""
BY_TYPE = {"discriminator": [{"type": "type", "path": "$this"}], "rules": "open"}
"""So are choices by their type."""
OTHERS = -1
"""In place of the number of a slice: the value belongs to none."""
UNSURE = -2
"""It cannot be told to which."""

Judge: TypeAlias = Callable[[Occurrence, Context], Findings]
"""What is asked of one value."""
SliceRule: TypeAlias = Callable[[Sequence[Occurrence], Context], Findings]
"""What is asked of all values of an element."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice: which values belong to it, how many may, what is asked of each, and what of the slices within it."""

    name: str
    matches: Says
    limits: Limits
    judge: Judge | None
    inner: SliceRule | None


@dataclass(frozen=True, slots=True)
class Slicing:
    """What is asked of all slices of an element together; `source` is the profile and element that says so."""

    name: str
    source: str
    rules: str
    ordered: bool
    names: str

    def broken(self, key: str, occurrence: Occurrence) -> list[Finding]:
        """A value stands where it may not."""
        return at(self.name, occurrence, broken(key, self.source, name=self.name, allowed=self.names))


def sliced(place: Place, reach: Reach, judged: Callable[[Place], Judge | None]) -> SliceRule | None:
    """The rule of an element's slices, theirs included; None where it has none. BadDefinition where they cannot be told
    apart; a lone one that nothing tells apart takes every value.
    """
    told = _told(place)
    if told is None:
        return None
    source, slicing = told
    discriminators = slicing.get("discriminator", ())
    if not discriminators and len(place.slices) > 1:
        raise BadDefinition(f"{place.name}: nothing tells its slices apart")
    slices = [
        Slice(name, matcher(part, discriminators, reach), limits(part), judged(part), sliced(part, reach, judged))
        for name, part in place.slices.items()
    ]
    names = ", ".join(place.slices)
    together = Slicing(place.name, source, slicing.get("rules", "open"), slicing.get("ordered", False), names)
    return _rule(together, slices)


def _told(place: Place) -> tuple[str, dict[str, Any]] | None:
    """What is said of the slicing of an element, and by whom; where nobody does, what goes without saying."""
    told = place.last("slicing")
    if told is not None:
        return told[0].source, told[1]
    if not place.slices:
        return None
    if place.name in {"extension", "modifierExtension"}:
        return "", BY_URL
    return "", BY_TYPE if place.row and place.row.choice else {}


def _rule(slicing: Slicing, slices: Sequence[Slice]) -> SliceRule:
    always = [bool(slice.limits) or slice.inner is not None for slice in slices]

    def rule(there: Sequence[Occurrence], context: Context) -> Findings:
        groups = [(_group(slices, occurrence, context), occurrence) for occurrence in there]
        findings = _together(slicing, groups) if groups and slicing.source else None
        unsure = sum(number == UNSURE for number, _ in groups)
        for number, slice in enumerate(slices):
            own = [occurrence for group, occurrence in groups if group == number]
            more = _judged(slice, own, unsure, slicing.name, context) if own or always[number] else None
            findings = gathered(findings, more) if more else findings
        return findings

    return rule


def _group(slices: Sequence[Slice], occurrence: Occurrence, context: Context) -> int:
    """The number of the slice that a value belongs to, the first that says yes."""
    if occurrence.type == MISSHAPEN:
        return UNSURE
    unsure = False
    for number, slice in enumerate(slices):
        answer = slice.matches(occurrence.value, occurrence.type, context)
        if answer:
            return number
        unsure = unsure or answer is None
    return UNSURE if unsure else OTHERS


def _judged(slice: Slice, own: list[Occurrence], unsure: int, name: str, context: Context) -> Findings:
    findings = count_slice(slice.limits, len(own), unsure, name, slice.name) if slice.limits else None
    for occurrence in own:
        here = slice.judge(occurrence, context) if slice.judge is not None else None
        findings = gathered(findings, at(name, occurrence, here)) if here else findings
    more = slice.inner(own, context) if slice.inner else None
    return gathered(findings, more) if more else findings


def _together(slicing: Slicing, groups: Sequence[tuple[int, Occurrence]]) -> Findings:
    """What is wrong with values that are in no slice, or stand in the wrong order."""
    findings: Findings = None
    furthest = OTHERS
    others = False
    for group, occurrence in groups:
        wrong: Findings = None
        if group == OTHERS and slicing.rules == "closed":
            wrong = slicing.broken("profile-slice-none", occurrence)
        elif group >= 0 and others and slicing.rules == "openAtEnd":
            wrong = slicing.broken("profile-slice-last", occurrence)
        elif slicing.ordered and OTHERS < group < furthest:
            wrong = slicing.broken("profile-slice-order", occurrence)
        others = others or group == OTHERS
        furthest = max(furthest, group)
        findings = gathered(findings, wrong) if wrong else findings
    return findings
