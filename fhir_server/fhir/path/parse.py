"""From the text of a FHIRPath expression to its tree.

https://hl7.org/fhirpath/N1/grammar.html
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, TypeAlias

LONGEST, MOST_TOKENS, DEEPEST = 4096, 400, 40
"""What an expression may be: a definition, which a deployment may bring its own of, must not be a way to stall us."""


class PathError(ValueError):
    """The expression is not FHIRPath, names what the type does not have, or goes beyond the subset."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written out: `type` is the name of the FHIR primitive that it is like."""

    type: str
    value: str | int | bool | Decimal


@dataclass(frozen=True, slots=True)
class Nothing:
    """The empty collection `{}`."""


@dataclass(frozen=True, slots=True)
class This:
    """What the expression is applied to: `$this`, and what stands before a path that begins with a name."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A value from outside: `%resource`."""

    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """An element of what stands before the point; of This at the beginning of a path, where it may be a type's name."""

    of: "Node"
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function of what stands before the point."""

    of: "Node"
    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One of several by its number: `entry[0]`."""

    of: "Node"
    at: "Node"


@dataclass(frozen=True, slots=True)
class TypeTest:
    """`is` and `as`."""

    of: "Node"
    operator: str
    type: str


@dataclass(frozen=True, slots=True)
class Negative:
    """A number with a minus before it."""

    of: "Node"


@dataclass(frozen=True, slots=True)
class Operation:
    """Two expressions and what is done with them."""

    operator: str
    left: "Node"
    right: "Node"


Node: TypeAlias = Literal | Nothing | This | Variable | Member | Call | Item | TypeTest | Negative | Operation

