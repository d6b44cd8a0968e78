"""Who is meant: a person, a unit, a member of staff or a relative, named by an identifier or as Type/[id]; or another plan.

The form of an identifier tells its system: the NamingSystems in `profiles/`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from fhir_server.fhir.naming import forms, naming_systems
from fhir_server.fhir.reference import parse_reference

PERSON = ("Patient",)
UNIT = ("Organization",)
STAFF = ("PractitionerRole", "Practitioner")
RELATIVE = ("RelatedPerson",)
PLAN = ("CarePlan",)
OF_PERSON = (RELATIVE, PLAN)
"""Those who are looked for among what is the person's own."""


@dataclass(frozen=True, slots=True)
class Name:
    """Somebody, before anybody was looked up: the types to look among, in order, and the search parameter and value that
    find the one who is meant. Without types it is the plan's own person.
    """

    types: tuple[str, ...] = ()
    parameter: str = ""
    value: str = ""


SELF = Name()
"""`personen`: the person whose plan it is."""

_DIGITS = "(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])"
_FORMS = (
    ("hsa-id", re.compile(r"SE[0-9]{10}-[A-Z0-9]{1,18}"), {*UNIT, *STAFF}),
    ("organisationsnummer", re.compile("[0-9]{10}"), {*UNIT}),
    ("personnummer", re.compile(_DIGITS + "(?:0[1-9]|[12][0-9]|3[01])[0-9]{4}"), {*PERSON, *RELATIVE}),
    ("samordningsnummer", re.compile(_DIGITS + "(?:6[1-9]|[78][0-9]|9[01])[0-9]{4}"), {*PERSON, *RELATIVE}),
    ("nationellt-reservnummer", re.compile("[2-9][0-9]{7}[0-9A-Z]{2}[0-9]{2}"), {*PERSON}),
)
"""By NamingSystem: how an identifier is written in it, and the types of those who have one."""


def named(text: str, types: tuple[str, ...]) -> Name | None:
    """Who a text names among these types; None where it names nobody that it may."""
    literal = parse_reference(text)
    if literal is not None and literal.form == "relative":
        return Name((literal.type,), "_id", literal.id) if literal.type in types and not literal.version else None
    return next(_identified(text.upper(), types), None)


def _identified(text: str, types: tuple[str, ...]) -> Iterator[Name]:
    """An identifier without the blanks and hyphens that people put into one; in a HSA-id the hyphen belongs there."""
    solid = "".join(text.split())
    bare = solid.replace("-", "").replace("+", "")
    for naming, form, owners in _FORMS:
        written = solid if naming == "hsa-id" else bare
        kept = tuple(type for type in types if type in owners)
        if kept and form.fullmatch(written):
            yield Name(kept, "identifier", f"{_systems()[naming]}|{written}")


@cache
def _systems() -> dict[str, str]:
    """The system of each NamingSystem, in the form that is preferred: whoever wrote another is found by it too."""
    return {definition["id"]: forms(definition)[0] for definition in naming_systems()}
