"""Whatever comes, in whatever order and how often: the same case, or a clear refusal, and nothing that was accepted is lost."""

import random
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.process.definition import load_workflow
from fhir_server.process.discharge.fold import fold, home_care, illegal
from fhir_server.process.event import Event
from fhir_server.process.flag import OUT_OF_ORDER
from fhir_server.process.standing import RECEIVED, ordered, standing

WORKFLOW = load_workflow()
TAKING_BACK = sorted(code for code, action in WORKFLOW.actions.items() if action.takes_back)
LIKELY = ["admitted", "inskrivning", "received", "utskrivningsklar", "hemgang", "permission", "discharged", "avliden"]
IDS = [f"message-{number}" for number in range(8)]


@st.composite
def events(draw) -> Event:
    code = draw(st.sampled_from([*LIKELY, *TAKING_BACK, *WORKFLOW.actions]))
    named = draw(st.sampled_from(IDS))
    corrects = draw(st.booleans()) and code not in TAKING_BACK
    return Event(
        code=code,
        at=draw(st.integers(0, 200)) * 3_600_000,
        id=draw(st.sampled_from(IDS)),
        cancels=named if code in TAKING_BACK else "",
        corrects=named if corrects else "",
        reason=draw(st.sampled_from(sorted(WORKFLOW.corrections))) if corrects else "",
        value=draw(st.sampled_from(IDS)) if code == RECEIVED else "",
        late=draw(st.booleans()),
    )


ANY = st.lists(events(), max_size=14)


def shuffled(case: list[Event], chance: random.Random) -> list[Event]:
    """The same in another order, some of them again."""
    again = [*case, *chance.choices(case, k=3)] if case else []
    chance.shuffle(again)
    return again


def accepted(coming: Iterable[Event]) -> list[Event]:
    """What a server has that refuses what is illegal and takes each once, as they came."""
    found: dict[str, Event] = {}
    for event in coming:
        if event.id not in found and illegal(found.values(), event) is None:
            found[event.id] = event
    return list(found.values())


@given(ANY, st.randoms(use_true_random=False))
def test_any_events_in_any_order_and_with_repeats_are_one_case(coming, chance):
    again = shuffled(coming, chance)

    assert fold(ordered(coming)) == fold(again)
    assert home_care(coming) == home_care(again)


@settings(max_examples=200)
@given(ANY)
def test_nothing_that_was_accepted_is_lost(coming):
    case = accepted(coming)

    assert [] == [flag for flag in fold(case).flags if flag.code == OUT_OF_ORDER]
    named = {name for event in case for name in (event.cancels, event.corrects)}
    stand = {event.id for event in standing(ordered(case), WORKFLOW)}
    for event in case:
        fell = not WORKFLOW.actions[event.code].is_message  # with what it tells of
        assert event.id in stand or event.id in named or fell


@given(ANY)
def test_what_takes_nothing_back_takes_nothing_away(coming):
    plain = accepted(event for event in coming if not event.cancels and not event.corrects)

    assert {event.id for event in plain} == {event.id for event in standing(ordered(plain), WORKFLOW)}


@given(ANY, events())
def test_a_refusal_says_what_is_wrong_and_leaves_the_case(coming, new):
    case = accepted(coming)
    why = illegal(case, new)

    if why is not None:
        assert why.key.startswith("case-")
        assert why.state in WORKFLOW.states
        assert accepted(case) == accepted([*case, new])
