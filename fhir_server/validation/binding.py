"""Required value sets: codes out of a list, and where no list can be had, codes of the right form.

https://hl7.org/fhir/R4/terminologies.html#required
"""

from collections.abc import Callable
from string import ascii_letters, digits
from typing import Any

from fhir_server.fhir.definitions import r4
from fhir_server.validation.finding import Check, Context, Finding, Findings, is_misshapen
from fhir_server.validation.primitive import is_code, refused

VALUE_SETS = "http://hl7.org/fhir/ValueSet/"
MOST_CODES_NAMED = 30
MEDIA_NAMES = frozenset(ascii_letters + digits + "!#$&-^_.+")
SHORT_FORMATS = frozenset({"xml", "json", "ttl"})
"""CapabilityStatement.format may say these for FHIR's own media types."""
UCUM = "http://unitsofmeasure.org"


def is_media_type(code: str) -> bool:
    """Whether a code is a media type: type/subtype, parameters after a semicolon (RFC 6838, RFC 2045)."""
    essence, *parameters = (part.strip() for part in code.split(";"))
    kind, _, subtype = essence.partition("/")
    if not all(part and MEDIA_NAMES.issuperset(part) for part in (kind, subtype)):
        return code in SHORT_FORMATS
    return all(name and value for name, _, value in (parameter.partition("=") for parameter in parameters))


def is_currency(code: str) -> bool:
    """Whether a code has the form of ISO 4217: three capital letters."""
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()  # noqa: PLR2004  ISO 4217


def is_language(code: str) -> bool:
    """Whether a code has the form of BCP 47: subtags of 1 to 8 letters and digits, the first of letters."""
    first, *rest = code.split("-")
    shaped = all(0 < len(tag) <= 8 and tag.isascii() and tag.isalnum() for tag in (first, *rest))  # noqa: PLR2004  RFC 5646
    return shaped and first.isalpha() and (len(first) > 1 or (first.lower() in {"x", "i"} and bool(rest)))


BY_FORM: dict[str, Callable[[str], bool]] = {
    f"{VALUE_SETS}all-languages": is_language,
    f"{VALUE_SETS}currencies": is_currency,
    f"{VALUE_SETS}mimetypes": is_media_type,
}
BY_SYSTEM = {f"{VALUE_SETS}ucum-units": UCUM}


def bound_code(value_set: str) -> Check:
    """The check of a code that is bound to a value set."""
    codes = frozenset(code for _, code in r4().codes(value_set) or ())
    well_formed = BY_FORM.get(value_set)

    def check(value: Any, _: Context, __: Any) -> Findings:
        if type(value) is not str:
            return refused("code", value)
        if value in codes or (well_formed is not None and is_code(value) and well_formed(value)):
            return None
        return _not_allowed("code-not-allowed", value_set) if is_code(value) else refused("code", value)

    return check


def bound_concept(value_set: str, structure: Check) -> Check:
    """The check of a CodeableConcept that is bound to a value set: one of its codings is in it.

    A concept whose content is all in extensions says so with them. A value set that R4 does not contain says nothing.
    """
    pairs, system = r4().codes(value_set), BY_SYSTEM.get(value_set)

    def within(coding: dict[str, Any]) -> bool:
        if pairs is None:
            return coding.get("system") == system and "code" in coding
        return (coding.get("system"), coding.get("code")) in pairs

    def check(value: Any, context: Context, holder: Any) -> Findings:
        findings = structure(value, context, holder)
        if is_misshapen(findings) or value.keys() <= {"id", "extension"} or any(map(within, value.get("coding", ()))):
            return findings
        return _not_allowed("concept-not-allowed", value_set) + (findings or [])

    return check if pairs is not None or system is not None else structure


def _not_allowed(key: str, value_set: str) -> list[Finding]:
    codes = sorted({code for _, code in r4().codes(value_set) or ()})
    named = codes[:MOST_CODES_NAMED] + (["…"] if len(codes) > MOST_CODES_NAMED else [])
    return [Finding(key, {"allowed": ", ".join(named) or value_set}, "code-invalid", value_set)]
