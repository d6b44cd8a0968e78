"""From the parameters of a search to the question for the store, and back to what was understood of them.

https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from fhir_server.fhir.definitions import r4
from fhir_server.fhir.outcome import BadParameter, Issue
from fhir_server.fhir.reference import is_id
from fhir_server.search.parameter import STORED, Parameter, Parameters
from fhir_server.search.query import Criterion, Identity, Missing, Query, Sort, Without, every, some
from fhir_server.search.values import date, reference, token, uri
from fhir_server.search.values.escape import plain, split

Pair: TypeAlias = tuple[str, str]

MOST_VALUES = 500
DEFAULT_COUNT, MOST_COUNT = 50, 1000
"""A page may be smaller than asked for, never larger: https://hl7.org/fhir/R4/search.html#count."""
LONGEST_NAME, MOST_NAMED = 64, 20
"""So much of a parameter's name, and so many unknown ones, are said back to the caller."""

TOTALS = ("none", "estimate", "accurate")
RESULT = ("_count", "_sort", "_total", "_summary", "_elements", "_page", "_format", "_pretty", "_totalMethod")
"""Parameters that shape the answer. `_summary` and `_elements` are `fhir/subset.py`'s, `_format` and `_pretty` the edge's;
fhirpy's `_totalMethod` says nothing new."""
SILENT = frozenset({"_page", "_totalMethod"})
"""Not shown in the self link."""
SORTED = frozenset({"token", "date", "uri"})
"""The kinds of parameter that a search can be sorted by."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search, understood. `count` resources make a page; `page` is the token of a page given out before, or empty;
    `total` as asked, or empty; `understood` makes the self link; `warnings` say what was left aside.
    """

    query: Query
    count: int
    page: str
    total: str
    understood: tuple[Pair, ...]
    warnings: tuple[Issue, ...]

    def counts(self, *, first: bool) -> bool:
        """Whether the matches are counted: as `_total` says, and without it on the first page alone."""
        return self.total != "none" and (first or bool(self.total))


class Parser:
    """Reads the parameters of searches on a server of this base (without a slash at its end)."""

    def __init__(self, parameters: Parameters, base: str) -> None:
        self._parameters = parameters
        self._base = base

    def parse(self, type: str, pairs: Iterable[Pair], *, lenient: bool = False) -> Search:
        """What names and values, already decoded, ask of the resources of a type.

        BadParameter for what is unknown or malformed. `lenient` leaves unknown parameters aside and says so; nothing else,
        since a filter that is not obeyed shows what was not asked for. https://hl7.org/fhir/R4/search.html#errors
        """
        known = self._parameters.of(type)
        criteria: list[Pair] = []
        results: dict[str, str] = {}
        unknown: dict[str, None] = {}
        for name, value in pairs:
            _refuse_unreadable(name, value)
            code = name.partition(":")[0]
            if code in RESULT:
                _add_result(results, name, value)
            elif code in known:
                criteria.append((name, value))
            else:
                unknown[name] = None
        strangers = list(unknown)[:MOST_NAMED]
        if strangers and not lenient:
            raise BadParameter(*(_unknown(name, type, known) for name in strangers))
        _refuse_too_many(criteria)
        return Search(
            query=Query(type, every(*(self._criterion(known, *pair) for pair in criteria)), _sort(results, known)),
            count=_count(results),
            page=results.get("_page", ""),
            total=_total(results),
            understood=(*criteria, *_shown(results)),
            warnings=tuple(_unknown(name, type, known, severity="warning") for name in strangers),
        )

    def _criterion(self, known: Mapping[str, Parameter], name: str, value: str) -> Criterion:
        code, colon, modifier = name.partition(":")
        parameter = known[code]
        if colon:
            _refuse_modifier(parameter, modifier)
        if modifier == "missing":
            return _missing(parameter, value)
        if code == "_id":
            found: Criterion = Identity(frozenset(_ids(value)))
        else:
            found = some(*(self._asked(parameter, modifier, one) for one in split(value, ",")))
        return Without(found) if modifier == "not" else found

    def _asked(self, parameter: Parameter, modifier: str, value: str) -> Criterion:
        found, expected = _READERS[parameter.kind](parameter, modifier, value, self._base)
        if found is None:
            raise BadParameter.because("parameter-value", name=parameter.code, expected=expected)
        return found


# ---------------------------------------------------------------------------------------------- filters

_Read: TypeAlias = tuple[Criterion | None, str]
"""What a value asks, None where it is malformed; and what is expected instead."""


def _read_token(parameter: Parameter, _: str, value: str, __: str) -> _Read:
    return token.token(parameter.code, value, parameter.systems), token.EXPECTED


