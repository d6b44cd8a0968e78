"""What a reference points at, as far as the resource itself tells: its type, and of a contained resource the whole.

https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.type.targetProfile
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from fhir_server.fhir.path.resolve import type_named
from fhir_server.fhir.reference import parse_reference
from fhir_server.validation.contained import enter, resource_type, within
from fhir_server.validation.finding import Context, Findings, Rule, broken, is_blocked
from fhir_server.validation.snapshot import Statement


class Target(NamedTuple):
    """A profile, or a type of R4, that a reference may point at; `rule` is None for a bare type."""

    canonical: str
    type: str
    rule: Rule | None = None

    def takes(self, kind: str) -> bool:
        """Whether a resource of this type may be one."""
        return self.type in {kind, "Resource", "DomainResource"}


class Pointed(NamedTuple):
    """What a reference points at: empty and None where it does not tell."""

    type: str
    node: dict[str, Any] | None = None


NOWHERE = Pointed("")


def pointed(value: Any, context: Context) -> Pointed:
    """What a Reference or a canonical points at."""
    text = value.get("reference") if type(value) is dict else value
    if type(text) is str and text[:1] == "#":
        return _contained(text, context)
    return Pointed(type_named(value, (context.resource, None)) or "") if type(value) is dict else NOWHERE


def _contained(text: str, context: Context) -> Pointed:
    literal = parse_reference(text)
    if literal is None:
        return NOWHERE
    around = context.container or context.resource
    members = around.get("contained") if literal.id else [around]
    for node in members if type(members) is list else ():
        if type(node) is dict and (not literal.id or node.get("id") == literal.id):
            return Pointed(resource_type(node) or "", node)
    return NOWHERE


def targets(statement: Statement, allowed: Sequence[Target]) -> Rule:
    """The rule of an element that may point at these profiles and types."""
    names = ", ".join(sorted({target.type for target in allowed}))

    def rule(value: Any, context: Context) -> Findings:
        found = pointed(value, context)
        fitting = [target for target in allowed if target.takes(found.type)]
        if not found.type:
            return None
        if not fitting:
            return broken("profile-target", statement.source, allowed=names)
        if found.node is None or keeps_to_one(fitting, found.node, context):
            return None
        profiles = ", ".join(target.canonical for target in fitting)
        return broken("profile-of-target", statement.source, allowed=profiles)

    return rule


def keeps_to_one(profiles: Iterable[Target], node: Any, context: Context) -> bool:
    """Whether a value keeps to one of the profiles: a contained resource or what stands around it, an entry's, a datatype."""
    return any(profile.rule is None or _keeps(profile, profile.rule, node, context) for profile in profiles)


def _keeps(profile: Target, rule: Rule, node: Any, context: Context) -> bool:
    """Each node is looked at once for a profile; where it leads back to itself, it keeps to it unless something else is
    wrong.
    """
    key = id(node), profile.canonical
    if key not in context.judged:
        context.judged[key] = True
        context.judged[key] = not is_blocked(rule(node, _around(node, context)))
    return context.judged[key]


def _around(node: Any, context: Context) -> Context:
    """The context of a value that was reached from this one."""
    if resource_type(node) is None:
        return context
    outer = context.container or context.resource
    contained = outer.get("contained")
    if node is outer or any(node is inner for inner in (contained if type(contained) is list else ())):
        return within(node, context)
    return replace(enter(node, conditional=context.conditional), judged=context.judged)
