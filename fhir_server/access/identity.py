"""Who a person is: the identifiers of which everybody has one alone, so that one person is one Patient, whoever writes first.

A caller may name somebody by such an identifier without seeing whether the person is known: the match is made under the
system grant `identity`, and the answer is the same either way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir.naming import forms, naming_systems
from fhir_server.search.query import Criterion, Token, some
from fhir_server.search.values.escape import split

NATIONAL = ("http://terminology.hl7.org/CodeSystem/v2-0203", "NI")
"""The type of a NamingSystem that names persons: https://terminology.hl7.org/CodeSystem-v2-0203.html, national unique
individual identifier."""


@dataclass(frozen=True, slots=True)
class Persons:
    """The systems of national identifiers, in each of the forms that they are written in."""

    systems: frozenset[str]

    def names_one(self, type: str, criteria: Sequence[tuple[str, str]]) -> bool:
        """Whether criteria ask for a Patient by one national identifier and nothing else."""
        if type != "Patient" or [name for name, _ in criteria] != ["identifier"]:
            return False
        ((_, value),) = criteria
        system, _, number = value.partition("|")
        return system in self.systems and bool(number) and len(split(value, ",")) == 1

    def has_number(self, number: str) -> Criterion:
        """The resource has this number, by whichever of the systems."""
        return some(*(Token("identifier", system, number) for system in sorted(self.systems)))


def load_persons() -> Persons:
    """The NamingSystems in `profiles/` that are typed as national unique individual identifiers."""
    return Persons(
        frozenset(form for definition in naming_systems() if _is_national(definition) for form in forms(definition))
    )


def _is_national(definition: Mapping[str, Any]) -> bool:
    return any((one["system"], one["code"]) == NATIONAL for one in definition["type"]["coding"])
