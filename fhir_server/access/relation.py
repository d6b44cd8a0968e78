"""Who has to do with a patient: what a CareTeam or a Consent says of it, for the store to keep beside the resource.

A staff member's grant is one join over these rows: is there a relation of these kinds at this moment?
"""

from collections.abc import Iterable, Iterator
from typing import Any

from fhir_server.fhir.canonical import OURS
from fhir_server.fhir.instant import BEGINNING, END, span
from fhir_server.search.values.reference import target
from fhir_server.storage.store import Relation


def relations(resource: dict[str, Any], id: str, patients: tuple[str, ...], base: str) -> tuple[Relation, ...]:
    """The relations that a valid resource makes to the patients it is anchored to, on a server of this base; none unless it is
    active. An actor of ours is `Type/id`, however the resource refers to it, as search has it; another is its whole address.
    """
    find = {"CareTeam": _members, "Consent": _consenting}.get(resource["resourceType"])
    if find is None or resource.get("status") != "active":
        return ()
    source = f"{resource['resourceType']}/{id}"
    rows = [(_actor(reference, base), kind, start, end) for reference, kind, start, end in find(resource)]
    return tuple(
        Relation(patient, actor, kind, source, start=start, end=end)
        for patient in patients
        for actor, kind, start, end in rows
    )


def _members(team: dict[str, Any]) -> Iterator[tuple[str, str, int, int]]:
    """Each member of a team while its period lasts, and the organization on whose behalf it is there; and that it has `left`, once
    that is over. The parties of a discharge case (`case`) know less than a team that cares for the person.
    """
    kind = "case" if DISCHARGE_CASE in _codes(team.get("category", ())) else "care-team"
    whole = period_of(team.get("period"))
    for participant in team.get("participant", ()):
        start, end = _overlap(whole, period_of(participant.get("period")))
        for actor in _actors(participant.get("member"), participant.get("onBehalfOf")):
            yield actor, kind, start, end
            if kind == "care-team" and end < END:
                yield actor, "left", end + 1, END


DISCHARGE_CASE = (f"{OURS}/CodeSystem/care-team", "discharge-case")
BLOCKS = {(f"{OURS}/CodeSystem/consent-kind", code): code for code in ("inner-block", "outer-block")}
"""The kinds of consent that close what an organization has documented."""


def _codes(concepts: Iterable[dict[str, Any]]) -> set[tuple[str, str]]:
    codings = (coding for concept in concepts for coding in concept.get("coding", ()))
    return {(coding.get("system", ""), coding.get("code", "")) for coding in codings}


LIMITED_TO = frozenset({"action", "class", "code", "data", "dataPeriod", "purpose", "securityLabel"})
"""What narrows a provision to a part of what is kept: denying that part does not keep the actor out of the rest."""


def _consenting(consent: dict[str, Any]) -> Iterator[tuple[str, str, int, int]]:
    """Each actor that a consent lets in (`consent`) or keeps out (`block`) while its period lasts. Of a block it is each
    organization whose data are closed to others (`inner-block`, `outer-block`): all of them, also where it speaks of a part.
    """
    provision = consent.get("provision", {})
    kinds = [BLOCKS[code] for code in sorted(_codes(consent.get("category", ())) & BLOCKS.keys())]
    start, end = period_of(provision.get("period"))
    for kind in kinds:
        for organization in _actors(*consent.get("organization", ())):
            yield organization, kind, start, end
    if not kinds:
        yield from _provided(provision, provision.get("type", "permit"), (BEGINNING, END))


def _provided(provision: dict[str, Any], kind: str, within: tuple[int, int]) -> Iterator[tuple[str, str, int, int]]:
    start, end = _overlap(within, period_of(provision.get("period")))
    partial = kind == "deny" and not LIMITED_TO.isdisjoint(provision)
    for actor in () if partial else provision.get("actor", ()):
        for reference in _actors(actor.get("reference")):
            yield reference, "consent" if kind == "permit" else "block", start, end
    for nested in provision.get("provision", ()):
        yield from _provided(nested, nested.get("type", kind), (start, end))


def _actors(*references: Any) -> Iterable[str]:
    for reference in references:
        if isinstance(reference, dict) and "reference" in reference:
            yield reference["reference"]


def _actor(reference: str, base: str) -> str:
    type, id = target(reference, base)
    return f"{type}/{id}" if type else id


def period_of(period: dict[str, Any] | None) -> tuple[int, int]:
    """Milliseconds since 1970; an end that is not given is open. https://hl7.org/fhir/R4/datatypes.html#Period"""
    start, end = (period or {}).get("start"), (period or {}).get("end")
    first = span(start) if start else None
    last = span(end) if end else None
    return first[0] if first else BEGINNING, last[1] if last else END


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return max(one[0], other[0]), min(one[1], other[1])
