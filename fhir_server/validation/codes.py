"""Value sets, expanded as far as what is here allows: R4's required ones, and those of the server's own definitions.

https://hl7.org/fhir/R4/valueset.html#compositions
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir.definitions import r4
from fhir_server.validation.binding import BY_FORM, BY_SYSTEM

OFFICIAL = ("http://hl7.org/fhir/ValueSet/", "http://terminology.hl7.org/ValueSet/")
"""R4's own value sets, of which only the required ones are here."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of a value set: pairs of system and code, and the systems of which any code may be one, since their codes
    are not here or the set does not say which.
    """

    pairs: frozenset[Pair] = frozenset()
    open_systems: frozenset[str] = frozenset()

    def has(self, system: Any, code: Any) -> bool:
        """Whether a coding is one of them, as far as can be told."""
        return system in self.open_systems or (system, code) in self.pairs

    def has_code(self, code: str) -> bool:
        """Whether a code without a system is one of them."""
        return bool(self.open_systems) or any(code == own for _, own in self.pairs)


class ValueSets:
    """The value sets and code systems among definitions, by their addresses, with R4's behind them."""

    def __init__(self, definitions: Iterable[Mapping[str, Any]]) -> None:
        by_kind: dict[str, dict[str, Mapping[str, Any]]] = {"ValueSet": {}, "CodeSystem": {}}
        for definition in definitions:
            if definition.get("resourceType") in by_kind and "url" in definition:
                by_kind[definition["resourceType"]][definition["url"]] = definition
        self.sets: Mapping[str, Mapping[str, Any]] = by_kind["ValueSet"]
        self.systems: Mapping[str, Mapping[str, Any]] = by_kind["CodeSystem"]
        self._known: dict[str, Codes | None] = {}

    def is_known(self, canonical: str) -> bool:
        """Whether the canonical names a value set of these definitions or one of R4's own."""
        ours = self.sets.get(canonical.partition("|")[0])
        return canonical.startswith(OFFICIAL) or (ours is not None and _is_version(ours, canonical))

    def find(self, canonical: str) -> Codes | None:
        """The codes of a value set; None where nothing can be told of them."""
        url = canonical.partition("|")[0]
        if url not in self._known:
            self._known[url] = self._expanded(url, ())
        return self._known[url]

    def unresolved(self, value_set: Mapping[str, Any]) -> Iterator[str]:
        """The value sets that one is put together from and that are not known."""
        compose = value_set.get("compose", {})
        for part in (*compose.get("include", ()), *compose.get("exclude", ())):
            yield from (canonical for canonical in part.get("valueSet", ()) if not self.is_known(canonical))

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """The value sets of the definitions themselves."""
        return iter(self.sets.values())

    def _expanded(self, url: str, within: tuple[str, ...]) -> Codes | None:
        ours = self.sets.get(url)
        if ours is None:
            codes = r4().codes(url)
            system = BY_SYSTEM.get(url)
            return Codes(codes) if codes is not None else Codes(open_systems=frozenset({system})) if system else None
        if url in BY_FORM or url in within:
            return None
        if "compose" not in ours:
            return Codes(frozenset(_listed(ours.get("expansion", {}))))
        return self._composed(ours["compose"], (*within, url))

    def _composed(self, compose: Mapping[str, Any], within: tuple[str, ...]) -> Codes | None:
        included = [self._part(part, within) for part in compose.get("include", ())]
        excluded = [self._part(part, within) or Codes() for part in compose.get("exclude", ()) if "filter" not in part]
        if None in included:
            return None
        pairs = frozenset[Pair]().union(*(codes.pairs for codes in included if codes))
        systems = frozenset[str]().union(*(codes.open_systems for codes in included if codes))
        less = frozenset[Pair]().union(*(codes.pairs for codes in excluded))
        gone = frozenset[str]().union(*(codes.open_systems for codes in excluded))
        return Codes(frozenset(pair for pair in pairs - less if pair[0] not in gone), systems - gone)

    def _part(self, part: Mapping[str, Any], within: tuple[str, ...]) -> Codes | None:
        """The codes of an include: those of its system, and of all of its value sets."""
        named = [self._expanded(canonical.partition("|")[0], within) for canonical in part.get("valueSet", ())]
        if "system" in part:
            named.append(self._of_system(part))
        common: Codes | None = None
        for codes in named:
            if codes is None:
                return None
            common = codes if common is None else _in_both(common, codes)
        return common

    def _of_system(self, part: Mapping[str, Any]) -> Codes:
        system = part["system"]
        if "concept" in part:
            return Codes(frozenset((system, concept["code"]) for concept in part["concept"]))
        definition = self.systems.get(system, {})
        concepts = definition.get("concept", ())
        if not concepts or definition.get("content") not in {None, "complete"}:
            return Codes(open_systems=frozenset({system}))
        found: set[str] | None = set(_below(concepts))
        for filter in part.get("filter", ()):
            kept = _filtered(concepts, filter)
            found = None if kept is None or found is None else found & kept
        return Codes(open_systems=frozenset({system})) if found is None else _pairs(system, found)


def _pairs(system: str, codes: Iterable[str]) -> Codes:
    return Codes(frozenset((system, code) for code in codes))


def _in_both(one: Codes, other: Codes) -> Codes:
    pairs = {pair for pair in one.pairs if other.has(*pair)} | {pair for pair in other.pairs if one.has(*pair)}
    return Codes(frozenset(pairs), one.open_systems & other.open_systems)


def _listed(expansion: Mapping[str, Any]) -> Iterator[Pair]:
    for concept in expansion.get("contains", ()):
        if "code" in concept and not concept.get("abstract"):
            yield concept.get("system", ""), concept["code"]
        yield from _listed(concept)


def concepts_in(concepts: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The concepts of a code system, those within others too, in its order."""
    for concept in concepts:
        yield concept
        yield from concepts_in(concept.get("concept", ()))


def _below(concepts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    return (concept["code"] for concept in concepts_in(concepts))


def _filtered(concepts: Iterable[Mapping[str, Any]], filter: Mapping[str, Any]) -> set[str] | None:
    """The codes that a filter by hierarchy keeps; None for any other."""
    if filter.get("op") not in {"is-a", "descendent-of"}:
        return None
    for concept in concepts:
        if concept["code"] == filter.get("value"):
            own = {concept["code"]} if filter["op"] == "is-a" else set()
            return own | set(_below(concept.get("concept", ())))
        below = _filtered(concept.get("concept", ()), filter)
        if below:
            return below
    return set()


def _is_version(definition: Mapping[str, Any], canonical: str) -> bool:
    version = canonical.partition("|")[2]
    return not version or version == definition.get("version")
