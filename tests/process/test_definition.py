"""A workflow as its PlanDefinition has it, and which are refused."""

from copy import deepcopy
from typing import Any

import pytest

from fhir_server.assembly import defined
from fhir_server.assembly.defined import check_definitions
from fhir_server.assembly.outside import NotStarted
from fhir_server.fhir.canonical import OURS
from fhir_server.fhir.definitions import BadDefinition
from fhir_server.process.clock import Term
from fhir_server.process.definition import DISCHARGE, MESSAGE, PARTY, REASON, SIP, STATE, load_workflow, workflow_of
from fhir_server.process.discharge.fold import fold, illegal
from tests.discharge import (
    OFFSET,
    SYSTEMS,
    a_case,
    a_transition,
    action,
    an_action,
    an_event,
    drop,
    ms,
    relate,
    with_concept,
)


@pytest.fixture
def plan() -> dict[str, Any]:
    return deepcopy(dict(SYSTEMS[DISCHARGE]))


# ------------------------------------------------------------------------------------------------ what is read


def test_what_the_statute_gives_time_for():
    assert {
        ("inskrivning", "admitted", Term(hours=24), "2 kap. 1\u20133 §§ lagen (2017:612)"),
        ("inskrivning", "assessed", Term(hours=24), "2 kap. 1\u20133 §§ lagen (2017:612)"),
        ("kallelse-sip", "utskrivningsklar", Term(days=3), "4 kap. 3 § lagen (2017:612)"),
        ("hemgang", "discharged", Term(days=0), "3 kap. 2 § lagen (2017:612)"),
    } == {(it.code, it.after, it.term, it.source) for it in load_workflow().deadlines}


def test_deadlines_are_found_by_what_is_due():
    workflow = load_workflow()

    assert ["admitted", "assessed"] == [it.after for it in workflow.deadlines_of("inskrivning")]


def test_who_sends_and_on_whose_assessment():
    ready = load_workflow().actions["utskrivningsklar"]

    assert ({"inpatient"}, {"physician"}) == (ready.senders, ready.staff)


def test_what_is_annulled_may_be_any_message_and_nothing_else():
    annulled = load_workflow().actions["makulerat"].takes_back

    assert {one["code"] for one in SYSTEMS[MESSAGE]["concept"]} == annulled


def test_each_workflow_has_states_of_its_own():
    discharge, sip = load_workflow(), load_workflow(SIP)

    assert (STATE, "not-begun") == (discharge.state_system, discharge.initial)
    assert (f"{OURS}/CodeSystem/sip-state", "proposed", {"declined", "closed"}) == (
        sip.state_system,
        sip.initial,
        sip.terminal,
    )
    assert {"kallelse-sip"} == sip.actions["makulerat"].takes_back


# ------------------------------------------------------------------------------------------------ another law


def test_a_new_notice_and_another_deadline_need_no_python(plan):
    """A law that orders a notice of a place in short-term care within a day, and the first notice within 12 hours."""
    related = [
        {"actionId": "utskrivningsklar", "relationship": "after", "offsetDuration": {"value": 1, **OFFSET}},
        {"actionId": "hemgang", "relationship": "before"},
    ]
    place = an_action(
        "korttidsplats",
        MESSAGE,
        a_transition("discharge-ready"),
        documentation=[{"type": "citation", "citation": "9 kap. 9 § en ny lag"}],
        relatedAction=related,
        participant=[{"type": "practitioner", "role": {"coding": [{"system": PARTY, "code": "municipality"}]}}],
    )
    plan["action"].append(place)
    for one in action(plan, "inskrivning")["relatedAction"]:
        if "offsetDuration" in one:
            one["offsetDuration"]["value"] = 12
    workflow = workflow_of(plan, with_concept(MESSAGE, "korttidsplats"))
    told = [
        an_event("admitted", "02 08:00"),
        an_event("inskrivning", "02 20:30"),
        an_event("fast-vardkontakt", "03 09:00"),
        an_event("utskrivningsklar", "09 09:00"),
    ]

    assert [("late", "inskrivning")] == [(it.code, it.about) for it in fold(told, workflow).flags]
    late = fold([*told, an_event("korttidsplats", "11 00:00")], workflow)
    assert ("late", "korttidsplats", "9 kap. 9 § en ny lag") == (
        late.flags[-1].code,
        late.flags[-1].about,
        late.flags[-1].source,
    )
    home = fold([*told, an_event("hemgang", "10 12:00")], workflow)
    assert ("missing", "korttidsplats") == (home.flags[-1].code, home.flags[-1].about)
    early = illegal(told[:2], an_event("korttidsplats", "03 09:00"), workflow=workflow)
    assert ("case-not-now", "notified") == (early.key, early.state)
    assert "case-sender" == illegal(told, an_event("korttidsplats", "10 09:00"), ["inpatient"], workflow).key


