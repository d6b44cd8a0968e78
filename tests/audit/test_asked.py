"""What is asked of rows is what is asked of the AuditEvents that they are rendered as: in both stores, and in memory."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from fhir_server.access.anchor import load_anchors
from fhir_server.audit.asked import of_rows
from fhir_server.audit.render import Renderer, number_of
from fhir_server.fhir.outcome import BadParameter
from fhir_server.search.extract import Extractor
from fhir_server.search.match import Candidate, matches
from fhir_server.storage.store import Commit, Order
from tests.audit.telling import NORTH, entries
from tests.search.reading import BASE, PARAMETERS, PARSER
from tests.storage.contract import OPEN

pytestmark = pytest.mark.anyio
RENDERER, EXTRACTOR, ANCHORS = Renderer(BASE), Extractor(PARAMETERS, BASE), load_anchors()

ASKED = (
    "", "patient=p1", "patient=Patient/p2", "entity=CarePlan/sip", "entity=Patient/p1",
    "entity=sip", "entity=p1", "agent=Practitioner/anna", "agent=anna", "agent=Patient/p1", "agent=RelatedPerson/r1",
    f"agent:identifier={NORTH}", "agent:identifier=urn:oid:1.2.752.29.4.19|SE2321000016-2001", "agent:identifier=|journal",
    "agent:identifier=urn:oid:1.2.752.129.2.1.4.1|SE2321000016-2001", "agent:identifier=urn:oid:1.2.752.29.4.19|journal",
    "action=R", "action=C,U", "action=E", "subtype=read", "subtype=operation", "subtype=http://hl7.org/fhir/restful-interaction|delete",
    "subtype:not=read", "type=rest", "type=http://terminology.hl7.org/CodeSystem/audit-event-type|rest", "type=110100",
    "type=110114", "type=http://dicom.nema.org/resources/ontology/DCM|", "subtype=110122", "subtype:not=110122",
    "subtype=http://dicom.nema.org/resources/ontology/DCM|110122", "subtype=http://hl7.org/fhir/restful-interaction|",
    "outcome=0", "outcome=4", "outcome=8", "outcome=12", f"site={NORTH}", "site=SE2120001355-lulea", "site:missing=true",
    "date=2023-11-14T22:13:20.001Z", "date=gt2023-11-14T22:13:20.001Z", "date=ne2023-11-14T22:13:20.000Z", "date=lt2023",
    "_lastUpdated=le2023-11-14T22:13:20.001Z", "_id=trail-0000000000000000001", "_id=sip", "patient=p1&outcome=4&action=R",
    "patient=p1,p2", "_filter=patient eq p1 or not (action eq R)",
)  # fmt: skip


def where(asked: str):
    return PARSER.parse("AuditEvent", parse_qsl(asked)).query.where


def in_memory(number: int, entry, asked: str) -> bool:
    event = RENDERER.event(number, entry)
    index = EXTRACTOR.index(event)
    patients = tuple(patient for patient in entry.patient.split(" ") if patient)
    return matches(where(asked), Candidate("AuditEvent", event["id"], entry.at, index, patients))


async def test_rows_are_found_as_their_audit_events_would_be(store):
    told = [find(entries(), lambda _: True, settings=settings(database=None))]
    told += _many(60)
    await store.commit(Commit(OPEN, entries=tuple(told)))
    rows = list(await store.entries(OPEN))
    assert told == [entry for _, entry in rows]

    telling = 0
    for asked in ASKED:
        expected = {number for number, entry in rows if in_memory(number, entry, asked)}
        for order in (Order(), Order(descending=True), Order("number"), Order("number", descending=True)):
            found, total = await store.find_entries(of_rows(where(asked)), OPEN, order, count=1000, total=True)
            assert (asked, sorted(expected)) == (asked, sorted(number for number, _ in found))
            assert len(expected) == total
        telling += 0 < len(expected) < len(rows)
    assert telling > len(ASKED) * 2 // 3


def _many(count: int) -> list:
    found: list = []

    @settings(max_examples=count, database=None, derandomize=True)
    @given(entries())
    def take(entry) -> None:
        found.append(entry)

    take()
    return found


async def test_entries_are_walked_in_their_order_a_few_at_a_time(store):
    await store.commit(Commit(OPEN, entries=tuple(_many(20))))
    rows = list(await store.entries(OPEN))

    for asked in ("", "patient=p1", "patient=p1,p2", "action=R"):
        for order in (Order(), Order(descending=True), Order("number"), Order("number", descending=True)):
            expected = [(entry.at, number) for number, entry in rows if in_memory(number, entry, asked)]
            way = -1 if order.descending else 1
            expected.sort(key=lambda it: (it[1] * way,) if order.by == "number" else (it[0] * way, it[1]))
            walked, after = [], None
            while True:
                found, _ = await store.find_entries(of_rows(where(asked)), OPEN, order, count=3, after=after)
                walked += [(entry.at, number) for number, entry in found]
                if not found:
                    break
                after = walked[-1] if order.by == "at" else walked[-1][1:]
            assert expected == walked


@pytest.mark.parametrize(
    "asked",
    [
        "patient.name=x", "patient:missing=true", "agent:missing=true", "entity:identifier=x", "_has:Provenance:target:agent=x",
        "_list=x", "subtype:text=x", "agent:identifier=urn:oid:1.2.752.29.4.19|",
    ],
)  # fmt: skip
def test_what_rows_cannot_be_asked_is_refused_and_what_can_is_said(asked):
    with pytest.raises(BadParameter) as refused:
        of_rows(where(asked))

    (issue,) = refused.value.issues
    assert "search-unsupported" == issue.key
    assert "patient" in issue.text("en")
    assert issue.text("sv")


@given(st.integers(1, (1 << 63) - 1))
def test_an_id_that_is_none_of_the_trails_finds_nothing(number):
    assert number_of(f"x{number}") is None
    assert frozenset() == of_rows(where("_id=sip")).ids
