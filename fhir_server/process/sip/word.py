"""The words that a line of the document may begin with, and how what follows each is read."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from fhir_server.fhir.definitions import read
from fhir_server.process.sip.name import PERSON, PLAN, RELATIVE, SELF, STAFF, UNIT, Name, named
from fhir_server.process.sip.when import Span, day, meeting

STATUSES = {"utkast": "draft", "pågående": "active"}
MEANS = {"muntligt": "orally", "skriftligt": "in-writing", "digitalt": "digitally"}
DATE = "ÅÅÅÅ-MM-DD"
HSA_ID = "HSA-id"
EVERYBODY = "alla"
LONGEST = 10_000
"""Characters of a line."""

_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_GOAL = re.compile(r"m[åa]l\s*([0-9]{1,3})", re.IGNORECASE | re.ASCII)
_URI = re.compile(r"[a-z][a-z0-9+.-]{0,30}:[^\s<>\"{}]{1,250}", re.IGNORECASE | re.ASCII)


class Wrong(Exception):
    """What follows a word cannot be understood: the key of the message, and what fills its gaps."""

    def __init__(self, key: str, **said: Any) -> None:
        super().__init__(key)
        self.key = key
        self.said = said


@dataclass(frozen=True, slots=True)
class Goal:
    """What the person wants to reach, and by which day."""

    text: str
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """What is to be done: by whom (a unit, the person, a relative), by which member of staff, until when, for which goal
    (counted from 1).
    """

    text: str
    performer: Name
    owner: Name | None = None
    due: date | None = None
    goal: int | None = None

    @property
    def names(self) -> tuple[Name, ...]:
        """Who does it."""
        return (self.performer, self.owner) if self.owner else (self.performer,)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody else who takes part, and as what."""

    name: Name
    role: str

    @property
    def names(self) -> tuple[Name, ...]:
        """Who it is."""
        return (self.name,)


@dataclass(frozen=True, slots=True)
class Agreed:
    """The person's consent: the day it was given, by which means, until when, and by whom for the person."""

    given: date
    means: str
    until: date | None = None
    by: Name | None = None

    @property
    def names(self) -> tuple[Name, ...]:
        """Who consents in the person's place."""
        return (self.by,) if self.by else ()


@dataclass(frozen=True, slots=True)
class Excluded:
    """What the consent leaves out: who may not know (None: nobody may), and of what ("": of anything)."""

    name: Name | None
    text: str = ""

    @property
    def names(self) -> tuple[Name, ...]:
        """Who may not know."""
        return (self.name,) if self.name else ()


@dataclass(frozen=True, slots=True)
class Word:
    """A word, how what follows it is read, a line as it should be, and the rule it serves; `many`: it may stand on several
    lines.
    """

    name: str
    read: Callable[[str], Any]
    example: str
    rule: str = ""
    many: bool = False

    @property
    def line(self) -> str:
        """A whole line as it should be."""
        return f"{self.name}: {self.example}"


def words() -> Mapping[str, Word]:
    """Every word, by its folded form, in the order that a document has them."""
    return _WORDS


def refuse_unwritable(text: str) -> None:
    """Wrong for what no FHIR string holds, and for what is too long for a line."""
    if len(text) > LONGEST or _FORBIDDEN.search(text) or not any(map(str.isprintable, text)):
        raise Wrong("sip-line-text", limit=LONGEST)


# ------------------------------------------------------------------------------------------------ what follows a word


def _text(value: str) -> str:
    return value


def _who(*types: str, allowed: str) -> Callable[[str], Name]:
    def name(value: str) -> Name:
        return _named(value, types, allowed)

    return name


def _named(text: str, types: tuple[str, ...], allowed: str) -> Name:
    found = named(text, types)
    if found is None:
        raise Wrong("sip-line-name", allowed=allowed)
    return found


def _day(value: str) -> date:
    found = day(value)
    if found is None:
        raise Wrong("sip-line-date")
    return found


def _meeting(value: str) -> Span:
    found = meeting(value)
    if found is None:
        raise Wrong("sip-line-time")
    return found


def _choice(value: str, choices: Mapping[str, str]) -> str:
    found = choices.get(value.casefold())
    if found is None:
        raise Wrong("sip-line-code", allowed=", ".join(choices))
    return found


