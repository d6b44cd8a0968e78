"""A row as an AuditEvent: valid R4, and in the shape of IHE's Basic Audit Log Patterns.

https://profiles.ihe.net/ITI/BALP/
"""

from base64 import b64decode

import pytest
from hypothesis import given

from fhir_server.audit.coding import AUDIT, INTERACTION
from fhir_server.audit.render import Renderer, id_of, number_of
from fhir_server.fhir.codec import decode
from fhir_server.fhir.definitions import read
from fhir_server.validation.profile import load_profiles
from fhir_server.validation.validate import Validator
from tests.audit.telling import ANONYMOUS, CITIZEN, HSA, NORTH, NURSE, SYSTEM, an_entry_by, entries

BASE = "http://127.0.0.1:8080/fhir"
RENDERER = Renderer(BASE)
VALIDATOR = Validator(load_profiles())
CODES = {one["code"] for one in dict(read("security"))["CodeSystem-audit.json"]["concept"]}
CLIENT_FIRST, SERVER_FIRST = ("110152", "110153"), ("110153", "110152")


def event(entry):
    return RENDERER.event(7, entry)


def code(concept) -> str:
    return concept["coding"][0]["code"]


def agents(entry) -> list[str]:
    return [code(agent["type"]) for agent in event(entry)["agent"]]


def entity(entry, type: str, role: str = ""):
    (found,) = [
        one
        for one in event(entry)["entity"]
        if type == one["type"]["code"] and role == one.get("role", {}).get("code", "")
    ]
    return found


@given(entries())
def test_every_entry_is_a_valid_audit_event(entry):
    assert [] == [issue for issue in VALIDATOR.issues(event(entry)) if issue.blocks]


@given(entries())
def test_every_code_of_ours_is_defined(entry):
    told = event(entry)
    codings = [coding for agent in told["agent"] for coding in agent["type"]["coding"]]
    codings += [one["type"] for one in told.get("entity", ())]
    ours = {coding["code"] for coding in codings if coding["system"] == AUDIT}
    ours |= {detail["type"] for one in told.get("entity", ()) for detail in one.get("detail", ())}

    assert ours <= CODES


@pytest.mark.parametrize(
    ("interaction", "subtype", "action", "parts"),
    [
        ("read", "read", "R", CLIENT_FIRST),
        ("vread", "vread", "R", CLIENT_FIRST),
        ("history-instance", "history-instance", "R", CLIENT_FIRST),
        ("create", "create", "C", SERVER_FIRST),
        ("update", "update", "U", SERVER_FIRST),
        ("patch", "patch", "U", SERVER_FIRST),
        ("delete", "delete", "D", SERVER_FIRST),
        ("search-type", "search-type", "E", SERVER_FIRST),
        ("$everything", "operation", "E", SERVER_FIRST),
    ],
)
def test_what_was_done_and_which_way_it_went(interaction, subtype, action, parts):
    told = event(an_entry_by(interaction=interaction))

    assert ("rest", subtype, INTERACTION) == (
        told["type"]["code"],
        *(told["subtype"][0][it] for it in ("code", "system")),
    )
    assert action == told["action"]
    assert list(parts) == agents(an_entry_by(interaction=interaction))[:2]


@pytest.mark.parametrize(("status", "outcome"), [(200, "0"), (304, "0"), (404, "4"), (422, "4"), (503, "8")])
def test_l_06_a_refusal_has_its_outcome_and_its_reason(status, outcome):
    reason = "" if outcome == "0" else "not-found"
    told = event(an_entry_by(status=status, reason=reason))

    assert (outcome, reason) == (told["outcome"], told.get("outcomeDesc", ""))
    details = {detail["type"]: detail.get("valueString") for detail in told["entity"][-1]["detail"]}
    assert (reason or None) == details.get("reason")
    assert "relation" == details["rule"]


def test_staff_are_told_with_commission_unit_and_provider():
    told = event(an_entry_by(NURSE))

    assert ["110152", "110153", "IRCP", "commission", "unit", "provider"] == agents(an_entry_by(NURSE))
    client, server, user, *acted_for = told["agent"]
    assert ("journal", "192.0.2.1") == (client["who"]["identifier"]["value"], client["network"]["address"])
    assert (BASE, False) == (server["who"]["identifier"]["value"], client["requestor"])
    assert {"reference": "Practitioner/anna", "identifier": {"system": HSA, "value": "SE2321000016-0001"}} == user[
        "who"
    ]
    assert ("Anna Test", True, ["urn:jti:t-1"]) == (user["name"], user["requestor"], user["policy"])
    assert ["TREAT", "nurse"] == [code(user["purposeOfUse"][0]), user["role"][0]["text"]]
    assert [NURSE.commission, NURSE.unit, NORTH] == [one["who"]["identifier"]["value"] for one in acted_for]
    assert ["PractitionerRole", "Organization", "Organization"] == [one["who"]["type"] for one in acted_for]
    assert (NORTH, "TREAT") == (told["source"]["site"], code(told["purposeOfEvent"][0]))


def test_who_writes_is_the_author_and_a_proxy_is_told_with_whom_he_acts_for():
    assert ["110153", "110152", "AUT", "proxy"] == agents(an_entry_by(CITIZEN, "update"))
    assert "RelatedPerson/r1" == event(an_entry_by(CITIZEN))["agent"][-1]["who"]["reference"]


def test_nobody_and_a_system_are_requestors_themselves():
    for agent, who in ((ANONYMOUS, {"display": "anonymous"}), (SYSTEM, {"identifier": {"value": "journal"}})):
        client = event(an_entry_by(agent))["agent"][0]
        assert (who, True) == (client["who"], client["requestor"])


def test_the_version_the_patient_the_request_and_the_decision_are_entities():
    entry = an_entry_by()

    assert {"reference": "CarePlan/sip/_history/3"} == entity(entry, "2", "4")["what"]
    assert {"reference": "Patient/p1"} == entity(entry, "1", "1")["what"]
    assert "0123456789abcdef" == entity(entry, "XrequestId")["what"]["identifier"]["value"]
    assert {"type": "digest", "valueBase64Binary": "q" * 43 + "="} in entity(entry, "decision")["detail"]


def test_a_search_is_told_word_for_word():
    query = entity(an_entry_by(interaction="search-type", id="", version=0, query="name=%C3%85sa"), "2", "24")

    assert (b"CarePlan?name=%C3%85sa", False) == (b64decode(query["query"]), "what" in query)


def test_an_entry_of_two_patients_names_both_and_one_of_nobody_none():
    def named(patient):
        return [
            one["what"]["reference"]
            for one in event(an_entry_by(patient=patient))["entity"]
            if one["type"]["code"] == "1"
        ]

    assert [["Patient/a", "Patient/b"], []] == [named("a b"), named("")]


def test_the_resource_is_of_one_version_and_of_its_patients():
    stored = RENDERER.stored(7, an_entry_by(patient="p1 p2"))

    assert ("AuditEvent", "trail-0000000000000000007", 1) == (stored.type, stored.id, stored.version)
    assert ("p1", "p2") == stored.patients
    assert event(an_entry_by(patient="p1 p2")) == decode(stored.text)


@pytest.mark.parametrize("number", [1, 4711, (1 << 63) - 1])
def test_an_id_is_that_of_a_number(number):
    assert number == number_of(id_of(number))
    assert id_of(number - 1) < id_of(number)


@pytest.mark.parametrize(
    "id", ["trail-7", "trail-x000000000000000007", "0199c0de-0000-7000-8000-000000000000", "", "trail-"]
)
def test_other_ids_are_none_of_the_trails(id):
    assert number_of(id) is None
