"""Compartments: what belongs to a patient, an encounter, a practitioner, a related person or a device, by R4's own tables.

They are for searching alone. Who may see what rests on the narrower table in `security/`.
https://hl7.org/fhir/R4/compartmentdefinition.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fhir_server.fhir.definitions import read
from fhir_server.search.parameter import Parameters
from fhir_server.search.query import Criterion, Identity, Reference, some

ITSELF = "{def}"
"""Stands in the tables for the resource that the compartment is of."""


@dataclass(frozen=True, slots=True)
class Compartments:
    """By the type that a compartment is of, and the type of what is in it: the parameters that lead there."""

    tables: Mapping[str, Mapping[str, tuple[str, ...]]]

    def have(self, owner: str, type: str) -> bool:
        """Whether resources of a type may be in the compartment of another."""
        return type in self.tables.get(owner, {})

    def types(self, owner: str) -> frozenset[str]:
        """What may be in the compartment of a type."""
        return frozenset(self.tables.get(owner, {}))

    def within(self, owner: str, id: str, type: str) -> Criterion:
        """What is in the compartment of a resource, of a type that may be in it."""
        return some(
            *(
                Identity(frozenset({id})) if parameter == ITSELF else Reference(parameter, owner, id)
                for parameter in self.tables[owner][type]
            )
        )


def members(definition: Mapping[str, Any]) -> frozenset[str]:
    """The types of what may be in a compartment, by its CompartmentDefinition; the type that it is of is one of them."""
    return frozenset({definition["code"], *(row["code"] for row in definition["resource"] if row.get("param"))})


@cache
def load_compartments(parameters: Parameters) -> Compartments:
    """The tables as `search/` has them, without parameters that nobody can search by. What a compartment is of is in it, though
    R4's table of the patient says only what it is linked with.
    """
    tables: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, definition in read("search"):
        if name.startswith("CompartmentDefinition-"):
            rows = ((row["code"], row.get("param", ())) for row in definition["resource"])
            known = {type: tuple(one for one in given if _known(parameters, type, one)) for type, given in rows}
            owner = definition["code"]
            known[owner] = (ITSELF, *(one for one in known.get(owner, ()) if one != ITSELF))
            tables[owner] = {type: given for type, given in known.items() if given}
    return Compartments(tables)


def _known(parameters: Parameters, type: str, code: str) -> bool:
    return code == ITSELF or parameters.kinds(type).get(code) == "reference"
