"""All that stands in a database, whatever it means: for comparing two of them."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from fhir_server.assembly.outside import sqlite_path

OF_USE_WHILE_WRITTEN = {"claims", "writers"}
CATCHING_UP = "audit_keys"
"""By what entries are found beside their rows: it follows them when there is time, and what is not there yet is found without."""
OF_THE_PROCESS = {"checked", "processes", CATCHING_UP}
"""What meta keeps that has nothing to do with what is stored."""

Contents = dict[str, list[Any]]
"""The rows of each table, or the documents of each collection, in an order of their own."""


def contents(database: str) -> Contents:
    return of_file(sqlite_path(database)) if database.startswith("sqlite:") else of_mongodb(database)


def of_file(path: str | Path) -> Contents:
    with closing(sqlite3.connect(path)) as connection:
        tables = [table for table in connection.execute(_TABLES).fetchall() if table != (CATCHING_UP,)]
        found = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables}
    found["meta"] = [row for row in found["meta"] if row[0] not in OF_THE_PROCESS]
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table'"
    " AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow') ORDER BY name"
)
"""Not those in which FTS5 keeps its index: they differ by what was in it before."""


def of_mongodb(uri: str) -> Contents:
    with MongoClient(uri) as client:
        database = client.get_default_database()
        found = {
            name: list(database[name].find())
            for name in database.list_collection_names()
            if name not in OF_USE_WHILE_WRITTEN
        }
        indexes = {f"indexes of {name}": sorted(database[name].index_information().items()) for name in found}
    found["meta"] = [row for row in found["meta"] if row["_id"] not in OF_THE_PROCESS]
    return {name: sorted(rows, key=lambda row: repr(row["_id"])) for name, rows in found.items()} | indexes
