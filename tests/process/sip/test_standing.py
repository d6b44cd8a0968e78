"""A plan stands where what is kept of it leaves it; each case beside its twin that differs in one thing."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.canonical import OURS, structure
from fhir_server.fhir.shift import STOCKHOLM
from fhir_server.process.definition import MESSAGE, SIP, load_workflow
from fhir_server.process.sip.event import approved, parties, plan_events
from fhir_server.process.sip.kept import Kept, Version
from fhir_server.process.sip.standing import Standing, stands
from fhir_server.process.standing import ordered

CLINIC, TOWN, PERSON, NURSE = "Organization/clinic", "Organization/town", "Patient/p1", "PractitionerRole/nurse"
FIXED = "https://terminologitjansten.inera.se/inera-kodverksforvaltning/kodverk/kv_typ_av_fast_kontakt"


def ms(reading: str) -> int:
    """Milliseconds since 1970 of `MM-DD hh:mm` in 2026, by Stockholm's clocks."""
    return int(datetime.fromisoformat(f"2026-{reading}").replace(tzinfo=STOCKHOLM).timestamp() * 1000)


def said(reading: str) -> str:
    return datetime.fromisoformat(f"2026-{reading}").replace(tzinfo=STOCKHOLM).isoformat()


def at(place: str) -> dict[str, str]:
    return {"reference": place}


def an_offer(answer: str = "accepted") -> dict[str, Any]:
    told = [("offered", "valueDateTime", said("03-01 10:00")), ("answer", "valueCode", answer)]
    told += [("answered", "valueDateTime", said("03-02 10:00"))] if answer != "undecided" else []
    return {"url": structure("offer"), "extension": [{"url": name, member: value} for name, member, value in told]}


def a_plan(status: str = "active", **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "CarePlan",
        "id": "sip",
        "status": status,
        "subject": at(PERSON),
        "contributor": [at(CLINIC), at(TOWN)],
        "created": said("03-10 12:00"),
        "period": {"start": "2026-03-10", "end": "2026-09-30"},
        "author": at(NURSE),
        "extension": [an_offer()],
        **members,
    }


def a_consent(id: str = "consent", kind: str = "sip", **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Consent",
        "id": id,
        "status": "active",
        "category": [{"coding": [{"system": f"{OURS}/CodeSystem/consent-kind", "code": kind}]}],
        "dateTime": said("03-02 11:00"),
        "provision": {"period": {"start": "2026-03-02", "end": "2026-12-31"}},
        **members,
    }


def a_team(**members: Any) -> dict[str, Any]:
    role = [{"coding": [{"system": FIXED, "code": "4"}]}]
    participant = [{"role": role, "member": at(NURSE), "period": {"start": "2026-03-10"}}]
    return {"resourceType": "CareTeam", "id": "team", "managingOrganization": [at(CLINIC)]} | {
        "participant": participant,
        **members,
    }


def a_meeting(id: str, start: str, status: str = "fulfilled", **members: Any) -> dict[str, Any]:
    day, clock = start.split()
    participant = [{"actor": at(TOWN), "status": "needs-action"}, {"actor": at("#home"), "status": "needs-action"}]
    return {
        "resourceType": "Appointment",
        "id": id,
        "status": status,
        "created": said("03-03 09:00"),
        "start": said(start),
        "end": said(f"{day} {int(clock[:2]) + 1:02}{clock[2:]}"),
        "participant": participant,
        **members,
    }


def a_call(
    id: str = "call", code: str = "kallelse-sip", sent: str = "03-03 10:00", cancels: str = ""
) -> dict[str, Any]:
    told = [{"url": structure("cancels"), "valueReference": at(cancels)}] if cancels else []
    return {
        "resourceType": "Communication",
        "id": id,
        "status": "completed",
        "category": [{"coding": [{"system": MESSAGE, "code": code}]}],
        "sent": said(sent),
        "extension": told,
    }


def an_approval(who: str, when: str = "03-11 10:00", version: int = 1) -> dict[str, Any]:
    return {
        "resourceType": "Provenance",
        "id": f"{who.replace('/', '-')}-{version}",
        "target": [at(f"CarePlan/sip/_history/{version}"), at(PERSON)],
        "occurredDateTime": said(when),
        "recorded": said(when),
        "agent": [{"type": {"coding": [{"code": "attester"}]}, "who": at(who)}],
    }


def an_evaluation(when: str) -> dict[str, Any]:
    return {"resourceType": "QuestionnaireResponse", "id": "said", "status": "completed", "authored": said(when)}


