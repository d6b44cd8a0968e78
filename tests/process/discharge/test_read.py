"""Resources → events."""

from typing import Any

import pytest

from fhir_server.fhir.canonical import OURS, structure
from fhir_server.process.discharge.fold import fold
from fhir_server.process.discharge.read import events_of, may_tell
from fhir_server.process.event import Event
from tests.discharge import ms

SENT = "2026-02-02T12:00:00+01:00"


def a_message(code: str = "planering", id: str = "m1", **rest: Any) -> dict[str, Any]:
    concept = {"coding": [{"system": f"{OURS}/CodeSystem/message", "code": code}]}
    return {
        "resourceType": "Communication",
        "id": id,
        "status": "completed",
        "category": [concept],
        "sent": SENT,
        "sender": {"reference": "Organization/ward"},
        "recipient": [{"reference": "Organization/sol"}, {"display": "Någon annan"}],
    } | rest


def a_stay(**rest: Any) -> dict[str, Any]:
    period = {"start": "2026-02-02T08:00:00+01:00", "end": "2026-02-12T11:00:00+01:00"}
    return {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"code": "IMP"},
        "period": period,
    } | rest


def a_task(code: str, **rest: Any) -> dict[str, Any]:
    concept = {"coding": [{"system": f"{OURS}/CodeSystem/task", "code": code}]}
    told = {"status": "accepted", "code": concept, "authoredOn": SENT, "lastModified": "2026-02-02T14:00:00+01:00"}
    return {"resourceType": "Task", "id": "t1", "focus": {"reference": "Communication/m1"}} | told | rest


def an_extension(name: str, **told: Any) -> dict[str, Any]:
    return {"url": structure(name), **told}


def codes(*resources: dict[str, Any]) -> list[str]:
    return [event.code for event in events_of(resources)]


def test_a_message_counts_from_when_it_was_sent():
    assert (
        Event(
            code="planering",
            at=ms("2026-02-02 12:00"),
            id="Communication/m1",
            sender="Organization/ward",
            recipients=frozenset({"Organization/sol"}),
        ),
    ) == events_of([a_message()])


def test_a_message_registered_late_counts_from_when_it_was_given():
    parts = [
        {"url": "given", "valueDateTime": "2026-02-02T09:00:00+01:00"},
        {"url": "way", "valueCode": "telephone"},
        {"url": "reason", "valueString": "Driftstopp"},
        {"url": "by", "valueString": "Eva Strandberg"},
        {"url": "to", "valueString": "Sara Lundmark"},
    ]

    (event,) = events_of([a_message(extension=[an_extension("late-registration", extension=parts)])])

    assert (ms("2026-02-02 09:00"), True) == (event.at, event.late)


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("completed", ["planering"]),
        ("in-progress", ["planering"]),
        ("entered-in-error", []),
        ("not-done", []),
        ("preparation", []),
    ],
)
def test_a_message_that_was_not_sent_did_not_happen(status, found):
    assert found == codes(a_message(status=status))


def test_a_message_without_a_code_of_ours_or_a_moment_is_passed_over():
    unsent = {name: value for name, value in a_message().items() if name != "sent"}

    assert [] == codes(a_message(category=[{"text": "Meddelande"}]), unsent, {"resourceType": "Patient", "id": "p"})


@pytest.mark.parametrize(
    "named", ["Communication/m0", "Communication/m0/_history/2", "https://example.org/fhir/Communication/m0"]
)
def test_what_a_message_takes_back_or_corrects_is_named_by_its_id(named):
    cancels = an_extension("cancels", valueReference={"reference": named})
    corrects = an_extension("corrects", valueReference={"reference": named})
    why = an_extension("correction-reason", valueCode="wrong-time")

    (annulled,) = events_of([a_message("makulerat", extension=[cancels, why])])
    (corrected,) = events_of([a_message(extension=[corrects, why])])

    assert ("Communication/m0", "", "wrong-time") == (annulled.cancels, annulled.corrects, annulled.reason)
    assert ("", "Communication/m0") == (corrected.cancels, corrected.corrects)


def test_a_notice_has_the_estimate_and_open_care_s_message_its_answer():
    payload = [{"contentString": "…", "extension": [an_extension("estimated-discharge", valueDateTime="2026-02-12")]}]
    topic = {"coding": [{"system": f"{OURS}/CodeSystem/open-care-readiness", "code": "not-clarified"}]}

    assert ["2026-02-12", "not-clarified"] == [
        event.value
        for event in events_of(
            [a_message("inskrivning-andring", payload=payload), a_message("oppenvard-insats", "m2", topic=topic)]
        )
    ]


@pytest.mark.parametrize(
    ("code", "found"), [("inskrivning", ["inskrivning", "received"]), ("planering", ["planering"])]
)
def test_planning_begins_with_the_receipt_of_the_notice_alone(code, found):
    assert found == codes(a_message(code, received="2026-02-02T12:30:00+01:00"))


