"""Constraints written by hand: those that FHIRPath's subset does not reach, and those that it would judge in the square
of a list's length, which a large body could turn against us.

Each is true or false of a node that has the right shape (the resource around it may have any); `human` in the tables says what it stands for.
"""

from collections.abc import Callable, Iterator
from typing import Any

from fhir_server.fhir import codec
from fhir_server.fhir.reference import parse_reference
from fhir_server.validation.finding import Context

VALUE = "value"


def _link_ids_differ(questionnaire: Any, _: Context) -> bool:
    """que-2, of the items of the Questionnaire itself."""
    ids = [item["linkId"] for item in _nested(questionnaire, "item") if "linkId" in item]
    return len(ids) == len(set(ids))


def _concept_codes_differ(code_system: Any, _: Context) -> bool:
    """csd-1, nested concepts included."""
    codes = [concept["code"] for concept in _nested(code_system, "concept") if "code" in concept]
    return len(codes) == len(set(codes))


def _nested(node: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    for child in node.get(name, ()):
        yield child
        yield from _nested(child, name)


def _represents_as_practitioner(participant: Any, context: Context) -> bool:
    """ctm-1: who acts on behalf of an organization is a Practitioner, as far as the reference tells."""
    text = participant.get("member", {}).get("reference")
    literal = parse_reference(text) if text and "onBehalfOf" in participant else None
    if literal is None:
        return True
    kind = context.contained.get(literal.id, "") if literal.form == "contained" else literal.type
    return kind in {"", "Practitioner"}


def _components_differ(observation: Any, _: Context) -> bool:
    """obs-7: where the Observation has a value, no component repeats its code."""
    if not any(name.removeprefix("_").startswith(VALUE) for name in observation):
        return True
    own = {_as_text(coding) for coding in observation.get("code", {}).get("coding", ())}
    codes = [component.get("code", {}) for component in observation.get("component", ())]
    return own.isdisjoint(_as_text(coding) for code in codes for coding in code.get("coding", ()))


def _as_text(coding: dict[str, Any]) -> bytes:
    return codec.encode(dict(sorted(coding.items())))


def _groupings_exist(definition: Any, _: Context) -> bool:
    """ig-1: a resource's group is one of the groups defined."""
    groups = {grouping.get("id") for grouping in definition.get("grouping", ())}
    return all(resource.get("groupingId") in groups | {None} for resource in definition.get("resource", ()))


def _versions_agree(guide: Any, _: Context) -> bool:
    """ig-2: a resource's FHIR versions are among the guide's."""
    versions = {*guide.get("fhirVersion", ()), None}
    resources = guide.get("definition", {}).get("resource", ())
    return all(version in versions for resource in resources for version in resource.get("fhirVersion", ()))


def _snapshot_paths_begin_alike(snapshot: Any, context: Context) -> bool:
    """sdf-8: every path of a snapshot but the first begins with the first, which is the type's name."""
    first, *rest = _paths(snapshot) or [""]
    structure = context.resource
    typed = structure.get("kind") == "logical" or first == structure.get("type")
    return typed and all(path.startswith(f"{first}.") for path in rest)


def _differential_paths_begin_alike(differential: Any, context: Context) -> bool:
    """sdf-8a: every path of a differential but the first begins with the root of the first, which is the type's name."""
    first, *rest = _paths(differential) or [""]
    structure = context.resource
    typed = structure.get("kind") == "logical" or first.startswith(str(structure.get("type", "")))
    return typed and all(path.startswith(first.partition(".")[0] + ".") for path in rest)


def _paths(view: Any) -> list[str]:
    return [element.get("path", "") for element in view.get("element", ())]


NATIVE: dict[str, Callable[[Any, Context], bool]] = {
    "csd-1": _concept_codes_differ,
    "ctm-1": _represents_as_practitioner,
    "ig-1": _groupings_exist,
    "ig-2": _versions_agree,
    "obs-7": _components_differ,
    "que-2": _link_ids_differ,
    "sdf-8": _snapshot_paths_begin_alike,
    "sdf-8a": _differential_paths_begin_alike,
}
