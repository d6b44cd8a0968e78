"""The server's own definitions made into resources, so that they are read and searched as any other, and never written.

https://hl7.org/fhir/R4/conformance-module.html https://hl7.org/fhir/R4/terminology-module.html
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

from fhir_server.fhir.codec import encode
from fhir_server.fhir.definitions import BadDefinition
from fhir_server.fhir.instant import instant, span
from fhir_server.interactions.draft import draft
from fhir_server.search.extract import Extractor
from fhir_server.search.match import Candidate
from fhir_server.storage.shelf import Shelf, Shelved
from fhir_server.storage.store import Stored

CONFORMANCE = frozenset(
    {
        "CapabilityStatement",
        "CodeSystem",
        "CompartmentDefinition",
        "ConceptMap",
        "NamingSystem",
        "OperationDefinition",
        "PlanDefinition",
        "SearchParameter",
        "StructureDefinition",
        "ValueSet",
    }
)
"""The types whose resources are definitions of the server, all of them."""
VERSIONS = 999_999_999
"""How many numbers there are for versions: `vread` takes nine digits."""


def shelve(definitions: Iterable[tuple[str, dict[str, Any]]], extractor: Extractor) -> Shelf:
    """The shelf that holds the definitions (file name with its folder, JSON) of CONFORMANCE; others are looked at by name.

    BadDefinition for a file that is not named `<ResourceType>-<id>.json`, a definition without a date, and a second one of
    the same type and id. What is JSON and no resource is passed over.
    """
    found = _dated(_named(definitions))
    return Shelf(CONFORMANCE, (_shelved(resource, updated, extractor) for resource, updated in found))


def _named(definitions: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in definitions:
        if "resourceType" not in resource:
            continue
        expected = f"{resource['resourceType']}-{resource.get('id')}.json"
        if name.rpartition("/")[2] != expected:
            raise BadDefinition(f"{name}: by what is in it, its name would be {expected}")
        if resource["resourceType"] in CONFORMANCE:
            yield name, resource


def _dated(definitions: Iterable[tuple[str, dict[str, Any]]]) -> list[tuple[dict[str, Any], int]]:
    """Each with the moment of its own date: then it was last changed."""
    found: dict[tuple[str, str], tuple[dict[str, Any], int]] = {}
    for name, resource in definitions:
        place = resource["resourceType"], resource["id"]
        dated = span(str(resource.get("date")))
        if dated is None:
            raise BadDefinition(f"{name}: date is missing: it says when the definition was last changed")
        if place in found:
            raise BadDefinition(f"{'-'.join(place)}.json stands in two folders")
        found[place] = resource, dated[0]
    return list(found.values())


def _shelved(resource: dict[str, Any], updated: int, extractor: Extractor) -> Shelved:
    """Its version is numbered by its content: with a number that stays, whoever has an earlier release's definition would be
    told that nothing has changed.
    """
    type, id = resource["resourceType"], resource["id"]
    version = int.from_bytes(sha256(encode(resource)).digest()) % VERSIONS + 1
    text = draft(resource, id).text(version, instant(updated))
    stored = Stored(type, id, version, updated, text, "PUT", (), sha256(text).digest())
    return Shelved(stored, Candidate(type, id, updated, extractor.index(resource)))
