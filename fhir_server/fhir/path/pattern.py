r"""Regular expressions that cannot stall: for `matches()`, whose patterns come from definitions.

Python's `re` tries one way after the other and may take forever over `(a+)+$`; here every way is followed at once, character
by character, by the derivative of the expression (J. A. Brzozowski, 1964). The subset: characters, `.`, `\s \d \w` and
their opposites, classes, groups, `|`, `* + ? {m,n}`, and `^` and `$` at the ends. A pattern describes the whole string,
as the constraints of R4 mean it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from fhir_server.fhir.path.parse import DEEPEST, PathError

LONGEST_TEXT = 4_096
MOST_WAYS = 64
"""How many ways to go on may be open at once."""
MOST_KEPT = 4_096

Ranges: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _One:
    """One character: inside the ranges, or outside of them."""

    ranges: Ranges
    inside: bool = True

    def __contains__(self, character: str) -> bool:
        return any(low <= character <= high for low, high in self.ranges) == self.inside


@dataclass(frozen=True, slots=True)
class _Row:
    """One part after the other; without parts: the empty string."""

    parts: tuple["_Pattern", ...]


@dataclass(frozen=True, slots=True)
class _Either:
    """One of these; without any: no string at all."""

    ways: frozenset["_Pattern"]


@dataclass(frozen=True, slots=True)
class _Repeat:
    """From `least` to `most` times; None: without end."""

    part: "_Pattern"
    least: int
    most: int | None


_Pattern: TypeAlias = _One | _Row | _Either | _Repeat
_NOTHING, _DONE = _Either(frozenset()), _Row(())


def pattern(source: str) -> Callable[[str], bool | None]:
    """Whether a whole string is as the pattern says; None where that cannot be told in time. PathError for what is not understood."""
    start = _Source(source).whole()
    known: dict[tuple[_Pattern, str], _Pattern] = {}

    def after(state: _Pattern, character: str) -> _Pattern:
        found = known.get((state, character))
        if found is None:
            if len(known) >= MOST_KEPT:
                known.clear()
            found = known[state, character] = _rest(state, character)
        return found

    def matches(text: str) -> bool | None:
        state = start
        try:
            for character in text[: LONGEST_TEXT + 1]:
                state = after(state, character)
        except (PathError, RecursionError):
            return None
        return _may_end(state) if len(text) <= LONGEST_TEXT else None

    return matches


def _may_end(state: _Pattern) -> bool:
    """Whether the empty string is as the pattern says."""
    match state:
        case _One():
            return False
        case _Row(parts):
            return all(map(_may_end, parts))
        case _Either(ways):
            return any(map(_may_end, ways))
        case _Repeat(part, least, _):
            return least == 0 or _may_end(part)


def _rest(state: _Pattern, character: str) -> _Pattern:
    """What must follow when this character has come: the derivative."""
    match state:
        case _One():
            return _DONE if character in state else _NOTHING
        case _Row(parts):
            return _either(_rest_of_row(parts, character))
        case _Either(ways):
            return _either(_rest(way, character) for way in ways)
        case _Repeat(part, least, most):
            again = _repeat(part, max(least - 1, 0), None if most is None else most - 1)
            return _row((_rest(part, character), again))


def _rest_of_row(parts: tuple[_Pattern, ...], character: str) -> Iterable[_Pattern]:
    for place, part in enumerate(parts):
        yield _row((_rest(part, character), *parts[place + 1 :]))
        if not _may_end(part):
            return


def _row(parts: Iterable[_Pattern]) -> _Pattern:
    kept: list[_Pattern] = []
    for part in parts:
        if part == _NOTHING:
            return _NOTHING
        kept.extend(part.parts if isinstance(part, _Row) else (part,))
    return kept[0] if len(kept) == 1 else _Row(tuple(kept))


def _either(ways: Iterable[_Pattern]) -> _Pattern:
    kept: set[_Pattern] = set()
    for way in ways:
        kept |= way.ways if isinstance(way, _Either) else {way}
    if len(kept) > MOST_WAYS:
        raise PathError(f"the pattern leaves more than {MOST_WAYS} ways open")
    return kept.pop() if len(kept) == 1 else _Either(frozenset(kept))


def _repeat(part: _Pattern, least: int, most: int | None) -> _Pattern:
    return _DONE if most == 0 else _Repeat(part, least, most)


_SETS: dict[str, Ranges] = {
    "d": (("0", "9"),),
    "w": (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z")),
    "s": (("\t", "\r"), (" ", " ")),
}
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}
_MEANT = frozenset("*+?{}[]()|^$")
_QUANTIFIER: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_MOST_TIMES = 1_000


class _Source:
    """Reads a pattern's text."""

    def __init__(self, source: str) -> None:
        self._text = source
        self._place = 0
        self._depth = 0

    def whole(self) -> _Pattern:
        """The pattern, from end to end."""
        self._took("^")
        found = self._choice()
        self._took("$")
        if self._place < len(self._text):
            raise PathError(f"the pattern has '{self._next}' at a place where it is not understood")
        return found

    @property
    def _next(self) -> str:
        return self._text[self._place : self._place + 1]

    def _take(self) -> str:
        if not self._next:
            raise PathError("the pattern ends too early")
        self._place += 1
        return self._text[self._place - 1]

    def _took(self, sign: str) -> bool:
        came = self._text.startswith(sign, self._place)
        self._place += len(sign) * came
        return came

    def _choice(self) -> _Pattern:
        self._depth += 1
        if self._depth > DEEPEST:
            raise PathError("the pattern is nested too deep")
        ways = [self._sequence()]
        while self._took("|"):
            ways.append(self._sequence())
        self._depth -= 1
        return _either(ways)

    def _sequence(self) -> _Pattern:
        parts = []
        while self._next and self._next not in "|)$":
            parts.append(self._repeated(self._part()))
        return _row(parts)

    def _repeated(self, part: _Pattern) -> _Pattern:
        if self._next in _QUANTIFIER and self._next:
            return _repeat(part, *_QUANTIFIER[self._take()])
        return _repeat(part, *self._times()) if self._took("{") else part

    def _times(self) -> tuple[int, int | None]:
        inner, closed, _ = self._text[self._place :].partition("}")
        least, comma, most = inner.partition(",")
        if not (closed and least.isdecimal() and (most.isdecimal() or not most) and len(inner) < 10):  # noqa: PLR2004  # digits
            raise PathError("the pattern has a repetition that is not understood")
        self._place += len(inner) + 1
        bounds = int(least), int(most) if most else None if comma else int(least)
        if max(bounds[0], bounds[1] or 0) > _MOST_TIMES or (bounds[1] is not None and bounds[1] < bounds[0]):
            raise PathError("the pattern repeats too often, or backwards")
        return bounds

    def _part(self) -> _Pattern:
        character = self._take()
        if character == "(":
            return self._group()
        if character == "[":
            return self._class()
        if character == ".":
            return _One((), inside=False)
        if character == "\\":
            return self._escaped()
        if character in _MEANT - {"]", "}"}:
            raise PathError(f"the pattern has '{character}' at a place where it is not understood")
        return _One(((character, character),))

    def _group(self) -> _Pattern:
        if self._next == "?" and not self._took("?:"):
            raise PathError("the pattern has a group of a kind outside the subset")
        inner = self._choice()
        if not self._took(")"):
            raise PathError("a group in the pattern is not closed")
        return inner

    def _escaped(self) -> _One:
        character = self._take()
        if character.lower() in _SETS:
            return _One(_SETS[character.lower()], inside=character.islower())
        return _One(((self._literal(character),) * 2,))

    @staticmethod
    def _literal(character: str) -> str:
        """The character that an escape stands for."""
        if character.isalnum() and character not in _CONTROL:
            raise PathError(f"the pattern has the escape \\{character}, which is outside the subset")
        return _CONTROL.get(character, character)

    def _class(self) -> _Pattern:
        inside = not self._took("^")
        ranges: list[tuple[str, str]] = []
        while not self._took("]"):
            ranges += self._range()
        return _One(tuple(ranges), inside)

    def _range(self) -> Ranges:
        character = self._take()
        if character == "\\":
            character = self._take()
            if character in _SETS:
                return _SETS[character]
            character = self._literal(character)
        if self._next != "-" or self._text.startswith("-]", self._place):
            return ((character, character),)
        self._place += 1
        last = self._take()
        return ((character, self._literal(self._take()) if last == "\\" else last),)
