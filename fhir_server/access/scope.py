"""SMART scopes: from the text of a token to what it permits. What is not understood is refused, never passed over: to leave a
part of a scope aside is to widen it.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html https://www.rfc-editor.org/rfc/rfc6749#section-3.3
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any
from urllib.parse import unquote

from fhir_server.access.permission import ANY, V1, Condition, Permission, in_order, together
from fhir_server.fhir.definitions import r4
from fhir_server.fhir.outcome import Refusal
from fhir_server.fhir.wording import MESSAGES
from fhir_server.search.parameter import WORDED, Parameter
from fhir_server.search.parse import Parser
from fhir_server.search.query import Criterion, Everything, some
from fhir_server.search.values.escape import split

LONGEST = 8_000
"""Characters of all scopes together: as many as a token has bytes."""
MOST = 200
"""So many scopes."""
MOST_CONDITIONS = 50
"""So many conditions in the queries of all of them."""
KEPT = 256
"""So many texts are remembered with what they mean."""

CONTEXTS = frozenset({"patient", "user", "system"})
"""On whose behalf an app asks; no two of them go together in one token."""
LOGIN = frozenset({"openid", "fhirUser", "profile", "offline_access", "online_access"})
"""Scopes about who logs in and for how long."""
OF_ANY = frozenset({"_tag", "_security", "_lastUpdated"})
"""What a scope for every type may ask by."""


class BadScope(Exception):
    """The scopes cannot be used. `key` names the reason in `wording.MESSAGES`, `said` fills its gaps: who holds a token is told
    so with 401, who asks for one with `invalid_scope`.
    """

    def __init__(self, key: str, **said: Any) -> None:
        super().__init__(MESSAGES[key][0].format_map(said))
        self.key = key
        self.said = said


@dataclass(frozen=True, slots=True)
class Scopes:
    """What a caller may do at the most, sorted: `context` is patient, user or system, "" where no scope is about resources.
    Several permissions of one type are alternatives. `launch` and `login` are about the start of an app and about who logs in;
    what is `unknown` gives nothing.
    """

    context: str = ""
    permissions: tuple[Permission, ...] = ()
    launch: frozenset[str] = frozenset()
    login: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()

    def allows(self, type: str, letter: str) -> bool:
        """Whether some of the resources of a type may be created, read, updated, deleted or searched for."""
        return any(one.covers(type, letter) for one in self.permissions)

    def criterion(self, type: str, letter: str) -> Criterion:
        """Which resources of a type a letter holds for; where it is not allowed, none."""
        found = dict.fromkeys(one.where for one in self.permissions if one.covers(type, letter))
        return Everything() if Everything() in found else some(*found)

    def types(self, letter: str) -> frozenset[str]:
        """The types that a letter holds for, of all that R4 has."""
        found = {one.type for one in self.permissions if letter in one.letters}
        return r4().resource_types if ANY in found else frozenset(found)

    def within(self, other: "Scopes") -> bool:
        """Whether nothing is in these that is not in the others, each letter by itself: then they may be granted to who is
        registered for the others. Told by the text of values, so `false` may be said of two that mean the same.
        """
        return (
            self.context in {"", other.context}
            and all(one.within(other.permissions) for one in self.permissions)
            and self.launch <= other.launch
            and self.login <= other.login
            and self.unknown <= other.unknown
        )

    def narrowed(self, to: "Scopes") -> "Scopes":
        """What is in both, in the words of these: as asked for, as far as it is allowed."""
        permissions = [*_in_both(self.permissions, to.permissions)] if self.context == to.context else []
        return _scopes(
            {self.context} if permissions else set(),
            permissions,
            self.launch & to.launch,
            self.login & to.login,
            self.unknown & to.unknown,
        )

    def __str__(self) -> str:
        """The scopes as the server writes them: the same for the same scopes, in whatever order and spelling they came."""
        own = sorted(f"{self.context}/{one}" for one in self.permissions)
        return " ".join([*sorted(self.login), *sorted(self.launch), *own, *sorted(self.unknown)])


def _in_both(asked: Iterable[Permission], allowed: tuple[Permission, ...]) -> Iterator[Permission]:
    """What is wholly allowed stays one scope, as it was asked for."""
    for one in asked:
        if one.within(allowed):
            yield one
        else:
            yield from (met for other in allowed if (met := one.met(other)) is not None)


@lru_cache(maxsize=KEPT)
def parse_scopes(text: str, parser: Parser) -> Scopes:
    """What scopes parted by single spaces mean, the queries in them read by the server's own search parser. BadScope."""
    if len(text) > LONGEST or text.count(" ") >= MOST:
        raise BadScope("scope-too-long", limit=LONGEST, most=MOST)
    if not _TEXT.fullmatch(text):
        raise BadScope("scope-characters")
    found = _Sorted(parser)
    for scope in text.split(" ") if text else ():
        found.add(scope)
    if len(found.contexts) > 1:
        raise BadScope("scope-mixed")
    return _scopes(found.contexts, found.permissions, found.launch, found.login, found.unknown)


_TOKEN = r"[\x21\x23-\x5B\x5D-\x7E]+"  # noqa: S105  # RFC 6749's word for one scope: no secret
_TEXT = re.compile(rf"(?:{_TOKEN}(?: {_TOKEN})*)?", re.ASCII)


