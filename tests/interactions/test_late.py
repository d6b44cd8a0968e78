"""What is registered late must have been given when it can have been, between two, for a reason; what it is not stops its twin nowhere."""

import pytest

from fhir_server.fhir.canonical import structure
from tests.builders import a_patient, issue_keys
from tests.process.case_house import a_case, a_message, a_stay

pytestmark = pytest.mark.anyio

GIVEN = {
    "given": ("valueDateTime", "2026-02-03T09:00:00+01:00"),
    "way": ("valueCode", "telephone"),
    "reason": ("valueString", "Driftstopp"),
    "by": ("valueString", "Anna Bergqvist"),
    "to": ("valueString", "Sara Lundmark"),
}


@pytest.fixture
async def case(api):
    for one in (a_patient(id="p1"), a_case(), a_stay(), a_message("inskrivning", "02 12:00", id="notice")):
        assert (await api.put(f"{one['resourceType']}/{one['id']}", json=one)).status_code == 201
    return api


def phoned(code="fast-vardkontakt", sent="04 10:00", without="", **said):
    told = {name: (member, said.get(name, value)) for name, (member, value) in GIVEN.items() if name != without}
    parts = [{"url": name, member: value} for name, (member, value) in told.items()]
    return a_message(code, sent, extension=[{"url": structure("late-registration"), "extension": parts}])


async def outcome(api, message):
    answer = await api.post("Communication", json=message)
    return answer.status_code, issue_keys(answer.json()) if answer.status_code >= 400 else []


@pytest.mark.parametrize(
    ("message", "refused"),
    [
        pytest.param(phoned(given="2026-02-03"), (422, ["late-no-clock"]), id="a day alone"),
        pytest.param(phoned(given="2999-02-03T09:00:00+01:00"), (422, ["late-future"]), id="ahead"),
        pytest.param(phoned(sent="03 08:59"), (422, ["late-after-sent"]), id="after it was sent"),
        pytest.param(phoned(given="2026-02-02T07:59:59+01:00"), (409, ["case-not-now"]), id="before the notice"),
        pytest.param(
            phoned("inskrivning", given="2026-02-02T07:59:59+01:00"), (409, ["late-before-stay"]), id="before the stay"
        ),
    ],
)
async def test_what_cannot_have_been_given_then_is_refused(case, message, refused):
    assert refused == await outcome(case, message)
    assert (201, []) == await outcome(case, phoned())


@pytest.mark.parametrize("message", [phoned(sent="03 09:00"), phoned("vardbegaran", given="2026-02-01T09:00:00+01:00")])
async def test_what_can_have_been_given_then_is_written(case, message):
    assert (201, []) == await outcome(case, message)


@pytest.mark.parametrize(
    "message", [*(phoned(without=name) for name in GIVEN), phoned(to="Anna Bergqvist"), phoned(way="pigeon")]
)
async def test_the_way_the_reason_and_two_names_are_told(case, message):
    assert 422 == (await outcome(case, message))[0]
    assert (201, []) == await outcome(case, phoned())
