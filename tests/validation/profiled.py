"""Small profiles made for one test each, and what the validator says by them."""

from typing import Any

from fhir_server.fhir.definitions import CORE
from fhir_server.validation.profile import Profiles
from fhir_server.validation.validate import Validator

OURS = "https://example.org/StructureDefinition/"
SETS = "https://example.org/ValueSet/"
SYSTEM = "https://example.org/CodeSystem/colour"
Told = list[tuple[str, str, str]]


def element(id: str, **content: Any) -> dict[str, Any]:
    """What a profile says of one element; a slice stands in its id as FHIR writes it (`CarePlan.category:sip`)."""
    path = ".".join(step.partition(":")[0] for step in id.split("."))
    named = {"sliceName": id.rpartition(":")[2]} if ":" in id.rpartition(".")[2] else {}
    return {"id": id, "path": path, **named, **content}


def profile(id: str, type: str, *elements: dict[str, Any], base: str = "", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": OURS + id,
        "version": "1.0",
        "type": type,
        "derivation": "constraint",
        "baseDefinition": base or CORE + type,
        "differential": {"element": [element(type), *elements]},
        **more,
    }


def extension(id: str, *elements: dict[str, Any], on: str = "Element", **more: Any) -> dict[str, Any]:
    url = element("Extension.url", fixedUri=OURS + id)
    return profile(id, "Extension", url, *elements, **{"context": [{"type": "element", "expression": on}], **more})


def value_set(id: str, **compose: Any) -> dict[str, Any]:
    return {"resourceType": "ValueSet", "url": SETS + id, "version": "1.0", "compose": compose}


def slicing(*discriminators: tuple[str, str], rules: str = "open", **more: Any) -> dict[str, Any]:
    return {"discriminator": [{"type": kind, "path": path} for kind, path in discriminators], "rules": rules, **more}


def kind(code: str, *profiles: str, to: tuple[str, ...] = ()) -> dict[str, Any]:
    """A type as an element names it, with profiles of it or of what a reference may point at."""
    told: dict[str, Any] = {"code": code}
    return told | ({"profile": list(profiles)} if profiles else {}) | ({"targetProfile": list(to)} if to else {})


def told(resource: Any, *definitions: dict[str, Any], by: str = "", severity: str = "error") -> Told:
    """What the profiles say of a resource: place, key, and what of which profile. By the first, or the one that is named."""
    asked = by or definitions[0]["url"]
    validator = Validator(Profiles(definitions))
    type = None if "resourceType" in resource else definitions[0]["type"]
    issues = validator.issues(resource, type=type, profiles=[asked])
    return [
        (issue.expression, issue.key, issue.source.removeprefix(OURS)) for issue in issues if issue.severity == severity
    ]


def observation(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **more}


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **more}


def coded(code: str, system: str = SYSTEM) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}
