"""Destruction is decided by two persons: one proposes it, another decides within thirty days, on the very same content.

A proposal is a fact of the server. Who the persons are is what the command line is told: nobody signs in there.
8 kap. 4 § patientdatalagen (2008:355)
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

import msgspec

from fhir_server.fhir.instant import DAY
from fhir_server.storage.store import Entry, Facts, Stored

KIND = "destruction"
"""Of the facts that proposals are."""
LASTS = 30 * DAY
"""So long may a proposal be decided on (ms)."""
SHORTEST_REASON = 20
"""Characters of a reason."""


class Undecided(Exception):
    """It is not for this person, now, to propose or decide this; the message says why."""


class Proposal(msgspec.Struct, frozen=True):
    """Who proposed it, why, and until when it may be decided on (ms since 1970); `about` is the digest of what was there then."""

    by: str
    reason: str
    until: int
    about: str


_proposals = msgspec.json.Decoder(Proposal)


def digest_of(versions: Sequence[Stored]) -> str:
    """Which versions they are, as one text: of others it is another one."""
    places = sorted((it.type, it.id, it.version) for it in versions)
    return sha256(msgspec.json.encode(places)).hexdigest()


class Destructions:
    """What was proposed and is not decided on. `clock` gives milliseconds since 1970."""

    def __init__(self, facts: Facts, clock: Callable[[], int]) -> None:
        self._facts, self._clock = facts, clock

    async def all(self) -> Mapping[str, Proposal]:
        """The proposals by their places (`Type/id`)."""
        return {place: _proposals.decode(text) for place, text in (await self._facts.all_kept(KIND)).items()}

    async def propose(self, place: str, by: str, reason: str, about: str, entry: Entry) -> Proposal:
        """Keeps a proposal, with the entry that tells of it. Undecided where there is one already about the same content, where
        nobody is named, or where the reason is no reason.
        """
        if not _folded(by) or len(reason.strip()) < SHORTEST_REASON:
            raise Undecided(f"Say who proposes it, and why in {SHORTEST_REASON} characters or more.")
        made = Proposal(by, reason, self._clock() + LASTS, about)
        text = msgspec.json.encode(made).decode()
        if await self._facts.keep(KIND, place, text, until=made.until, entries=(entry,)):
            return made
        known = await self._facts.kept(KIND, place) or ""
        if known and _proposals.decode(known).about == about:
            raise Undecided("It is proposed already. Another person decides: fhir-server destroy decide.")
        if not await self._facts.replace(KIND, place, known, text, until=made.until, entries=(entry,)):
            raise Undecided("Somebody else has just proposed or decided on it. Look again.")
        return made

    async def decided(self, place: str, by: str, about: str) -> Proposal:
        """The proposal that a person now decides on. Undecided where there is none, where it is the person's own, and where
        something was written since.
        """
        known = await self._facts.kept(KIND, place)
        if known is None:
            raise Undecided("Nobody has proposed it in the last 30 days.")
        proposal = _proposals.decode(known)
        if not _folded(by) or _folded(by) == _folded(proposal.by):
            raise Undecided("Another person decides than the one who proposed it.")
        if proposal.about != about:
            raise Undecided("Something was written since it was proposed: propose it anew, so that both have seen it.")
        return proposal

    async def close(self, place: str) -> None:
        """What was proposed is done."""
        await self._facts.drop(KIND, place)


def _folded(name: str) -> str:
    """One person's name, however it is spaced and capitalized."""
    return " ".join(name.split()).casefold()
