"""Protected identity: by which labels a person is protected, who sees all of such a person, what is masked for the others, and what
they find nobody by. All of it is told by `security/Parameters-protected-identity.json`.

The label of today counts, for every version and for all that is about the person; whom nothing says to be unprotected is not.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from fhir_server.access.anchor import Anchors, load_anchors
from fhir_server.access.rules import ANYONE, CALLERS
from fhir_server.access.standing import Standing
from fhir_server.fhir.codec import decode
from fhir_server.fhir.definitions import BadDefinition, r4, read
from fhir_server.fhir.mask import Mask
from fhir_server.fhir.outcome import Gone, NotFound
from fhir_server.search.query import (
    Criterion,
    Identity,
    Linked,
    Query,
    Related,
    Token,
    Veil,
    Veiled,
    Without,
    every,
    some,
)
from fhir_server.storage.store import SYSTEM_GRANTS, Store

FILE = "Parameters-protected-identity.json"
RELATED = "related"
RELATIONS = frozenset({"care-team", "case"})
"""Who takes part in the care, or in the discharge, knows the person's name."""
TOGETHER = 500
"""So many patients are asked for at once."""


@dataclass(frozen=True, slots=True)
class Seeing:
    """Somebody who sees all: a kind of caller, and one of the roles where any are named."""

    callers: frozenset[str]
    roles: frozenset[str]

    def is_for(self, standing: Standing) -> bool:
        """Whether it speaks of such a caller."""
        known = standing.kind in self.callers or ANYONE in self.callers
        return known and (not self.roles or not self.roles.isdisjoint(standing.roles))


@dataclass(frozen=True, slots=True)
class Sight:
    """What a caller sees of some patients: those that are masked for it, and those of them that it is related to."""

    masked: frozenset[str] = frozenset()
    related: frozenset[str] = frozenset()


CONTAINED = b'"contained"'
LABELS = b'"security"'
"""A text in which this does not stand has no label."""
ALL = Sight()
"""Nothing is masked."""


@dataclass(frozen=True, slots=True)
class Protection:
    """What the table says. Of `masks` those under "" are for everybody, those under RELATED for who is not related to the person;
    a text with none of the `marks` of its type has nothing that is masked.
    """

    labels: tuple[tuple[str, str], ...]
    seeing: tuple[Seeing, ...]
    masks: Mapping[str, Mapping[str, Sequence[Mask]]]
    marks: Mapping[str, Sequence[bytes]]
    veil: Veil

    def spares(self, standing: Standing) -> bool:
        """Whether a caller sees all."""
        return any(one.is_for(standing) for one in self.seeing)

    def speaks_of(self, type: str, *text: bytes) -> bool:
        """Whether there may be something to mask in a version of a type, if it is about somebody who is protected."""
        marks = (CONTAINED, *self.marks.get(type, ()))
        return any(mark in part for part in text for mark in marks)

    def of(self, *, related: bool) -> Mapping[str, Sequence[Mask]]:
        """The masks by type, for a caller who is related to the person, or is not."""
        everybody, strangers = self.masks[""], {} if related else self.masks[RELATED]
        return {type: (*everybody.get(type, ()), *strangers.get(type, ())) for type in {*everybody, *strangers}}

    def labelled(self, patient: Mapping[str, Any]) -> bool:
        """Whether a version of a Patient carries one of the labels."""
        own = patient.get("meta", {}).get("security", ())
        return any((it.get("system", ""), it.get("code", "")) in self.labels for it in own)

    async def sight(self, patients: Iterable[str], standing: Standing, store: Store, at: int) -> Sight:
        """What a caller sees of these patients at a moment (ms since 1970); who they are is not asked for one who sees all."""
        asked = frozenset() if self.spares(standing) else frozenset(patients)
        if not asked:
            return ALL
        masked = asked - await self._open(asked, store)
        return Sight(masked, await _related(masked, standing, store, at) if masked else frozenset())

    async def _open(self, patients: Collection[str], store: Store) -> frozenset[str]:
        """Those who are there and carry no label: of whom nothing is known, or no longer, nobody says that they were not protected."""
        if len(patients) > 1:
            return await _found(patients, Without(_labelled(self.labels)), store)
        (id,) = patients
        try:
            stored = await store.read("Patient", id, SYSTEM_GRANTS["protection"])
        except (NotFound, Gone):
            return frozenset()
        labelled = LABELS in stored.text and self.labelled(decode(stored.text))
        return frozenset() if labelled else frozenset({id})


async def _related(patients: Collection[str], standing: Standing, store: Store, at: int) -> frozenset[str]:
    if standing.kind == "citizen":
        return frozenset({standing.patient}) & frozenset(patients)
    if not standing.actors:
        return frozenset()
    return await _found(patients, Related(standing.actors, RELATIONS, at), store)