def _read_reference(parameter: Parameter, modifier: str, value: str, base: str) -> _Read:
    if modifier == "identifier":
        return token.token(f"{parameter.code}:identifier", value), token.EXPECTED
    return reference.reference(parameter.code, value, base, parameter.targets, modifier), reference.EXPECTED


def _read_date(parameter: Parameter, _: str, value: str, __: str) -> _Read:
    return date.date(parameter.code, value), date.EXPECTED


def _read_uri(parameter: Parameter, _: str, value: str, __: str) -> _Read:
    return uri.uri(parameter.code, value), uri.EXPECTED


_READERS: Mapping[str, Callable[[Parameter, str, str, str], _Read]] = {
    "token": _read_token,
    "reference": _read_reference,
    "date": _read_date,
    "uri": _read_uri,
}


_MODIFIERS = {
    "token": ("missing", "not"),
    "reference": ("missing", "identifier"),
    "date": ("missing",),
    "uri": ("missing",),
}


def _refuse_modifier(parameter: Parameter, modifier: str) -> None:
    """A reference takes a type as its modifier, one of those it may name."""
    kind = parameter.kind
    allowed = _MODIFIERS[kind]
    if parameter.code in STORED:
        allowed = tuple(one for one in allowed if one != "missing")
    types = (parameter.targets or r4().resource_types) if kind == "reference" else ()
    if modifier not in allowed and modifier not in types:
        named = [f":{one}" for one in allowed] + [":[type]"] * bool(types)
        raise BadParameter.because(
            "unknown-modifier", modifier=modifier[:LONGEST_NAME], name=parameter.code, allowed=", ".join(named) or "-"
        )


def _missing(parameter: Parameter, value: str) -> Criterion:
    """A reference by identifier alone is a value too."""
    if value not in {"true", "false"}:
        raise BadParameter.because("parameter-value", name=f"{parameter.code}:missing", expected="true|false")
    codes = [parameter.code, f"{parameter.code}:identifier"] if parameter.kind == "reference" else [parameter.code]
    found = every(*map(Missing, codes))
    return found if value == "true" else Without(found)


def _ids(value: str) -> Iterator[str]:
    for one in split(value, ","):
        id = plain(one)
        if not is_id(id):
            raise BadParameter.because("parameter-value", name="_id", expected="id")
        yield id


# ---------------------------------------------------------------------------------------------- the shape of the answer


def _add_result(results: dict[str, str], name: str, value: str) -> None:
    code, colon, modifier = name.partition(":")
    if colon:
        raise BadParameter.because("unknown-modifier", modifier=modifier[:LONGEST_NAME], name=code, allowed="-")
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


def _sort(results: Mapping[str, str], known: Mapping[str, Parameter]) -> tuple[Sort, ...]:
    if "_sort" not in results:
        return ()
    allowed = [code for code, parameter in known.items() if parameter.kind in SORTED]
    keys: dict[str, Sort] = {}
    for key in results["_sort"].split(","):
        code = key.removeprefix("-")
        if code not in allowed:
            raise BadParameter.because("parameter-value", name="_sort", expected=f"[-]{'|'.join(allowed)}")
        keys.setdefault(code, Sort(code, descending=key.startswith("-")))
    return tuple(keys.values())


def _shown(results: Mapping[str, str]) -> Iterator[Pair]:
    for name, value in results.items():
        if name not in SILENT:
            yield name, str(_count(results)) if name == "_count" else value


# ---------------------------------------------------------------------------------------------- refusals


def _unknown(name: str, type: str, known: Mapping[str, Parameter], severity: str = "error") -> Issue:
    said = {"name": name[:LONGEST_NAME], "type": type, "allowed": ", ".join((*known, *RESULT[:5]))}
    return Issue("not-supported", "unknown-parameter", said=said, severity=severity, source=BadParameter.spec)


def _refuse_unreadable(name: str, value: str) -> None:
    """A NUL or half a surrogate pair is in no text that FHIR can store: https://hl7.org/fhir/R4/datatypes.html#string"""
    if not (_storable(name) and _storable(value)):
        shown = "".join(character if character.isprintable() else "?" for character in name[:LONGEST_NAME])
        raise BadParameter.because("parameter-value", name=shown, expected="UTF-8")


def _storable(text: str) -> bool:
    if "\x00" in text:
        return False
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _refuse_too_many(criteria: Iterable[Pair]) -> None:
    values: dict[str, int] = {}
    for name, value in criteria:
        values[name] = values.get(name, 0) + value.count(",") + 1
        if values[name] > MOST_VALUES:
            raise BadParameter.because("too-many-values", name=name[:LONGEST_NAME], limit=MOST_VALUES)
