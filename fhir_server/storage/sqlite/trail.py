"""The audit, the outbox and the relations, as they are read."""

import sqlite3
from typing import Any

from fhir_server.search.query import Criterion
from fhir_server.storage.rules import speaks_of_patients
from fhir_server.storage.sqlite.compile import AUDITED, compiled
from fhir_server.storage.store import Entry, Notice, Relation

_ENTRY = (
    "a.at, g.agent, a.interaction, a.status, a.type, a.id, a.version, a.patient, a.rule, a.purpose, a.request, a.query"
)


def entries(connection: sqlite3.Connection, grant: Criterion, after: int, count: int) -> list[tuple[int, Entry]]:
    """Audit entries in the order they were written, from a number on. A grant that speaks of more than patients reaches none:
    an entry has nothing else by which it could be judged.
    """
    if not speaks_of_patients(grant):
        return []
    reached = compiled(grant, AUDITED)
    rows = connection.execute(
        f"SELECT a.number, {_ENTRY} FROM audit a JOIN agents g ON g.key = a.agent"
        f" WHERE a.number > ? AND {reached.sql} ORDER BY a.number LIMIT ?",
        (after, *reached.values, count),
    ).fetchall()
    return [(row[0], Entry(*row[1:])) for row in rows]


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
