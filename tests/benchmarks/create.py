"""A create, validated, indexed and audited, of the rate at which the same things are made durable without all that.

Twice, for "the store's own rate of the same rows" can be read in two ways: SQLite given the very same rows by a loop that
does nothing else, and the store given Commits that were made beforehand.
"""

import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fhir_server.storage.sqlite.link import connect
from fhir_server.storage.sqlite.schema import migrate
from tests.benchmarks.commits import commit_rate
from tests.benchmarks.databases import served
from tests.benchmarks.figure import Compared, Figure, in_turn, shown
from tests.benchmarks.load import rate, request
from tests.benchmarks.plans import plan_text

CLIENTS = 32
BODIES = 4000
TOGETHER = 32
"""Resources in one transaction: no group commit makes larger ones of so many clients."""

PLACES = {
    "resources": "key",
    "tokens": "resource",
    "spans": "resource",
    "strings": "resource",
    "amounts": "resource",
    "words": "rowid",
    "relations": "resource",
    "audit": "number",
    "outbox": "number",
}
"""Each table that a create writes to, and the column that counts resources: one audit row and one notice to each."""


@dataclass(slots=True)
class Replica:
    """A second database of the same schema and settings, which takes what the first has got since the last time."""

    source: sqlite3.Connection
    copy: sqlite3.Connection
    taken: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PLACES, 0))

    def insert(self) -> float:
        """Resources a second, one durable transaction for each group of them."""
        groups = list(self._groups().values())
        count = sum(len(group["resources"]) for group in groups)
        started = time.perf_counter()
        for group in groups:
            self.copy.execute("BEGIN IMMEDIATE")
            for table, rows in group.items():
                self.copy.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
            self.copy.execute("COMMIT")
        return count / (time.perf_counter() - started)

    def _groups(self) -> dict[int, dict[str, list[Any]]]:
        """The new rows by table, for each group of resources."""
        groups: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for table, place in PLACES.items():
            before = self.taken[table]
            for at, *row in self.source.execute(f"SELECT {place}, * FROM {table} WHERE {place} > ?", (before,)):
                groups[(at - before - 1) // TOGETHER][table].append(row)
                self.taken[table] = max(self.taken[table], at)
        return groups


def create() -> Iterator[Figure]:
    requests = [request("POST", "/fhir/CarePlan", plan_text(number)) for number in range(BODIES)]
    with served() as ours, closing(sqlite3.connect(ours.file)) as source, closing(copy_of(ours.file)) as copy:
        replica = Replica(source, copy)
        of_rows = in_turn(lambda: rate(ours.port, requests, CLIENTS), replica.insert)
        of_commits = in_turn(lambda: rate(ours.port, requests, CLIENTS), lambda: commit_rate(CLIENTS))
    yield _figure("inserting the same rows", of_rows)
    yield _figure("the store's commits alone", of_commits)


def _figure(other: str, both: Compared) -> Figure:
    behind = f"{shown(both.first)} of {shown(both.second)} creates/s"
    return Figure(f"create, {CLIENTS} clients: of the rate of {other}", both.ratio, 0.40, behind=behind)


def copy_of(file: Path) -> sqlite3.Connection:
    """An empty database beside the file."""
    connection = connect(f"{file}-copy", writes=True).connection
    migrate(connection)
    return connection
