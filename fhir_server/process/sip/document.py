"""A whole SIP as one small plain-text document: a line for each thing, `Word: what`, lines with `#` first passed over.

Whatever is wrong is said at once, an issue for each line that is wrong or missing, with a line as it should be. No issue
carries anything that somebody wrote after a word.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fhir_server.fhir.outcome import Issue, TooLarge
from fhir_server.process.sip.name import PERSON, PLAN, RELATIVE, UNIT, Name
from fhir_server.process.sip.when import Span
from fhir_server.process.sip.word import (
    Action,
    Agreed,
    Excluded,
    Goal,
    Member,
    Word,
    Wrong,
    folded,
    refuse_unwritable,
    words,
)

MOST = 200
"""So many lines has a document at the most, blank ones and comments apart."""

Line = tuple[int, Any]
"""A line's number, from 1, and what was read from it."""


@dataclass(frozen=True, slots=True)
class Document:
    """What was understood of a document: for each word, its lines."""

    lines: Mapping[str, tuple[Line, ...]]

    def all(self, word: str) -> tuple[Any, ...]:
        """What stands after a word, line by line."""
        return tuple(value for _, value in self.lines.get(word, ()))

    def one(self, word: str) -> Any:
        """What stands after a word that stands once; None where it does not stand at all."""
        return next(iter(self.all(word)), None)

    @property
    def person(self) -> Name | None:
        """Whose plan it is."""
        return self._name("Person")

    @property
    def responsible(self) -> Name | None:
        """The huvudman with the overall responsibility."""
        return self._name("Huvudansvar")

    @property
    def coordinator(self) -> Name | None:
        """The member of staff who keeps the plan together."""
        return self._name("Samordnare")

    @property
    def status(self) -> str:
        """`draft`, or `active` where nothing is said."""
        return str(self.one("Status") or "active")

    @property
    def consent(self) -> Agreed | None:
        """The person's consent."""
        found: Agreed | None = self.one("Samtycke")
        return found

    @property
    def excluded(self) -> tuple[Excluded, ...]:
        """What the consent leaves out."""
        return self.all("Undantag")

    @property
    def whole(self) -> Name | None:
        """The plan that this one is a part of."""
        return self._name("Del av")

    @property
    def goals(self) -> tuple[Goal, ...]:
        """The goals, in their order."""
        return self.all("Mål")

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions, in their order."""
        return self.all("Insats")

    @property
    def members(self) -> tuple[Member, ...]:
        """Who takes part beside the coordinator and those who do something."""
        return self.all("Deltar")

    def meeting(self, word: str) -> Span | None:
        """When the planning meeting or the follow-up is."""
        found: Span | None = self.one(word)
        return found

    @property
    def names(self) -> Iterator[tuple[int, Name]]:
        """Everybody who is named, each with the line's number; the person first, whose relatives follow."""
        for lines in self.lines.values():
            for number, value in lines:
                for name in (value,) if isinstance(value, Name) else getattr(value, "names", ()):
                    if name.types:
                        yield number, name

    def _name(self, word: str) -> Name | None:
        found: Name | None = self.one(word)
        return found


def read_document(text: str, today: date) -> tuple[Document, list[Issue]]:
    """What was understood, and what is wrong: of each line one thing, in the order of the lines, what is missing last.
    TooLarge for more lines than a document has.
    """
    issues: dict[int, Issue] = {}
    read: dict[str, list[Line]] = {word.name: [] for word in words().values()}
    for number, line in _told(text):
        try:
            word, value = _read(line)
        except _Misread as misread:
            issues[number] = misread.issue(number)
            if misread.word is not None:
                read[misread.word.name].append((number, None))
            continue
        if not word.many and read[word.name]:
            issues[number] = _issue(number, word, "sip-line-twice", first=read[word.name][0][0])
        else:
            read[word.name].append((number, value))
    said = frozenset(name for name, lines in read.items() if lines)
    document = Document({name: tuple(line for line in lines if line[1] is not None) for name, lines in read.items()})
    for number, issue in _at_odds(document, today, goals=len(read["Mål"])):
        issues.setdefault(number, issue)
    return document, [*(issues[number] for number in sorted(issues)), *_missing(document, said)]


def unknown(number: int, name: Name, *, several: bool = False) -> Issue:
    """The issue of a line that names somebody whom nobody here is, or several are."""
    kinds: dict[tuple[str, ...], str] = {
        PERSON: "sip-unknown-person",
        UNIT: "sip-unknown-unit",
        RELATIVE: "sip-unknown-relative",
        PLAN: "sip-unknown-plan",
    }
    key = "sip-several" if several else kinds.get(name.types, "sip-unknown-staff")
    return Issue("not-found", key, _place(number), {"line": number}, source="https://hl7.org/fhir/R4/search.html#token")


