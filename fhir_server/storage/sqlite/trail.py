"""The audit, the outbox and the relations, as they are read."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fhir_server.search.query import (
    Criterion,
    Every,
    Everything,
    Identity,
    OfPatient,
    Reference,
    Related,
    Some,
    Span,
    Token,
    Without,
)
from fhir_server.storage import store
from fhir_server.storage.rules import of_entries
from fhir_server.storage.sqlite.begin import flat
from fhir_server.storage.sqlite.blocks import ENTRY
from fhir_server.storage.sqlite.clause import ALWAYS, NEVER, Clause, all_of, any_of, negated, one_of
from fhir_server.storage.sqlite.compile import AUDITED, compiled
from fhir_server.storage.sqlite.keys import EVERY, key_of
from fhir_server.storage.sqlite.ranges import at_point
from fhir_server.storage.store import Entry, Notice, Order, Relation

_AGENT = "JOIN agents g ON g.key = a.agent"


def entries(connection: sqlite3.Connection, grant: Criterion, after: int, count: int) -> list[tuple[int, Entry]]:
    """Audit entries in the order they were written, from a number on."""
    reached = _met(of_entries(grant))
    rows = connection.execute(
        f"SELECT a.number, {ENTRY} FROM audit a {_AGENT} WHERE a.number > ? AND {reached.sql} ORDER BY a.number LIMIT ?",
        (after, *reached.values, count),
    )
    return [(row[0], Entry(*row[1:])) for row in rows]


# ------------------------------------------------------------------------------------------------ entries are found


def find_entries(
    connection: sqlite3.Connection,
    where: Criterion,
    grant: Criterion,
    order: Order,
    count: int,
    after: tuple[int, ...] | None,
    *,
    total: bool,
) -> tuple[list[tuple[int, Entry]], int | None]:
    """The entries that meet a criterion about rows and that the grant reaches, and how many there are."""
    criteria = list(flat([where, of_entries(grant)]))
    met = all_of([_met(criterion) for criterion in criteria])
    rows = _beginning(criteria, order)
    past = ALWAYS if after is None else _past(order, after)
    found = connection.execute(
        f"SELECT a.number, {ENTRY} FROM {rows.sql} {_AGENT} WHERE {past.sql} AND {met.sql} ORDER BY {_order(order)} LIMIT ?",
        (*rows.values, *past.values, *met.values, count),
    ).fetchall()
    counted = _counted(connection, rows, met) if total else None
    return [(row[0], Entry(*row[1:])) for row in found], counted


def _counted(connection: sqlite3.Connection, rows: Clause, met: Clause) -> int | None:
    (count,) = connection.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM {rows.sql} WHERE {met.sql} LIMIT {store.COUNTED + 1})",
        rows.values + met.values,
    ).fetchone()
    return count if count <= store.COUNTED else None


def _beginning(criteria: Sequence[Criterion], order: Order) -> Clause:
    """The rows `a` among which are all that are looked for, in their order as far as a key can give it."""
    if any(isinstance(criterion, Identity) for criterion in criteria):
        return Clause("audit a")
    keys = key_of(criteria)
    if keys == [EVERY] and order.by == "number":
        return Clause("audit a")
    times = [at_point(one, "k.at") for one in criteria if isinstance(one, Span) and one.parameter == "at"]
    met = all_of([one_of("k.key", keys), *times])
    once = "" if len(keys) == 1 else "DISTINCT "  # an entry may have several of them
    inner = f"SELECT {once}k.at, k.number FROM audit_keys k WHERE {met.sql}"
    return Clause(f"({inner}) k CROSS JOIN audit a ON a.number = k.number", met.values)


def _order(order: Order) -> str:
    down = " DESC" if order.descending else ""
    return f"a.number{down}" if order.by == "number" else f"a.at{down}, a.number"


def _past(order: Order, after: tuple[int, ...]) -> Clause:
    further = "<" if order.descending else ">"
    if order.by == "number":
        return Clause(f"a.number {further} ?", after)
    at, number = after
    return Clause(f"(a.at {further}= ? AND (a.at {further} ? OR a.number > ?))", (at, at, number))


def _met(criterion: Criterion) -> Clause:
    """The condition that a criterion sets to a row `a`. KeyError for one that rows are not asked."""
    return _MEANINGS[type(criterion)](criterion)


def _token(token: Token) -> Clause:
    if token.parameter == "agent":
        named = "SELECT 1 FROM agents n, json_each(n.agent, '$.names') j WHERE n.key = a.agent AND j.value = ?"
        return Clause(f"EXISTS ({named})", (token.code,))
    return Clause(f"{_COLUMNS[token.parameter]} = ?", (token.code,))


_COLUMNS = {"interaction": "a.interaction", "organisation": "a.organisation", "request": "a.request"}
_SPANS = {"at": "a.at", "status": "a.status"}

_MEANINGS: Mapping[type, Callable[[Any], Clause]] = {
    Everything: lambda _: ALWAYS,
    Every: lambda it: all_of([_met(part) for part in it.parts]),
    Some: lambda it: any_of([_met(part) for part in it.parts]),
    Without: lambda it: negated(_met(it.part)),
    Identity: lambda it: one_of("a.number", [int(id) for id in it.ids]) if it.ids else NEVER,
    OfPatient: lambda it: compiled(it, AUDITED),
    Related: lambda it: compiled(it, AUDITED),
    Token: _token,
    Reference: lambda it: Clause("(a.type = coalesce(?, a.type) AND a.id = ?)", (it.type, it.id)),
    Span: lambda it: at_point(it, _SPANS[it.parameter]),
}


# ------------------------------------------------------------------------------------------------ all else


def notices(connection: sqlite3.Connection, after: int, count: int) -> list[tuple[int, int, Notice]]:
    """The outbox in the order it was written, from a number on."""
    rows: list[tuple[Any, ...]] = connection.execute(
        "SELECT number, version, type, id, interaction FROM outbox WHERE number > ? ORDER BY number LIMIT ?",
        (after, count),
    ).fetchall()
    return [(number, version, Notice(*rest)) for number, version, *rest in rows]


def relations(connection: sqlite3.Connection, patient: str) -> list[Relation]:
    """Who has to do with a patient, in the order of actor, kind and source."""
    rows = connection.execute(
        'SELECT patient, actor, kind, source, plan, start, "end" FROM relations WHERE patient = ?'
        ' ORDER BY actor, kind, source, plan, start, "end"',
        (patient,),
    ).fetchall()
    return [Relation(*row) for row in rows]
