"""What a narrowed caller may make of a resource: nobody moves it to another patient, lowers its labels, says for whom it was
written, or gives it a meaning that its readers do not know.

These are rules of content, judged on the version before and the one to be; which resources there are to be changed at all
is the Grant's. So are the anchors kept, and the labels of protected identity.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fhir_server.access.anchor import Anchors
from fhir_server.access.standing import Standing
from fhir_server.fhir.canonical import structure
from fhir_server.fhir.outcome import Forbidden, Invalid
from fhir_server.fhir.reference import parse_reference, references_in
from fhir_server.search.index import Index
from fhir_server.storage.store import Stored

DOCUMENTED_BY = structure("documented-by")
"""The extension of a resource's meta that names the provider and the unit it was written for."""


def stamped(resource: dict[str, Any], before: Mapping[str, Any] | None, standing: Standing) -> dict[str, Any]:
    """The resource with the mark of the provider and the unit that it was written for: those of its first version, which
    later writers keep, whoever they are and whatever they send.
    """
    marks = list(_marks(before)) if before is not None else list(map(_mark, _written_for(standing)))
    meta = {name: value for name, value in resource.get("meta", {}).items() if name != "extension"}
    others = [it for it in resource.get("meta", {}).get("extension", ()) if it.get("url") != DOCUMENTED_BY]
    extension = [*others, *marks]
    return {**resource, "meta": {**meta, **({"extension": extension} if extension else {})}}


def _written_for(standing: Standing) -> list[str]:
    return [reference for reference in (standing.provider, standing.unit) if reference]


def _mark(reference: str) -> dict[str, Any]:
    return {"url": DOCUMENTED_BY, "valueReference": {"reference": reference}}


def _marks(resource: Mapping[str, Any]) -> Iterator[Any]:
    return (it for it in resource.get("meta", {}).get("extension", ()) if it.get("url") == DOCUMENTED_BY)


def refuse_lowered(resource: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
    """Raises Forbidden where a security label of the version before is gone, and no higher confidentiality in its place: labels are
    raised, and lowered by a system.
    """
    kept = set(_labels(resource))
    if before is not None and any(_is_gone(label, kept) for label in _labels(before)):
        raise Forbidden.because("label-lowered", f"{resource['resourceType']}.meta.security")


CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ORDER = "ULMNRV"
"""From unrestricted to very restricted. https://terminology.hl7.org/CodeSystem-v3-Confidentiality.html"""


def _is_gone(label: tuple[str, str], kept: set[tuple[str, str]]) -> bool:
    system, code = label
    higher = ORDER[ORDER.find(code) :] if system == CONFIDENTIALITY and len(code) == 1 and code in ORDER else ""
    return label not in kept and not any((system, one) in kept for one in higher)


def _labels(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for label in resource.get("meta", {}).get("security", ()):
        yield label.get("system", ""), label.get("code", "")


def refuse_modified(
    resource: Mapping[str, Any], before: Mapping[str, Any] | None, known: Callable[[str], bool]
) -> None:
    """Raises Invalid where something that is not `known` (an extension's url) would change what the resource means, and did not
    before: its readers would take it for what it does not say. https://hl7.org/fhir/R4/resource.html#implicit
    """
    kept = list(_modifiers(before)) if before is not None else []
    for modifier in _modifiers(resource):
        if modifier not in kept and not (isinstance(modifier, dict) and known(modifier.get("url", ""))):
            raise Invalid.because("meaning-changed", resource["resourceType"])


def _modifiers(value: Any) -> Iterator[Any]:
    """Each implicitRules and modifierExtension, at whatever depth."""
    if isinstance(value, Mapping):
        if "implicitRules" in value:
            yield value["implicitRules"]
        yield from value.get("modifierExtension", ())
    for child in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _modifiers(child)


def refuse_moved(kind: str, patients: tuple[str, ...], before: Stored | None) -> None:
    """Raises Invalid where a resource changes whose it is."""
    if before is not None and patients != before.patients:
        raise Invalid.because("anchor-moved", kind)


MOST_ITEMS = 1_000
"""Of one list in a resource: a team or a plan of people has fewer, and each reference is looked for."""


def refuse_crowded(resource: Mapping[str, Any]) -> None:
    """Raises Invalid where a list in a resource is longer than anything that a person would write."""
    if any(len(items) > MOST_ITEMS for items in _lists(resource)):
        raise Invalid.because("too-many-items", resource["resourceType"], limit=MOST_ITEMS)


def _lists(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, list):
        yield value
    for child in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        if isinstance(child, (list, Mapping)):
            yield from _lists(child)


def refuse_skipped(resource: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
    """Raises Invalid where a plan that was never active is said to be completed: nobody has carried out a draft."""
    never_active = before is not None and before.get("status") == "draft"
    if resource["resourceType"] == "CarePlan" and resource.get("status") == "completed" and never_active:
        raise Invalid.because("status-skipped", "CarePlan.status")


def refuse_adrift(kind: str, patients: tuple[str, ...], anchors: Anchors) -> None:
    """Raises Invalid for a clinical resource that is about nobody: no narrowed caller would ever see it again."""
    if anchors.parameters.get(kind) and kind != "Patient" and not patients:
        raise Invalid.because("anchor-missing", kind)


def refuse_strangers(resource: Mapping[str, Any], patients: tuple[str, ...], index: Index) -> None:
    """Raises Invalid where a resource about one patient points at another, in itself or in what it contains; where a team
    has a patient for a member; and where it is about several.
    """
    kind = resource["resourceType"]
    if len(patients) > 1:
        raise Invalid.because("anchor-several", kind)
    if kind == "CareTeam" and any(type == "Patient" for type, _ in index.references.get("participant", ())):
        raise Invalid.because("patient-in-team", "CareTeam.participant.member")
    if patients and not set(_patients_in(resource)).issubset(patients):
        raise Invalid.because("patient-other", kind)


def _patients_in(resource: Mapping[str, Any]) -> Iterator[str]:
    """The ids of all patients that a resource points at, at whatever depth."""
    for text in references_in(resource):
        literal = parse_reference(text)
        if literal is not None and literal.type == "Patient":
            yield literal.id
