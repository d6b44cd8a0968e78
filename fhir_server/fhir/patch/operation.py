"""The operations of a FHIRPath Patch, read out of their Parameters.

https://hl7.org/fhir/R4/fhirpatch.html#format
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from fhir_server.fhir.definitions import r4
from fhir_server.fhir.outcome import Invalid, Issue, Unreadable
from fhir_server.fhir.patch.bounds import refuse_many
from fhir_server.fhir.path.branch import kinds

SPEC = "https://hl7.org/fhir/R4/fhirpatch.html"

PARTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "add": frozenset({"path", "name", "value"}),
        "insert": frozenset({"path", "value", "index"}),
        "delete": frozenset({"path"}),
        "replace": frozenset({"path", "value"}),
        "move": frozenset({"path", "source", "destination"}),
    }
)
"""What each type of operation is told, beside its type."""
AROUND = frozenset({"id", "extension", "name"})
"""What may stand in a parameter beside its content. A modifierExtension could turn the meaning round, and is refused."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a named type; `beside` holds the id and extensions of a primitive, whose `content` may then be None."""

    type: str
    content: Any
    beside: dict[str, Any] | None = None

    @property
    def pair(self) -> tuple[Any, Any]:
        """As it stands in JSON."""
        return self.content, self.beside


@dataclass(frozen=True, slots=True)
class Parts:
    """A value of an anonymous type, element by element. https://hl7.org/fhir/R4/fhirpatch.html#anonymous"""

    members: "tuple[tuple[str, Value | Parts], ...]"


Given: TypeAlias = Value | Parts


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `where` is its place in the Parameters; what its type is not told is left empty."""

    where: str
    type: str
    path: str
    name: str = ""
    value: Given = Parts(())
    index: int = 0
    source: int = 0
    destination: int = 0


def operations(document: Any) -> list[Operation]:
    """The operations in their order. Unreadable where the document is no FHIRPath Patch, TooLarge where it has too many."""
    if type(document) is not dict or document.get("resourceType") != "Parameters":
        raise unreadable("patch-parameters", "")
    given = document.get("parameter", [])
    if type(given) is not list:
        raise unreadable("patch-parameters", "Parameters.parameter")
    refuse_many(given)
    return [_operation(parameter, f"Parameters.parameter[{number}]") for number, parameter in enumerate(given)]


def _operation(parameter: Any, where: str) -> Operation:
    if type(parameter) is not dict or parameter.get("name") != "operation" or _content(parameter) != {"part"}:
        raise unreadable("patch-parameters", where)
    parts = _by_name(parameter["part"], where)
    kind = _text(parts.pop("type", None), "type", where)
    if kind not in PARTS:
        raise unreadable("patch-type", where, allowed=", ".join(PARTS))
    if parts.keys() != PARTS[kind]:
        raise unreadable("patch-parts", where, type=kind, allowed=", ".join(sorted(PARTS[kind])))
    return Operation(
        where,
        kind,
        _text(parts["path"], "path", where),
        _text(parts["name"], "name", where) if "name" in parts else "",
        _value(parts["value"], "value", where) if "value" in parts else Parts(()),
        *(_whole(parts[name], name, where) if name in parts else 0 for name in ("index", "source", "destination")),
    )


def _by_name(parts: Any, where: str) -> dict[str, Any]:
    if type(parts) is not list or not all(type(part) is dict and type(part.get("name")) is str for part in parts):
        raise unreadable("patch-parameters", where)
    found = {part["name"]: part for part in parts}
    if len(found) < len(parts):
        raise unreadable("patch-part-twice", where)
    return found


def _content(parameter: dict[str, Any]) -> set[str]:
    return parameter.keys() - AROUND


def _text(part: Any, name: str, where: str) -> str:
    value = _value(part, name, where) if part is not None else None
    if not isinstance(value, Value) or type(value.content) is not str:
        raise unreadable("patch-part", where, name=name, expected="valueCode" if name == "type" else "valueString")
    return value.content


def _whole(part: Any, name: str, where: str) -> int:
    value = _value(part, name, where)
    if not isinstance(value, Value) or type(value.content) is not int or value.content < 0:
        raise unreadable("patch-part", where, name=name, expected="valueInteger, 0 or more")
    return value.content


def _value(part: dict[str, Any], name: str, where: str) -> Given:
    """A value[x], a resource or parts: one of them alone."""
    content = _content(part)
    if content == {"part"} and type(part["part"]) is list and part["part"]:
        return Parts(tuple(_member(inner, name, where) for inner in part["part"]))
    if content == {"resource"}:
        return _resource(part["resource"], name, where)
    plain = {member.removeprefix("_") for member in content}
    member = plain.pop() if len(plain) == 1 else ""
    element, kind = r4().members("Parameters.parameter").get(member, (None, ""))
    if element is None or element.name != "value":
        raise unreadable("patch-value", where, name=name)
    return _typed(Value(kind, part.get(member), part.get(f"_{member}")), name, where)


def _member(part: Any, name: str, where: str) -> tuple[str, Given]:
    if type(part) is not dict or type(part.get("name")) is not str:
        raise unreadable("patch-value", where, name=name)
    return part["name"], _value(part, name, where)


def _resource(resource: Any, name: str, where: str) -> Value:
    kind = resource.get("resourceType") if type(resource) is dict else None
    if type(kind) is not str or kind not in r4().resource_types:
        raise unreadable("patch-value", where, name=name)
    return Value(kind, resource)


def _typed(value: Value, name: str, where: str) -> Value:
    """The value, where its JSON is of the kind that its type has; an extension may stand in for a primitive's value."""
    primitive = r4().is_primitive(value.type)
    alone = value.content is None and primitive and value.beside is not None
    if not alone and type(value.content) not in kinds(value.type):
        raise unreadable("patch-value", where, name=name)
    if value.beside is not None and (type(value.beside) is not dict or not primitive):
        raise unreadable("patch-value", where, name=name)
    return value


def unreadable(key: str, where: str, **said: Any) -> Unreadable:
    """The refusal of what is no FHIRPath Patch, or not the one that was meant."""
    return Unreadable(Issue(Unreadable.code, key, where, said, source=f"{SPEC}#format"))


def inapplicable(key: str, where: str, **said: Any) -> Invalid:
    """The refusal of an operation that cannot be applied to this resource."""
    return Invalid(Issue("processing", key, where, said, source=f"{SPEC}#concept"))
