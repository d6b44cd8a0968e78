"""Patient/$merge: two Patients turn out to be one person, as when a reserve number gets its personnummer.

R4 has no such operation; this one follows R5's, and moves what is anchored to the source in the same transaction.
http://hl7.org/fhir/R5/patient-operation-merge.html https://hl7.org/fhir/R4/patient-definitions.html#Patient.link

A resource that another writer anchors to the source while the merge is being written meets the merge's conditions in SQLite;
in MongoDB it may stay behind, its old reference still good, and a merge asked for again moves it.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.outcome import Invalid, Issue, NotFound, TooLarge, Unreadable, outcome
from fhir_server.fhir.reference import parse_reference, redirected
from fhir_server.interactions.call import Answer, Call, Proposal, Server, Shown
from fhir_server.interactions.commit import granted, put
from fhir_server.interactions.operations.parameters import parameter
from fhir_server.interactions.shown import shown
from fhir_server.search.query import OfPatient, Query
from fhir_server.storage.store import Grant, Matches, Put, Stored

MOST = 1000
"""So many resources are moved at once: as many as a Bundle may hold."""


@dataclass(frozen=True, slots=True)
class _Person:
    """One of the two, as it stands."""

    stored: Stored
    resource: dict[str, Any]

    @property
    def id(self) -> str:
        return self.stored.id

    @property
    def place(self) -> str:
        return f"Patient/{self.stored.id}"

    def linked(self, type: str) -> set[str]:
        """Where the links of a type point."""
        return {link["other"].get("reference") for link in self.resource.get("link", ()) if link["type"] == type}


async def merge(call: Call, grant: Grant, server: Server) -> Answer | Proposal:
    """200 and Parameters with what was done; with `preview` what would be. NotFound for a Patient that the caller cannot see,
    Invalid for two that cannot be one, TooLarge where more hangs on the source than is moved at once, Forbidden where some of that
    is not the caller's to update.
    """
    source = await _person("source-patient", call, grant, server)
    target = await _person("target-patient", call, grant, server)
    _refuse(source, target)
    moved = [stored async for stored in _anchored(source, grant, server)]
    if len(moved) > MOST:
        raise TooLarge.because("merge-too-large", limit=MOST)
    changes = (
        _put(source.stored, _labelled(_left(source, target), target, server), call, server),
        _put(target.stored, _labelled(_taken_over(source, target), source, server), call, server),
        *(_put(stored, _redirected(stored, source, target, server), call, server) for stored in moved),
    )
    reaches = {type: granted(call, server, "update", type).query for type in {change.type for change in changes}}
    changes = tuple(replace(change, reach=reaches[change.type]) for change in changes)
    if parameter(call, "preview") is True:
        seen = await shown((source.stored, target.stored), call, server)
        return Answer(200, _told(call, len(moved), seen[1]), seen=seen)
    return Proposal(
        changes,
        lambda stored: Answer(200, _told(call, len(moved), stored[1]), seen=None),
        tuple(_conditions(source, moved, server)),
    )


async def _person(name: str, call: Call, grant: Grant, server: Server) -> _Person:
    given = parameter(call, name)
    found = parse_reference(given.get("reference", "")) if isinstance(given, dict) else None
    if found is None or found.type != "Patient" or found.base not in {"", server.base}:
        raise Unreadable.because("merge-names", "Parameters.parameter", name=name)
    try:
        stored = await server.store.read("Patient", found.id, grant)
    except NotFound:
        raise NotFound.because("merge-not-found", "Parameters.parameter", name=name) from None
    return _Person(stored, decode(stored.text))


def _refuse(source: _Person, target: _Person) -> None:
    """Nobody is merged into himself, into two, or into one who is himself merged into another."""
    if source.id == target.id:
        raise _invalid("merge-same")
    if source.linked("replaced-by") - {target.place}:
        raise _invalid("merge-elsewhere", name="source-patient")
    if target.linked("replaced-by"):
        raise _invalid("merge-elsewhere", name="target-patient")


def _invalid(key: str, **said: str) -> Invalid:
    return Invalid(Issue("business-rule", key, "Parameters.parameter", said=said, source=Invalid.spec))


async def _anchored(source: _Person, grant: Grant, server: Server) -> AsyncIterator[Stored]:
    """What is about the source, counted to just past what is moved at once."""
    left = MOST + 1
    for query in _queries(source, server):
        page = await server.store.search(query, grant, count=left, total=False)
        for stored in page.items:
            yield stored
        left -= len(page.items)
        if not left:
            return


def _queries(source: _Person, server: Server) -> Iterator[Query]:
    """For each type that is about patients; the source itself is not moved."""
    of_source = OfPatient(frozenset({source.id}))
    anchored = server.content.anchors.parameters.items()
    return (Query(type, of_source) for type, names in anchored if names and type != "Patient")


def _conditions(source: _Person, moved: Iterable[Stored], server: Server) -> Iterator[Matches]:
    """That nothing else is about the source when the merge is written, whoever may see it."""
    places = {(stored.type, stored.id) for stored in moved}
    for query in _queries(source, server):
        yield Matches(query, frozenset(id for type, id in places if type == query.type))


def _put(stored: Stored, resource: dict[str, Any], call: Call, server: Server) -> Put:
    """Made from the version that was read: where another writer was faster, the merge is thought through again."""
    change = put(resource, stored.id, call, server, method="PUT", before=stored)
    return replace(change, version=stored.version, rereads=True)


def _left(source: _Person, target: _Person) -> dict[str, Any]:
    """The source afterwards: inactive, pointing at the target, without identifiers."""
    kept = {name: value for name, value in source.resource.items() if name != "identifier"}
    return {**kept, "active": False, "link": _linked(source, target, "replaced-by")}


def _taken_over(source: _Person, target: _Person) -> dict[str, Any]:
    """The target afterwards: pointing back, with the source's identifiers beside its own, marked as old."""
    own = target.resource.get("identifier", [])
    known = {_named(identifier) for identifier in own}
    old = [{**it, "use": "old"} for it in source.resource.get("identifier", []) if _named(it) not in known]
    identifiers = {"identifier": own + old} if own or old else {}
    return {**target.resource, **identifiers, "link": _linked(target, source, "replaces")}


