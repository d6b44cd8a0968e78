"""What an issuer calls the things that we need to know of a caller: the ConceptMaps `claims-…` of `security/`.

A map has a group for each thing it translates, told by its target: names of claims, levels of assurance, purposes. Names are
taken to the letter; a claim that the map does not have is not looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fhir_server.fhir.canonical import OURS
from fhir_server.fhir.definitions import BadDefinition, read

WORDS = f"{OURS}/CodeSystem/caller"
LEVELS = f"{OURS}/CodeSystem/level-of-assurance"
PURPOSES = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
BEGINNING = "ConceptMap-claims-"
KNOWN = frozenset(
    {"employee", "citizen", "commission", "unit", "provider", "purpose", "role", "level"}
    | {"client", "scope", "patient", "fhir-user"}
)
"""The words that `caller.py` reads; `security/CodeSystem-caller.json` tells what each means."""


class BadClaim(ValueError):
    """A claim is not of the form that its word asks for, or two claims say different things; the message is the word."""


@dataclass(frozen=True, slots=True)
class ClaimMapping:
    """An issuer's names in our words: `words` of claims, `levels` of the values of acr, `purposes` of those of a purpose."""

    words: Mapping[str, str]
    levels: Mapping[str, int]
    purposes: Mapping[str, str]

    def translate(self, claims: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        """What the claims say, by our words; one that is not there says nothing. BadClaim for what is not text or a list of
        it, and where two names of one thing disagree: nobody could say which of them was checked.
        """
        found: dict[str, tuple[str, ...]] = {}
        for name, word in self.words.items():
            if name in claims:
                told = _texts(claims[name], word)
                if found.setdefault(word, told) != told:
                    raise BadClaim(word)
        return found

    def acr_values(self, level: int) -> tuple[str, ...]:
        """What the issuer calls this level of assurance and those above it."""
        return tuple(sorted(value for value, own in self.levels.items() if own >= level))


def _texts(value: Any, word: str) -> tuple[str, ...]:
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        raise BadClaim(word)
    return tuple(text for text in texts if text)


def load_mapping(name: str) -> ClaimMapping:
    """The mapping that `security/ConceptMap-claims-<name>.json` tells. BadDefinition where it cannot be used."""
    mappings = load_mappings()
    if name not in mappings:
        raise BadDefinition(f"{BEGINNING}{name}.json: there is no such mapping of claims")
    return mappings[name]


def load_mappings() -> dict[str, ClaimMapping]:
    """All mappings of `security/`, by their names. BadDefinition for one that cannot be used."""
    return {
        file.removeprefix(BEGINNING).removesuffix(".json"): read_mapping(file, definition)
        for file, definition in read("security")
        if file.startswith(BEGINNING)
    }


def read_mapping(file: str, definition: Mapping[str, Any]) -> ClaimMapping:
    """The mapping that a ConceptMap tells. BadDefinition, which names the file, for a target that is not known."""
    groups = {group.get("target"): _rows(file, group) for group in definition.get("group", ())}
    if unknown := groups.keys() - {WORDS, LEVELS, PURPOSES}:
        raise BadDefinition(f"{file}: nobody reads a group for {', '.join(map(str, sorted(unknown, key=str)))}")
    words, levels = groups.get(WORDS, {}), groups.get(LEVELS, {})
    if unknown := set(words.values()) - KNOWN:
        raise BadDefinition(f"{file}: nobody knows the word {', '.join(sorted(unknown))}")
    if unknown := set(levels.values()) - set("1234"):
        raise BadDefinition(f"{file}: there is no level of assurance {', '.join(sorted(unknown))}")
    return ClaimMapping(
        MappingProxyType(words),
        MappingProxyType({value: int(level) for value, level in levels.items()}),
        MappingProxyType(groups.get(PURPOSES, {})),
    )


def _rows(file: str, group: Mapping[str, Any]) -> dict[str, str]:
    rows: dict[str, str] = {}
    for element in group.get("element", ()):
        targets = [target.get("code") for target in element.get("target", ())]
        if len(targets) != 1 or not targets[0] or element.get("code") in {None, *rows}:
            raise BadDefinition(f"{file}: each code stands once, and means one thing")
        rows[element["code"]] = targets[0]
    return rows
