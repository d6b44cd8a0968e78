"""Whose a resource is: the patients that anchor it, by its subject element alone.

R4's own Patient compartment will not do: it leaves Task out and lets authors, performers and recipients in. The table is
`security/CompartmentDefinition-patient-anchor.json`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fhir_server.fhir.definitions import read
from fhir_server.search.index import Index

FILE = "CompartmentDefinition-patient-anchor.json"


@dataclass(frozen=True, slots=True)
class Anchors:
    """For each type the search parameters whose references to a Patient anchor it."""

    parameters: Mapping[str, tuple[str, ...]]

    def of(self, type: str, id: str, index: Index) -> tuple[str, ...]:
        """The ids of the patients that a resource is anchored to, sorted; a Patient is anchored to itself."""
        if type == "Patient":
            return (id,)
        found = {
            target
            for parameter in self.parameters.get(type, ())
            for kind, target in index.references.get(parameter, ())
            if kind == "Patient"
        }
        return tuple(sorted(found))


def load_anchors() -> Anchors:
    """The table as `security/` has it."""
    definition = dict(read("security"))[FILE]
    return Anchors({row["code"]: tuple(row.get("param", ())) for row in definition["resource"]})
