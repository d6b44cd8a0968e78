"""What the codes that are shipped mean: value sets as lists, concepts with their words, maps from one system to another.

https://hl7.org/fhir/R4/terminology-service.html
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.validation.codes import Codes, Pair, ValueSets, concepts_in

Definition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Concept:
    """One code of a system; `definition` is the concept in its CodeSystem or ValueSet, empty where the code alone is known."""

    system: str
    code: str
    definition: Definition

    def display(self, language: str = "") -> str:
        """Its words, in a language if it has them, else as its system has them; "" where nothing is known of it."""
        for designation in self.definition.get("designation", ()):
            if language and _speaks(designation.get("language", ""), language):
                return str(designation["value"])
        return str(self.definition.get("display", ""))

    def words(self) -> tuple[str, ...]:
        """The code and all that it is called."""
        designations = (str(designation["value"]) for designation in self.definition.get("designation", ()))
        return (self.code, self.display(), *designations)


def _speaks(own: str, language: str) -> bool:
    """Whether a text is of a language, whatever the region. https://www.rfc-editor.org/rfc/rfc4647#section-3.3.1"""
    return own.partition("-")[0].lower() == language.partition("-")[0].lower()


class Terminology:
    """The value sets, code systems and concept maps of the server's definitions, and R4's required value sets behind them."""

    def __init__(self, definitions: Iterable[Definition], value_sets: ValueSets) -> None:
        """`value_sets` are those of the same definitions."""
        self._value_sets = value_sets
        self._maps = {one["url"]: one for one in definitions if one["resourceType"] == "ConceptMap"}
        self._concepts = dict(self._all_concepts())

    def codes(self, value_set: str) -> Codes | None:
        """The codes of a value set; None where nothing can be told of them."""
        return self._value_sets.find(value_set)

    def expanded(self, value_set: str) -> list[Concept] | None:
        """The concepts of a value set in the order of the definitions, then by code; None where they cannot be listed."""
        codes = self.codes(value_set)
        if codes is None or codes.open_systems:
            return None
        places = {pair: place for place, pair in enumerate(self._concepts)}
        pairs = sorted(codes.pairs, key=lambda pair: (places.get(pair, len(places)), pair))
        return [self.concept(*pair) or Concept(*pair, {}) for pair in pairs]

    def concept(self, system: str, code: str) -> Concept | None:
        """What a code means; None where it is not among what is shipped."""
        found = self._concepts.get((system, code))
        return None if found is None else Concept(system, code, found)

    def system(self, canonical: str) -> Definition | None:
        """A code system by its address."""
        return self._value_sets.systems.get(canonical.partition("|")[0])

    def value_set(self, canonical: str) -> Definition | None:
        """A value set of the server's own definitions."""
        return self._value_sets.sets.get(canonical.partition("|")[0])

    def maps(self, canonical: str = "") -> list[Definition]:
        """The concept map of this address, or all of them."""
        return [one for url, one in self._maps.items() if canonical.partition("|")[0] in {"", url}]

    def _all_concepts(self) -> Iterator[tuple[Pair, Definition]]:
        """Listed in value sets first: what stands in its own system is put over it."""
        for value_set in self._value_sets.sets.values():
            for part in value_set.get("compose", {}).get("include", ()):
                yield from (((part["system"], one["code"]), one) for one in part.get("concept", ()))
        for url, system in self._value_sets.systems.items():
            yield from (((url, one["code"]), one) for one in concepts_in(system.get("concept", ())))


def translations(
    maps: Iterable[Definition], coding: Definition, target: str = ""
) -> Iterator[tuple[str, Concept, str]]:
    """What a coding is in other systems (in one, if a target is named): how near it comes, the concept, and the map's address."""
    for one in maps:
        for group in one.get("group", ()):
            if coding.get("system") in {None, group.get("source")} and target in {"", group.get("target")}:
                yield from (
                    (found["equivalence"], Concept(group["target"], found["code"], found), one["url"])
                    for element in group["element"]
                    if element["code"] == coding.get("code")
                    for found in element.get("target", ())
                    if "code" in found
                )
