"""From the parameters of a search to the question for the store, and back to what was understood of them.

https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from fhir_server.fhir.outcome import BadParameter, Issue, repeated
from fhir_server.search.criteria import Criteria, UnknownParameter, Way
from fhir_server.search.include import INCLUDES, Include, include
from fhir_server.search.modifier import unknown_modifier
from fhir_server.search.parameter import WORDED, Parameter, Parameters
from fhir_server.search.query import Criterion, Query, Sort, every
from fhir_server.search.values.escape import storable

Pair: TypeAlias = tuple[str, str]

MOST_VALUES = 500
MOST_PARAMETERS = 500
LONGEST_TEXT = 100_000
"""Characters of all the values of one parameter."""
DEFAULT_COUNT, MOST_COUNT = 50, 1000
"""A page may be smaller than asked for, never larger: https://hl7.org/fhir/R4/search.html#count."""
MOST_NAMED = 20
"""So many unknown parameters are said back to the caller."""

TOTALS = ("none", "estimate", "accurate")
NAMED = "_query"
RESULT = ("_count", "_sort", "_total", "_summary", "_elements", "_page", "_format", "_pretty", "_totalMethod", NAMED)
"""Parameters that are no criteria of their own. `_summary` and `_elements` are `fhir/subset.py`'s, `_format` and `_pretty` the edge's;
fhirpy's `_totalMethod` says nothing new; what `_query` names is for whoever searches to say."""
SILENT = frozenset({"_page", "_totalMethod"})
"""Not shown in the self link."""
SORTED = frozenset({"token", "date", "uri", "string", "number", "quantity"})
"""The kinds of parameter that a search can be sorted by."""
REFUSED: Mapping[str, str] = {
    "_contained": "contained resources are found with what contains them",
    "_containedType": "contained resources are found with what contains them",
}
"""What R4 has and this server does not, with the reason: refused also where the caller is lenient."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search, understood. `count` resources make a page; `page` is the token of a page given out before, or empty;
    `total` as asked, or empty; `named` the query that `_query` names, or empty; `understood` makes the self link; `warnings` say what was left aside.
    """

    query: Query
    count: int
    page: str
    total: str
    named: str
    understood: tuple[Pair, ...]
    warnings: tuple[Issue, ...]
    includes: tuple[Include, ...] = ()

    def counts(self, *, first: bool) -> bool:
        """Whether the matches are counted: as `_total` says, and without it on the first page alone."""
        return self.total != "none" and (first or bool(self.total))


class Parser:
    """Reads the parameters of searches on a server of this base (without a slash at its end)."""

    def __init__(self, parameters: Parameters, base: str) -> None:
        self._parameters = parameters
        self._criteria = Criteria(parameters, base)

    def known(self, type: str) -> Mapping[str, Parameter]:
        """The parameters of a type by code."""
        return self._criteria.known(type)

    def parse(
        self, type: str, pairs: Iterable[Pair], *, lenient: bool = False, queries: Collection[str] = ()
    ) -> Search:
        """What names and values, already decoded, ask of the resources of a type, of which there are these named `queries`.

        BadParameter for what is unknown or malformed. `lenient` leaves unknown parameters aside and says so; nothing else,
        since a filter that is not obeyed shows what was not asked for. https://hl7.org/fhir/R4/search.html#errors
        """
        sorted_out = _Sorted()
        for name, value in pairs:
            sorted_out.add(name, value)
        _refuse_too_many(sorted_out.criteria)
        where, unknown = self._where(type, sorted_out.criteria)
        strangers = list(unknown.values())[:MOST_NAMED]
        if strangers and not lenient:
            raise BadParameter(*(one.issue() for one in strangers))
        results = sorted_out.results
        return Search(
            query=Query(type, where, _sort(results, self._parameters.of(type))),
            count=_count(results),
            page=results.get("_page", ""),
            total=_total(results),
            named=_named(results, queries),
            understood=(
                *(pair for pair in sorted_out.criteria if pair[0] not in unknown),
                *sorted_out.includes,
                *_shown(results),
            ),
            warnings=tuple(one.issue("warning") for one in strangers),
            includes=tuple(include(self._parameters, *pair) for pair in sorted_out.includes),
        )

    def _where(self, type: str, pairs: Iterable[Pair]) -> tuple[Criterion, dict[str, UnknownParameter]]:
        """What the criteria ask together, and the parameters that are not known, by their names."""
        found: list[Criterion] = []
        unknown: dict[str, UnknownParameter] = {}
        way = Way()
        for name, value in pairs:
            try:
                found.append(self._criteria.criterion(type, name, value, way))
            except UnknownParameter as error:
                unknown.setdefault(name, error)
        return every(*found), unknown


