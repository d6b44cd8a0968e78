"""What each rule says of a caller, and of one resource: for who has to find out why something is shown, or is not."""

from collections.abc import Sequence
from dataclasses import dataclass

from fhir_server.access.rules import Rule, Rules
from fhir_server.access.standing import Standing
from fhir_server.search.query import Identity, OfKind, Query, every
from fhir_server.storage.store import SYSTEM_GRANTS, Store


@dataclass(frozen=True, slots=True)
class Question:
    """Somebody does this (a letter of `cruds`, by an interaction) to a resource of a type, at a moment (ms since 1970); to which, the
    id says, "" where that is left open.
    """

    standing: Standing
    interaction: str
    letter: str
    type: str
    id: str
    at: int


@dataclass(frozen=True, slots=True)
class Explained:
    """A rule: whether it speaks of the caller, whether it is about what is done, and whether its conditions hold for the resource;
    None where that was not asked, since the rule says nothing or no resource is named.
    """

    rule: Rule
    speaks: bool
    is_about: bool
    holds: bool | None


async def explain(rules: Rules, question: Question, store: Store) -> list[Explained]:
    """All rules, in the order of the table. Unavailable."""
    return [await _explained(rule, question, store) for rule in rules.rules]


async def _explained(rule: Rule, question: Question, store: Store) -> Explained:
    speaks = rule.is_for(question.standing, question.interaction)
    is_about = question.type in rule.types and question.letter in rule.letters
    asked = speaks and is_about and question.id
    return Explained(rule, speaks, is_about, await _holds(rule, question, store) if asked else None)


async def _holds(rule: Rule, question: Question, store: Store) -> bool:
    here = Identity(frozenset({question.id}))
    criterion = rule.criterion(OfKind(frozenset({question.type})), question.standing, question.at)
    query = Query(question.type, every(here, criterion))
    return bool((await store.search(query, SYSTEM_GRANTS["explanation"], count=1, total=False)).items)


def permitted(explained: Sequence[Explained]) -> bool:
    """What the rules alone say, whatever the scopes: something permits, and nothing forbids."""
    holding = [one.rule for one in explained if one.holds]
    return any(rule.permits for rule in holding) and all(rule.permits for rule in holding)
