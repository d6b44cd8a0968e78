"""What SQLite says that it will do for a statement."""

import re
import sqlite3


def plan_of(connection: sqlite3.Connection, statement: str) -> list[str]:
    rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    return [line.replace("COVERING ", "") for _, _, _, line in rows]


_MADE = re.compile(r"(CO-ROUTINE|MATERIALIZE) (\S+)")
_FEW = re.compile(r"SCAN ([eijop]|json_each|\S+ VIRTUAL TABLE INDEX 0:=?M\d|CONSTANT ROW)( |$)")
"""The parts of one value, and what FTS5 finds."""


def scans(plan: list[str]) -> list[str]:
    """The lines that go through a whole table, and not through what the same statement has found."""
    made = {f"SCAN {name[2]}" for line in plan if (name := _MADE.match(line))}
    return [line for line in plan if line.startswith("SCAN") and line not in made and not _FEW.match(line)]


_TABLES = ("resources", "versions", "parameters", "tokens", "spans", "strings", "amounts", "relations")
_BY_KEY = re.compile(r"(?:SEARCH|SCAN) (\S+) USING PRIMARY KEY")
_BY_INDEX = re.compile(r"USING INDEX (\S+)")


def indexes_used(connection: sqlite3.Connection, statement: str) -> set[str]:
    """The indexes by name; a table's own key is `tokens key`."""
    used: set[str] = set()
    for line in plan_of(connection, statement):
        used |= {_named(name) for name in _BY_INDEX.findall(line)}
        used |= {f"{table} key" for row in _BY_KEY.findall(line) for table in _tables_of(row, statement)}
    return used


def _named(index: str) -> str:
    return re.sub(r"sqlite_autoindex_(\w+)_1", r"\1 key", index)


def _tables_of(row: str, statement: str) -> list[str]:
    return [table for table in _TABLES if table == row or re.search(rf"\b{table} {row}\b", statement)]
