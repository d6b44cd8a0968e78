"""The statements that write, each for many rows at once.

Between two statements the writer gives the interpreter away, and has it back only when the loop lets go: so it is their
number that counts, not their length. Rows go in as one JSON value, texts and wide rows as values of their own. OR FAIL spares SQLite
the copies by which it would undo half a statement: whoever calls undoes all of it, with the transaction or to a savepoint.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from itertools import chain, islice
from typing import Any

from fhir_server.storage.seal import MEMBERS

AT_ONCE = 32
"""Rows in one statement whose values are bound: for each number of them the connection keeps a prepared one."""


def fill(connection: sqlite3.Connection, statement: Callable[[int], str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows whose values are bound one by one, some at a time, by the statement for so many."""
    rest = iter(rows)
    while some := list(islice(rest, AT_ONCE)):
        connection.execute(statement(len(some)), list(chain.from_iterable(some)))


def added(table: str, *columns: str) -> str:
    """The statement that adds rows."""
    return f"INSERT OR FAIL INTO {table} ({', '.join(columns)}) SELECT {_members(columns)} FROM json_each(?)"


def _members(columns: tuple[str, ...]) -> str:
    return ", ".join(f"json_extract(value, '$[{place}]')" for place in range(len(columns)))


@cache
def put_rows(table: str, columns: tuple[str, ...], count: int) -> str:
    """The statement that adds so many rows whose values are its own: half the work of one JSON value, where rows are wide."""
    row = f"({', '.join('?' * len(columns))})"
    return f"INSERT OR FAIL INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * count)}"


RESOURCE = ("key", "type", "id", "version", "updated", "deleted", "method", "digest", "patients", "idx", "text")
"""The columns of `resources`."""


def put_resources(count: int, *, replacing: bool) -> str:
    """The statement that puts so many rows in `resources`, in the places of those that have their keys."""
    insert = put_rows("resources", RESOURCE, count)
    taken = ", ".join(f"{column} = excluded.{column}" for column in RESOURCE[3:])
    return f"{insert} ON CONFLICT (key) DO UPDATE SET {taken}" if replacing else insert


KEEP_VERSIONS = (
    "INSERT OR FAIL INTO versions SELECT key, version, updated, method, digest, patients, text, type, idx FROM resources"
    " WHERE key IN (SELECT value FROM json_each(?))"
)
REMOVE_VERSIONS = "DELETE FROM versions WHERE resource IN (SELECT value FROM json_each(?))"
PUT_INDEXES = (
    "UPDATE resources SET patients = n.patients, idx = n.idx FROM (SELECT json_extract(value, '$[0]') AS key,"
    " json_extract(value, '$[1]') AS patients, json_extract(value, '$[2]') AS idx FROM json_each(?)) n"
    " WHERE resources.key = n.key"
)

_TOKENS, _SPANS = ("parameter", "value", "resource", "space"), ("parameter", "low", "high", "resource")
ADD_TOKENS, REMOVE_TOKENS = added("tokens", *_TOKENS), added("tokens_gone", *_TOKENS)
ADD_SPANS, REMOVE_SPANS = added("spans", *_SPANS), added("spans_gone", *_SPANS)
_STRINGS = ("parameter", "value", "resource", "exact", "key")
ADD_STRINGS, REMOVE_STRINGS = added("strings", *_STRINGS), added("strings_gone", *_STRINGS)
_AMOUNTS = ("parameter", "low", "high", "resource", "system", "code")
ADD_AMOUNTS, REMOVE_AMOUNTS = added("amounts", *_AMOUNTS), added("amounts_gone", *_AMOUNTS)
ADD_WORDS = added("words", "rowid", "type", "text", "content")
REMOVE_WORDS = "DELETE FROM words WHERE rowid IN (SELECT value FROM json_each(?))"
ADD_RELATIONS = added("relations", "resource", "patient", "actor", "kind", "source", "plan", "start", '"end"')
REMOVE_RELATIONS = "DELETE FROM relations WHERE resource IN (SELECT value FROM json_each(?))"

ADD_AUDIT = partial(put_rows, "audit", ("number", *MEMBERS))
BLOCK = ("organisation", "number", "at", "previous", "rows", "digest")
"""The columns of `blocks`."""
ADD_BLOCKS = partial(put_rows, "blocks", BLOCK)

ADD_OUTBOX = added("outbox", "version", "type", "id", "interaction")
