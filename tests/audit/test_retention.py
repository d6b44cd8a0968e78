"""For how long what is kept is kept: what the table may say, and when a class ends."""

from copy import deepcopy
from datetime import UTC, datetime

import pytest

from fhir_server.audit.retention import AUDIT, FILE, kept_until, load_retention, retention_of
from fhir_server.fhir.definitions import BadDefinition, read

DEFINITION = dict(read("security"))[FILE]
ROWS = {part["valueCode"]: number for number, row in enumerate(DEFINITION["parameter"]) for part in row["part"][:1]}


def at(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, 12, tzinfo=UTC).timestamp()) * 1000 + 7


def with_part(code: str, name: str, **value):
    """The definition with another value in the first part of this name."""
    changed = deepcopy(DEFINITION)
    parts = changed["parameter"][ROWS[code]]["part"]
    number = next(number for number, part in enumerate(parts) if part["name"] == name)
    parts[number] = {"name": name, **value}
    return changed


def test_the_table_has_every_class_with_its_reason_and_its_source():
    found = load_retention()

    assert {"record": 10, "message": 10, AUDIT: 10} == {code: one.years for code, one in found.items()}
    assert all(one.reason and one.source for one in found.values())


@pytest.mark.parametrize(
    ("changed", "accepted", "said"),
    [
        (with_part("record", "years", valueInteger=9), with_part("record", "years", valueInteger=11), "10 years"),
        (with_part(AUDIT, "years", valueInteger=4), with_part(AUDIT, "years", valueInteger=5), "5 years"),
        (with_part("message", "years", valueInteger=-1), with_part("message", "years", valueInteger=0), "0 years"),
        (with_part("record", "code", valueCode="journal"), DEFINITION, "the classes are"),
        (with_part("record", "on", valueCode="Journal"), DEFINITION, "no type of R4"),
        (with_part("record", "on", valueCode="Communication"), DEFINITION, "of two classes"),
        (DEFINITION | {"parameter": DEFINITION["parameter"][1:]}, DEFINITION, "the classes are"),
        (DEFINITION | {"parameter": [{"name": "class"}]}, DEFINITION, "has code, on"),
        (with_part("record", "source", valueString=""), DEFINITION, "has code, on"),
    ],
    ids=["record", "audit", "message", "class", "type", "twice", "missing", "empty", "no source"],
)
def test_what_is_kept_for_less_than_it_must_be_or_names_what_there_is_not_is_refused(changed, accepted, said):
    with pytest.raises(BadDefinition, match=said):
        retention_of(changed)
    assert 3 == len(retention_of(accepted))


def test_it_is_counted_in_years_from_the_last_that_was_written():
    record = load_retention()["record"]

    assert at(2036, 11, 22) == record.ends(at(2026, 11, 22))
    assert at(2034, 3, 1) == record.ends(at(2024, 2, 29))


def test_the_last_of_a_class_counts_and_of_what_is_in_none_nothing_is_said():
    written = {
        "CarePlan": at(2026, 1, 1),
        "Goal": at(2027, 1, 1),
        "Communication": at(2025, 1, 1),
        "Location": at(2028, 1, 1),
    }

    assert {"record": at(2037, 1, 1), "message": at(2035, 1, 1)} == kept_until(written, load_retention())
