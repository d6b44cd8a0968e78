"""Contained resources: they have an id, are used, and contain nothing themselves (dom-2 to dom-5).

https://hl7.org/fhir/R4/references.html#contained
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from fhir_server.fhir.definitions import r4
from fhir_server.validation.finding import Check, Context, Finding, Findings, below, found, gathered


def resource_type(node: Any) -> str | None:
    """The type that a node says it is; None where it is no resource of R4."""
    kind = node.get("resourceType") if type(node) is dict else None
    return kind if type(kind) is str and kind in r4().resource_types else None


def untyped(node: Any) -> list[Finding]:
    """What is wrong with a node that is no resource of R4."""
    stands = type(node) is dict and type(node.get("resourceType")) is str
    return found("no-such-resource-type") if stands else found("not-a-resource")


def types_by_id(resource: dict[str, Any]) -> dict[str, str]:
    """The types of the contained resources by id; empty for one that does not say a type of R4."""
    contained = resource.get("contained")
    nodes = [node for node in contained if type(node) is dict] if type(contained) is list else []
    return {node["id"]: resource_type(node) or "" for node in nodes if type(node.get("id")) is str}


def enter(resource: dict[str, Any], *, conditional: bool = False) -> Context:
    """The context of a resource that stands for itself: at the root, in a Bundle's entry or in Parameters."""
    contained = types_by_id(resource) if "contained" in resource else {}
    return Context(resource, contained, conditional=conditional)


def within(node: dict[str, Any], context: Context) -> Context:
    """The context of a resource that is contained in the one of this context, or that stands around it."""
    around = context.container or context.resource
    return Context(
        node,
        context.contained,
        context.mentions,
        container=None if node is around else around,
        conditional=context.conditional,
        profiled=context.profiled,
        judged=context.judged,
    )


Judge: TypeAlias = Callable[[str, dict[str, Any], Context], Findings]
"""What is wrong with a resource of a type, by base R4 and by the profiles that it claims."""


def independent(judge: Judge) -> Check:
    """The check of a resource that stands for itself inside another: Bundle.entry.resource, Parameters.parameter."""

    def check(node: Any, context: Context, _: Any) -> Findings:
        kind = resource_type(node)
        if kind is None:
            return untyped(node)
        outer = context.resource
        transacted = outer.get("resourceType") == "Bundle" and outer.get("type") == "transaction"
        return judge(kind, node, enter(node, conditional=context.conditional or transacted))

    return check


def contained(judge: Judge) -> Check:
    """The check of one contained resource; the narrative around it speaks for it too (dom-6)."""

    def check(node: Any, context: Context, _: Any) -> Findings:
        kind = resource_type(node)
        if kind is None:
            return untyped(node)
        inner = within(node, context)
        nested = below(".contained", found("contained-nested")) if "contained" in node else []
        inside = [finding for finding in judge(kind, node, inner) or () if finding.source != "dom-6"]
        return _dependence(node) + nested + inside or None

    return check


def _dependence(node: dict[str, Any]) -> list[Finding]:
    """A contained resource is a part of the one around it: it has no version and no label of its own."""
    findings = [] if "id" in node else found("contained-without-id")
    meta = node.get("meta")
    for name in meta if type(meta) is dict else ():
        if name in {"versionId", "lastUpdated"}:
            findings += below(f".meta.{name}", found("contained-versioned"))
        if name == "security":
            findings += below(".meta.security", found("contained-labelled"))
    return findings


def all_used(node: dict[str, Any], context: Context) -> Findings:
    """dom-3, and that no id stands twice; looked at last, when every reference has been seen."""
    if context.container is not None or type(node.get("contained")) is not list:
        return None
    findings: Findings = None
    seen: set[str] = set()
    for place, inner in enumerate(node["contained"]):
        id = inner.get("id") if type(inner) is dict else None
        if type(id) is not str:
            continue
        if id in seen:
            findings = gathered(findings, found("contained-id-twice", f".contained[{place}].id"))
        elif f"#{id}" not in context.mentions:
            findings = gathered(findings, found("contained-unused", f".contained[{place}]"))
        seen.add(id)
    return findings