def test_a_reason_of_its_own_says_what_the_clock_does(plan):
    renewed = with_concept(REASON, "new-form", property=[{"code": "clock", "valueCode": "stands"}])
    corrected = an_event("inskrivning", "02 20:00", corrects="inskrivning", reason="new-form")
    told = [*a_case("admitted", "inskrivning"), corrected]

    assert ms("2026-02-02 09:00") == fold(told, workflow_of(plan, renewed)).notified


# ------------------------------------------------------------------------------------------------ what is refused


WRONG = {
    "an event that is in no system": (
        lambda plan: plan["action"].append(an_action("fax", MESSAGE, a_transition("planning"))),
        "fax is not in",
    ),
    "an event of another system": (
        lambda plan: plan["action"].append(an_action("fax", f"{OURS}/CodeSystem/task", a_transition("planning"))),
        "fax: its code is its id",
    ),
    "an id that is not the code": (
        lambda plan: action(plan, "hemgang").update(id="home"),
        "home: its code is its id",
    ),
    "a terminal state that is left": (
        lambda plan: action(plan, "closed")["extension"].append(a_transition("closed", to="planning")),
        "closed: two transitions from closed",
    ),
    "a deadline without its length": (
        lambda plan: relate(plan, "hemgang", relationship="after"),
        "hemgang: what is related",
    ),
    "a deadline in half days": (
        lambda plan: relate(plan, "hemgang", relationship="after", offsetDuration={"value": 0.5, **OFFSET}),
        "hemgang: a term is a Duration of whole hours",
    ),
    "a deadline in weeks": (
        lambda plan: relate(plan, "hemgang", relationship="after", offsetDuration={"value": 1, **OFFSET, "code": "wk"}),
        "hemgang: a term is a Duration of whole hours",
    ),
    "a relationship that nobody reads": (
        lambda plan: relate(plan, "hemgang", relationship="after-end"),
        "hemgang: after-end is not read",
    ),
    "what is said that nobody reads": (
        lambda plan: action(plan, "hemgang").update(condition=[{"kind": "applicability"}]),
        "hemgang: condition is not read",
    ),
    "a sender that there is not": (
        lambda plan: action(plan, "hemgang")["participant"][0]["role"]["coding"][0].update(code="press"),
        "press is not in",
    ),
    "no code system of its states": (
        lambda plan: plan.pop("relatedArtifact"),
        "relatedArtifact: a workflow depends on",
    ),
    "a code system of states that there is not": (
        lambda plan: plan["relatedArtifact"][0].update(resource=f"{OURS}/CodeSystem/heaven"),
        "relatedArtifact: a workflow depends on",
    ),
    "what is left out": (lambda plan: action(plan, "hemgang").pop("title"), "something is left out"),
}


@pytest.mark.parametrize(("spoil", "why"), WRONG.values(), ids=[name.replace(" ", "-") for name in WRONG])
def test_what_cannot_work_is_refused(plan, spoil, why):
    assert load_workflow().actions == workflow_of(plan, SYSTEMS).actions
    spoil(plan)

    with pytest.raises(BadDefinition, match=why):
        workflow_of(plan, SYSTEMS)


def test_a_reason_that_says_nothing_of_the_clock_is_refused(plan):
    with pytest.raises(BadDefinition, match="new-form says stands or renewed"):
        workflow_of(plan, with_concept(REASON, "new-form"))


def test_a_case_begins_in_one_state(plan):
    again = with_concept(STATE, "born", property=[{"code": "initial", "valueBoolean": True}])

    with pytest.raises(BadDefinition, match="one state is where every case begins"):
        workflow_of(plan, again)


def test_the_start_is_refused_where_the_workflow_is_not_sound(plan, monkeypatch):
    check_definitions()
    drop(plan, "closed")
    monkeypatch.setattr(defined, "load_workflow", lambda canonical: workflow_of(plan, SYSTEMS))

    with pytest.raises(NotStarted, match=r"profiles/PlanDefinition-discharge\.json: closed cannot be reached"):
        check_definitions()
