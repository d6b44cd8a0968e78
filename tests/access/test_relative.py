"""What makes somebody a guardian or a proxy, and how long childhood lasts, by the table of `security/`."""

from copy import deepcopy
from datetime import UTC, datetime

import pytest

from fhir_server.access.protection import load_protection
from fhir_server.access.relative import FILE, load_relationships, relationships_of
from fhir_server.fhir.definitions import BadDefinition, read
from fhir_server.fhir.instant import BEGINNING

DEFINITION = dict(read("security"))[FILE]
LABELS = load_protection().labels
ROLE_CODE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)


def a_limit(age: int, zone: str = "Europe/Stockholm", **valid: str) -> dict:
    told = {"age": ("valuePositiveInt", age), "time-zone": ("valueString", zone), "valid": ("valuePeriod", valid)}
    return {
        "name": "guardian-until",
        "part": [{"name": name, type: value} for name, (type, value) in told.items()],
    }


def with_limits(*limits: dict) -> dict:
    others = [one for one in deepcopy(DEFINITION["parameter"]) if one["name"] != "guardian-until"]
    return {**DEFINITION, "parameter": [*others, *limits]}


def childhood(born: str, *limits: dict) -> list[tuple[int, int]]:
    table = relationships_of(with_limits(*limits), LABELS) if limits else load_relationships(LABELS)
    return list(table.childhood({"birthDate": born}))


def test_every_row_says_why_and_by_what_right():
    for parameter in DEFINITION["parameter"]:
        told = {part["name"]: part for part in parameter["part"]}
        assert told["reason"]["valueString"]
        assert told["source"]["valueString"]


@pytest.mark.parametrize(
    ("born", "ends"),
    [
        ("2013-06-01", "2026-06-01T00:00:00+02:00"),
        ("2013-12-24", "2026-12-24T00:00:00+01:00"),
        ("2016-02-29", "2029-03-01T00:00:00+01:00"),
        ("2016-02-28", "2029-02-28T00:00:00+01:00"),
    ],
)
def test_childhood_ends_when_the_birthday_begins_in_stockholm(born, ends):
    ((_, until),) = childhood(born)

    assert ms(ends) == until


@pytest.mark.parametrize("born", ["", "2014", "2014-06", "20140601", "2014-W23-1", "2014-06-31"])
def test_of_a_birthday_that_is_not_known_whole_there_is_no_childhood(born):
    assert [] == childhood(born)
    assert childhood("2014-06-01")


def test_who_is_born_at_the_end_of_time_is_no_child():
    assert [BEGINNING] == [until for _, until in childhood("9990-01-01")]


def test_another_age_counts_from_its_day():
    old, new = a_limit(13, start="2000-01-01", end="2027-06-30"), a_limit(16, start="2027-07-01")

    first, second = childhood("2012-05-05", old, new)
    assert (ms("2000-01-01T00:00:00+01:00"), ms("2025-05-05T00:00:00+02:00")) == first
    assert (ms("2027-07-01T00:00:00+02:00"), ms("2028-05-05T00:00:00+02:00")) == second
    first, _ = childhood("2018-05-05", old, new)
    assert ms("2027-07-01T00:00:00+02:00") == first[1]


@pytest.mark.parametrize(
    ("system", "code", "roles"),
    [
        (ROLE_CODE, "GUARD", {"guardian"}),
        (ROLE_CODE, "HPOWATT", {"proxy"}),
        (ROLE_CODE, "MTH", set()),
        ("https://elsewhere.example", "GUARD", set()),
        ("https://fhir-care-plan-server.example/CodeSystem/representative", "forvaltare", {"proxy"}),
    ],
)
def test_a_relationship_is_known_by_system_and_code(system, code, roles):
    relative = {"relationship": [{"text": "släkt"}, {"coding": [{"system": system, "code": code}]}]}

    assert roles == load_relationships(LABELS).roles_of(relative)


def test_the_codes_of_ours_are_those_of_the_code_system():
    system = dict(read("security"))["CodeSystem-representative.json"]
    known = {(system["url"], one["code"]) for one in system["concept"]}

    assert known == {pair for pair in load_relationships(LABELS).roles if pair[0] == system["url"]}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (a_limit(13, "Europe/Nowhere"), "Europe/Nowhere"),
        (a_limit(13, "../etc"), "time zone"),
        ({"name": "luck", "part": []}, "luck"),
        ({"name": "guardian-until", "part": [{"name": "age", "valuePositiveInt": 13}]}, "time-zone"),
        (
            {
                "name": "relation",
                "part": [
                    {"name": "as", "valueCode": "friend"},
                    {"name": "system", "valueUri": ROLE_CODE},
                    {"name": "code", "valueCode": "FRND"},
                ],
            },
            "friend",
        ),
    ],
    ids=["zone", "path", "row", "part", "role"],
)
def test_a_row_that_names_what_there_is_not_is_refused(row, why):
    assert relationships_of(with_limits(a_limit(13)), LABELS).limits
    with pytest.raises(BadDefinition, match=why):
        relationships_of(with_limits(a_limit(13), row), LABELS)