_TOKEN = re.compile(
    r"(?P<space>\s+|//[^\n]*|/\*.*?\*/)"
    r"|(?P<time>@T[0-9:.]+)"
    r"|(?P<date>@[0-9]{4}(?:-[0-9]{2}){0,2}(?:T[0-9:.]*(?:Z|[+-][0-9]{2}:[0-9]{2})?)?)"
    r"|(?P<decimal>[0-9]+\.[0-9]+)"
    r"|(?P<integer>[0-9]+)"
    r"|(?P<string>'(?:[^'\\]|\\.)*')"
    r"|(?P<delimited>`(?:[^`\\]|\\.)*`)"
    r"|(?P<variable>%(?:[A-Za-z_][A-Za-z0-9_]*|'[^']*'|`[^`]*`))"
    r"|(?P<special>\$[a-z]+)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign><=|>=|!=|!~|[-+*/&|=~<>.,()\[\]{}])",
    re.ASCII | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPED = {"'": "'", '"': '"', "`": "`", "\\": "\\", "/": "/", "r": "\r", "n": "\n", "t": "\t", "f": "\f"}
_BINDING = {
    **dict.fromkeys(("*", "/", "div", "mod"), 9),
    **dict.fromkeys(("+", "-", "&"), 8),
    **dict.fromkeys(("is", "as"), 7),
    "|": 6,
    **dict.fromkeys(("<", "<=", ">", ">="), 5),
    **dict.fromkeys(("=", "~", "!=", "!~"), 4),
    **dict.fromkeys(("in", "contains"), 3),
    "and": 2,
    **dict.fromkeys(("or", "xor"), 1),
    "implies": 0,
}
"""How tightly an operator binds: https://hl7.org/fhirpath/N1/#operator-precedence."""


class _Token(NamedTuple):
    kind: str
    text: str


_END = _Token("end", "")


@lru_cache(maxsize=512)
def parse(expression: str) -> Node:
    """The tree of an expression; PathError where it is not FHIRPath or longer or deeper than is sound."""
    if len(expression) > LONGEST:
        raise PathError(f"an expression has at most {LONGEST} characters")
    tokens = list(_tokens(expression))
    if len(tokens) > MOST_TOKENS:
        raise PathError(f"an expression has at most {MOST_TOKENS} parts")
    reader = _Reader(tokens)
    tree = reader.expression(0)
    if reader.next is not _END:
        raise PathError(f"'{reader.next.text}' was not expected in: {expression}")
    return tree


def alternatives(tree: Node) -> Iterator[Node]:
    """The parts of a union; a tree that is none is its own only part."""
    if isinstance(tree, Operation) and tree.operator == "|":
        yield from alternatives(tree.left)
        yield from alternatives(tree.right)
    else:
        yield tree


def _tokens(expression: str) -> Iterator[_Token]:
    place = 0
    while place < len(expression):
        found = _TOKEN.match(expression, place)
        if found is None:
            raise PathError(f"character {place + 1} is not understood in: {expression}")
        place = found.end()
        if found.lastgroup and found.lastgroup != "space":
            yield _Token(found.lastgroup, found.group())


def _plain(text: str) -> str:
    """The text between quotes, its escapes undone."""

    def undone(found: re.Match[str]) -> str:
        escape = found.group(1)
        if escape[0] == "u" and len(escape) > 1:
            return chr(int(escape[1:], 16))
        if escape not in _ESCAPED:
            raise PathError(f"the escape \\{escape} is not known")
        return _ESCAPED[escape]

    return _ESCAPE.sub(undone, text[1:-1])


class _Reader:
    """Reads tokens by operator precedence."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = [*tokens, _END]
        self._place = 0
        self._depth = 0

    @property
    def next(self) -> _Token:
        return self._tokens[self._place]

    def expression(self, floor: int) -> Node:
        """What follows, as far as its operators bind at least as tightly as `floor`."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise PathError(f"an expression is nested {DEEPEST} deep at most")
        left = self._operand()
        while (binding := self._binding()) >= floor:
            left = self._operation(left, self._take().text, binding)
        self._depth -= 1
        return left

    def _binding(self) -> int:
        return _BINDING.get(self.next.text, -1) if self.next.kind in {"name", "sign"} else -1

    def _operation(self, left: Node, operator: str, binding: int) -> Node:
        if operator in {"is", "as"}:
            return TypeTest(left, operator, self._type())
        return Operation(operator, left, self.expression(binding + 1))

    def _take(self) -> _Token:
        token = self.next
        self._place += token is not _END
        return token

    def _took(self, sign: str) -> bool:
        """Whether this sign came next; if so it is read."""
        came = self.next == ("sign", sign)
        self._place += came
        return came

    def _demand(self, sign: str) -> None:
        if not self._took(sign):
            raise PathError(f"'{sign}' was expected, not '{self.next.text}'")

    def _type(self) -> str:
        names = [self._name()]
        while self._took("."):
            names.append(self._name())
        return ".".join(names)

    def _name(self) -> str:
        token = self._take()
        if token.kind not in {"name", "delimited"}:
            raise PathError(f"a name was expected, not '{token.text}'")
        return _plain(token.text) if token.kind == "delimited" else token.text

    def _operand(self) -> Node:
        if self._took("-"):
            return Negative(self._operand())
        if self._took("+"):
            return self._operand()
        node = self._term()
        while True:
            if self._took("."):
                node = self._invoked(node)
            elif self._took("["):
                node = Item(node, self.expression(0))
                self._demand("]")
            else:
                return node

    def _invoked(self, of: Node) -> Node:
        name = self._name()
        return Call(of, name, self._arguments()) if self._took("(") else Member(of, name)

    def _arguments(self) -> tuple[Node, ...]:
        if self._took(")"):
            return ()
        arguments = [self.expression(0)]
        while self._took(","):
            arguments.append(self.expression(0))
        self._demand(")")
        return tuple(arguments)

    def _term(self) -> Node:
        kind, text = self.next
        if kind == "name" and text in {"true", "false"}:
            self._take()
            return Literal("boolean", text == "true")
        if kind in {"name", "delimited"}:
            return self._invoked(This())
        self._take()
        if kind in _READ:
            return _READ[kind](text)
        return self._enclosed(text)

    def _enclosed(self, text: str) -> Node:
        if text == "(":
            inner = self.expression(0)
            self._demand(")")
            return inner
        if text == "{":
            self._demand("}")
            return Nothing()
        raise PathError(f"'{text}' was not expected" if text else "the expression ends too early")


def _special(text: str) -> Node:
    if text != "$this":
        raise PathError(f"{text} is outside the subset")
    return This()


_READ: dict[str, Callable[[str], Node]] = {
    "string": lambda text: Literal("string", _plain(text)),
    "integer": lambda text: Literal("integer", int(text)),
    "decimal": lambda text: Literal("decimal", Decimal(text)),
    "date": lambda text: Literal("dateTime" if "T" in text else "date", text[1:].removesuffix("T")),
    "time": lambda text: Literal("time", text[2:]),
    "variable": lambda text: Variable(text[1:].strip("'`")),
    "special": _special,
}