def _labelled(resource: dict[str, Any], other: _Person, server: Server) -> dict[str, Any]:
    """The resource with the labels that protect the other one: of one person, who is protected under both ids."""
    own = resource["meta"].get("security", [])
    known = set(map(_coded, own))
    theirs = other.resource["meta"].get("security", [])
    wanted = server.content.protection.labels
    added = [it for it in theirs if _coded(it) in wanted and _coded(it) not in known]
    return {**resource, "meta": {**resource["meta"], "security": own + added}} if added else resource


def _coded(label: dict[str, Any]) -> tuple[Any, Any]:
    return label.get("system"), label.get("code")


def _named(identifier: dict[str, Any]) -> tuple[Any, Any]:
    return identifier.get("system"), identifier.get("value")


def _linked(person: _Person, other: _Person, type: str) -> list[dict[str, Any]]:
    links: list[dict[str, Any]] = person.resource.get("link", [])
    if other.place in person.linked(type):
        return links
    return [*links, {"other": {"reference": other.place}, "type": type}]


def _redirected(stored: Stored, source: _Person, target: _Person, server: Server) -> dict[str, Any]:
    """The resource about the target; a reference to a certain version of the source stays: it was true then."""
    names = {source.place: target.place, f"{server.base}/{source.place}": f"{server.base}/{target.place}"}
    found: dict[str, Any] = redirected(decode(stored.text), lambda reference: names.get(reference, reference))
    return found


def _told(call: Call, count: int, result: Shown) -> bytes:
    counted = Issue("informational", "merge-counted", severity="information", said={"count": count})
    return encode(
        {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "input", "resource": call.body},
                {"name": "outcome", "resource": outcome((counted,), call.language)},
                {"name": "result", "resource": decode(result.text)},
            ],
        }
    )
