"""`_filter`: criteria in one expression, with and, or, not and brackets.

    name co "lind" and (birthdate ge 1950 or active eq true) and general-practitioner:Organization[active eq true].name sw "a"

https://hl7.org/fhir/R4/search_filter.html. As written there, `and` and `or` are taken from left to right, none before the
other. Brackets after a reference ask that one resource meets both what is in them and what follows. Of a hierarchy of codes
(`ss`, `sb`) nothing is known here; of addresses they ask what lies above and below. A modifier may stand in a path with `eq`
and `ne`: `code:text eq "fall"`.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

from fhir_server.fhir.outcome import BadParameter, Refusal
from fhir_server.search.modifier import missing, modifiers_of, unknown_modifier
from fhir_server.search.parameter import COMPOSITE, STORED, WORDED, Parameter
from fhir_server.search.query import Criterion, Linked, Span, Without, every, some
from fhir_server.search.values.date import RELATIONS
from fhir_server.search.values.escape import storable

DEEPEST = 20
"""So many brackets within each other."""

_BLANK = re.compile(r"\s*+")
_WORD = re.compile(r'[^\s()\[\]"]++')
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_VALUE = re.compile(r"[^\s)\]]++")
_JOINED: Mapping[str, Callable[..., Criterion]] = {"and": every, "or": some}


class Reader(Protocol):
    """What reads the parts of an expression: `criteria.Criteria`."""

    def reference(self, type: str, path: str) -> tuple[Parameter, str] | None:
        """The reference that a path names, and the one type that it leads to."""
        ...

    def further(self) -> "Reader":
        """The same, one resource further."""
        ...

    def compared(self, type: str, path: str, operation: str, value: str) -> Criterion:
        """What an operation and a value ask of what a path leads to."""
        ...


def filtered(type: str, expression: str, reader: Reader) -> Criterion:
    """What an expression asks of the resources of a type. BadParameter where it cannot be understood."""
    parse = _Parse(expression)
    found = parse.joined(type, reader, 0)
    if parse.peek():
        raise parse.refused("and, or")
    return found


class _Parse:
    """One walk through an expression."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at
        return self._text[self._at : self._at + 1]

    def refused(self, expected: str) -> Refusal:
        """The refusal of what stands here."""
        self.peek()
        return BadParameter.because("filter", place=self._at + 1, expected=expected)

    def joined(self, type: str, reader: Reader, depth: int) -> Criterion:
        """One criterion, or several from left to right with `and` and `or` between them."""
        parts, last = [self._one(type, reader, depth)], ""
        while word := self._either("and", "or"):
            if last not in {"", word}:
                parts = [_JOINED[last](*parts)]
            parts.append(self._one(type, reader, depth))
            last = word
        return _JOINED[last](*parts) if last else parts[0]

    def _one(self, type: str, reader: Reader, depth: int) -> Criterion:
        if depth > DEEPEST:
            raise self.refused(f"at most {DEEPEST} brackets within each other")
        if self._either("not"):
            return Without(self._bracketed("(", ")", type, reader, depth))
        if self.peek() == "(":
            return self._bracketed("(", ")", type, reader, depth)
        return self._comparison(type, reader, depth)

    def _bracketed(self, opening: str, closing: str, type: str, reader: Reader, depth: int) -> Criterion:
        self._sign(opening, opening)
        found = self.joined(type, reader, depth + 1)
        self._sign(closing, f"{closing}, and, or")
        return found

    def _comparison(self, type: str, reader: Reader, depth: int) -> Criterion:
        """`path operation value`, or `reference[criteria].path operation value`."""
        path = self._taken(_WORD, "the name of a search parameter")
        if self.peek() == "[":
            return self._linked(type, path, reader, depth)
        place = self._at
        operation = self._either(*OPERATIONS)
        if not operation:
            raise self.refused(", ".join(OPERATIONS))
        value = self._value()
        try:
            return reader.compared(type, path, operation, value)
        except _NotFor as error:
            self._at = place
            raise self.refused(", ".join(error.allowed)) from None

    def _linked(self, type: str, path: str, reader: Reader, depth: int) -> Criterion:
        found = reader.reference(type, path)
        if found is None:
            raise self.refused("brackets after a reference to one type: reference:[type][…]")
        parameter, target = found
        beyond = reader.further()
        inner = self._bracketed("[", "]", target, beyond, depth)
        self._sign(".", ".[parameter]")
        return Linked(parameter.code, target, every(inner, self._comparison(target, beyond, depth + 1)))

    # -------------------------------------------------------------------------------------------- pieces

    def _taken(self, pattern: re.Pattern[str], expected: str) -> str:
        self.peek()
        found = pattern.match(self._text, self._at)
        if found is None:
            raise self.refused(expected)
        self._at = found.end()
        return found[0]

    def _sign(self, sign: str, expected: str) -> None:
        if self.peek() != sign:
            raise self.refused(expected)
        self._at += 1

    def _either(self, *words: str) -> str:
        """The word that stands here, if it is one of these."""
        self.peek()
        found = _WORD.match(self._text, self._at)
        if found is None or found[0] not in words:
            return ""
        self._at = found.end()
        return found[0]

    def _value(self) -> str:
        """A text as JSON has it, or what stands up to the next blank or bracket."""
        if self.peek() != '"':
            return self._taken(_VALUE, "a value")
        start = self._at
        text = _unquoted(self._taken(_TEXT, 'a closing "'))
        if text is None:
            self._at = start
            raise self.refused("a JSON string")
        return text


