"""A criterion asked of a key alone, by what stands in an index: a resource that fails is not looked at at all.

A look-up costs about a tenth of fetching the resource, which is why closed cases weigh little where few are open.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from fhir_server.search.query import Criterion, Every, Missing, Reference, Some, Span, Token, Without, Words
from fhir_server.storage.sqlite.clause import Clause, all_of, any_of, exists, negated
from fhir_server.storage.sqlite.compile import LAST_UPDATED, known
from fhir_server.storage.sqlite.held import SPAN, Held, Keyed, held, merged
from fhir_server.storage.sqlite.ranges import spanning
from fhir_server.storage.sqlite.texts import having_words

_SEEKS = 20
"""Each value is a look-up: of more, the resource's own index says it faster."""


class Sieve(NamedTuple):
    """What a key must meet for its resource to meet a criterion; where it is not `exact`, others get through too."""

    condition: Clause
    exact: bool = True


def sieve(criterion: Criterion | Held, type: str, row: str) -> Sieve | None:
    """The sieve of the `key` of a row, of a resource of the type that is not deleted; None where no index can say."""
    make = _SIEVES.get(criterion.__class__)
    return make(criterion, type, row) if make else None


def _holds(wanted: Held, type: str, row: str) -> Sieve | None:
    if wanted.values is None or len(wanted.values) > _SEEKS:
        return None
    key = known(wanted.kind, wanted.parameter, type)
    mine = [Clause(f"t.parameter = {key.sql}", key.values), Clause(f"t.resource = {row}.key")]
    return Sieve(exists("tokens t", mine + wanted.conditions("t.value", "t.space")))


def _stands(span: Span, type: str, row: str) -> Sieve | None:
    if span.parameter == LAST_UPDATED:
        return None
    return Sieve(_spanned(span.parameter, type, row, [spanning(span, "s.low", "s.high")]))


def _spanned(parameter: str, type: str, row: str, conditions: Sequence[Clause]) -> Clause:
    key = known(SPAN, parameter, type)
    mine = Clause(f"s.parameter = {key.sql} AND s.resource = {row}.key", key.values)
    return exists("spans s INDEXED BY spans_resource", [mine, *conditions])


def _misses(criterion: Missing, type: str, row: str) -> Sieve:
    """It has no span. A parameter that may hold other things is left to the resource."""
    others = exists("parameters", [Clause("type = ? AND code = ? AND kind <> ?", (type, criterion.parameter, SPAN))])
    return Sieve(any_of([others, negated(_spanned(criterion.parameter, type, row, []))]), exact=False)


def _every(criterion: Every, type: str, row: str) -> Sieve | None:
    parts = [sieve(part, type, row) for part in criterion.parts]
    found = [part for part in parts if part is not None]
    certain = len(found) == len(parts) and all(part.exact for part in found)
    return Sieve(all_of([part.condition for part in found]), certain) if found or certain else None


def _some(criterion: Some, type: str, row: str) -> Sieve | None:
    parts = [sieve(part, type, row) for part in merged(criterion)]
    found = [part for part in parts if part is not None]
    if len(found) < len(parts):
        return None
    return Sieve(any_of([part.condition for part in found]), all(part.exact for part in found))


def _without(criterion: Without, type: str, row: str) -> Sieve | None:
    part = sieve(criterion.part, type, row)
    return Sieve(negated(part.condition)) if part is not None and part.exact else None


_SIEVES: Mapping[type, Callable[[Any, str, str], Sieve | None]] = {
    Token: lambda criterion, of, row: _holds(held(criterion), of, row),
    Reference: lambda criterion, of, row: _holds(held(criterion), of, row),
    Held: _holds,
    Keyed: lambda criterion, _, row: Sieve(criterion.among(f"{row}.key")),
    Span: _stands,
    Missing: _misses,
    Words: lambda criterion, _, row: Sieve(having_words(criterion, f"{row}.key")),
    Every: _every,
    Some: _some,
    Without: _without,
}
