"""What seals the trail: the hash of an entry, and blocks of such hashes, each linked to the one before it.

Whoever changes, inserts or removes a row breaks a block; whoever mends the block breaks the link to the next. Only he who
makes the whole rest of the chain anew, or cuts it off, is not found out by the database alone: for that the digest of a
block is noted elsewhere.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from operator import attrgetter
from struct import Struct
from typing import Any, TypeAlias

import msgspec

from fhir_server.storage.store import Block, Entry

BEGINNING = bytes(32)
"""What the first block of a chain follows."""

MEMBERS = Entry.__struct_fields__
"""The members of an entry, in the order in which they are hashed."""

members_of = attrgetter(*MEMBERS)
"""The values of an entry in that order."""

Row: TypeAlias = tuple[int, bytes]
"""The number of an entry, and its hash."""

_ROW = Struct(">q32s")
_encode = msgspec.json.Encoder().encode


def hash_of(number: int, members: Sequence[Any]) -> bytes:
    """The hash of an entry's members under its number."""
    return sha256(_encode((number, *members))).digest()


def block(organisation: str, before: tuple[int, bytes] | None, rows: Sequence[Row], at: int) -> Block:
    """The block of these rows after the one of this number and digest; None: the first of its chain."""
    number, previous = before or (0, BEGINNING)
    packed = b"".join(_ROW.pack(*row) for row in rows)
    return Block(
        organisation, number + 1, at, previous, packed, digest_of(organisation, number + 1, at, previous, packed)
    )


def digest_of(organisation: str, number: int, at: int, previous: bytes, rows: bytes) -> bytes:
    """The digest of a block with these members."""
    return sha256(_encode((organisation, number, at)) + previous + rows).digest()


def rows_in(rows: bytes) -> Iterator[Row]:
    """The rows of a block; what does not fill a row at the end is passed over, for then the digest is wrong too."""
    return _ROW.iter_unpack(rows[: len(rows) - len(rows) % _ROW.size])


def numbers_in(rows: bytes) -> list[int]:
    """The numbers of the entries in a block."""
    return [number for number, _ in rows_in(rows)]


def last_in(rows: bytes) -> int:
    """The number of the last row of a block."""
    return int(_ROW.unpack(rows[-_ROW.size :])[0])
