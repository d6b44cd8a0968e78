"""The worklists as data: what is not read is refused."""

from typing import Any

import pytest

from fhir_server.fhir.definitions import BadDefinition, by_canonical
from fhir_server.process.worklist.definition import WORKLIST, Worklist, load_worklists, worklists_of

SYSTEM = by_canonical()[WORKLIST]


def with_property(list_: str, code: str, value: str) -> dict[str, Any]:
    concepts = [
        {**one, "property": [*one.get("property", ()), {"code": code, "valueCode": value}]}
        if one["code"] == list_
        else one
        for one in SYSTEM["concept"]
    ]
    return {**SYSTEM, "concept": concepts}


def test_a_list_of_tasks_is_told_by_its_properties():
    lists = load_worklists()

    assert Worklist("untaken", statuses=frozenset({"requested", "received"}), owner="unit") == lists["untaken"]
    assert "acknowledge" == lists["unacknowledged"].task
    own = worklists_of({**SYSTEM, "concept": [*SYSTEM["concept"], {"code": "reports", "property": [TASK]}]})
    assert "report-status" == own["reports"].task


TASK = {"code": "task", "valueCode": "report-status"}


@pytest.mark.parametrize(
    ("list_", "code", "value", "why"),
    [
        ("mine", "owner", "unit", "twice"),
        ("calls", "owner", "everybody", "not read"),
        ("calls", "status", "completed", "not read"),
        ("calls", "colour", "red", "not read"),
        ("states", "task", "approve", "holds no Tasks"),
    ],
    ids=["two owners", "an owner nobody is", "a task that is done", "a property", "a list without tasks"],
)
def test_what_nobody_reads_is_refused(list_, code, value, why):
    with pytest.raises(BadDefinition, match=why):
        worklists_of(with_property(list_, code, value))
    worklists_of(with_property("calls", "status", "requested"))


def test_a_list_that_python_speaks_of_is_there():
    left = [one for one in SYSTEM["concept"] if one["code"] != "due-today"]

    with pytest.raises(BadDefinition, match="due-today"):
        worklists_of({**SYSTEM, "concept": left})
    worklists_of(SYSTEM)