def _unquoted(told: str) -> str | None:
    """The text that a JSON string means; None where it is none, or not storable."""
    try:
        text = str(json.loads(told, strict=False))
    except ValueError:
        return None
    return text if storable(text) else None


# ---------------------------------------------------------------------------------------------- operations

Ask: TypeAlias = Callable[[str, str], Criterion]
"""From a modifier and a value to what they ask of a parameter."""


class _NotFor(Exception):
    """An operation that is not for parameters of this kind, and those that are."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__()
        self.allowed = allowed


OPPOSITE = frozenset({"missing", "not", "not-in"})
"""Modifiers that `_filter` has words of its own for."""

_RANGED = {one: ("", one) for one in RELATIONS}
_MEANT: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "string": {"eq": ("equals", ""), "co": ("contains", ""), "sw": ("", ""), "ew": ("ends", "")},
    "token": {"eq": ("", ""), "in": ("in", ""), "ni": ("in", "")},
    "reference": {"eq": ("", ""), "re": ("", "")},
    "uri": {"eq": ("", ""), "ss": ("above", ""), "sb": ("below", "")},
    "date": {**_RANGED, "po": ("", "")},
    "number": _RANGED,
    "quantity": _RANGED,
    COMPOSITE: {"eq": ("", "")},
}
"""By the kind of a parameter: the modifier and the prefix that an operation stands for."""
OPERATIONS = tuple(dict.fromkeys([*(one for own in _MEANT.values() for one in own), "ne", "pr"]))

_SYSTEMS = {
    "loinc": "http://loinc.org",
    "snomed": "http://snomed.info/sct",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "ucum": "http://unitsofmeasure.org",
}
"""Names that the language has for code systems."""
_SYSTEM = re.compile(rf"(?:^|(?<=\|))(?:{'|'.join(_SYSTEMS)})(?=\|)")


def operations_of(parameter: Parameter) -> tuple[str, ...]:
    """The operations that a parameter understands."""
    if parameter.code in WORDED:
        return ("co",)
    understood = {"", "equals", "ends", *modifiers_of(parameter)}
    own = [one for one, (modifier, _) in _MEANT[parameter.kind].items() if modifier in understood] + ["ne"]
    if parameter.kind != COMPOSITE and parameter.code not in STORED:
        own.append("pr")
    return tuple(dict.fromkeys(own))


def compared(parameter: Parameter, modifier: str, operation: str, value: str, ask: Ask) -> Criterion:
    """What an operation and a value ask of a parameter. `ne` wants a value, and of several that none is equal."""
    allowed = ("eq", "ne") if modifier else operations_of(parameter)
    if operation not in allowed:
        raise _NotFor(allowed)
    if modifier in OPPOSITE:
        raise unknown_modifier(parameter.code, modifier)
    if operation == "pr":
        return missing(parameter, {"true": "false", "false": "true"}.get(value, value))
    found = _equal(parameter, modifier, operation, value, ask)
    if operation == "ne" and parameter.kind not in {"date", "number", "quantity"}:
        there = () if parameter.code in STORED else (missing(parameter, "false"),)
        return every(*there, Without(found))
    return Without(found) if operation == "ni" else found


def _equal(parameter: Parameter, modifier: str, operation: str, value: str, ask: Ask) -> Criterion:
    """What the operation asks, or what it asks the opposite of."""
    if parameter.kind in {"token", "quantity"}:
        value = _SYSTEM.sub(lambda found: _SYSTEMS[found[0]], value)
    if modifier or parameter.code in WORDED:
        return ask(modifier, value)
    meant = _MEANT[parameter.kind]
    own, prefix = meant.get(operation) or meant["eq"]
    found = ask(own, prefix + value)
    return (
        Span(found.parameter, "ap", found.low, found.high) if operation == "po" and isinstance(found, Span) else found
    )