def _scopes(
    contexts: set[str],
    permissions: Iterable[Permission],
    launch: Iterable[str],
    login: Iterable[str],
    unknown: Iterable[str],
) -> Scopes:
    """Sorted, each once."""
    by_text = {str(one): one for one in permissions}
    return Scopes(
        "".join(contexts),
        tuple(by_text[text] for text in sorted(by_text)),
        frozenset(launch),
        frozenset(login),
        frozenset(unknown),
    )


# ------------------------------------------------------------------------------------------------ one scope


class _Sorted:
    """Scopes, sorted by what they are about."""

    def __init__(self, parser: Parser) -> None:
        self._parser = parser
        self._asked = 0
        self.contexts: set[str] = set()
        self.permissions: list[Permission] = []
        self.launch: set[str] = set()
        self.login: set[str] = set()
        self.unknown: set[str] = set()

    def add(self, scope: str) -> None:
        if scope in LOGIN:
            self.login.add(scope)
        elif _LAUNCH.match(_read_through(scope)):
            self.launch.add(_launch(scope))
        elif _OF_RESOURCES.match(_read_through(scope)):
            self._permit(scope)
        else:
            self.unknown.add(scope)

    def _permit(self, scope: str) -> None:
        head, mark, query = scope.partition("?")
        parts = _HEAD.fullmatch(head)
        if parts is None:
            raise BadScope("scope-form")
        context, type, word = parts.groups()
        if type != ANY and type not in r4().resource_types:
            raise BadScope("scope-type")
        conditions = together(self._conditions(type, query)) if mark else ()
        self.contexts.add(context)
        self.permissions.append(Permission(type, _letters(word), conditions, v1=word in V1))

    def _conditions(self, type: str, query: str) -> Iterator[Condition]:
        self._asked += query.count("&") + 1
        if self._asked > MOST_CONDITIONS:
            raise BadScope("scope-conditions", limit=MOST_CONDITIONS)
        for pair in query.split("&"):
            yield _condition(type, pair, self._parser)


_CONTEXT = "|".join(sorted(CONTEXTS))
_HEAD = re.compile(rf"({_CONTEXT})/(\*|[A-Za-z]+)\.(\*|[a-z]+)")
_OF_RESOURCES = re.compile(rf"(?:{_CONTEXT})[^a-z0-9_-]")
"""What was meant to be a scope for resources, however it is written: `system:Patient.read` is another server's spelling, and
must not pass for a scope that nobody knows.
"""
_LAUNCH = re.compile(r"launch(?=[^a-z0-9_-]|$)")
_ROLE = re.compile(r"role=[^&=?#]+")


def _read_through(scope: str) -> str:
    """The scope without its disguise: decoded, in lower case."""
    return unquote(scope).lower()


def _letters(word: str) -> str:
    letters = V1.get(word, word)
    if letters != in_order(letters):
        raise BadScope("scope-letters")
    return letters


def _launch(scope: str) -> str:
    head, mark, query = scope.partition("?")
    known = head == "launch" or head.removeprefix("launch/") in _lower_types()
    if not known or (mark and (head == "launch" or not _ROLE.fullmatch(query))):
        raise BadScope("scope-launch")
    return scope


@cache
def _lower_types() -> frozenset[str]:
    return frozenset(type.lower() for type in r4().resource_types)


# ------------------------------------------------------------------------------------------------ its query


def _parted(pair: str) -> tuple[str, str]:
    name, equals, value = pair.partition("=")
    if not equals:
        raise BadScope("scope-query")
    return name, value


def _decoded(text: str) -> str:
    """The text without its percent signs. A plus says a space to some and a plus to others: it is refused as it stands."""
    if not _ENCODED.fullmatch(text):
        raise BadScope("scope-query")
    try:
        found = unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise BadScope("scope-query") from None
    if not found.isprintable():
        raise BadScope("scope-query")
    return found


_ENCODED = re.compile(r"(?:[^%+]|%[0-9A-Fa-f]{2})+")


def _condition(type: str, pair: str, parser: Parser) -> Condition:
    name, value = map(_decoded, _parted(pair))
    _refuse_name(type, name, parser.known(type))
    values = frozenset(split(value, ","))
    asked = Condition(name, values, Everything())
    if "" in values or values != frozenset(split(asked.key[1], ",")):
        raise BadScope("scope-value", name=name)  # a backslash at a value's end would join it with the next one
    try:
        found = parser.parse(_ALIKE if type == ANY else type, [asked.key])
    except Refusal:
        raise BadScope("scope-value", name=name) from None
    return replace(asked, where=found.query.where)


_ALIKE = "Patient"
"""What a scope for every type may ask by is defined for each of them alike."""


def _refuse_name(type: str, name: str, known: Mapping[str, Parameter]) -> None:
    """A parameter of the type by its bare code: no modifier, no chain nor another name for one, nothing that leads elsewhere
    or shapes an answer; and no words, which no right hangs on.
    """
    if type == ANY:
        if name not in OF_ANY:
            raise BadScope("scope-any-type", allowed=", ".join(sorted(OF_ANY)))
        return
    parameter = known.get(name)
    if parameter is None or parameter.chain or name in WORDED:
        raise BadScope("scope-parameter")
