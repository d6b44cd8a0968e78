"""What may happen in each state of a discharge case, and where it leads: the whole table, written by hand."""

import pytest

from fhir_server.process.definition import load_workflow
from fhir_server.process.discharge.fold import fold, illegal
from fhir_server.process.event import Event
from tests.discharge import a_case, ms

ADMITTED = ("admitted",)
NOTIFIED = (*ADMITTED, "inskrivning")
PLANNED = (*NOTIFIED, "received")
READY = (*PLANNED, "fast-vardkontakt", "utskrivningsklar")
HOME = (*READY, "hemgang")
WAYS = {
    "not-begun": (),
    "assessed": ADMITTED,
    "notified": NOTIFIED,
    "planning": PLANNED,
    "discharge-ready": READY,
    "discharged": HOME,
    "follow-up": (*HOME, "kallelse-sip"),
    "closed": (*HOME, "closed"),
    "cancelled": (*PLANNED, "avbrott"),
    "deceased": (*PLANNED, "avliden"),
}
"""How each state is come to."""

AT_THE_WARD = {"admitted", "vardbegaran", "fast-vardkontakt", "permission", "avdelningsbyte", "overflyttning"}
PLANS = {"sip-accepted", "sip-declined", "compulsory-plan"}
ALWAYS = {"administrativt", "felsant", "makulerat"}
LEAVING = {"hemgang": "discharged", "discharged": "discharged", "avliden": "deceased", "avbrott": "cancelled"}
READINESS = {"utskrivningsklar": "discharge-ready", "lpt-underrattelse": "discharge-ready"}
EMERGENCY = {"akutbesok", "akutbesok-avslutat"}
AFTERWARDS = {"received", "fast-vardkontakt", "planering", "discharged", "hemgang", "follow-up"}

STAYS = {
    "not-begun": {"vardbegaran", "sip-accepted", "sip-declined", "administrativt"} | EMERGENCY,
    "assessed": AT_THE_WARD | PLANS | ALWAYS | {"assessed", "follow-up"},
    "notified": AT_THE_WARD
    | PLANS
    | ALWAYS
    | {"assessed", "inskrivning", "inskrivning-andring", "oppenvard-insats", "follow-up"},
    "planning": AT_THE_WARD
    | PLANS
    | ALWAYS
    | {"assessed", "inskrivning", "inskrivning-andring", "oppenvard-insats", "follow-up"}
    | {"received", "planering", "kallelse-sip"},
    "discharge-ready": AT_THE_WARD
    | PLANS
    | ALWAYS
    | {"inskrivning", "inskrivning-andring", "oppenvard-insats", "follow-up"}
    | {"received", "planering", "kallelse-sip"},
    "discharged": (AFTERWARDS - {"follow-up"}) | PLANS | ALWAYS | EMERGENCY,
    "follow-up": AFTERWARDS | PLANS | ALWAYS | EMERGENCY | {"kallelse-sip"},
    "closed": {"received", "discharged", "hemgang", "closed"} | ALWAYS,
    "cancelled": {"received", "discharged", "closed"} | ALWAYS,
    "deceased": {"received", "discharged", "closed"} | ALWAYS,
}
"""What may happen and leaves the case where it is."""

MOVES = {
    "not-begun": {
        "admitted": "assessed",
        "assessed": "assessed",
        "inskrivning": "notified",
        "avliden": "deceased",
        **READINESS,
    },
    "assessed": {"inskrivning": "notified", **READINESS, **LEAVING},
    "notified": {
        "received": "planning",
        "planering": "planning",
        "kallelse-sip": "planning",
        **READINESS,
        **LEAVING,
    },
    "planning": {**READINESS, **LEAVING},
    "discharge-ready": {"utskrivningsklar-aterkallad": "planning", **LEAVING},
    "discharged": {
        "kallelse-sip": "follow-up",
        "follow-up": "follow-up",
        "hemgang-aterkallad": "discharge-ready",
        "closed": "closed",
        "avliden": "deceased",
    },
    "follow-up": {"hemgang-aterkallad": "discharge-ready", "closed": "closed", "avliden": "deceased"},
    "closed": {},
    "cancelled": {},
    "deceased": {"avliden-aterkallad": "planning"},
}
"""What leads on."""

NAMED = {
    "utskrivningsklar-aterkallad": "utskrivningsklar",
    "hemgang-aterkallad": "hemgang",
    "avliden-aterkallad": "avliden",
}


def the_next(code: str) -> Event:
    """What is annulled or was for another is a free message, so that it changes nothing."""
    named = "administrativt" if code in {"felsant", "makulerat"} else NAMED.get(code, "")
    return Event(code=code, at=ms("20 12:00"), id="new", cancels=named)


def the_way_to(state: str) -> list[Event]:
    return [*a_case(*WAYS[state]), Event(code="administrativt", at=ms("19 12:00"), id="administrativt")]


def test_the_table_has_every_state():
    assert set(load_workflow().states) == WAYS.keys() == STAYS.keys() == MOVES.keys()


@pytest.mark.parametrize("state", WAYS)
def test_what_happens_in_a_state_leads_where_it_should(state):
    case = the_way_to(state)
    assert state == fold(case).state

    found = {
        code: fold([*case, the_next(code)]).state
        for code in load_workflow().actions
        if illegal(case, the_next(code)) is None
    }

    assert {**dict.fromkeys(STAYS[state], state), **MOVES[state]} == found


@pytest.mark.parametrize("state", WAYS)
def test_what_cannot_happen_in_a_state_is_refused_with_what_can(state):
    case = the_way_to(state)
    allowed = STAYS[state] | MOVES[state].keys()

    refused = [illegal(case, the_next(code)) for code in load_workflow().actions if code not in allowed]

    assert len(load_workflow().actions) - len(allowed) == len(refused)
    for one in refused:
        assert ("case-not-now", state, allowed) == (one.key, one.state, set(one.allowed))
