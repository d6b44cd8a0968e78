"""What a history asks for, as both stores understand it: which versions, from which position on, in which order.

The order is by the moment, newest first; versions of one moment by type and by id, both descending, so that an ascending
index read backwards gives all of it. No two versions of one resource have the same moment, and a moment never changes: a
version keeps its place, also when another follows it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fhir_server.fhir.instant import BEGINNING, END
from fhir_server.storage.page import Position
from fhir_server.storage.store import Page, Stored


@dataclass(frozen=True, slots=True)
class Past:
    """Versions of one resource, of one type (`id` ""), or of every type but those that stand apart (`type` "" too); `count`
    of them, from the position `after` on.

    Made at `since` or later, and at `horizon` or before: past that one may yet appear between others. With `at`, those that
    were current at some moment of the span. All in milliseconds since 1970, ends included.
    """

    type: str
    id: str
    count: int
    after: Position | None = None
    since: int | None = None
    at: tuple[int, int] | None = None
    horizon: int = END

    @property
    def made(self) -> tuple[int, int]:
        """The first and the last moment at which a version of the page may have been made."""
        last = [self.horizon, *([self.at[1]] if self.at else []), *([_moment(self.after)] if self.after else [])]
        return BEGINNING if self.since is None else self.since, min(last)

    @property
    def outlived(self) -> int | None:
        """A version was current at some moment asked for if it was made before their end, and followed after this moment,
        their first; None: whenever it was followed.
        """
        return self.at[0] if self.at else None

    @property
    def whole(self) -> "Past":
        """All that is asked for, on whichever page: what a total counts."""
        return replace(self, after=None)

    @property
    def counts(self) -> bool:
        """Whether a total is told: of more than one resource on the first page only."""
        return bool(self.id) or self.after is None

    def shows_all(self, found: Sequence[object]) -> bool:
        """Whether what was found for the page is all there is."""
        return self.after is None and len(found) <= self.count

    def page(self, found: Sequence[Stored], total: int | None) -> Page:
        """The page of what was found in order, which is one more than the page holds where more follows."""
        items = tuple(found[: self.count])
        return Page(items, total, position_of(items[-1]) if items and len(found) > self.count else None)


def position_of(stored: Stored) -> tuple[int, str, str]:
    """Where a version stands in the order, which descends."""
    return stored.updated, stored.type, stored.id


def _moment(position: Position) -> int:
    moment = position[0]
    assert isinstance(moment, int), "a position is one that was given out"
    return moment
