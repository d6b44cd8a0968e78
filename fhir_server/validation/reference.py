"""References: their form, the type that they may point at, and the resource contained that they name.

https://hl7.org/fhir/R4/references.html
"""

from typing import Any

from fhir_server.fhir.definitions import CORE, r4
from fhir_server.fhir.reference import Literal, is_id, parse_reference
from fhir_server.validation.finding import Check, Context, Findings, below, found, is_misshapen


def reference(targets: tuple[str, ...], structure: Check) -> Check:
    """The check of a Reference that may point at these types of resource; none of them: at any."""
    allowed = frozenset(targets) or r4().resource_types

    def check(node: Any, context: Context, holder: Any) -> Findings:
        if type(node) is dict and len(node) == 1 and _is_plain(node.get("reference"), allowed):
            return None
        findings = structure(node, context, holder)
        if is_misshapen(findings):
            return findings
        beyond = beyond_structure(node, context)
        return beyond if findings is None else findings + (beyond or [])

    def beyond_structure(node: dict[str, Any], context: Context) -> Findings:
        text = node.get("reference")
        literal = parse_reference(text) if text else Literal("none")
        if literal is None or (literal.form == "conditional" and not context.conditional):
            return below(".reference", found("reference-form"))
        kind = _contained_type(literal, context) if literal.form == "contained" else literal.type
        if kind is None:
            return below(".reference", found("fragment-unresolved"))
        return _check_target(kind, _stated_type(node), allowed)

    return check


def _is_plain(text: Any, allowed: frozenset[str]) -> bool:
    """The usual reference, `Type/id` of a type allowed: seen first, since a plan has a dozen of them."""
    if type(text) is not str:
        return False
    kind, _, id = text.partition("/")
    return kind in allowed and is_id(id)


def _contained_type(literal: Literal, context: Context) -> str | None:
    """The type of the resource that a fragment names: a contained one, or with # alone the one around."""
    if literal.id:
        context.mentions.add(f"#{literal.id}")
        return context.contained.get(literal.id)
    if context.container is None:
        return None
    context.mentions.add(f"#{context.resource.get('id')}")
    return str(context.container["resourceType"])


def _stated_type(node: dict[str, Any]) -> str:
    """Reference.type where it is a resource type, by name or by canonical; a logical model says nothing here."""
    stated = str(node.get("type", "")).removeprefix(CORE)
    return stated if stated in r4().resource_types else ""


def _check_target(kind: str, stated: str, allowed: frozenset[str]) -> Findings:
    if kind and stated and kind != stated:
        return below(".type", found("reference-type-differs"))
    if (kind or stated) and (kind or stated) not in allowed:
        return found("reference-target", allowed=", ".join(sorted(allowed)))
    return None
