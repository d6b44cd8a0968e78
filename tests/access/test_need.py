"""What each interaction wants of a caller's scopes."""

from copy import deepcopy

import pytest

from fhir_server.access.need import FILE, Need, load_needs, needs_of
from fhir_server.access.scope import parse_scopes
from fhir_server.assembly import defined
from fhir_server.assembly.defined import check_definitions
from fhir_server.assembly.outside import NotStarted
from fhir_server.fhir.definitions import BadDefinition, read
from fhir_server.interactions.table import TABLE
from tests.search.reading import PARSER

NEEDS = load_needs(TABLE.keys())
DEFINITION = dict(read("security"))[FILE]


def met(interaction: str, type: str, scopes: str, **how: bool) -> bool:
    """Whether scopes are enough for a call."""
    asked = parse_scopes(scopes, PARSER)
    return all(need.met_by(asked) for need in NEEDS.of(interaction, type, **how))


@pytest.mark.parametrize(
    ("interaction", "letters"),
    [
        ("read", "r"),
        ("vread", "r"),
        ("history-instance", "r"),
        ("history-type", "s"),
        ("search-type", "s"),
        ("create", "c"),
        ("update", "u"),
        ("patch", "u"),
        ("delete", "d"),
        ("$meta", "r"),
        ("$meta-add", "u"),
        ("$meta-delete", "u"),
        ("$everything", "r"),
        ("$expand", "r"),
        ("$validate-code", "r"),
        ("$lookup", "r"),
        ("$translate", "r"),
    ],
)
def test_b_11_an_interaction_wants_its_letter_on_the_type_of_its_address(interaction, letters):
    assert (Need(letters, "Patient"),) == NEEDS.of(interaction, "Patient")
    assert met(interaction, "Patient", f"user/Patient.{letters}")
    assert not met(interaction, "Patient", f"user/Task.{letters}")
    assert not met(interaction, "Patient", f"user/Patient.{'cruds'.replace(letters, '')}")


@pytest.mark.parametrize(
    ("interaction", "how", "enough", "lacking"),
    [
        ("create", {"conditional": True}, "user/Task.cs", "user/Task.c"),
        ("update", {"conditional": True}, "user/Task.us", "user/Task.u"),
        ("update", {"makes": True}, "user/Task.cu", "user/Task.u"),
        ("update", {"conditional": True, "makes": True}, "user/Task.cus", "user/Task.us"),
        ("patch", {"conditional": True}, "user/Task.us", "user/Task.u"),
        ("delete", {"conditional": True}, "user/Task.ds", "user/Task.d"),
    ],
)
def test_a_condition_wants_to_search_and_what_makes_a_resource_wants_to_create(interaction, how, enough, lacking):
    assert met(interaction, "Task", enough, **how)
    assert not met(interaction, "Task", lacking, **how)
    assert met(interaction, "Task", lacking)


@pytest.mark.parametrize("interaction", ["search-system", "history-system"])
def test_what_is_about_the_whole_system_wants_some_type(interaction):
    assert met(interaction, "", "user/Task.s")
    assert met(interaction, "", "user/*.s")
    assert not met(interaction, "", "user/*.cru")


@pytest.mark.parametrize("interaction", ["capabilities", "batch", "transaction", "$validate"])
def test_what_anybody_may_ask_and_a_bundle_itself_want_nothing(interaction):
    assert () == NEEDS.of(interaction, "")
    assert met(interaction, "", "openid")


def test_all_of_a_patient_wants_the_patient_and_shows_what_may_be_read_and_searched():
    assert "rs" == NEEDS.shown("$everything")
    assert "" == NEEDS.shown("read")


def test_emergency_access_is_for_staff_and_has_a_purpose_of_its_own():
    assert ("BTG", "") == (NEEDS.purpose("$emergency-access"), NEEDS.purpose("read"))
    assert met("$emergency-access", "Patient", "user/Patient.r")
    assert not met("$emergency-access", "Patient", "patient/Patient.r")
    assert not met("$emergency-access", "Patient", "system/*.cruds")


