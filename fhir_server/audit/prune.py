"""The trail is pruned: what is past its retention goes, whole sealed blocks of it, and an entry of the same chain says so.

The entry has the number and the digest of the last block that went: by it `verify` knows that the chain begins where it was pruned,
and was not cut.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from fhir_server.search.query import Token
from fhir_server.storage.seal import numbers_in
from fhir_server.storage.store import SYSTEM_GRANTS, Block, Entry, Grant, Store, Trail

PRUNES = "$prune"
"""What the entry says was done."""
GRANT = SYSTEM_GRANTS["retention"]
MOST = 10_000
"""So many entries go at once, or those of one block: a transaction of MongoDB has its limits."""
_BLOCKS = 100
_AT_ONCE = 1_000
_FIRST = -(1 << 63)


@dataclass(frozen=True, slots=True)
class Piece:
    """What goes at once: the blocks of a chain up to this number, with so many entries. `digest` and `at` are those of the last."""

    organisation: str
    number: int
    digest: bytes
    at: int
    count: int

    def entry(self, at: int, agent: str) -> Entry:
        """The entry that tells of it, in the same chain."""
        told = urlencode({"block": self.number, "digest": self.digest.hex(), "count": self.count})
        return Entry(
            at, agent, PRUNES, 200, rule=GRANT.rule, purpose=GRANT.purpose, query=told, organisation=self.organisation
        )


async def prunable(trail: Trail, is_past: Callable[[int], bool]) -> AsyncIterator[Piece]:
    """What may go, of each chain from its beginning on: blocks that were sealed at a moment that is past, never the last one.
    `is_past` is asked of milliseconds since 1970. It may go while this is walked through.
    """
    for head in await trail.heads():
        piece: Piece | None = None
        async for block in _beginning(trail, head, is_past):
            grown = _with(piece, block)
            if piece is not None and grown.count > MOST:
                yield piece
                grown = _with(None, block)
            piece = grown
        if piece is not None:
            yield piece


async def _beginning(trail: Trail, head: Block, is_past: Callable[[int], bool]) -> AsyncIterator[Block]:
    after = 0
    while blocks := await trail.blocks(head.organisation, after=after, count=_BLOCKS):
        for block in blocks:
            if block.number >= head.number or not is_past(block.at):
                return
            yield block
        after = blocks[-1].number


def _with(piece: Piece | None, block: Block) -> Piece:
    count = len(numbers_in(block.rows)) + (piece.count if piece else 0)
    return Piece(block.organisation, block.number, block.digest, block.at, count)


async def prune(store: Store, piece: Piece, at: int, agent: str) -> None:
    """Removes a piece, and writes the entry that tells of it. Overtaken where somebody else has."""
    await store.prune(piece.organisation, piece.number, piece.entry(at, agent))


async def pruned_in(trail: Trail) -> Mapping[str, Mapping[int, bytes]]:
    """With which blocks the chains were pruned, by organisation and number the digests, as the entries of each chain tell."""
    found: defaultdict[str, dict[int, bytes]] = defaultdict(dict)
    after, grant = _FIRST, Grant(Token("interaction", None, PRUNES), GRANT.purpose, GRANT.rule)
    while rows := await trail.entries(grant, after=after, count=_AT_ONCE):
        for _, entry in rows:
            found[entry.organisation].update(_told(entry))
        after = rows[-1][0]
    return found


def _told(entry: Entry) -> Mapping[int, bytes]:
    """Nothing, where the entry was tampered with: then its own hash tells."""
    told = parse_qs(entry.query)
    try:
        return {int(told["block"][0]): bytes.fromhex(told["digest"][0])}
    except (KeyError, ValueError):
        return {}
