"""Whether the trail is what was written: every row in its block, every block linked to the one before, nothing left unsealed.

What was pruned is told by an entry of the chain, which has the digest of the last block that is gone; a chain that begins
anywhere else than there, or at block 1, was cut.

What it finds: a row that was changed, removed or put in, an agent that was changed, a block that was changed or removed. What
the database alone cannot tell: that the end of a chain was cut off together with its rows, or made anew from some block on.
That is found with the digest of a block noted elsewhere (`noted`), and all that came before it is then as it was.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fhir_server.audit.prune import pruned_in
from fhir_server.storage.seal import BEGINNING, Row, digest_of, hash_of, members_of, rows_in
from fhir_server.storage.store import SYSTEM_GRANTS, Block, Entry, Trail

UNSEALED_MS = 5_000
"""So long after it is settled a row may be without a block."""

_FIRST = -(1 << 63)
"""No number is lower: ours begin at 1, those of who puts a row in need not."""

AT_ONCE = 5_000
_BLOCKS = 100


class Broken(Exception):
    """The trail is not what was written; the message names the first row or block that shows it."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A trail that holds: how many entries it has, how many of them are too new to be sealed, and the last block of each
    chain, whose digest is to be noted elsewhere.
    """

    entries: int
    unsealed: int
    heads: Sequence[Block]


@dataclass(slots=True)
class _Chain:
    """An organisation's chain as it is walked, up to the block that was its last when the walk began."""

    trail: Trail
    organisation: str
    head: Block | None
    looked_for: set[bytes]
    pruned: Mapping[int, bytes] = field(default_factory=dict)
    """The digests of the blocks with which the chain was pruned, by their numbers, as its entries tell."""
    number: int = 0
    digest: bytes = BEGINNING
    due: list[Row] = field(default_factory=list)
    """The rows of the blocks that were read, the next one last."""
    waiting: list[Block] = field(default_factory=list)

    async def next_row(self) -> Row | None:
        """The row that must come next; None where the chain has ended. Broken."""
        while not self.due:
            block = await self._next_block()
            if block is None:
                return None
            self._refuse_broken(block)
            self.due = list(rows_in(block.rows))[::-1]
        return self.due[-1]

    async def _next_block(self) -> Block | None:
        if self.head is None or self.number == self.head.number:
            return None
        if not self.waiting:
            found = await self.trail.blocks(self.organisation, after=self.number, count=_BLOCKS)
            self.waiting = list(found)[::-1]
        if not self.waiting:
            raise Broken(f"{_named(self.organisation, self.number + 1)} is missing.")
        if not self.number:
            self._begin(self.waiting[-1])
        return self.waiting.pop()

    def _begin(self, first: Block) -> None:
        """Where the chain begins: at block 1, or after the blocks of which an entry of the chain says that they were pruned."""
        before = first.number - 1
        if self.pruned.get(before) == first.previous:
            self.number, self.digest = before, first.previous
            self.looked_for.discard(first.previous)

    def _refuse_broken(self, block: Block) -> None:
        name = _named(self.organisation, self.number + 1)
        if block.number != self.number + 1:
            raise Broken(f"{name} is missing.")
        if block.digest != digest_of(block.organisation, block.number, block.at, block.previous, block.rows):
            raise Broken(f"{name} was changed: its digest is not that of what is in it.")
        if block.previous != self.digest:
            raise Broken(f"{name} does not follow the block before it.")
        self.number, self.digest = block.number, block.digest
        self.looked_for.discard(block.digest)


async def verify(trail: Trail, noted: Sequence[bytes] = (), show: Callable[[int], None] = lambda _: None) -> Verified:
    """Walks through all of the trail as it is when it begins. `noted` are digests of blocks that must be in it; `show` is told
    how many entries have been looked at. Broken.
    """
    settled, heads = await trail.settled(), await trail.heads()
    looked_for, pruned = set(noted), await pruned_in(trail)
    chains = {
        it.organisation: _Chain(trail, it.organisation, it, looked_for, pruned.get(it.organisation, {})) for it in heads
    }
    entries = unsealed = 0
    async for number, entry in _walk(trail):
        chain = chains.get(entry.organisation)
        if chain is None:
            chain = chains[entry.organisation] = _Chain(trail, entry.organisation, None, looked_for)
        if not await _stands(number, entry, chain, settled):
            unsealed += 1
        entries += 1
        if entries % AT_ONCE == 0:
            show(entries)
    show(entries)
    for chain in chains.values():
        if row := await chain.next_row():
            raise Broken(f"Entry {row[0]} is missing: {_named(chain.organisation, chain.number)} has its hash.")
    if looked_for:
        raise Broken(f"No block has the digest {min(looked_for).hex()}: the chain was cut off, or made anew.")
    return Verified(entries, unsealed, heads)


async def _walk(trail: Trail) -> AsyncIterator[tuple[int, Entry]]:
    after = _FIRST
    while rows := await trail.entries(SYSTEM_GRANTS["verification"], after=after, count=AT_ONCE):
        for row in rows:
            yield row
        after = rows[-1][0]


async def _stands(number: int, entry: Entry, chain: _Chain, settled: int) -> bool:
    """Whether an entry is sealed as it is; False where it is too new to be. Broken."""
    due = await chain.next_row()
    if due is None:
        if (entry.at or 0) < settled - UNSEALED_MS:
            raise Broken(f"Entry {number} stands in no block, and is not new: it was put in, or is not sealed yet.")
        return False
    name = _named(chain.organisation, chain.number)
    if due[0] < number:
        raise Broken(f"Entry {due[0]} is missing: {name} has its hash.")
    if due[0] > number:
        raise Broken(f"Entry {number} stands in no block: it was put in before {name} ended.")
    if due[1] != hash_of(number, members_of(entry)):
        raise Broken(f"Entry {number} was changed: {name} has another hash.")
    chain.due.pop()
    return True


def _named(organisation: str, number: int) -> str:
    return f"Block {number} of {organisation or 'the entries without an organisation'}"