@pytest.mark.parametrize(
    ("interaction", "type", "enough", "lacking"),
    [
        ("$merge", "Patient", "system/Patient.u", "user/Patient.u"),
        ("$merge", "Patient", "system/*.u", "system/Task.u"),
        ("$merge", "Patient", "system/Patient.cruds", "patient/Patient.cruds"),
        ("$write-sip", "CarePlan", "user/CarePlan.c", "user/CarePlan.ru"),
        ("$approve", "CarePlan", "patient/CarePlan.u", "patient/CarePlan.r"),
    ],
)
def test_an_operation_that_writes_wants_what_its_row_says(interaction, type, enough, lacking):
    assert met(interaction, type, enough)
    assert not met(interaction, type, lacking)


def test_letters_may_come_from_several_scopes():
    assert met("update", "Task", "user/Task.c user/*.u", makes=True)


def test_an_interaction_that_nobody_built_is_asked_about_by_nobody():
    with pytest.raises(KeyError):
        NEEDS.of("$nosuch", "Patient")


# ------------------------------------------------------------------------------------------------ the table itself


def a_table(*rows: dict) -> dict:
    return {"resourceType": "Parameters", "id": "interaction-scopes", "parameter": list(rows)}


def a_row(name: str, **told: str) -> dict:
    parts = [{"name": kind, "valueCode": value} for kind, value in told.items()]
    return {"name": name, "part": [{"name": "need", "part": parts}]}


WHY = {"name": "why", "valueString": "Public."}


def test_a_table_has_a_row_for_each_interaction():
    assert needs_of(a_table(a_row("read", letters="r"), a_row("vread", letters="r")), ["read", "vread"])
    with pytest.raises(BadDefinition, match="vread"):
        needs_of(a_table(a_row("read", letters="r")), ["read", "vread"])


@pytest.mark.parametrize(
    ("rows", "good"),
    [
        ([a_row("read", letters="r"), a_row("raed", letters="r")], [a_row("read", letters="r")]),
        ([a_row("read", letters="r"), a_row("read", letters="s")], [a_row("read", letters="r")]),
        ([a_row("read", letters="x")], [a_row("read", letters="r")]),
        ([a_row("read", letters="sr")], [a_row("read", letters="rs")]),
        ([a_row("read", letters="")], [a_row("read", letters="r")]),
        ([a_row("read", type="Task")], [a_row("read", letters="r", type="Task")]),
        ([a_row("read", letters="r", type="Tusk")], [a_row("read", letters="r", type="Task")]),
        ([a_row("read", letters="r", when="often")], [a_row("read", letters="r", when="conditional")]),
        ([a_row("read", letters="r", context="citizen")], [a_row("read", letters="r", context="patient")]),
        ([a_row("read", letters="r", where="here")], [a_row("read", letters="r", when="makes")]),
        ([{"name": "read"}], [{"name": "read", "part": [WHY]}]),
        ([{"name": "read", "part": [WHY, {"name": "because"}]}], [{"name": "read", "part": [WHY, WHY]}]),
        ([{"name": "read", "part": [WHY, {"name": "need"}]}], [{"name": "read", "part": [WHY]}]),
        (
            [{"name": "read", "part": [WHY, {"name": "shown", "valueCode": "sr"}]}],
            [{"name": "read", "part": [WHY, {"name": "shown", "valueCode": "rs"}]}],
        ),
        (
            [{"name": "read", "part": [WHY, {"name": "purpose", "valueCode": "FUN"}]}],
            [{"name": "read", "part": [WHY, {"name": "purpose", "valueCode": "BTG"}]}],
        ),
    ],
)
def test_a_row_that_names_what_there_is_not_is_refused(rows, good):
    assert needs_of(a_table(*good), ["read"])
    with pytest.raises(BadDefinition, match=FILE):
        needs_of(a_table(*rows), ["read"])


def test_the_start_is_refused_where_an_interaction_has_no_row(monkeypatch):
    check_definitions()
    monkeypatch.setattr(defined, "TABLE", {**TABLE, "$nosuch": TABLE["read"]})

    with pytest.raises(NotStarted, match=r"security/.*\$nosuch"):
        check_definitions()


@pytest.mark.parametrize("interaction", sorted(TABLE))
def test_no_row_of_the_table_can_be_missed(interaction):
    shortened = deepcopy(DEFINITION)
    shortened["parameter"] = [row for row in shortened["parameter"] if row["name"] != interaction]

    assert needs_of(DEFINITION, TABLE.keys())
    with pytest.raises(BadDefinition, match=FILE):
        needs_of(shortened, TABLE.keys())