def _status(value: str) -> str:
    return _choice(value, STATUSES)


def _bases(value: str) -> tuple[str, ...]:
    codes = {code: code for code in legal_bases()}
    return tuple(dict.fromkeys(_choice(code, codes) for code in re.split(r"[\s,|]+", value) if code))


@cache
def legal_bases() -> Mapping[str, str]:
    """The paragraphs that a plan may rest on: codes, each with its words."""
    system = dict(read("profiles"))["CodeSystem-legal-basis.json"]
    return {concept["code"]: concept["display"] for concept in system["concept"]}


def _uri(value: str) -> str:
    if not _URI.fullmatch(value):
        raise Wrong("sip-line-uri")
    return value


def _parts(value: str) -> list[str]:
    """What stands between upright strokes, the empty ones left out; Wrong where the first, which says what, is empty."""
    first, *rest = (part.strip() for part in value.split("|"))
    if not first:
        raise Wrong("sip-line-empty")
    return [first, *filter(None, rest)]


def _goal(value: str) -> Goal:
    text, *rest = _parts(value)
    if len(rest) > 1:
        raise Wrong("sip-line-parts")
    return Goal(text, *map(_day, rest))


def _action(value: str) -> Action:
    """The parts after the first tell by their form what they are, so their order matters only between unit and staff."""
    text, *rest = _parts(value)
    dates = [part for part in rest if re.match("[0-9]{4}-[0-9]", part)]
    goals = [found for part in rest if (found := _GOAL.fullmatch(part))]
    told = [part for part in rest if part not in dates and not _GOAL.fullmatch(part)]
    if not told:
        raise Wrong("sip-action-nobody")
    if len(dates) > 1 or len(goals) > 1 or len(told) > 2:  # noqa: PLR2004  # a unit and a member of staff
        raise Wrong("sip-line-parts")
    return Action(
        text,
        _performer(told[0]),
        _named(told[1], STAFF, HSA_ID) if told[1:] else None,
        _day(dates[0]) if dates else None,
        int(goals[0][1]) if goals else None,
    )


def _performer(text: str) -> Name:
    if text.casefold() == "personen":
        return SELF
    return _named(
        _of_relative(text), (*UNIT, *RELATIVE), f"{HSA_ID}, organisationsnummer, personen, RelatedPerson/[id]"
    )


def _of_relative(text: str) -> str:
    return re.sub(r"^närstående\b:?\s*", "", text, flags=re.IGNORECASE)


def _member(value: str) -> Member:
    parts = _parts(value)
    if len(parts) != 2:  # noqa: PLR2004  # who, and as what
        raise Wrong("sip-line-parts")
    allowed = f"{HSA_ID}, organisationsnummer, RelatedPerson/[id]"
    return Member(_named(_of_relative(parts[0]), (*STAFF, *UNIT, *RELATIVE), allowed), parts[1])


def _agreed(value: str) -> Agreed:
    """`2026-02-17 muntligt till 2026-08-31 av RelatedPerson/[id]`: the day and the means first, then the rest."""
    tokens = value.replace("|", " ").split()
    if len(tokens) not in {2, 4, 6}:
        raise Wrong("sip-line-parts")
    given, means, *rest = tokens
    told = dict(_pairs(rest, ("till", "av")))
    until, by = told.get("till"), told.get("av")
    return Agreed(
        _day(given),
        _choice(means, MEANS),
        _day(until) if until else None,
        _named(by, RELATIVE, "RelatedPerson/[id], personnummer") if by else None,
    )


def _excluded(value: str) -> Excluded:
    """Who, and of what: a name that is written wrongly is refused, and never taken for something that is kept from all."""
    who, *rest = _parts(value)
    if len(rest) > 1:
        raise Wrong("sip-line-parts")
    if who.casefold() == EVERYBODY:
        if not rest:
            raise Wrong("sip-exclusion-what")
        return Excluded(None, rest[0])
    allowed = f"{HSA_ID}, organisationsnummer, RelatedPerson/[id], {EVERYBODY}"
    return Excluded(_named(_of_relative(who), (*STAFF, *UNIT, *RELATIVE), allowed), *rest)


