"""What a profile asks of one value, a factory for each kind of rule: fixed, pattern, length, extremes, binding, targets,
profile of a type, constraints. What base R4 asks already makes no rule.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_server.fhir import codec
from fhir_server.fhir.definitions import BadDefinition, Constraint, of_type, r4
from fhir_server.fhir.path import PathError, constraint
from fhir_server.validation.discriminator import Reach
from fhir_server.validation.extremes import extremes
from fhir_server.validation.finding import Context, Findings, Rule, broken, is_blocked
from fhir_server.validation.invariant import STRUCTURAL, demands
from fhir_server.validation.pattern import exactly, having
from fhir_server.validation.snapshot import EVERYTHING, Place, Statement
from fhir_server.validation.target import Target, targets
from fhir_server.validation.terminology import bindings, bound

LONGEST_SHOWN = 300
"""Of a fixed value or a pattern an issue shows so much."""


def value_rules(place: Place, kind: str, reach: Reach) -> Iterator[Rule]:
    """The rules for the values of an element that have a type. BadDefinition for what cannot be kept."""
    yield from _settled(place, kind)
    yield from _lengths(place)
    yield from extremes(place, kind)
    yield from _bound(place, kind, reach)
    yield from _pointing(place, kind, reach)
    yield from _of_profile(place, kind, reach)
    yield from _constraints(place, kind)


def _settled(place: Place, kind: str) -> Iterator[Rule]:
    """Fixed values and patterns; one that the base has is not said twice."""
    seen: list[tuple[str, Any]] = []
    for statement in place.said:
        for member, wanted in statement.content.items():
            what = "fixed" if member.startswith("fixed") else "pattern" if member.startswith("pattern") else ""
            meant = len(place.types) == 1 or member == of_type(what, kind)
            if what and meant and (what, wanted) not in seen:
                seen.append((what, wanted))
                yield _settle(what, wanted, statement, place.name)


def _settle(what: str, wanted: Any, statement: Statement, name: str) -> Rule:
    holds = (exactly if what == "fixed" else having)(wanted)
    shown = codec.encode(wanted).decode()
    shown = shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"

    def rule(value: Any, _: Context) -> Findings:
        return None if holds(value) else broken(f"profile-{what}", statement.source, name=name, value=shown)

    return rule


def _lengths(place: Place) -> Iterator[Rule]:
    told = place.last("maxLength")
    if told is not None:
        yield _length(told[1], told[0], place.name)


def _length(limit: int, statement: Statement, name: str) -> Rule:
    def rule(value: Any, _: Context) -> Findings:
        if type(value) is not str or len(value) <= limit:
            return None
        return broken("profile-too-long", statement.source, name=name, limit=limit)

    return rule


def _bound(place: Place, kind: str, reach: Reach) -> Iterator[Rule]:
    seen = {("required", place.row.binding)} if place.row else set()
    for statement in place.said:
        for strength, canonical in bindings(statement.content.get("binding", {})):
            if not reach.value_sets.is_known(canonical):
                raise BadDefinition(f"{statement.id}: no value set {canonical} is here")
            plain = strength, canonical.partition("|")[0]
            rule = bound(statement, strength, canonical, kind, reach.value_sets) if plain not in seen else None
            seen.add(plain)
            if rule is not None:
                yield rule


def _pointing(place: Place, kind: str, reach: Reach) -> Iterator[Rule]:
    """Which resources a reference may point at."""
    statement, canonicals = _named(place, kind, "targetProfile")
    allowed = [reach.target(canonical) for canonical in canonicals]
    base = set(place.row.targets if place.row else ()) or {EVERYTHING}
    narrower = any(target.rule for target in allowed) or not base.issubset(target.type for target in allowed)
    if statement is not None and narrower:
        yield targets(statement, allowed)


def _of_profile(place: Place, kind: str, reach: Reach) -> Iterator[Rule]:
    """The profiles that the values of a type keep to; those of extensions are kept wherever they stand."""
    statement, canonicals = _named(place, kind, "profile")
    profiles = [_with_constraints(reach.target(canonical), kind) for canonical in canonicals]
    if statement is not None and kind != "Extension":
        yield _keeping(profiles, statement, place.name)


def _named(place: Place, kind: str, member: str) -> tuple[Statement | None, list[str]]:
    """What the entries of a type name, one of which is to be kept to; nothing where an entry names none."""
    entries = [(statement, told) for statement, told in place.typed() if told.get("code") == kind]
    if not entries or not all(told.get(member) for _, told in entries):
        return None, []
    return entries[0][0], [canonical for _, told in entries for canonical in told[member]]


def _with_constraints(target: Target, kind: str) -> Target:
    """A type of R4 in place of a profile (Age of Quantity) is kept by its constraints."""
    if target.rule is not None or target.type == kind:
        return target
    own = demands(r4().constraints(target.type), target.type)

    def rule(value: Any, context: Context) -> Findings:
        return [finding for demand in own for finding in demand(value, context) or ()] or None

    return target._replace(rule=rule)


def _keeping(profiles: list[Target], statement: Statement, name: str) -> Rule:
    names = ", ".join(profile.canonical for profile in profiles)

    def rule(value: Any, context: Context) -> Findings:
        judged = [profile.rule(value, context) if profile.rule else None for profile in profiles]
        if len(profiles) == 1 or not all(is_blocked(findings) for findings in judged):
            return judged[0] if len(profiles) == 1 else None
        return broken("profile-of-type", statement.source, name=name, allowed=names)

    return rule


def _constraints(place: Place, kind: str) -> Iterator[Rule]:
    seen = STRUCTURAL | {rule.key for rule in r4().constraints(kind)}
    seen |= {rule.key for rule in (place.row.constraints if place.row else ())}
    for statement in place.said:
        for told in statement.content.get("constraint", ()):
            if told["key"] in seen or "expression" not in told:
                continue
            seen |= {told["key"]}
            rule = Constraint(told["key"], told["severity"], told["human"], told["expression"])
            made = _constrained(rule, swedish(told) or rule.human, place, kind, statement)
            if made is not None:
                yield made


def swedish(constraint: Mapping[str, Any]) -> str:
    """What a constraint says in Swedish, in HL7's extension for translations; "" where it does not.
    https://hl7.org/fhir/R4/extension-translation.html
    """
    for translation in constraint.get("_human", {}).get("extension", ()):
        parts = {part["url"]: part for part in translation.get("extension", ())}
        if parts.get("lang", {}).get("valueCode") == "sv":
            return str(parts.get("content", {}).get("valueString", ""))
    return ""


def _constrained(rule: Constraint, words: str, place: Place, kind: str, statement: Statement) -> Rule | None:
    """A constraint on values of a type; of a choice one of the types need not have the elements that it names."""
    try:
        holds = constraint(rule.expression, kind)
    except PathError as error:
        if not any(_compiles(rule, other) for other in place.types if other != kind):
            raise BadDefinition(f"{statement.id}: the constraint {rule.key} does not compile: {error}") from None
        return None
    key = "profile-constraint" if rule.severity == "error" else "profile-constraint-advised"
    source = f"{statement.profile}#{rule.key}"

    def check(value: Any, context: Context) -> Findings:
        if holds(value, context.resource) is not False:
            return None
        return broken(key, source, key=rule.key, human=rule.human, swedish=words)

    return check


def _compiles(rule: Constraint, kind: str) -> bool:
    try:
        constraint(rule.expression, kind)
    except PathError:
        return False
    return True
