"""The rules of access, as `security/` has them: each permits or forbids, to whom, on which types, and when.

Everything that is not permitted is refused; what is forbidden is so whatever permits it. Each rule carries its reason and
its source, for a lawyer to confirm.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from fhir_server.access.condition import CONDITIONS, EMERGENCY, Asked
from fhir_server.access.emergency import MODES
from fhir_server.access.standing import Standing
from fhir_server.fhir.definitions import BadDefinition, parts_of, r4, read
from fhir_server.search.query import Criterion, OfKind, Without, every, some

FILE = "Parameters-access-rules.json"
ANYONE, ANYTHING = "anyone", "anything"
CALLERS = frozenset({ANYONE, "citizen", "staff", "system"})
MOST = 10_000
LETTERS = "cruds"
"""Create, read, update, delete, search: https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `callers`, `roles` and `purposes` say for whom it is (no roles, no purposes: whatever they are), `types` and `letters` on what and to do
    what, `interactions` by which alone (none: by all), `conditions` what must hold of the resource, all of them.
    """

    id: str
    permits: bool
    callers: frozenset[str]
    roles: frozenset[str]
    purposes: frozenset[str]
    types: frozenset[str]
    letters: frozenset[str]
    conditions: tuple[str, ...]
    asked: Asked
    reason: str
    source: str
    interactions: frozenset[str] = frozenset()

    @property
    def is_of_emergency(self) -> bool:
        """Whether it opens nothing but to who has emergency access."""
        return EMERGENCY in self.conditions

    def is_for(self, standing: Standing, interaction: str = "") -> bool:
        """Whether the rule speaks of such a caller, who calls so."""
        known = standing.kind in self.callers or ANYONE in self.callers
        fitting = not self.roles or not self.roles.isdisjoint(standing.roles)
        asked = not self.interactions or interaction in self.interactions
        meant = not self.purposes or standing.purpose in self.purposes
        return known and fitting and asked and meant and (not self.is_of_emergency or self._in_emergency(standing))

    def _in_emergency(self, standing: Standing) -> bool:
        return any(one.mode in self.asked.modes for one in standing.emergencies)

    def criterion(self, types: OfKind, standing: Standing, at: int) -> Criterion:
        """The resources of these types that it reaches, for a caller and a moment (milliseconds since 1970)."""
        asked = (CONDITIONS[name](standing, self.asked, at) for name in self.conditions)
        return every(types, *asked)


class Rules:
    """All rules, in the order of the table."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._of: dict[tuple[str, frozenset[str], str, frozenset[str], str], Sequence[Rule]] = {}

    def of(self, standing: Standing, interaction: str = "") -> Sequence[Rule]:
        """Those that speak of a caller, who calls so."""
        modes = frozenset(one.mode for one in standing.emergencies)
        like = standing.kind, standing.roles, standing.purpose, modes, interaction
        if like not in self._of:
            if len(self._of) >= MOST:
                self._of.clear()
            self._of[like] = [rule for rule in self.rules if rule.is_for(standing, interaction)]
        return self._of[like]

    def allow(self, standing: Standing, type: str, letter: str, interaction: str = "") -> bool:
        """Whether a caller may do this to some resource of a type: which, the criterion says."""
        return any(
            rule.permits and type in rule.types and letter in rule.letters for rule in self.of(standing, interaction)
        )

    def emergencies(self, standing: Standing, at: int) -> tuple[tuple[str, str], ...]:
        """The patients to whom a caller has emergency access at a moment, each with the ids of the rules that open by it."""
        opening = [(rule.id, rule.asked.modes) for rule in self.rules if rule.is_of_emergency]
        found: dict[str, set[str]] = {}
        for one in standing.emergencies:
            if one.is_open(at):
                found.setdefault(one.patient, set()).update(id for id, modes in opening if one.mode in modes)
        return tuple((patient, " ".join(sorted(ids))) for patient, ids in found.items() if ids)

    def criterion(self, standing: Standing, doing: Mapping[str, str], at: int, interaction: str = "") -> Criterion:
        """What a caller reaches at a moment who does this (type → letter), and reads along whatever else there is."""
        done = tuple(doing.items())
        own = [(rule, _reached(rule.types, rule.letters, done)) for rule in self.of(standing, interaction)]
        permitted = (rule.criterion(on, standing, at) for rule, on in own if rule.permits and on.types)
        forbidden = (rule.criterion(on, standing, at) for rule, on in own if not rule.permits and on.types)
        return every(some(*permitted), *map(Without, forbidden))


@lru_cache(MOST)
def _reached(types: frozenset[str], letters: frozenset[str], done: tuple[tuple[str, str], ...]) -> OfKind:
    """The types that a rule is about in a call; all that is not done something to is read."""
    doing = dict(done)
    return OfKind(frozenset(type for type in types if doing.get(type, "r") in letters))


@cache
def load_rules() -> Rules:
    """The rules of `security/`, read once. BadDefinition for one that names what nobody knows."""
    return rules_of(dict(read("security"))[FILE])


def rules_of(definition: Mapping[str, Any]) -> Rules:
    """The rules of a definition. BadDefinition."""
    told = [(parameter["name"], parts_of(parameter)) for parameter in definition["parameter"]]
    groups = {parts["code"][0]: parts["type"] for name, parts in told if name == "group"}
    return Rules(_rule(parts, groups) for name, parts in told if name == "rule")


def _rule(told: Mapping[str, list[str]], groups: Mapping[str, list[str]]) -> Rule:
    rule = Rule(
        told["id"][0],
        told["effect"][0] == "permit",
        frozenset(told["caller"]),
        frozenset(told.get("role", ())),
        frozenset(told.get("purpose", ())),
        frozenset(_types(told["on"], groups)),
        frozenset(told["letter"]),
        tuple(told.get("holds", ())),
        Asked(told.get("parameter", ()), told.get("basis", ()), frozenset(told.get("mode", ()))),
        told["reason"][0],
        told["source"][0],
        frozenset(told.get("interaction", ())),
    )
    _refuse_unknown(rule.id, rule.callers, CALLERS)
    _refuse_unknown(rule.id, rule.types, r4().resource_types)
    _refuse_unknown(rule.id, rule.letters, LETTERS)
    _refuse_unknown(rule.id, rule.conditions, CONDITIONS)
    _refuse_unknown(rule.id, rule.asked.modes, MODES)
    return rule


def _types(named: Iterable[str], groups: Mapping[str, list[str]]) -> Iterator[str]:
    for name in named:
        yield from r4().resource_types if name == ANYTHING else groups.get(name, [name])


def _refuse_unknown(rule: str, names: Iterable[str], known: Iterable[str]) -> None:
    if unknown := sorted(set(names) - set(known)):
        raise BadDefinition(f"{FILE}: the rule {rule} names {unknown[0]}, which nobody knows")
