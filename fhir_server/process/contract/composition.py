"""The Composition that opens a patient contract.

https://hl7.org/fhir/R4/documents.html
"""

from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from fhir_server.fhir.canonical import OURS
from fhir_server.fhir.instant import instant
from fhir_server.fhir.reference import own_reference
from fhir_server.process.contract.content import Content, Json
from fhir_server.process.contract.section import SECTIONS, Section
from fhir_server.process.contract.written import day_or_time, narrative, paragraph, sentences

CODES = f"{OURS}/CodeSystem/patient-contract"
"""What the document and its sections are."""


def composition(content: Content, title: Callable[[str], str], base: str, author: str) -> Json:
    """The Composition of what a patient contract tells of, made by a server of this `base` and name. `title` gives the words of
    a code in the language asked for; the narratives are in Swedish.
    """
    return {
        "resourceType": "Composition",
        "language": "sv",
        "text": narrative(paragraph(_opening(content))),
        "status": "final",
        "type": _concept("contract", title),
        "subject": {"reference": f"{base}/{own_reference(content.patient)}"},
        "date": instant(content.at),
        "author": [{"type": "Device", "display": author}],
        "title": title("contract"),
        "section": [_section(one, content, title, base) for one in SECTIONS],
    }


def _opening(content: Content) -> Markup:
    none = "" if content.plans else SECTIONS[0].nothing
    return sentences(f"Patientkontrakt, sammanställt {day_or_time(instant(content.at))}", none)


def _section(section: Section, content: Content, title: Callable[[str], str], base: str) -> dict[str, Any]:
    listed = [{"reference": f"{base}/{own_reference(one)}"} for one in section.lists(content)]
    more = [paragraph("Det finns mer än vad som visas här.")] if section.code in content.cut else []
    told = [*section.tell(content, content.names()), *more] if listed else [paragraph(section.nothing)]
    return {
        "title": title(section.code),
        "code": _concept(section.code, title),
        "text": narrative(*told),
        **({"entry": listed} if listed else {"emptyReason": {"text": section.nothing}}),
    }


def _concept(code: str, title: Callable[[str], str]) -> Json:
    return {"coding": [{"system": CODES, "code": code, "display": title(code)}]}