def shut_out(document: Document, found: Mapping[Name, Hashable]) -> Iterator[Issue]:
    """An issue for each line that lets somebody know nothing of a plan in which they take part; `found` are those who are
    named, however they are.
    """
    doing = [name for action in document.actions for name in action.names]
    others = [document.responsible, document.coordinator, *(member.name for member in document.members)]
    taking_part = {found[name] for name in (*doing, *others) if name is not None and name in found}
    for number, excluded in document.lines["Undantag"]:
        if excluded.name is not None and not excluded.text and found.get(excluded.name) in taking_part:
            yield _issue(number, words()[folded("Undantag")], "sip-exclusion-takes-part")


def only_first(issues: Iterable[Issue]) -> list[Issue]:
    """One issue for each line, in the order of the lines; what is missing, which has no line, last."""
    kept: dict[str, Issue] = {}
    missing = []
    for issue in issues:
        if issue.expression:
            kept.setdefault(issue.expression, issue)
        else:
            missing.append(issue)
    return [*sorted(kept.values(), key=lambda issue: issue.said["line"]), *missing]


class _Misread(Exception):
    """A line that cannot be understood; without `word` it begins with none that is known."""

    def __init__(self, key: str, word: Word | None = None, **said: Any) -> None:
        super().__init__(key)
        self.key = key
        self.word = word
        self.said = said

    def issue(self, number: int) -> Issue:
        return _issue(number, self.word, self.key, **self.said)


def _told(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, numbered from 1 among all."""
    numbered = enumerate(text.removeprefix("\ufeff").split("\n"), 1)
    lines = [(number, line.strip()) for number, line in numbered if line.strip() and not line.strip().startswith("#")]
    if len(lines) > MOST:
        raise TooLarge.because("sip-too-long", limit=MOST)
    yield from lines


def _read(line: str) -> tuple[Word, Any]:
    start, colon, rest = line.partition(":")
    word = words().get(folded(start)) if colon else None
    if word is None:
        raise _Misread("sip-line-unknown", allowed=", ".join(one.name for one in words().values()))
    value = rest.strip()
    if not value:
        raise _Misread("sip-line-empty", word)
    try:
        refuse_unwritable(value)
        return word, word.read(value)
    except Wrong as wrong:
        raise _Misread(wrong.key, word, **wrong.said) from None


# ------------------------------------------------------------------------------------------------ the whole of it


NEEDED = {
    "Person": "sip-no-person",
    "Huvudansvar": "sip-no-responsible",
    "Samordnare": "sip-no-coordinator",
    "Samtycke": "sip-no-consent",
    "Mål": "sip-no-goal",
    "Insats": "sip-no-action",
}
"""The lines without which there is no SIP, each with what is said where it is missing."""
ALWAYS = frozenset({"Person", "Huvudansvar", "Samordnare"})
"""Those that a draft wants too."""


def _missing(document: Document, said: frozenset[str]) -> Iterator[Issue]:
    wanted = set(ALWAYS if document.status == "draft" else NEEDED)
    if "Undantag" in said:
        wanted.add("Samtycke")
    for name, key in NEEDED.items():
        if name in wanted and name not in said:
            word = words()[folded(name)]
            yield Issue("required", key, said={"example": word.line}, source=word.rule)
    if any(name.startswith("Krisplan") for name in said) and "Krisplan gör" not in said:
        word = words()[folded("Krisplan gör")]
        yield Issue("required", "sip-no-crisis-step", said={"example": word.line}, source=word.rule)


def _at_odds(document: Document, today: date, *, goals: int) -> Iterator[tuple[int, Issue]]:
    """Lines that are well written, but cannot be so beside each other or today."""
    start = document.one("Från") or today
    for number, end in document.lines["Till"]:
        if end < start:
            yield number, _issue(number, words()[folded("Till")], "sip-line-order")
    for number, action in document.lines["Insats"]:
        if action.goal is not None and not 0 < action.goal <= goals:
            yield number, _issue(number, words()[folded("Insats")], "sip-action-goal", limit=goals)
    for number, consent in document.lines["Samtycke"]:
        if consent.given > today:
            yield number, _issue(number, words()[folded("Samtycke")], "sip-line-future")
        elif consent.until is not None and consent.until < consent.given:
            yield number, _issue(number, words()[folded("Samtycke")], "sip-line-order")


def _issue(number: int, word: Word | None, key: str, **said: Any) -> Issue:
    own = {"word": word.name, "example": word.line} if word else {}
    rule = word.rule if word else ""
    code = "structure" if word is None else "value"
    return Issue(code, key, _place(number), {"line": number, **own, **said}, source=rule)


def _place(number: int) -> str:
    return f"document.line[{number}]"
