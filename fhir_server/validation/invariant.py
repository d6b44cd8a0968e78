"""The official constraints as demands on objects: compiled out of FHIRPath, or taken from natives.py.

A constraint that comes out empty is not broken. https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

from collections.abc import Callable, Iterable
from typing import Any

from fhir_server.fhir.definitions import Constraint
from fhir_server.fhir.path import PathError, constraint
from fhir_server.validation.finding import Check, Context, Demand, Finding, Findings, asked, is_misshapen
from fhir_server.validation.natives import NATIVE

STRUCTURAL = frozenset({"dom-2", "dom-3", "dom-4", "dom-5", "ele-1", "ext-1", "ref-1", "txt-1", "txt-2"})
"""Kept by contained.py, structure.py, reference.py and narrative.py, each at its place in the resource."""


def demands(constraints: Iterable[Constraint], kind: str) -> tuple[Demand, ...]:
    """The demand of each constraint on nodes of a type; what speaks of elements that the type does not have (a choice
    may have other types too) falls away.
    """
    made = (_demand(rule, kind) for rule in constraints if rule.key not in STRUCTURAL)
    return tuple(demand for demand in made if demand is not None)


def constrained(check: Check, constraints: Iterable[Constraint], kind: str) -> Check:
    """The check, and after it what the element itself demands of its value."""
    own = demands(constraints, kind)
    if not own:
        return check

    def with_constraints(value: Any, context: Context, holder: Any) -> Findings:
        findings = check(value, context, holder)
        return findings if is_misshapen(findings) else asked(own, value, context, findings)

    return with_constraints


def _demand(rule: Constraint, kind: str) -> Demand | None:
    native = NATIVE.get(rule.key)
    if native is not None:
        return _demand_natively(rule, native)
    try:
        holds = constraint(rule.expression, kind)
    except PathError:
        return None

    def demand(node: Any, context: Context) -> Findings:
        return _broken(rule) if holds(node, context.resource) is False else None

    return demand


def _demand_natively(rule: Constraint, holds: Callable[[Any, Context], bool]) -> Demand:
    def demand(node: Any, context: Context) -> Findings:
        return None if holds(node, context) else _broken(rule)

    return demand


def _broken(rule: Constraint) -> Findings:
    key = "constraint" if rule.severity == "error" else "constraint-advised"
    return [Finding(key, {"key": rule.key, "human": rule.human}, "invariant", rule.key, "", rule.severity)]
