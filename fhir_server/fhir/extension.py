"""Extensions of ours, and what stands in value[x]. https://hl7.org/fhir/R4/extensibility.html"""

from collections.abc import Mapping
from typing import Any

from fhir_server.fhir.canonical import structure

Json = Mapping[str, Any]


def extensions(element: Json, name: str) -> list[Json]:
    """The extensions of ours of this name in a valid element."""
    return [it for it in element.get("extension", ()) if it["url"] == structure(name)]


def value_of(member: Json) -> Any:
    """What stands in value[x]; None where nothing does."""
    return next((value for name, value in member.items() if name.startswith("value")), None)


def parts_in(extension: Json) -> dict[str, Any]:
    """The values of an extension's own extensions, by their names."""
    return {part["url"]: value_of(part) for part in extension.get("extension", ())}
