"""The trail of a database file, read beside the server that holds it: nothing is made, nothing is changed."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager

from fhir_server.storage.sqlite import blocks, trail
from fhir_server.storage.sqlite.link import reading, telling_errors
from fhir_server.storage.sqlite.schema import MIGRATIONS, schema_of
from fhir_server.storage.store import Block, Entry, Grant, Unopened


class TrailFile:
    """The `Trail` in a file."""

    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], int]) -> None:
        """Made by `open_trail`."""
        self._connection = connection
        self._clock = clock

    async def entries(self, grant: Grant, *, after: int = 0, count: int = 1000) -> Sequence[tuple[int, Entry]]:
        """The audit in the order it was written."""
        with telling_errors:
            return trail.entries(self._connection, grant.query, after, count)

    async def blocks(self, organisation: str, *, after: int = 0, count: int = 100) -> Sequence[Block]:
        """The chain of an organisation, from a block on."""
        with telling_errors:
            return blocks.blocks(self._connection, organisation, after, count)

    async def heads(self) -> Sequence[Block]:
        """The last block of each chain, without its rows."""
        with telling_errors:
            return blocks.heads(self._connection)

    async def settled(self) -> int:
        """No entry will yet appear that was numbered before this moment."""
        return self._clock()


@contextmanager
def open_trail(path: str, clock: Callable[[], int]) -> Iterator[TrailFile]:
    """The trail of a file of today's schema, until the block ends. Unopened."""
    with closing(reading(path)) as connection:
        try:
            schema = schema_of(connection)
        except sqlite3.Error as error:
            raise Unopened(f"The database file {path} cannot be read: {error}.") from error
        if schema < len(MIGRATIONS):
            raise Unopened(
                f"The database file {path} was made by an earlier release of this server, or is empty. Start this release "
                "on it once: its trail is sealed then."
            )
        yield TrailFile(connection, clock)