WHOLE = Kept(
    a_plan(),
    [Version(1, ms("11-22 12:00"), "active")],
    (
        a_consent(),
        a_team(),
        a_call(),
        a_meeting("met", "03-09 10:00"),
        a_meeting("again", "06-01 10:00", "booked"),
        *(an_approval(who) for who in (PERSON, NURSE, TOWN)),
    ),
    {NURSE: CLINIC},
)
"""A plan by the book, approved by all, written here afterwards."""


def beside(*more: dict[str, Any], without: str = "") -> Kept:
    """The plan by the book with more beside it, and without what has an id."""
    return replace(WHOLE, beside=(*(it for it in WHOLE.beside if it["id"] != without), *more))


def flags(standing: Standing) -> list[str]:
    return [it.code for it in standing.flags]


def waits(standing: Standing) -> list[tuple[str, str]]:
    """What is not done, and whose it is."""
    return [(it.code, it.by) for it in standing.due if it.done is None]


# ------------------------------------------------------------------------------------------------ the course


def test_a_plan_by_the_book_lacks_nothing_and_waits_for_its_follow_up():
    found = stands(WHOLE, ms("03-12 12:00"))

    assert ("approved", ms("03-11 10:00"), []) == (found.state, found.since, flags(found))
    assert [("answer-call", TOWN), ("follow-up", NURSE)] == waits(found)


def test_each_moment_has_its_state():
    days = {
        "02-28 12:00": "proposed",
        "03-01 10:00": "offered",
        "03-02 10:00": "accepted",
        "03-03 10:00": "called",
        "03-09 11:00": "met",
        "03-10 12:00": "established",
        "03-11 10:00": "approved",
    }

    assert days == {day: stands(WHOLE, ms(day)).state for day in days}


def test_a_follow_up_that_is_held_and_evaluated():
    held = beside(a_meeting("again", "06-01 10:00"), without="again")
    assert ("followed-up", [("evaluate", NURSE)]) == (
        stands(held, ms("06-02 12:00")).state,
        waits(stands(held, ms("06-02 12:00"))),
    )

    evaluated = replace(held, beside=(*held.beside, an_evaluation("06-03 10:00")))
    found = stands(evaluated, ms("06-04 12:00"))
    assert ("evaluated", []) == (found.state, waits(found))
    assert "followed-up" == stands(evaluated, ms("06-02 12:00")).state


def test_a_follow_up_is_late_once_its_day_is_over():
    (on_the_day,) = [it for it in stands(WHOLE, ms("06-01 23:59")).due if it.code == "follow-up"]

    assert (False, True) == (on_the_day.is_late(ms("06-01 23:59")), on_the_day.is_late(ms("06-02 00:00")))


def test_a_new_version_is_approved_anew_and_an_approval_counts_from_no_earlier_than_its_version():
    versions = [*WHOLE.versions, Version(2, ms("11-23 12:00"), "active")]
    revised = replace(WHOLE, versions=versions)
    early = [an_approval(who, "03-12 10:00", 2) for who in (PERSON, CLINIC, TOWN)]

    found = stands(revised, ms("11-24 12:00"))
    again = stands(replace(revised, beside=(*revised.beside, *early)), ms("11-24 12:00"))

    assert ("established", 3) == (found.state, len([it for it, _ in waits(found) if it == "approve"]))
    assert ("approved", ms("11-23 12:00")) == (again.state, again.since)
    assert "approved" == stands(revised, ms("03-12 12:00")).state


def test_a_draft_that_became_a_plan_came_into_force_when_that_was_written():
    versions = [Version(1, ms("03-01 09:00"), "draft"), Version(2, ms("03-09 15:00"), "active")]

    assert ms("03-09 15:00") == next(
        it.at for it in plan_events(replace(WHOLE, versions=versions)) if it.code == "established"
    )
    assert "established" not in {it.code for it in plan_events(replace(WHOLE, versions=versions[:1]))}


@pytest.mark.parametrize(
    ("status", "reason", "state"), [("revoked", "declined", "declined"), ("completed", "", "closed")]
)
def test_how_a_plan_ends(status, reason, state):
    why = {"url": structure("closing-reason"), "valueCodeableConcept": {"coding": [{"code": reason}]}}
    extension = [an_offer("declined"), why] if reason else [an_offer()]
    plan = a_plan(status, period={"end": "2026-03-31"}, extension=extension)
    found = Kept(plan, [Version(1, ms("11-22 12:00"), status)])

    assert (state, not reason) == (
        stands(found, ms("04-01 00:00")).state,
        "established" in {it.code for it in plan_events(found)},
    )
    assert "closed" not in {it.code for it in stands(found, ms("03-31 23:58")).events}