class _Sorted:
    """Names and values, sorted by what they are about."""

    def __init__(self) -> None:
        self.criteria: list[Pair] = []
        self.includes: dict[Pair, None] = {}
        self.results: dict[str, str] = {}

    def add(self, name: str, value: str) -> None:
        _refuse_unreadable(name, value)
        if len(self.criteria) + len(self.includes) == MOST_PARAMETERS:
            raise BadParameter.because("too-many-parameters", limit=MOST_PARAMETERS)
        code = name.partition(":")[0]
        if code in REFUSED:
            raise BadParameter.because("search-unsupported", name=code, why=REFUSED[code])
        if code in RESULT:
            _add_result(self.results, name, value)
        elif code in INCLUDES:
            self.includes[name, value] = None
        else:
            self.criteria.append((name, value))


# ---------------------------------------------------------------------------------------------- the shape of the answer


def _add_result(results: dict[str, str], name: str, value: str) -> None:
    code, colon, modifier = name.partition(":")
    if colon:
        raise unknown_modifier(code, modifier)
    if code in results:
        raise BadParameter.because("parameter-repeated", name=code)
    results[code] = value


def _count(results: Mapping[str, str]) -> int:
    text = results.get("_count")
    if text is None:
        return DEFAULT_COUNT
    if not (text.isascii() and text.isdigit()):
        raise BadParameter.because("parameter-value", name="_count", expected=f"0..{MOST_COUNT}")
    return int(text) if len(text.lstrip("0")) <= len(str(MOST_COUNT)) and int(text) <= MOST_COUNT else MOST_COUNT


def _total(results: Mapping[str, str]) -> str:
    found = results.get("_total", "")
    if "_total" in results and found not in TOTALS:
        raise BadParameter.because("parameter-value", name="_total", expected="|".join(TOTALS))
    return found


def _named(results: Mapping[str, str], queries: Collection[str]) -> str:
    """https://hl7.org/fhir/R4/search.html#query"""
    found = results.get(NAMED, "")
    if NAMED in results and not queries:
        raise BadParameter.because("search-unsupported", name=NAMED, why="no named queries are defined here")
    if NAMED in results and found not in queries:
        raise BadParameter.because("parameter-value", name=NAMED, expected="|".join(queries))
    return found


def _sort(results: Mapping[str, str], known: Mapping[str, Parameter]) -> tuple[Sort, ...]:
    if "_sort" not in results:
        return ()
    allowed = {code: None for code, parameter in known.items() if sortable(parameter)}
    keys: dict[str, Sort] = {}
    for key in results["_sort"].split(","):
        code = key.removeprefix("-")
        if code not in allowed:
            raise BadParameter.because("parameter-value", name="_sort", expected=f"[-]{'|'.join(allowed)}")
        keys.setdefault(code, Sort(code, descending=key.startswith("-")))
    return tuple(keys.values())


def sortable(parameter: Parameter) -> bool:
    """Whether a search can be sorted by a parameter."""
    return parameter.kind in SORTED and not parameter.chain and parameter.code not in WORDED


def _shown(results: Mapping[str, str]) -> Iterator[Pair]:
    for name, value in results.items():
        if name not in SILENT:
            yield name, str(_count(results)) if name == "_count" else value


# ---------------------------------------------------------------------------------------------- refusals


def _refuse_unreadable(name: str, value: str) -> None:
    if not (storable(name) and storable(value)):
        raise BadParameter.because("parameter-value", name=repeated(name), expected="UTF-8")
    if len(value) > LONGEST_TEXT:
        raise BadParameter.because("value-too-long", name=repeated(name), limit=LONGEST_TEXT)


def _refuse_too_many(criteria: Iterable[Pair]) -> None:
    values: dict[str, int] = {}
    for name, value in criteria:
        values[name] = values.get(name, 0) + value.count(",") + 1
        if values[name] > MOST_VALUES:
            raise BadParameter.because("too-many-values", name=repeated(name), limit=MOST_VALUES)