@pytest.mark.parametrize(
    ("task", "found"),
    [
        (a_task("acknowledge"), ["received"]),
        (a_task("acknowledge", status="requested"), []),
        (a_task("acknowledge", focus={"reference": "Communication/other"}), []),
        (a_task("follow-up"), ["follow-up"]),
        (a_task("follow-up", status="entered-in-error"), []),
        (a_task("approve"), []),
    ],
    ids=["acknowledged", "not-yet", "of-another", "follow-up", "in-error", "of-no-matter"],
)
def test_what_a_task_tells(task, found):
    assert ["inskrivning", *found] == codes(a_message("inskrivning"), task)


def test_an_annulled_notice_was_not_received():
    cancels = an_extension("cancels", valueReference={"reference": "Communication/m1"})
    annulled = a_message("makulerat", "m2", sent="2026-02-02T15:00:00+01:00", extension=[cancels])
    told = [a_stay(status="in-progress"), a_message("inskrivning"), a_task("acknowledge")]

    assert "planning" == fold(events_of(told)).state
    assert "assessed" == fold(events_of([*told, annulled])).state


@pytest.mark.parametrize(
    ("stay", "found"),
    [
        (a_stay(), ["admitted", "discharged"]),
        (a_stay(status="in-progress"), ["admitted"]),
        (a_stay(status="entered-in-error"), []),
        (a_stay(status="planned"), []),
        ({"class": {"code": "EMER"}}, []),
        ({"hospitalization": {"dischargeDisposition": {"coding": [{"code": "exp"}]}}}, ["admitted"]),
    ],
    ids=["finished", "end-thought-of", "in-error", "planned", "no-stay", "died"],
)
def test_what_a_stay_tells(stay, found):
    assert found == codes(a_stay() | stay)


@pytest.mark.parametrize(
    ("status", "found"),
    [("finished", ["assessed", "closed"]), ("active", ["assessed"]), ("entered-in-error", [])],
)
def test_a_case_begins_with_the_assessment_and_ends_when_it_is_finished(status, found):
    period = {"start": SENT, "end": "2026-02-14T11:00:00+01:00"}

    assert found == codes({"resourceType": "EpisodeOfCare", "id": "c1", "status": status, "period": period})


@pytest.mark.parametrize(
    ("answer", "found"), [("accepted", ["sip-accepted"]), ("declined", ["sip-declined"]), ("undecided", [])]
)
def test_a_plan_tells_what_was_answered_when(answer, found):
    parts = [
        {"url": "offered", "valueDateTime": SENT},
        {"url": "answer", "valueCode": answer},
        {"url": "answered", "valueDateTime": "2026-02-03T12:00:00+01:00"},
    ]
    plan = {"resourceType": "CarePlan", "id": "p1", "status": "draft"}

    events = events_of([plan | {"extension": [an_extension("offer", extension=parts)]}])

    assert [(code, ms("2026-02-03 12:00")) for code in found] == [(event.code, event.at) for event in events]


@pytest.mark.parametrize(("kind", "found"), [("SPLPTLRV", ["compulsory-plan"]), ("SPU", [])])
def test_a_plan_under_lpt_takes_the_place_of_a_sip(kind, found):
    system = "https://fhir.inera.se/CodeSystem/typeofcareplan-cs"
    category = [{"coding": [{"system": system, "code": kind}]}]

    assert found == codes(
        {"resourceType": "CarePlan", "id": "p1", "status": "active", "category": category, "created": SENT}
    )


OFFER = {"resourceType": "CarePlan", "id": "c1", "extension": [an_extension("offer")]}


@pytest.mark.parametrize(
    ("resource", "tells"),
    [
        (a_message(), True),
        (a_message(category=[]), False),
        (a_stay(**{"class": {"code": "AMB"}}), False),
        (a_stay(), True),
        ({"resourceType": "EpisodeOfCare", "id": "k"}, True),
        (a_task("acknowledge"), True),
        (a_task("follow-up"), True),
        (a_task("fulfill"), False),
        (OFFER, True),
        (OFFER | {"extension": []}, False),
        ({"resourceType": "Goal", "id": "g"}, False),
    ],
    ids=[
        "message", "of-no-catalogue", "visit", "stay", "case", "acknowledgement", "follow-up", "action", "offer",
        "plan", "goal",
    ],
)  # fmt: skip
def test_what_may_tell_of_a_case(resource, tells):
    about = resource if resource["resourceType"] in {"Encounter", "EpisodeOfCare"} else {**resource, "encounter": {}}

    assert tells == may_tell(about)


def test_what_names_no_stay_tells_nothing_of_it():
    assert not may_tell(a_message())
    assert may_tell(a_message(encounter={"reference": "Encounter/e1"}))
