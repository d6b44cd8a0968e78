"""Who has the database in his hands: he changes the trail behind the server's back, triggers or none."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from fhir_server.storage.mongo.store import MongoStore
from fhir_server.storage.sqlite.store import SqliteStore
from fhir_server.storage.store import Store


@asynccontextmanager
async def opened(address: str, clock: Callable[[], int]) -> AsyncIterator[Store]:
    """The store at an address, of an index that is whole."""
    if address.startswith("sqlite:"):
        store: Any = await SqliteStore.open(address.removeprefix("sqlite:///"), clock)
    else:
        store = await MongoStore.open(address, clock)
    try:
        await store.index_is("definitions of today")
        yield store
    finally:
        await store.close()


class Tamperer:
    """The same deeds in either database; entries and blocks are counted from 0, in their order."""

    def __init__(self, address: str) -> None:
        self._hand = _Mongo(address) if address.startswith("mongodb:") else _Sqlite(Path(address.split("///")[1]))

    def change_entry(self, place: int, member: str, value: Any) -> None:
        self._hand.change("audit", place, member, value)

    def remove_entry(self, place: int) -> None:
        self._hand.remove("audit", place)

    def put_in_entry(self, like: int, *, number: int) -> None:
        """A copy of an entry under another number."""
        self._hand.copy_entry(like, number)

    def change_block(self, place: int, member: str, value: Any) -> None:
        self._hand.change("blocks", place, member, value)

    def remove_block(self, place: int) -> None:
        self._hand.remove("blocks", place)


class _Sqlite:
    def __init__(self, file: Path) -> None:
        self._file = file

    def _do(self, statement: str, *values: Any) -> None:
        with closing(sqlite3.connect(self._file)) as connection, connection:
            for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {trigger}")
            assert 1 == connection.execute(statement, values).rowcount

    def _row(self, table: str) -> str:
        key = "number" if table == "audit" else "organisation, number"
        return f"({key}) = (SELECT {key} FROM {table} ORDER BY {key} LIMIT 1 OFFSET ?)"

    def change(self, table: str, place: int, member: str, value: Any) -> None:
        self._do(f"UPDATE {table} SET {member} = ? WHERE {self._row(table)}", value, place)

    def remove(self, table: str, place: int) -> None:
        self._do(f"DELETE FROM {table} WHERE {self._row(table)}", place)

    def copy_entry(self, like: int, number: int) -> None:
        with closing(sqlite3.connect(self._file)) as connection:
            names = [row[1] for row in connection.execute("PRAGMA table_info(audit)")][1:]
        told = ", ".join(names)
        self._do(f"INSERT INTO audit SELECT ?, {told} FROM audit WHERE {self._row('audit')}", number, like)


class _Mongo:
    def __init__(self, uri: str) -> None:
        self._uri = uri

    def _ids(self, client: Any, table: str) -> list[Any]:
        order = [("_id", 1)] if table == "audit" else [("organisation", 1), ("number", 1)]
        return [row["_id"] for row in client.get_default_database()[table].find({}, sort=order)]

    def change(self, table: str, place: int, member: str, value: Any) -> None:
        with MongoClient[Any](self._uri) as client:
            one = {"_id": self._ids(client, table)[place]}
            assert 1 == client.get_default_database()[table].update_one(one, {"$set": {member: value}}).modified_count

    def remove(self, table: str, place: int) -> None:
        with MongoClient[Any](self._uri) as client:
            one = {"_id": self._ids(client, table)[place]}
            assert 1 == client.get_default_database()[table].delete_one(one).deleted_count

    def copy_entry(self, like: int, number: int) -> None:
        with MongoClient[Any](self._uri) as client:
            audit = client.get_default_database().audit
            audit.insert_one(audit.find_one({"_id": self._ids(client, "audit")[like]}) | {"_id": number})