def test_a_plan_that_is_closed_here_ends_when_that_is_written():
    versions = [*WHOLE.versions, Version(2, ms("11-23 12:00"), "revoked")]
    found = replace(WHOLE, versions=versions)

    assert ("approved", "closed") == (stands(found, ms("11-23 11:59")).state, stands(found, ms("11-23 12:00")).state)
    assert [] == waits(stands(found, ms("11-24 12:00")))


def test_a_call_that_is_taken_back_was_none():
    back = a_call("back", "makulerat", "03-04 10:00", cancels="Communication/call")

    assert ("called", "accepted") == (
        stands(WHOLE, ms("03-04 12:00")).state,
        stands(beside(back), ms("03-04 12:00")).state,
    )


def test_of_a_plan_entered_in_error_nothing_happened():
    wrong = replace(WHOLE, plan=a_plan("entered-in-error"))

    assert ((), "proposed") == (plan_events(wrong), stands(wrong, ms("03-12 12:00")).state)


def test_whoever_approves_for_a_unit_approves_as_the_unit():
    assert (PERSON, CLINIC, TOWN) == parties(WHOLE)
    assert {PERSON, CLINIC, TOWN} == approved(WHOLE, 1).keys()
    assert {PERSON, NURSE, TOWN} == approved(replace(WHOLE, behalf={}), 1).keys()


# ------------------------------------------------------------------------------------------------ what it lacks


REQUEST = {"resourceType": "ServiceRequest", "id": "aimless", "status": "active"}
LACKING = {
    "no-consent": beside(without="consent"),
    "no-consent-but-a-block": beside(a_consent("block", "inner-block"), without="consent"),
    "no-consent-any-more": beside(a_consent(provision={"period": {"end": "2026-03-11"}}), without="consent"),
    "no-consent-withdrawn": beside(a_consent(status="inactive", provision={}), without="consent"),
    "no-responsible": beside(a_team(managingOrganization=[]), without="team"),
    "no-coordinator": beside(a_team(participant=[{"member": at(NURSE)}]), without="team"),
    "no-goal": beside(REQUEST),
    "no-follow-up": beside(a_meeting("again", "06-01 10:00", "cancelled"), without="again"),
    "period-over": replace(WHOLE, plan=a_plan(period={"end": "2026-03-11"})),
}


@pytest.mark.parametrize("name", LACKING)
def test_what_a_plan_in_force_lacks(name):
    found = flags(stands(LACKING[name], ms("03-12 12:00")))

    assert 1 == len(found)
    assert name.startswith(found[0])
    assert [] == flags(stands(LACKING[name], ms("03-10 11:59")))  # it was not in force yet


def test_a_part_of_a_plan_is_coordinated_and_followed_up_with_the_whole():
    bare = (a_consent(), a_team(participant=[]))
    whole = replace(WHOLE, beside=bare)

    assert ["no-coordinator", "no-follow-up"] == flags(stands(whole, ms("03-12 12:00")))
    part = replace(whole, plan=a_plan(partOf=[at("CarePlan/whole")]))
    assert [] == flags(stands(part, ms("03-12 12:00")))


# ------------------------------------------------------------------------------------------------ whatever comes


@given(st.permutations(range(len(WHOLE.beside))), st.lists(st.sampled_from(WHOLE.beside), max_size=4), st.data())
def test_order_and_repeats_of_what_is_stored_change_nothing(order, again, data):
    when = data.draw(st.integers(ms("02-27 00:00"), ms("10-02 00:00")))
    shuffled = replace(WHOLE, beside=(*(WHOLE.beside[place] for place in order), *again))

    one, other = stands(WHOLE, when), stands(shuffled, when)

    assert (one.state, one.since, ordered(one.events)) == (other.state, other.since, ordered(other.events))
    assert (Counter(one.flags), Counter(one.due)) == (Counter(other.flags), Counter(other.due))


@given(st.sets(st.sampled_from(range(len(WHOLE.beside)))), st.integers(ms("02-27 00:00"), ms("10-02 00:00")))
def test_whatever_is_left_out_a_plan_stands_somewhere_and_nothing_is_out_of_order(left_out, when):
    some = replace(WHOLE, beside=[it for place, it in enumerate(WHOLE.beside) if place not in left_out])

    found = stands(some, when)

    assert found.state in load_workflow(SIP).states
    assert "out-of-order" not in flags(found)
    assert all(it.at <= when for it in found.events)
    assert all(it.since <= when and (it.done is None or it.done <= when) for it in found.due)
