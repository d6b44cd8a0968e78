"""Chains: where few stand at the far end, a chain comes to references to these, or to the ids that they name."""

import sqlite3
from collections.abc import Sequence
from typing import cast

import msgspec

from fhir_server.search.query import Criterion, Every, Identity, Linked, LinkedFrom, Some, Without
from fhir_server.storage.sqlite import begin
from fhir_server.storage.sqlite.begin import Beginning, flat, shortest
from fhir_server.storage.sqlite.clause import Clause, all_of
from fhir_server.storage.sqlite.compile import path
from fhir_server.storage.sqlite.held import REFERENCE, Held
from fhir_server.storage.sqlite.related import listed
from fhir_server.storage.sqlite.ways import Way, gathering, naming

ENDS = 5000
"""So many resources at the far end are looked up beforehand; of more, each resource is asked where its own chain leads."""


def begun(
    connection: sqlite3.Connection, criteria: Sequence[Criterion], type: str, most: int
) -> tuple[list[Criterion], Beginning | None]:
    """The criteria and where to begin with them: chains are settled, the one with the fewest ends first, until few are left."""
    known = [criterion for criterion in criteria if not chains(criterion)]
    waiting = [criterion for criterion in criteria if chains(criterion)]
    start = begin.begin(connection, known, type, most) if not waiting else shortest(connection, known, type, begin.FEW)
    if len(waiting) > 1:
        waiting.sort(key=lambda criterion: _ends(connection, criterion))
    while waiting and (start is None or start.count > begin.FEW):
        known += flat([_settled(connection, waiting.pop(0), type)])
        start = begin.begin(connection, known, type, most)
    return known + waiting, start


def _ends(connection: sqlite3.Connection, criterion: Criterion) -> int:
    """How many stand at the far end of a chain, as far as that is quickly told."""
    if not isinstance(criterion, Linked | LinkedFrom) or chains(criterion.where):
        return ENDS + 1
    start = shortest(connection, list(flat([criterion.where])), criterion.type, ENDS)
    return ENDS + 1 if start is None else start.count


def _settled(connection: sqlite3.Connection, criterion: Criterion, type: str) -> Criterion:
    """The criterion, about resources of a type, with no chain in it that few meet at its far end."""
    match criterion:
        case Every(parts):
            return Every(_all(connection, parts, type))
        case Some(parts):
            return Some(_all(connection, parts, type))
        case Without(part):
            return Without(_settled(connection, part, type))
        case Linked(parameter, far, where):
            ids = _ids(connection, where, far)
            return criterion if ids is None else _pointing(parameter, far, ids)
        case LinkedFrom(far, parameter, where):
            named = _named(connection, where, far, parameter, type)
            return criterion if named is None else Identity(named)
    return criterion


def _pointing(parameter: str, type: str, ids: frozenset[str]) -> Criterion:
    """References to one of these: what an OR of so many becomes in the end (held.py), and within this folder as good."""
    return cast("Criterion", Held(REFERENCE, parameter, type, ids))


def chains(criterion: Criterion) -> bool:
    """Whether it looks at other resources, of which there may be many."""
    match criterion:
        case Every(parts) | Some(parts):
            return any(map(chains, parts))
        case Without(part):
            return chains(part)
    return isinstance(criterion, Linked | LinkedFrom)


def _all(connection: sqlite3.Connection, parts: Sequence[Criterion], type: str) -> tuple[Criterion, ...]:
    return tuple(_settled(connection, part, type) for part in parts)


def _ids(connection: sqlite3.Connection, where: Criterion, type: str) -> frozenset[str] | None:
    """Of the resources of a type for which it holds; None where they are many."""
    criteria, start = begun(connection, list(flat([listed(connection, where, type)])), type, ENDS)
    if start is None or start.count > ENDS:
        return None
    rest = start.rest(criteria)
    way = gathering(type, start.keys, rest) if rest else naming(type, start.keys)
    return _found(connection, "r.id", way)


def _named(
    connection: sqlite3.Connection, where: Criterion, type: str, parameter: str, named: str
) -> frozenset[str] | None:
    """The ids of one type that those of another, for which it holds, name by a parameter; None where they are many."""
    criteria, start = begun(connection, list(flat([listed(connection, where, type)])), type, ENDS)
    if start is None or start.count > ENDS:
        return None
    way = gathering(type, start.keys, start.rest(criteria))
    values = Clause(
        f"{way.tables.sql} CROSS JOIN json_each(r.idx, ?) i", (*way.tables.values, path(REFERENCE, parameter))
    )
    of_type = Clause("json_extract(i.value, '$[1]') = ?", (named,))
    return _found(connection, "json_extract(i.value, '$[0]')", Way(values, (*way.conditions, of_type)))


def _found(connection: sqlite3.Connection, id: str, way: Way) -> frozenset[str]:
    met = all_of(way.conditions)
    (ids,) = connection.execute(
        f"SELECT json_group_array({id}) FROM {way.tables.sql} WHERE {met.sql}", way.tables.values + met.values
    ).fetchone()
    return _strings.decode(ids)


_strings = msgspec.json.Decoder(frozenset[str])
