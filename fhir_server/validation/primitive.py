"""The primitive types, each checked by hand: the spec's own regular expressions let 30 February pass, and some of
them can be made to take for ever. https://hl7.org/fhir/R4/datatypes.html#primitive
"""

import binascii
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from fhir_server.fhir.reference import is_id, is_oid, is_urn, is_uuid
from fhir_server.validation.finding import NARRATIVE, R4, TYPES, Check, Context, Finding, Findings, found

LONGEST_STRING = 1024 * 1024
LONGEST_ID = 64
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?")
"""A leap second is a time, 24:00 is none."""
MOMENT = re.compile(rf"T{CLOCK.pattern}(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))")


def is_boolean(value: Any) -> bool:
    """True or false, and not their names."""
    return value is True or value is False


def is_integer(value: Any) -> bool:
    """A whole number of 32 bits, written without a fraction or an exponent."""
    return type(value) is int and -(2**31) <= value < 2**31


def is_unsigned(value: Any) -> bool:
    """An integer from 0."""
    return type(value) is int and 0 <= value < 2**31


def is_positive(value: Any) -> bool:
    """An integer from 1."""
    return type(value) is int and 0 < value < 2**31


def is_decimal(value: Any) -> bool:
    """A number of JSON; the codec has kept its digits."""
    return type(value) is int or (isinstance(value, Decimal) and value.is_finite())


def is_string(value: Any) -> bool:
    """Text with something to see in it, no control characters but tab and line ends, at most 1 MB."""
    if type(value) is not str or not value or value.isspace() or len(value) > LONGEST_STRING:
        return False
    return value.isprintable() or not FORBIDDEN.search(value)


def is_code(value: Any) -> bool:
    """Words with single spaces between them and none around."""
    if type(value) is not str or not value:
        return False
    return _is_solid(value) or (" ".join(value.split()) == value and not FORBIDDEN.search(value))


def is_uri(value: Any) -> bool:
    """Text without white space; of urn:uuid: and urn:oid: the form is checked too."""
    if type(value) is not str or not value or not (_is_solid(value) or _has_no_space(value)):
        return False
    return is_urn(value) if value.startswith(("urn:uuid:", "urn:oid:")) else True


def _is_solid(text: str) -> bool:
    """Whether a text has neither white space nor anything that cannot be shown: the usual case, told quickly."""
    return text.isprintable() and " " not in text


def _has_no_space(text: str) -> bool:
    return text.split() == [text] and not FORBIDDEN.search(text)


def is_canonical(value: Any) -> bool:
    """A URI, with |version where a version is meant."""
    return type(value) is str and is_uri(value.partition("|")[0]) and _has_no_space(value)


def is_oid_urn(value: Any) -> bool:
    """An OID as a URN."""
    return type(value) is str and value.startswith("urn:oid:") and is_oid(value[8:])


def is_uuid_urn(value: Any) -> bool:
    """A UUID as a URN, in lower case."""
    return type(value) is str and value.startswith("urn:uuid:") and is_uuid(value[9:]) and value == value.lower()


def is_resource_id(value: Any) -> bool:
    """1 to 64 letters, digits, hyphens and dots."""
    return type(value) is str and is_id(value)


def is_element_id(value: Any) -> bool:
    """Text without spaces; https://hl7.org/fhir/R4/element.html#id."""
    return type(value) is str and value.split() == [value] and len(value) <= LONGEST_STRING


def is_base64(value: Any) -> bool:
    """Base64 with its padding; white space may stand between."""
    if type(value) is not str or not value.isascii():
        return False
    packed = "".join(value.split())
    try:
        return len(packed) % 4 == 0 and bool(binascii.a2b_base64(packed, strict_mode=True))
    except binascii.Error:
        return False


def is_date(value: Any) -> bool:
    """YYYY, YYYY-MM or YYYY-MM-DD: a day of the calendar."""
    if type(value) is not str:
        return False
    if len(value) == 10:  # noqa: PLR2004  YYYY-MM-DD
        return _is_day(value)
    return _is_day(f"{value}-01-01"[:10] if len(value) == 4 else f"{value}-01")  # noqa: PLR2004  YYYY


def _is_day(text: str) -> bool:
    """`date.fromisoformat` reads weeks (2024-W01-1) and 20240101 too: the hyphens keep them out."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-":  # noqa: PLR2004  YYYY-MM-DD
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_date_time(value: Any) -> bool:
    """A date, or a day with a time to the second and its zone."""
    if type(value) is not str:
        return False
    return is_instant(value) if len(value) > 10 else is_date(value)  # noqa: PLR2004  YYYY-MM-DD


def is_instant(value: Any) -> bool:
    """A day with a time to the second and its zone."""
    return type(value) is str and MOMENT.fullmatch(value, 10) is not None and _is_day(value[:10])


def is_time(value: Any) -> bool:
    """A time to the second, without a zone; midnight is 00:00:00."""
    return type(value) is str and CLOCK.fullmatch(value) is not None


PRIMITIVES: dict[str, Callable[[Any], bool]] = {
    "base64Binary": is_base64,
    "boolean": is_boolean,
    "canonical": is_canonical,
    "code": is_code,
    "date": is_date,
    "dateTime": is_date_time,
    "decimal": is_decimal,
    "id": is_resource_id,
    "instant": is_instant,
    "integer": is_integer,
    "markdown": is_string,
    "oid": is_oid_urn,
    "positiveInt": is_positive,
    "string": is_string,
    "time": is_time,
    "unsignedInt": is_unsigned,
    "uri": is_uri,
    "url": is_uri,
    "uuid": is_uuid_urn,
}
"""Whether a JSON value is one of the type; xhtml is `narrative.py`'s."""

NUMBERS = frozenset({"decimal", "integer", "positiveInt", "unsignedInt"})
ELSEWHERE = {"element-id": f"{R4}/element.html#id", "xhtml": f"{NARRATIVE}#xhtml"}
"""Where the spec speaks of a form that is not among its primitive types."""

FRAGMENTS = frozenset({"canonical", "uri", "url"})


def primitive(kind: str) -> Check:
    """The check of one value of a primitive type."""
    valid = PRIMITIVES[kind]
    if kind in FRAGMENTS:
        return _mentioning(kind, valid)

    def check(value: Any, _: Context, __: Any) -> Findings:
        return None if valid(value) else refused(kind, value)

    return check


def _mentioning(kind: str, valid: Callable[[Any], bool]) -> Check:
    """As `primitive`, and `#id` is remembered: it may be what a contained resource is there for (dom-3)."""

    def check(value: Any, context: Context, _: Any) -> Findings:
        if not valid(value):
            return refused(kind, value)
        if value[0] == "#":
            context.mentions.add(value)
            if kind == "canonical" and value[1:] not in context.contained:
                return found("fragment-unresolved")
        return None

    return check


def element_id(value: Any, _: Context, __: Any) -> Findings:
    """The check of the id of an element."""
    return None if is_element_id(value) else refused("element-id", value)


def refused(kind: str, value: Any) -> list[Finding]:
    """What is wrong with a value that is none of the type."""
    if value is None:
        return found("null")
    if type(value) is list:
        return found("not-single")
    shape = bool if kind == "boolean" else int | Decimal if kind in NUMBERS else str
    matches = isinstance(value, shape) and (kind == "boolean" or (value is not True and value is not False))
    return [Finding(f"value-{kind}", {}, "value" if matches else "structure", ELSEWHERE.get(kind, f"{TYPES}#{kind}"))]
