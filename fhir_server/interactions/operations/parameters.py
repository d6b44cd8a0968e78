"""The Parameters that an operation is called with: a resource in the body, or names and values in the address.

https://hl7.org/fhir/R4/parameters.html
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from fhir_server.fhir.extension import value_of
from fhir_server.fhir.outcome import BadParameter, Refusal, Unreadable
from fhir_server.interactions.call import Call
from fhir_server.process.clock import last_of

DIGITS = 9
"""So many digits may a number have."""

TEXT = "text/plain"
AS_TEXT = MappingProxyType({"$write-sip": "document"})
"""Operations that take one parameter, a string, as the whole body too, in plain text."""


def is_parameters(body: Any) -> bool:
    """Whether the body wraps what the operation is about."""
    return isinstance(body, dict) and body.get("resourceType") == "Parameters"


def parameter(call: Call, name: str) -> Any:
    """The value of a parameter, or its resource; None where it is not given. Unreadable where it is given twice."""
    text = [call.body] if isinstance(call.body, str) and AS_TEXT.get(call.address.interaction) == name else []
    given = text + parameters(call, name)
    if len(given) > 1:
        raise Unreadable.because("parameter-repeated", name=name)
    return given[0] if given else None


def parameters(call: Call, name: str) -> list[Any]:
    """The values of a parameter that may be given several times."""
    inside = call.body.get("parameter") if is_parameters(call.body) else None
    return [_value(member) for member in _members(inside, name)] + _in_address(call, name)


def told_parts(call: Call, name: str, wanted: Mapping[str, str]) -> Mapping[str, str] | None:
    """What the parts of a parameter say, each there once, in its value[x], and no blank text; None where the parameter is not given.
    Unreadable where it is given twice; BadParameter for a part that is missing, repeated, malformed or not wanted.
    """
    given = parameter(call, name)
    members = list(_members(call.body.get("parameter") if is_parameters(call.body) else None, name))
    if given is None and not members:
        return None
    parts = members[0].get("part") if members else None
    if given is not None or not isinstance(parts, list) or not all(_is_named(one, tuple(wanted)) for one in parts):
        raise ill_given(name, given or members, f"the parts {', '.join(wanted)}")
    return {part: _told_part(name, part, member, parts) for part, member in wanted.items()}


def _told_part(name: str, part: str, member: str, parts: list[Any]) -> str:
    found = [it.get(member) for it in _members(parts, part)]
    value = found[0] if len(found) == 1 else found or None
    if not isinstance(value, str) or not value.strip():
        raise ill_given(f"{name}.{part}", value, member)
    return value


def _is_named(member: Any, names: tuple[str, ...]) -> bool:
    return isinstance(member, dict) and member.get("name") in names


def _members(found: Any, name: str) -> Iterator[dict[str, Any]]:
    """The members of a name in what should be a list of them."""
    members = found if isinstance(found, list) else ()
    return (one for one in members if isinstance(one, dict) and one.get("name") == name)


def _in_address(call: Call, name: str) -> list[str]:
    return [value for own, value in call.parameters if own == name]


def ill_given(name: str, given: Any, expected: str) -> Refusal:
    """The refusal of a parameter that is not `expected`, or that is missing (None)."""
    key = "parameter-missing" if given is None else "parameter-value"
    return BadParameter.because(key, "Parameters.parameter", name=name, expected=expected)


def number(call: Call, name: str) -> int | None:
    """A whole number that is not negative; None where it is not given. BadParameter for anything else."""
    value = parameter(call, name)
    text = str(value) if type(value) in {str, int} else ""
    if value is not None and not (text.isascii() and text.isdigit() and len(text) <= DIGITS):
        raise BadParameter.because("parameter-value", name=name, expected="a number, 0 or more")
    return int(text) if text else None


def moment(call: Call, name: str) -> int | None:
    """A dateTime as milliseconds since 1970: of a day by Stockholm's calendar, and of a longer time, its end; None where it is not
    given. BadParameter for anything else.
    """
    value = parameter(call, name)
    told = last_of(value) if isinstance(value, str) else None
    if value is not None and told is None:
        raise ill_given(name, value, "a dateTime")
    return told


def flag(call: Call, name: str) -> bool:
    """Whether a parameter is given as true. BadParameter for what is neither true nor false."""
    value = parameter(call, name)
    if value not in {None, True, False, "true", "false"}:
        raise BadParameter.because("parameter-value", name=name, expected="true, false")
    return value in {True, "true"}


def text(call: Call, name: str, most: int) -> str:
    """A text of at most so many characters; "" where it is not given. BadParameter for a longer one, and for a blank one."""
    value = parameter(call, name)
    if value is not None and not (isinstance(value, str) and value.strip() and len(value) <= most):
        raise ill_given(name, value, f"a text of at most {most} characters")
    return value or ""


def told_flag(call: Call, name: str) -> bool | None:
    """The same, and None where it is not given."""
    return None if parameter(call, name) is None else flag(call, name)


def _value(member: dict[str, Any]) -> Any:
    if "resource" in member:
        return member["resource"]
    return value_of(member)


def named(name: str, **value: Any) -> dict[str, Any]:
    """A member of Parameters, or a part of one: `named("at", valueDateTime="2026-02-24")`."""
    return {"name": name, **value}


def answered(name: str, **value: Any) -> dict[str, Any]:
    """Parameters with one member: `answered("return", valueMeta={…})`."""
    return {"resourceType": "Parameters", "parameter": [named(name, **value)]}