def _pairs(tokens: list[str], known: Iterable[str]) -> Iterator[tuple[str, str]]:
    names = [name.casefold() for name in tokens[::2]]
    if len(set(names)) < len(names) or not set(names) <= set(known):
        raise Wrong("sip-line-parts")
    yield from zip(names, tokens[1::2], strict=True)


# ------------------------------------------------------------------------------------------------ the table


def folded(word: str) -> str:
    """A word as it is looked up: `Mål`, `MÅL`, `mal` are one."""
    return " ".join(word.casefold().translate(_PLAIN).split())


_PLAIN = str.maketrans("åäöé", "aaoe", "\u0300\u0301\u0308\u030a")
"""Also where the ring and the dots are characters of their own."""

HSL, SOL = "16 kap. 4 § HSL (2017:30)", "10 kap. 8 § SoL (2025:400)"
_UNIT_EXAMPLE = "SE2321000131-E000000123405"
_TABLE = (
    Word(
        "Person",
        _who(*PERSON, allowed="personnummer, samordningsnummer (ÅÅÅÅMMDDNNNN), reservnummer, Patient/[id]"),
        "195009072553",
        "sip: CarePlan.subject",
    ),
    Word(
        "Huvudansvar",
        _who(*UNIT, allowed=f"{HSA_ID}, organisationsnummer, Organization/[id]"),
        "SE2321000131-E000000123401",
        f"{HSL}; plan-2",
    ),
    Word(
        "Samordnare",
        _who(*STAFF, allowed=f"{HSA_ID}, PractitionerRole/[id]"),
        "SE2321000131-U000000123401",
        "sip: CarePlan.author; team-1",
    ),
    Word("Samtycke", _agreed, "2026-02-17 muntligt till 2026-08-31", f"{HSL}; con-1"),
    Word(
        "Undantag",
        _excluded,
        "SE2321000131-E000000123402 | Det som rör ekonomin",
        f"{HSL}; con-4",
        many=True,
    ),
    Word("Viktigt", _text, "Jag vill bo kvar i mitt hus.", "sip: what-matters"),
    Word("Behov", _text, "Hjärtsvikt", "sip: CarePlan.addresses", many=True),
    Word("Mål", _goal, "Jag vill kunna duscha utan att vara rädd. | 2026-04-09", f"{SOL}; sip-1", many=True),
    Word(
        "Insats",
        _action,
        f"Hjälp med dusch två gånger i veckan | {_UNIT_EXAMPLE} | SE2321000131-U000000123405 | 2026-04-09",
        f"{HSL}; plan-1",
        many=True,
    ),
    Word("Deltar", _member, "SE2321000131-U000000123403 | Biståndshandläggare", "sip-team: participant", many=True),
    Word("Möte", _meeting, "2026-02-26 13:00-14:00", "sip-meeting"),
    Word("Uppföljning", _meeting, "2026-04-09 13:00", "sip-meeting"),
    Word("Status", _status, "utkast", "sip: CarePlan.status"),
    Word("Från", _day, "2026-02-26", "plan-4"),
    Word("Till", _day, "2026-08-31", "sip: CarePlan.period"),
    Word("Lagrum", _bases, "hsl-16-4, sol-10-8", "sip: legal-basis"),
    Word("Titel", _text, "Samordnad individuell plan", "sip: CarePlan.title"),
    Word("Identifierare", _uri, "urn:uuid:99503670-8729-4f7b-b83c-345740bc94f8", "sip: CarePlan.identifier"),
    Word("Del av", _who(*PLAN, allowed="CarePlan/[id]"), "CarePlan/sip-hemma", "sip: CarePlan.partOf"),
    Word("Krisplan tecken", _text, "Svarar inte i telefon", "sip: crisis-plan", many=True),
    Word("Krisplan gör", _text, "Ring hemsjukvården samma dag.", "sip: crisis-plan", many=True),
    Word("Krisplan ring", _text, "0980-319 230", "sip: crisis-plan", many=True),
    Word("Krisplan till", _day, "2026-08-31", "sip: crisis-plan"),
)
_WORDS = {folded(word.name): word for word in _TABLE}
