"""An entry in words that the person whom it concerns understands: where, what, and by whom only where the employer is public."""

import pytest

from fhir_server.audit.account import Register, bodies_of, organizations_in, public_bodies, row_of, staff_in
from fhir_server.audit.agent import Agent
from fhir_server.fhir.definitions import BadDefinition
from tests.audit.telling import CITIZEN, NORTH, NURSE, SYSTEM, an_entry_by

PRIVATE = Agent(who="staff", user="SE5560000001-0009", unit="SE5560000001-2001", provider="SE5560000001-0001")
PUBLIC = Agent(who="staff", user="SE2321000016-0001", unit="SE2321000016-2001", provider=NORTH)
REGISTER = Register(
    {"SE2321000016-2001": "Rehab Norr", NORTH: "Region Nord", "SE5560000001-0001": "Omsorgsbolaget"},
    {"SE2321000016-0001": "Anna Test"},
)


def told(entry, language="sv", patient="p1") -> dict[str, object]:
    row = row_of(entry, patient, REGISTER, language)
    assert "access" == row["name"]
    return {part["name"]: next(value for name, value in part.items() if name != "name") for part in row["part"]}


def test_staff_of_a_public_body_are_told_by_name_and_others_by_their_unit_alone():
    public, private = told(an_entry_by(PUBLIC)), told(an_entry_by(PRIVATE))

    assert ("Rehab Norr, Region Nord", "Anna Test") == (public["where"], public["who"])
    assert "SE5560000001-2001, Omsorgsbolaget" == private["where"]
    assert "who" not in private
    assert {"SE2321000016-0001"} == staff_in([an_entry_by(PUBLIC), an_entry_by(PRIVATE), an_entry_by(CITIZEN)])
    assert {NORTH, "SE2321000016-2001"} == organizations_in([an_entry_by(PUBLIC), an_entry_by(CITIZEN)])


@pytest.mark.parametrize(
    ("interaction", "status", "type", "swedish", "english"),
    [
        ("read", 200, "CarePlan", "läste en plan", "read a plan"),
        ("read", 404, "CarePlan", "försökte läsa en plan men nekades", "tried to read a plan, and was refused"),
        ("update", 200, "Task", "ändrade en uppgift", "changed a task"),
        ("search-type", 200, "Goal", "sökte och fick se ett mål", "searched, and was shown a goal"),
        ("$everything", 200, "Patient", "läste personuppgifter", "read who the person is"),
        ("$access-log", 200, "Patient", "läste den här loggen", "read this log"),
        ("read", 200, "Slot", "läste uppgifter om personen", "read information about the person"),
    ],
)
def test_what_was_done_is_told_in_words(interaction, status, type, swedish, english):
    entry = an_entry_by(NURSE, interaction, status, type=type)

    assert (swedish, english) == (told(entry)["done"], told(entry, "en")["done"])
    assert (status >= 400) is told(entry)["refused"]


def test_an_emergency_is_told_as_one():
    assert told(an_entry_by(PUBLIC, purpose="BTG"))["emergency"] is True
    assert told(an_entry_by(PUBLIC, purpose="TREAT"))["emergency"] is False


def test_who_is_nobody_s_staff_is_told_by_no_number():
    own = Agent(who="citizen", user="191212121212", fhir_user="Patient/p1")

    assert "du själv" == told(an_entry_by(own))["where"]
    assert "en annan privatperson" == told(an_entry_by(own), patient="p2")["where"]
    assert (
        "ett system som driftansvarig svarar för" == told(an_entry_by(Agent(who="system", client="journal")))["where"]
    )
    assert "SE2120001355-LULEA" == told(an_entry_by(SYSTEM))["where"]


def test_public_bodies_are_those_that_security_names_each_with_its_reason_and_source():
    row = {
        "name": "names-staff",
        "part": [{"name": name, "valueString": "SE1"} for name in ("prefix", "reason", "source")],
    }

    assert ("SE2120", "SE2321") == public_bodies()
    assert ("SE1",) == bodies_of({"parameter": [row]})
    for broken in ({**row, "name": "named"}, {**row, "part": row["part"][:2]}):
        with pytest.raises(BadDefinition):
            bodies_of({"parameter": [broken]})
