"""Where a case stands at a moment, with all that follows."""

from dataclasses import replace
from datetime import date

import pytest

from fhir_server.process.clock import Term
from fhir_server.process.definition import load_workflow
from fhir_server.process.discharge.payer import Placement
from fhir_server.process.discharge.progress import Parties, Party, progress, told_of
from fhir_server.process.policy import load_policies
from fhir_server.process.standing import known_at
from tests.discharge import CONTACT, HOME, NOTICE, PLANNED, READY, WAITING, an_event, ms
from tests.process.discharge.house import MUNICIPALITY, NEIGHBOUR, REGION, agreement, number, party
from tests.process.discharge.house import policies as policies_with

AVAILABLE = an_event("oppenvard-insats", "10 12:00", value="available")
PARTIES = (
    Party("Organization/r", "", party(REGION)),
    Party("Organization/m", "", party(MUNICIPALITY)),
    Party("Organization/n", "", party(NEIGHBOUR)),
)


def at(when, *events, policies=None, workflow=None, placements=()):
    now = ms(when)
    known = known_at(events, now)
    region, town, other = PARTIES
    parties = Parties(region, town, placements, {other.place: other})
    return progress(known, now, parties, workflow or load_workflow(), policies or load_policies())


@pytest.mark.parametrize(
    ("events", "liable"),
    [
        (PLANNED, "not-yet"),
        ((*WAITING, AVAILABLE), "yes"),
        (WAITING, "not-yet"),
        ((*WAITING, HOME), "no"),
        ((*WAITING, an_event("avliden", "11 10:00")), "no"),
        ((*PLANNED, an_event("avbrott", "11 10:00")), "no"),
    ],
    ids=["no-notice", "available", "nobody-said", "at-home", "died", "broken-off"],
)
def test_whether_a_municipality_is_liable_or_may_still_be(events, liable):
    assert liable == at("14 10:00", *events).liable


def test_what_has_not_happened_yet_is_not_known():
    assert ["admitted", "inskrivning", "received", "fast-vardkontakt"] == [
        it.code for it in at("05 10:00", *WAITING).events
    ]
    assert "planning" == at("05 10:00", *WAITING).course.state


def test_the_deadlines_are_the_workflow_s():
    workflow = load_workflow()
    own = (replace(it, term=Term(days=0)) if it.code == "kallelse-sip" else it for it in workflow.deadlines)
    shorter = replace(workflow, deadlines=tuple(own))

    assert [[], ["kallelse-sip"]] == [
        [it.code for it in at("11 10:00", *WAITING, workflow=one).due if it.is_late(ms("11 10:00"))]
        for one in (workflow, shorter)
    ]


def test_compulsory_care_is_psychiatric_and_has_the_agreement_about_that():
    policies = policies_with(agreement("p", "2026-01-01", care="psychiatric", days=30, days_after_hour=30))
    compulsory = an_event("lpt-underrattelse", "09 09:00")

    assert "" == at("14 10:00", *WAITING, policies=policies).policy.agreement
    assert 30 == at("14 10:00", *PLANNED, compulsory, policies=policies).policy.days


def test_who_has_placed_the_person_elsewhere_is_liable_by_its_own_agreement():
    placed = Placement("Organization/n", date(2026, 1, 1), None, "Särskilt boende")
    policies = policies_with(agreement("n", "2026-01-01", days=9, days_after_hour=9, municipality=number(NEIGHBOUR)))

    own, theirs = (at("14 10:00", *WAITING, policies=policies, placements=it) for it in ((), (placed,)))

    assert ("Organization/m", "", 3) == (own.municipality.place, own.policy.agreement, own.policy.days)
    assert ("Organization/n", "n", 9) == (theirs.municipality.place, theirs.policy.agreement, theirs.policy.days)
    over = replace(placed, last=date(2026, 1, 31))
    assert "Organization/m" == at("14 10:00", *WAITING, placements=(over,)).municipality.place


def test_the_latest_notice_that_stands_says_who_was_told():
    notice = replace(NOTICE, recipients=frozenset({"Organization/a"}))
    again = an_event("inskrivning", "05 09:00", recipients=frozenset({"Organization/b"}))
    undone = an_event("makulerat", "06 09:00", cancels=again.id)

    assert {"Organization/b"} == told_of((*PLANNED, notice, again), load_workflow())
    case = tuple(notice if it is NOTICE else it for it in PLANNED)
    assert {"Organization/a"} == told_of((*case, again, undone), load_workflow())
    assert frozenset() == told_of((CONTACT, READY), load_workflow())
