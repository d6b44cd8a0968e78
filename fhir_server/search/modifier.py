"""What one value of a parameter asks, by the parameter's kind and the modifier that it is asked with.

https://hl7.org/fhir/R4/search.html#modifiers
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from fhir_server.fhir.definitions import r4
from fhir_server.fhir.outcome import BadParameter, Refusal, repeated
from fhir_server.fhir.reference import is_id
from fhir_server.search.parameter import COMPOSITE, STORED, WORDED, Parameter
from fhir_server.search.query import Criterion, Identity, Missing, Together, Token, Without, every, some
from fhir_server.search.values import amount, date, reference, string, token, uri, words
from fhir_server.search.values.escape import plain, split

LONGEST_VALUE = 2048
"""Characters of one value."""

ID = "_id"

TEXTED = frozenset({"CodeableConcept", "Coding", "Identifier"})
"""Types that carry a text beside their codes: what `:text` asks of."""
CODED = frozenset({"CodeableConcept", "Coding", "code"})
MEDIA_TYPES = "http://hl7.org/fhir/ValueSet/mimetypes"

_MODIFIERS: Mapping[str, tuple[str, ...]] = {
    "token": ("missing", "not", "text", "of-type", "in", "not-in", "below"),
    "reference": ("missing", "identifier"),
    "string": ("missing", "exact", "contains"),
    "uri": ("missing", "above", "below"),
    "date": ("missing",),
    "number": ("missing",),
    "quantity": ("missing",),
    COMPOSITE: (),
}
_NEEDED: Mapping[tuple[str, str], Callable[[Parameter], bool]] = {
    ("token", "text"): lambda parameter: not TEXTED.isdisjoint(parameter.types),
    ("token", "of-type"): lambda parameter: "Identifier" in parameter.types,
    ("token", "in"): lambda parameter: not CODED.isdisjoint(parameter.types),
    ("token", "not-in"): lambda parameter: not CODED.isdisjoint(parameter.types),
    ("token", "below"): lambda parameter: any(path.binding == MEDIA_TYPES for path in parameter.paths),
    ("reference", "identifier"): lambda parameter: "Reference" in parameter.types,
}
"""What a parameter must find for a modifier to mean anything."""


def modifiers_of(parameter: Parameter) -> tuple[str, ...]:
    """The modifiers that a parameter understands, but for the types of a reference."""
    if parameter.code in STORED | WORDED:
        return ("not",) if parameter.kind == "token" else ()
    kind = parameter.kind
    return tuple(one for one in _MODIFIERS[kind] if (needed := _NEEDED.get((kind, one))) is None or needed(parameter))


def refuse_modifier(parameter: Parameter, modifier: str) -> None:
    """BadParameter for a modifier that is not understood. A reference takes a type too, one of those that it may name."""
    allowed = modifiers_of(parameter)
    if modifier in allowed:
        return
    if parameter.kind == "reference":
        refuse_type(parameter, modifier)
    else:
        raise unknown_modifier(parameter.code, modifier, [f":{one}" for one in allowed])


def refuse_type(parameter: Parameter, type: str) -> None:
    """BadParameter for a type that a reference cannot name."""
    if type not in (parameter.targets or r4().resource_types):
        raise unknown_modifier(parameter.code, type, [*(f":{one}" for one in modifiers_of(parameter)), ":[type]"])


def unknown_modifier(name: str, modifier: str, allowed: Iterable[str] = ()) -> Refusal:
    """The refusal of a modifier."""
    return BadParameter.because(
        "unknown-modifier", modifier=repeated(modifier), name=name, allowed=", ".join(allowed) or "-"
    )


def missing(parameter: Parameter, value: str) -> Criterion:
    """What `:missing` asks. A reference by identifier alone is a value too, and so is a concept of text alone."""
    if value not in {"true", "false"}:
        raise BadParameter.because("parameter-value", name=f"{parameter.code}:missing", expected="true|false")
    beside = [one for one in ("identifier", "text") if one in modifiers_of(parameter)]
    found = every(*map(Missing, [parameter.code, *(f"{parameter.code}:{one}" for one in beside)]))
    return found if value == "true" else Without(found)


def identity(name: str, values: Iterable[str]) -> Identity:
    """The ids that a parameter names. BadParameter for what is none."""
    ids = frozenset(map(plain, values))
    if not all(map(is_id, ids)):
        raise BadParameter.because("parameter-value", name=name, expected="id")
    return Identity(ids)


def asked(parameter: Parameter, modifier: str, value: str, base: str) -> Criterion:
    """What one value, still escaped, asks on a server of this base. BadParameter for one that is malformed."""
    if len(value) > LONGEST_VALUE:
        raise BadParameter.because("value-too-long", name=parameter.code, limit=LONGEST_VALUE)
    if parameter.code == ID:
        return identity(ID, [value])
    found, expected = _reader(parameter)(parameter, modifier, value, base)
    if found is None:
        raise BadParameter.because("parameter-value", name=parameter.code, expected=expected)
    return found


# ---------------------------------------------------------------------------------------------- by kind

_Read: TypeAlias = tuple[Criterion | None, str]
"""What a value asks, None where it is malformed; and what is expected instead."""


def _read_token(parameter: Parameter, modifier: str, value: str, _: str) -> _Read:
    match modifier:
        case "text":
            return string.string(f"{parameter.code}:text", value), string.EXPECTED
        case "of-type":
            return token.of_type(f"{parameter.code}:of-type", value), token.EXPECTED_OF_TYPE
        case "in" | "not-in":
            return _in_value_set(parameter, plain(value)), "a value set that this server can expand"
        case "below":
            return token.media_type(parameter.code, value), token.EXPECTED_MEDIA_TYPE
    return _read_code(parameter, value)


def _read_code(parameter: Parameter, value: str) -> _Read:
    if parameter.types == {"boolean"}:
        return token.flag(parameter.code, value), token.EXPECTED_FLAG
    if parameter.types and parameter.types <= token.BARE:
        return token.bare(parameter.code, value, parameter.types), token.EXPECTED_BARE
    return token.token(parameter.code, value, parameter.systems), token.EXPECTED


def _in_value_set(parameter: Parameter, canonical: str) -> Criterion | None:
    """One of the codes of a value set. What its element implies is indexed without a system."""
    codes = r4().codes(canonical.partition("|")[0])
    if codes is None:
        return None
    return some(
        *(Token(parameter.code, "" if system in parameter.systems else system, code) for system, code in sorted(codes))
    )


def _read_reference(parameter: Parameter, modifier: str, value: str, base: str) -> _Read:
    if modifier == "identifier":
        return token.token(f"{parameter.code}:identifier", value), token.EXPECTED
    return reference.reference(parameter.code, value, base, parameter.targets, modifier), reference.EXPECTED


def _read_date(parameter: Parameter, _: str, value: str, __: str) -> _Read:
    return date.date(parameter.code, value), date.EXPECTED


def _read_string(parameter: Parameter, modifier: str, value: str, _: str) -> _Read:
    return string.string(parameter.code, value, modifier), string.EXPECTED


def _read_number(parameter: Parameter, _: str, value: str, __: str) -> _Read:
    return amount.number(parameter.code, value), amount.EXPECTED


def _read_quantity(parameter: Parameter, _: str, value: str, __: str) -> _Read:
    return amount.quantity(parameter.code, value), amount.EXPECTED_QUANTITY


def _read_uri(parameter: Parameter, modifier: str, value: str, _: str) -> _Read:
    match modifier:
        case "below":
            return uri.below(parameter.code, value), uri.EXPECTED_PATH
        case "above":
            return uri.above(parameter.code, value), uri.EXPECTED_PATH
    return uri.uri(parameter.code, value), uri.EXPECTED


def _read_together(parameter: Parameter, _: str, value: str, base: str) -> _Read:
    values, components = split(value, "$"), [component.parameter for component in parameter.components]
    if len(values) != len(components):
        return None, "$".join(component.kind for component in components)
    read = [_reader(one)(one, "", told, base) for one, told in zip(components, values, strict=True)]
    parts = tuple(found for found, _ in read if found is not None)
    together = Together(parameter.code, parts) if len(parts) == len(read) else None
    return together, "$".join(expected for _, expected in read)


def _read_words(parameter: Parameter, _: str, value: str, __: str) -> _Read:
    return words.words(parameter.code, value), words.EXPECTED


_READERS: Mapping[str, Callable[[Parameter, str, str, str], _Read]] = {
    "token": _read_token,
    "reference": _read_reference,
    "date": _read_date,
    "string": _read_string,
    "number": _read_number,
    "quantity": _read_quantity,
    "uri": _read_uri,
    COMPOSITE: _read_together,
}


def _reader(parameter: Parameter) -> Callable[[Parameter, str, str, str], _Read]:
    return _read_words if parameter.code in WORDED else _READERS[parameter.kind]
