"""A criterion as a filter: for queries and for grants, in every collection whose documents have `patients`.

What a criterion means stands with it, in `search/query.py`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from fhir_server.search.query import (
    Amount,
    BlockedBy,
    Criterion,
    Every,
    Everything,
    Identity,
    Linked,
    LinkedFrom,
    Missing,
    OfKind,
    OfPatient,
    Reference,
    Related,
    Some,
    Span,
    Text,
    Together,
    Token,
    Under,
    Veil,
    Without,
    Words,
)
from fhir_server.search.values.string import fold
from fhir_server.storage.mongo.document import (
    CODE,
    ID,
    REFERENCE,
    START,
    TOKEN,
    WORD,
    any_range,
    beginning_with,
    pair_key,
    space_range,
)

Filter: TypeAlias = dict[str, Any]

LAST_UPDATED, RESOURCE_ID = "_lastUpdated", "_id"

ALWAYS: Filter = {}
NEVER: Filter = {"_id": {"$in": []}}

Hop: TypeAlias = Related | BlockedBy | Linked | LinkedFrom
"""What is told of a resource by other documents than its own."""

Bonds: TypeAlias = Mapping[Hop, Filter]
"""What each hop that a criterion takes demands of a document: `reach.py` finds it out."""


def all_of(parts: Iterable[Filter]) -> Filter:
    """All of the filters, side by side in one document as far as no member stands twice; of none: always."""
    together: Filter = {}
    apart: list[Filter] = []
    for part in parts:
        if together.keys().isdisjoint(part):
            together |= part
        else:
            apart.append(part)
    if apart:
        apart += together.pop("$and", ())
    return together | {"$and": apart} if apart else together


def any_of(parts: Sequence[Filter]) -> Filter:
    """Any of the filters; of none: never."""
    if not parts:
        return NEVER
    return parts[0] if len(parts) == 1 else {"$or": list(parts)}


def inside(member: str, filter: Filter, beside: Collection[str] = ()) -> Filter:
    """The filter of what stands in a member of a document; the members named stand beside it."""
    return {
        name if name in beside or name.startswith("$") else f"{member}.{name}": (
            [inside(member, part, beside) for part in value] if name.startswith("$") else value
        )
        for name, value in filter.items()
    }


def compiled(criterion: Criterion, bonds: Bonds) -> Filter:
    """The filter that the criterion sets."""
    return _MEANINGS[type(criterion)](criterion, bonds)


def flat(parts: Iterable[Criterion], kind: type[Every | Some]) -> Iterator[Criterion]:
    """The parts of an AND or of an OR, and of those that stand in it."""
    for part in parts:
        if isinstance(part, kind):
            yield from flat(part.parts, kind)
        else:
            yield part


def _every(criterion: Every, bonds: Bonds) -> Filter:
    return all_of(compiled(part, bonds) for part in flat(criterion.parts, Every))


def _some(criterion: Some, bonds: Bonds) -> Filter:
    """Those of the parts that are look-ups of keys are one look-up together."""
    keys, rest = set[str](), list[Filter]()
    for part in flat(criterion.parts, Some):
        filter = compiled(part, bonds)
        wanted = _looked_up(filter)
        if wanted is None:
            rest.append(filter)
        else:
            keys.update(wanted)
    return any_of([*rest, {"keys": {"$in": sorted(keys)}}] if keys else rest)


def _looked_up(filter: Filter) -> list[str] | None:
    """The keys of which a resource has one if it meets the filter, and else none; None where it takes more to say."""
    match filter:
        case {"keys": str(key), **rest} if not rest:
            return [key]
        case {"keys": {"$in": list(keys)}, **rest} if not rest:
            return keys
    return None


def _key(criterion: Criterion) -> str | None:
    """The one key that a resource has if it meets the criterion, and else has not; None where it takes more to say."""
    match criterion:
        case Token(parameter, None, code) if code is not None:
            return f"{parameter}{CODE}{code}"
        case Token(parameter, system, code) if system is not None and code is not None:
            return pair_key(parameter, TOKEN, system, code)
        case Reference(parameter, None, id):
            return f"{parameter}{ID}{id}"
        case Reference(parameter, kind, id) if kind is not None:
            return pair_key(parameter, REFERENCE, kind, id)
    return None


def _token(criterion: Token, _: Bonds) -> Filter:
    key = _key(criterion)
    if key is not None:
        return {"keys": key}
    system = criterion.system
    return _key_within(
        any_range(criterion.parameter, TOKEN) if system is None else space_range(criterion.parameter, system)
    )


def _under(criterion: Under, _: Bonds) -> Filter:
    return _key_within(beginning_with(f"{criterion.parameter}{CODE}{criterion.text}"))


def _key_within(range: tuple[str, str]) -> Filter:
    return {"keys": {"$elemMatch": _within(range)}}


def _within(range: tuple[str, str]) -> Filter:
    first, end = range
    return {"$gte": first, "$lt": end}


# ------------------------------------------------------------------------------------------------ strings and words


def _text(criterion: Text, _: Bonds) -> Filter:
    return {"strings": {"$elemMatch": {"code": criterion.parameter, **_TEXTS[criterion.how](criterion.text)}}}


def _starts(text: str) -> Filter:
    if len(text) <= START:
        return {"start": _within(beginning_with(text))} if text else {}
    return {"start": text[:START], "folded": _within(beginning_with(text))}


_TEXTS: Mapping[str, Callable[[str], Filter]] = {
    "starts": _starts,
    "equals": lambda text: {"start": text[:START], "folded": text},
    "exact": lambda text: {"start": fold(text)[:START], "exact": text},
    "contains": lambda text: {"folded": {"$regex": _literal(text)}},
    "ends": lambda text: {"folded": {"$regex": f"{_literal(text)}(?![\\s\\S])"}},
}
"""How a stored string stands to the one asked for. The last two look at all strings of the parameter: no index begins in the
middle of a text."""


def _literal(text: str) -> str:
    """A pattern that means the text and nothing else: to a pattern, no letter, digit or blank is special."""
    return "".join(it if it.isalnum() or it == " " or not it.isascii() else f"\\x{ord(it):02x}" for it in text)


def _words(criterion: Words, _: Bonds) -> Filter:
    words = [f"{criterion.parameter}{WORD}{word}" for word in sorted(criterion.words)]
    return {"words": {"$all": words}} if words else ALWAYS


# ------------------------------------------------------------------------------------------------ ranges


_RELATIONS: Mapping[str, Callable[[float, float], Filter]] = {
    "eq": lambda low, high: {"low": {"$gte": low}, "high": {"$lte": high}},
    "ne": lambda low, high: {"$or": [{"low": {"$lt": low}}, {"high": {"$gt": high}}]},
    "gt": lambda _, high: {"high": {"$gt": high}},
    "lt": lambda low, _: {"low": {"$lt": low}},
    "ge": lambda low, high: {"$or": [{"high": {"$gt": high}}, {"low": {"$gte": low}, "high": {"$lte": high}}]},
    "le": lambda low, high: {"$or": [{"low": {"$lt": low}}, {"low": {"$gte": low}, "high": {"$lte": high}}]},
    "sa": lambda _, high: {"low": {"$gt": high}},
    "eb": lambda low, _: {"high": {"$lt": low}},
    "ap": lambda low, high: {"low": {"$lte": high}, "high": {"$gte": low}},
}
"""How a stored span, or amount, stands to the one asked for."""

POINTS: Mapping[str, Callable[[str, int, int], Filter]] = {
    "eq": lambda at, low, high: {at: {"$gte": low, "$lte": high}},
    "ap": lambda at, low, high: {at: {"$gte": low, "$lte": high}},
    "ne": lambda at, low, high: {"$or": [{at: {"$lt": low}}, {at: {"$gt": high}}]},
    "gt": lambda at, _, high: {at: {"$gt": high}},
    "sa": lambda at, _, high: {at: {"$gt": high}},
    "lt": lambda at, low, _: {at: {"$lt": low}},
    "eb": lambda at, low, _: {at: {"$lt": low}},
    "ge": lambda at, low, _: {at: {"$gte": low}},
    "le": lambda at, _, high: {at: {"$lte": high}},
}
"""The same of a stored span that is one millisecond, or of a whole number, in the member `at`."""


def _span(span: Span, _: Bonds) -> Filter:
    if span.parameter == LAST_UPDATED:
        return POINTS[span.relation]("updated", span.low, span.high)
    return {"spans": {"$elemMatch": {"code": span.parameter, **_RELATIONS[span.relation](span.low, span.high)}}}


def _amount(amount: Amount, _: Bonds) -> Filter:
    unit = {} if amount.code is None else {"unit": amount.code}
    system = {} if amount.code is None or amount.system is None else {"system": amount.system}
    range = _RELATIONS[amount.relation](float(amount.low), float(amount.high))
    return {"amounts": {"$elemMatch": {"code": amount.parameter, **unit, **system, **range}}}


# ------------------------------------------------------------------------------------------------ all criteria


def _together(criterion: Together, bonds: Bonds) -> Filter:
    """An element has the members of a resource that its components need: they are judged in it as in one."""
    own = {"code": criterion.parameter}
    return {"elements": {"$elemMatch": all_of([own, *(compiled(part, bonds) for part in criterion.parts)])}}


def _missing(criterion: Missing, _: Bonds) -> Filter:
    stored = criterion.parameter in {LAST_UPDATED, RESOURCE_ID}
    return NEVER if stored else {"codes": {"$ne": criterion.parameter}}


_MEANINGS: Mapping[type, Callable[[Any, Bonds], Filter]] = {
    Everything: lambda _, __: ALWAYS,
    Veil: lambda _, __: ALWAYS,
    Every: _every,
    Some: _some,
    Without: lambda criterion, bonds: {"$nor": [compiled(criterion.part, bonds)]},
    Identity: lambda criterion, _: {"id": {"$in": sorted(criterion.ids)}},
    Token: _token,
    Under: _under,
    Text: _text,
    Words: _words,
    Amount: _amount,
    Together: _together,
    Reference: lambda criterion, _: {"keys": _key(criterion)},
    Span: _span,
    Missing: _missing,
    OfKind: lambda criterion, _: {"type": {"$in": sorted(criterion.types)}},
    OfPatient: lambda criterion, _: {"patients": {"$in": sorted(criterion.patients)}},
    **dict.fromkeys((Related, BlockedBy, Linked, LinkedFrom), lambda criterion, bonds: bonds[criterion]),
}