async def _found(patients: Collection[str], where: Criterion, store: Store) -> frozenset[str]:
    """Those of the patients of whom it holds."""
    ids, found = sorted(patients), set[str]()
    for start in range(0, len(ids), TOGETHER):
        part = frozenset(ids[start : start + TOGETHER])
        query = Query("Patient", every(Identity(part), where))
        page = await store.search(query, SYSTEM_GRANTS["protection"], count=len(part), total=False)
        found.update(stored.id for stored in page.items)
    return frozenset(found)


def _labelled(labels: Iterable[tuple[str, str]]) -> Criterion:
    return some(*(Token("_security", system, code) for system, code in labels))


# ------------------------------------------------------------------------------------------------ the table


@cache
def load_protection() -> Protection:
    """The table of `security/`, read once. BadDefinition for a row that names what nobody knows."""
    return protection_of(dict(read("security"))[FILE], load_anchors())


def protection_of(definition: Mapping[str, Any], anchors: Anchors) -> Protection:
    """The table of a definition. BadDefinition."""
    rows = [(parameter["name"], _told(parameter)) for parameter in definition["parameter"]]
    labels = tuple((it["system"], it["code"]) for name, row in rows if name == "label" for it in row["security"])
    seeing = tuple(
        Seeing(frozenset(row["caller"]), frozenset(row.get("role", ()))) for name, row in rows if name == "sees"
    )
    for one in seeing:
        _refuse_unknown(one.callers, CALLERS)
    told = [row for name, row in rows if name == "mask"]
    masks = {who: _masks(told, who) for who in ("", RELATED)}
    searches = [row for name, row in rows if name == "search"]
    veiled = tuple(one for row in searches for one in _veiled(row, labels, anchors))
    return Protection(labels, seeing, masks, _marks(masks.values()), Veil(veiled))


def _marks(masks: Iterable[Mapping[str, Sequence[Mask]]]) -> Mapping[str, Sequence[bytes]]:
    """By type, the last members of the paths, and what stands beside them, as they are written in a text."""
    found: dict[str, set[bytes]] = {}
    for own in masks:
        for type, some_masks in own.items():
            names = {mask.path[-1] for mask in some_masks}
            found.setdefault(type, set()).update(f'"{it}"'.encode() for name in names for it in (name, f"_{name}"))
    return {type: tuple(sorted(marks)) for type, marks in found.items()}


def _told(parameter: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What the parts of a row say, by their names."""
    told: dict[str, list[Any]] = {}
    for part in parameter["part"]:
        (value,) = (value for name, value in part.items() if name.startswith("value"))
        told.setdefault(part["name"], []).append(value)
    return told


def _masks(rows: Iterable[Mapping[str, list[Any]]], who: str) -> Mapping[str, Sequence[Mask]]:
    found: dict[str, list[Mask]] = {}
    for row in rows:
        unless = row.get("unless", [""])
        _refuse_unknown(row["on"], r4().resource_types)
        _refuse_unknown(unless, {"", RELATED})
        for type in row["on"] if who in unless else ():
            found.setdefault(type, []).extend(mask for path in row["element"] if (mask := _mask(type, path, row)))
    return found


def _mask(type: str, path: str, row: Mapping[str, list[Any]]) -> Mask | None:
    """The mask of an element of a type; None where others of the row's types have it alone."""
    names = tuple(path.split("."))
    if not _has(type, names):
        if not any(_has(other, names) for other in row["on"]):
            raise BadDefinition(f"{FILE}: {type} has no element {path}")
        return None
    chosen = frozenset(row.get("having", ())), tuple(row.get("begins", ()))
    return Mask(names, frozenset(row.get("target", ())), *chosen)


def _has(type: str, names: tuple[str, ...]) -> bool:
    for name in names:
        if name not in r4().members(type):
            return False
        type = r4().members(type)[name][1]
    return True


def _veiled(row: Mapping[str, list[Any]], labels: Sequence[tuple[str, str]], anchors: Anchors) -> Iterator[Veiled]:
    targets, (unless,), (sorts,) = frozenset(row.get("target", ())), row.get("unless", [""]), row["sorts"]
    for type in row["on"]:
        _refuse_unknown([type], {"Patient", *anchors.parameters})
        yield Veiled(type, frozenset(row["parameter"]), targets, unless, sorts, _unprotected(type, labels, anchors))


def _unprotected(type: str, labels: Sequence[tuple[str, str]], anchors: Anchors) -> Criterion:
    """It is about somebody who is there and carries no label, and about nobody else."""
    protected = _labelled(labels)
    if type == "Patient":
        return Without(protected)
    names = anchors.parameters[type]
    there = some(*(Linked(name, "Patient", Without(protected)) for name in names))
    return every(there, *(Without(Linked(name, "Patient", protected)) for name in names))


def _refuse_unknown(names: Iterable[str], known: Collection[str]) -> None:
    if unknown := sorted(set(names) - set(known)):
        raise BadDefinition(f"{FILE}: {unknown[0]} is named, which nobody knows")
