"""What is demanded without being claimed: a profile that holds for whatever is of a category, in all statuses but some.

The extension DEMANDED of a profile says so: what is decided by a category needs no claim, and a draft may be unfinished.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir.canonical import structure

DEMANDED = structure("demanded")


@dataclass(frozen=True, slots=True)
class Demand:
    """A profile that is demanded, of resources of its type with this category."""

    canonical: str
    system: str
    code: str
    exempt: frozenset[str]

    def is_made_of(self, resource: Mapping[str, Any]) -> bool:
        """Whether the resource, of whatever shape, must keep to the profile."""
        status = resource.get("status")
        return not (type(status) is str and status in self.exempt) and any(
            type(coding) is dict and coding.get("system") == self.system and coding.get("code") == self.code
            for concept in _listed(resource.get("category"))
            for coding in _listed(concept.get("coding") if type(concept) is dict else None)
        )


def demands(definition: Mapping[str, Any]) -> Iterator[Demand]:
    """What a profile says to be demanded of."""
    for extension in definition.get("extension", ()):
        if extension.get("url") == DEMANDED:
            (category,) = (part["valueCoding"] for part in extension["extension"] if part["url"] == "category")
            exempt = frozenset(part["valueCode"] for part in extension["extension"] if part["url"] == "exempt")
            yield Demand(definition["url"], category["system"], category["code"], exempt)


def _listed(value: Any) -> list[Any]:
    return value if type(value) is list else []
