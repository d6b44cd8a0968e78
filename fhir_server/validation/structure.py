"""Each type's table of elements, compiled into closures over plain dicts when the type is first met.

One closure factory makes one kind of rule. A type's check goes through the members that are present, one look into a
dict each, then through its demands (what must be there), then through its constraints.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from fhir_server.fhir.definitions import Element, json_name, r4
from fhir_server.validation import contained, extension, invariant
from fhir_server.validation.binding import bound_code, bound_concept
from fhir_server.validation.extension_definition import ExtensionDefinitions
from fhir_server.validation.finding import (
    Check,
    Context,
    Demand,
    Findings,
    asked,
    below,
    found,
    gathered,
    is_misshapen,
    is_name,
)
from fhir_server.validation.narrative import narrative
from fhir_server.validation.primitive import element_id, primitive
from fhir_server.validation.profile import Profiles
from fhir_server.validation.reference import reference


class Types(dict[str, Check]):
    """The check of each type by its name, made when it is first asked for; extensions are held to their definitions, and
    resources to their profiles.
    """

    def __init__(self, profiles: Profiles) -> None:
        self.extensions = ExtensionDefinitions(profiles)
        self._profiles = profiles
        self._at: dict[tuple[str, ...], Check] = {}

    def __missing__(self, kind: str) -> Check:
        return self.setdefault(kind, _object(kind, self))

    def at(self, kind: str, names: tuple[str, ...]) -> Check:
        """The check of a type at elements of these names (`Patient.name`), of which a definition of an extension may speak."""
        others = tuple(name for name in names if name != kind)
        if not self.extensions.speak_of(others):
            return self[kind]
        key = kind, *others
        return self._at.get(key) or self._at.setdefault(key, _object(kind, self, others))

    def judge(self, kind: str, node: Any, context: Context, demanded: Iterable[str] = ()) -> Findings:
        """What is wrong with a value by base R4, by the profiles that it claims, and by those that are demanded of it.
        KeyError where one demanded is not known.
        """
        profiles, doubts = self._profiles.of(kind, node, demanded)
        context.profiled = context.profiled or bool(profiles)
        findings = self[kind](node, context, None)
        for profile in profiles:
            more = profile.findings(node, context)
            if more is not None:
                findings = gathered(findings, more)
        return findings if doubts is None else gathered(findings, doubts)


def _object(kind: str, types: Types, names: tuple[str, ...] = ()) -> Check:
    """The check of an object: its members in the order they came, what it must have, what its constraints say. `names` are
    those of the element that it is the value of.

    Its table is compiled when the first value is met, so types may hold each other. `rules` is set last: another thread
    then has it whole.
    """
    rules: Mapping[str, Check] | None = None
    steps: Mapping[str, str] = {}
    demands: tuple[Demand, ...] = ()
    everything: tuple[Demand, ...] = ()
    lone_id = kind not in r4().resource_types and kind != "Element"

    def compile_table() -> Mapping[str, Check]:
        nonlocal rules, steps, demands, everything
        demands = _demands(kind)
        everything = demands + invariant.demands(r4().constraints(kind), kind)
        steps = {name: f".{element.name}" for name, (element, _) in r4().members(kind).items()}
        rules = _rules(kind, types, names)
        return rules

    def check(node: Any, context: Context, _: Any) -> Findings:
        if type(node) is not dict or not node:
            return _no_object(node)
        inside: Findings = None
        table = rules or compile_table()
        for name, value in node.items():
            rule = table.get(name)
            here = rule(value, context, node) if rule is not None else _unknown(name, kind)
            if here is not None:
                inside = gathered(inside, below(steps.get(name.removeprefix("_"), "") if rule else "", here))
        findings = found("no-value") if lone_id and len(node) == 1 and "id" in node else None
        wanted = everything if inside is None or not is_misshapen(inside) else demands
        findings = asked(wanted, node, context, findings)
        return inside if findings is None else gathered(findings, inside or [])

    return check


def _rules(kind: str, types: Types, names: tuple[str, ...]) -> Mapping[str, Check]:
    """What each member may hold, by its name in JSON."""
    known = (kind, *names)
    rules: dict[str, Check] = {"resourceType": _nothing_to_check} if kind in r4().resource_types else {}
    for name, (element, of) in r4().members(kind).items():
        item = _item(known, element, of, types)
        if not r4().is_primitive(of):
            rules[name] = _list(item) if element.many else item
            continue
        rules[name] = extension.values(item, name) if element.many else item
        if not _is_plain(kind, element):
            beside = extension.siblings if element.many else extension.sibling
            inner = (*ancestry(of), *_below(known, element))
            rules[f"_{name}"] = beside(name, types.at("Element", inner))
    return rules


def _list(item: Check) -> Check:
    def check(values: Any, context: Context, holder: Any) -> Findings:
        if type(values) is not list:
            return found("null" if values is None else "not-array")
        if not values:
            return found("empty-array")
        findings: Findings = None
        for place, value in enumerate(values):
            here = item(value, context, holder)
            if here is not None:
                findings = gathered(findings, below(f"[{place}]", here))
        return findings

    return check


def _nothing_to_check(*_: Any) -> Findings:
    return None


def _below(names: tuple[str, ...], element: Element) -> tuple[str, ...]:
    return tuple(f"{name}.{element.name}" for name in names)


def ancestry(kind: str) -> tuple[str, ...]:
    """A type and those that it is derived from."""
    base = r4().base(kind)
    return (kind, *ancestry(base)) if base else (kind,)


def _item(holder: tuple[str, ...], element: Element, kind: str, types: Types) -> Check:
    """The check of one value of an element, with what the element demands beyond its type. `holder` is the type of the
    object that holds it, and the names of elements that this goes by.
    """
    if kind == "Resource":
        return contained.contained(types.judge) if element.name == "contained" else contained.independent(types.judge)
    check = _typed(holder, element, kind, types)
    return invariant.constrained(check, element.constraints, kind)


def _typed(holder: tuple[str, ...], element: Element, kind: str, types: Types) -> Check:
    if kind == "xhtml":
        return narrative
    if kind == "code" and element.binding:
        return bound_code(element.binding)
    if not r4().is_primitive(kind):
        return _structured(holder, element, kind, types)
    return element_id if _is_plain(holder[0], element) and kind == "string" else primitive(kind)


def _structured(holder: tuple[str, ...], element: Element, kind: str, types: Types) -> Check:
    structure = types.at(kind, _below(holder, element))
    if kind == "Extension":
        return types.extensions.extended(structure, (*ancestry(holder[0]), *holder[1:]), element.name)
    if kind == "CodeableConcept" and element.binding:
        return bound_concept(element.binding, structure)
    return reference(element.targets, structure) if kind == "Reference" else structure


def _is_plain(parent: str, element: Element) -> bool:
    """Whether an element is an attribute in XML, and so has no extensions: ids, Extension.url, the narrative."""
    return element.name == "id" or (parent, element.name) in {("Extension", "url"), ("Narrative", "div")}


def _demands(kind: str) -> tuple[Demand, ...]:
    elements = r4().elements(kind).values()
    required = [_required(element) for element in elements if element.min and not element.choice]
    if kind == "Extension":
        return (*required, _content(r4().elements(kind)["value"]))
    choices = [_one_of(element) for element in elements if element.choice]
    return (*required, *choices, contained.all_used) if "contained" in r4().members(kind) else (*required, *choices)


def _required(element: Element) -> Demand:
    name, beside = element.name, f"_{element.name}"
    finding = {"key": "missing", "path": f".{name}", "name": name}

    def demand(node: dict[str, Any], _: Context) -> Findings:
        return None if name in node or beside in node else found(**finding)

    return demand


def _one_of(element: Element) -> Demand:
    """A choice stands once, under one of its names; `_valueString` is the same choice as `valueString`."""
    bases = {json_name(element, kind): json_name(element, kind) for kind in element.types}
    names = bases | {f"_{name}": name for name in bases}
    path = f".{element.name}"

    def demand(node: dict[str, Any], _: Context) -> Findings:
        present = names.keys() & node.keys()
        if len(present) > 1 and len({names[name] for name in present}) > 1:
            return found("choice-twice", path, name=element.name)
        return found("missing-choice", path, name=element.name) if element.min and not present else None

    return demand


def _content(value: Element) -> Demand:
    """ext-1: an extension has a value or extensions, and not both."""
    one = _one_of(value)
    names = {beside + json_name(value, kind) for kind in value.types for beside in ("", "_")}

    def demand(node: dict[str, Any], context: Context) -> Findings:
        if ("extension" in node) == (not names.isdisjoint(node)):
            return found("extension-content")
        return one(node, context)

    return demand


def _no_object(node: Any) -> Findings:
    if node is None:
        return found("null")
    if type(node) is dict:
        return found("empty-object")
    return found("not-single" if type(node) is list else "not-object")


def _unknown(name: str, kind: str) -> Findings:
    """A member that the type does not have; its name is repeated only where it looks like a name."""
    plain = name.removeprefix("_")
    if not is_name(plain):
        return found("unknown-member", type=kind)
    return found("unknown-element", f".{plain}", name=name, type=kind)
