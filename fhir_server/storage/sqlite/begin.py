"""Where a search begins: at the criterion that the fewest meet, less what other indexes sieve out of that."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fhir_server.search.query import (
    Amount,
    BlockedBy,
    Criterion,
    Every,
    Everything,
    Identity,
    OfPatient,
    Reference,
    Related,
    Some,
    Span,
    Text,
    Token,
    Under,
    Words,
)
from fhir_server.storage.sqlite.clause import Clause, all_of
from fhir_server.storage.sqlite.driver import driver
from fhir_server.storage.sqlite.held import Held, Keyed
from fhir_server.storage.sqlite.sieve import sieve

FEW = 100
"""What a criterion of so few gives is looked through at once: no other is counted, and no thread is asked."""
GATHERED = 2000
"""So many rows are gathered and sorted; of more, the search walks in order and asks of each whether it belongs."""
LISTED = 10_000
"""So many, where criteria are joined and the ids are all that there is to sort by: an index knows them."""
FAR = 20_000
"""Where every criterion is met by more than are gathered, they are counted to here."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """A criterion that an index can answer: keys among which are those of all that is searched for, and how many they are,
    counted to just past what was asked. Those of the criteria that are `met` need not be looked at again.
    """

    criterion: Criterion
    keys: Clause
    count: int
    met: tuple[Criterion, ...]

    def rest(self, criteria: Sequence[Criterion]) -> tuple[Criterion, ...]:
        """What the beginning has not seen to."""
        return tuple(criterion for criterion in criteria if not any(criterion is one for one in self.met))

    @property
    def live(self) -> bool:
        """Whether no key is that of a deleted resource."""
        return isinstance(self.criterion, _NOT_DELETED)


_NOT_DELETED = (OfPatient, Related, BlockedBy, Token, Under, Reference, Span, Amount, Text, Words, Held, Keyed)
"""Criteria that begin at rows which a deleted resource does not have."""


def begin(connection: sqlite3.Connection, criteria: Sequence[Criterion], type: str, most: int) -> Beginning | None:
    """The shortest beginning; one of more than `most` keys where there are more. None where no index can answer."""
    start = shortest(connection, criteria, type, most)
    if start is None or start.count <= FEW:
        return start
    quickly_counted = [criterion for criterion in criteria if not isinstance(criterion, Related | BlockedBy)]
    if start.count > most and sum(driver(criterion, type) is not None for criterion in quickly_counted) > 1:
        start = shortest(connection, quickly_counted, type, FAR) or start
    return _sifted(connection, start, criteria, type, most)


def shortest(connection: sqlite3.Connection, criteria: Sequence[Criterion], type: str, most: int) -> Beginning | None:
    """The criterion that the fewest rows meet, counted to just past `most`, among those that an index can answer; the first of
    FEW is good enough.
    """
    best: Beginning | None = None
    for criterion in sorted(criteria, key=_promise):
        found = driver(criterion, type)
        if found is None:
            continue
        beginning = _counted(connection, criterion, found, most)
        if best is None or beginning.count < best.count:
            best = beginning
        if best.count <= FEW:
            break
    return best


def _counted(connection: sqlite3.Connection, criterion: Criterion, found: Clause, most: int) -> Beginning:
    """What a driver finds, counted to just past `most`; where that are many look-ups, they are made this once."""
    met = () if isinstance(criterion, Every | Some) else (criterion,)
    limited = Clause(f"SELECT key FROM ({found.sql}) LIMIT {most + 1}", found.values)
    if isinstance(criterion, Held):
        keys, count = _listed(connection, limited)
        return Beginning(criterion, keys if count <= most else found, count, met)
    (count,) = connection.execute(f"SELECT count(*) FROM ({limited.sql})", limited.values).fetchone()
    return Beginning(criterion, found, count, met)


def _sifted(
    connection: sqlite3.Connection, start: Beginning, criteria: Sequence[Criterion], type: str, most: int
) -> Beginning:
    """The beginning less the keys that the sieves of the other criteria keep back; as it is where more are left."""
    others = [one for one in criteria if one is not start.criterion]
    sieves = [(one, found) for one in others if (found := sieve(one, type, "d")) is not None]
    if not sieves:
        return start
    let_through = all_of([found.condition for _, found in sieves])
    keys, count = _listed(
        connection,
        Clause(
            f"SELECT DISTINCT d.key AS key FROM ({start.keys.sql}) d WHERE {let_through.sql} LIMIT {most + 1}",
            start.keys.values + let_through.values,
        ),
    )
    met = (*start.met, *(one for one, found in sieves if found.exact))
    return start if count > most else Beginning(start.criterion, keys, count, met)


def _listed(connection: sqlite3.Connection, found: Clause) -> tuple[Clause, int]:
    """The keys found, written down, and how many. As one JSON value: each row of its own would take the interpreter's turn."""
    keys, count = connection.execute(
        f"SELECT json_group_array(key), count(*) FROM ({found.sql})", found.values
    ).fetchone()
    return Clause("SELECT value AS key FROM json_each(?)", (keys,)), count


def flat(criteria: Sequence[Criterion]) -> Iterator[Criterion]:
    """The criteria that must all hold, one by one; none for everything."""
    for criterion in criteria:
        if isinstance(criterion, Every):
            yield from flat(criterion.parts)
        elif not isinstance(criterion, Everything):
            yield criterion


def _promise(criterion: Criterion) -> int:
    """Which criteria are likely to be met by few, or quickly counted: those come first."""
    match criterion:
        case OfPatient() | Identity() | Keyed():
            return 0
        case Text(_, "contains" | "ends", _):
            return 3
        case Held() | Token() | Reference() | Under() | Span() | Amount() | Text() | Words():
            return 1
    return 2
