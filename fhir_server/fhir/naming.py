"""The systems of identifiers and codes, each in all the forms that it is written in: the NamingSystems of `profiles/`.

A system has one form in the index and in what is asked of it, and in a resource's text whichever its writer chose.
https://hl7.org/fhir/R4/namingsystem.html
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from fhir_server.fhir.definitions import read


def naming_systems() -> Iterator[dict[str, Any]]:
    """The NamingSystems that are shipped."""
    return (definition for name, definition in read("profiles") if name.startswith("NamingSystem-"))


def forms(definition: Mapping[str, Any]) -> list[str]:
    """The forms of a system as URIs, the preferred one first."""
    told = sorted(definition["uniqueId"], key=lambda one: not one.get("preferred", False))
    return [f"urn:oid:{one['value']}" if one["type"] == "oid" else one["value"] for one in told]


@cache
def _preferred() -> Mapping[str, str]:
    return {form: told[0] for told in map(forms, naming_systems()) for form in told[1:]}


def folded(system: str) -> str:
    """The preferred form of a system; one that has no other is its own."""
    return _preferred().get(system, system)


@cache
def system_of(id: str) -> str:
    """The preferred form of the system that the NamingSystem of an id defines (`hsa-id`)."""
    return next(forms(definition)[0] for definition in naming_systems() if definition["id"] == id)
