"""How often an element stands: what a profile asks beyond its base.

https://hl7.org/fhir/R4/conformance-rules.html#cardinality
"""

from dataclasses import dataclass
from typing import Any

from fhir_server.fhir.definitions import Element
from fhir_server.validation.finding import Context, Findings, Rule, broken, gathered
from fhir_server.validation.occurrence import reader
from fhir_server.validation.snapshot import Place

WITHOUT_END = 2**31


@dataclass(frozen=True, slots=True)
class Limits:
    """At least and at most so many, each with the profile and element that says so; empty where nobody does."""

    least: int = 0
    least_by: str = ""
    most: int = WITHOUT_END
    most_by: str = ""

    def __bool__(self) -> bool:
        """Whether a profile asks anything."""
        return bool(self.least_by or self.most_by)


def limits(place: Place) -> Limits:
    """What the chain comes to: the strictest of all that is said. Of a slice the base is none and any number."""
    row = None if place.slice else place.row
    least, most = (row.min, WITHOUT_END if row.many else 1) if row else (0, WITHOUT_END)
    least_by = most_by = ""
    for statement in place.said:
        told, widest = statement.content.get("min", 0), statement.content.get("max", "*")
        if told > least:
            least, least_by = told, statement.source
        if widest != "*" and int(widest) < most:
            most, most_by = int(widest), statement.source
    return Limits(least, least_by, most, most_by)


def count(asked: Limits, number: int, name: str) -> Findings:
    """What is wrong with the number of values of an element."""
    findings: Findings = None
    if number < asked.least and asked.least_by:
        key = "profile-missing" if asked.least == 1 else "profile-too-few"
        findings = broken(key, asked.least_by, f".{name}", name=name, limit=asked.least)
    if number > asked.most and asked.most_by:
        key = "profile-too-many" if asked.most else "profile-forbidden"
        findings = gathered(findings, broken(key, asked.most_by, f".{name}", name=name, limit=asked.most))
    return findings


def counted(row: Element, asked: Limits) -> Rule:
    """The rule of an element of which nothing but a number is asked."""
    read, name = reader(row), row.name
    single = not row.choice and row.types != ("Resource",)

    def rule(node: Any, _: Context) -> Findings:
        return count(asked, len(read(node)), name)

    def is_there(node: Any, _: Context) -> Findings:
        return None if name in node else count(asked, len(read(node)), name)

    return is_there if single and asked.least == 1 and not asked.most_by else rule


def count_slice(asked: Limits, number: int, unsure: int, name: str, slice: str) -> Findings:
    """What is wrong with the number of values in a slice, when of so many it is not known whether they are in it."""
    findings: Findings = None
    said = {"name": name, "slice": slice}
    if number + unsure < asked.least and asked.least_by:
        key = "profile-slice-missing" if asked.least == 1 else "profile-slice-too-few"
        findings = broken(key, asked.least_by, f".{name}", limit=asked.least, **said)
    if number > asked.most and asked.most_by:
        key = "profile-slice-too-many" if asked.most else "profile-slice-forbidden"
        findings = gathered(findings, broken(key, asked.most_by, f".{name}", limit=asked.most, **said))
    return findings
