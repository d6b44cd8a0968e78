"""What is masked is gone from the text, and is put back as it was under what was made of the rest."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.access.protection import load_protection
from fhir_server.fhir.mask import MASKED, Mask, masked, unmasked
from fhir_server.fhir.outcome import Invalid

SECRET = "Rönnstigen 4711"
MASKS = load_protection().of(related=False)
PLACE = {"reference": "Location/hideout", "display": SECRET}
ADDRESS = {"line": [SECRET]}
PHONE = {"system": "phone", "value": SECRET}
CONTAINED = {"resourceType": "Location", "id": "s", "address": ADDRESS, "status": "active"}


def text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


PLAIN = st.sampled_from(["a", "b", "", "Location", "2026-01-01"])
CONTACT = st.fixed_dictionaries(
    {"relationship": PLAIN}, optional={"address": st.just(ADDRESS), "telecom": st.lists(st.just(PHONE), min_size=1)}
)
ACTORS = st.sampled_from(
    [
        PLACE,
        {"reference": "Patient/c"},
        {"display": SECRET},
        {"type": "Location", "display": SECRET},
        {"reference": "#s"},
    ]
)
EXTENSION = st.sampled_from(
    [
        {"url": "urn:t:born", "valueAddress": ADDRESS},
        {"url": "urn:t:seen", "valueBoolean": True},
        {"url": "urn:t:ring", "valueContactPoint": PHONE},
    ]
)
PATIENT = st.fixed_dictionaries(
    {"resourceType": st.just("Patient"), "id": st.just("c")},
    optional={
        "active": st.booleans(),
        "address": st.lists(st.just(ADDRESS), min_size=1, max_size=3),
        "telecom": st.just([PHONE]),
        "contact": st.lists(CONTACT, min_size=1, max_size=3),
        "extension": st.lists(EXTENSION, min_size=1, max_size=4),
        "text": st.just({"status": "additional", "div": SECRET}),
        "contained": st.just([CONTAINED]),
        "_photo": st.just({"id": SECRET}),
    },
)
APPOINTMENT = st.fixed_dictionaries(
    {
        "resourceType": st.just("Appointment"),
        "status": PLAIN,
        "participant": st.lists(
            st.fixed_dictionaries({"status": PLAIN}, optional={"actor": ACTORS}), min_size=1, max_size=4
        ),
    },
    optional={
        "slot": st.just([{"reference": "Slot/1", "display": SECRET}]),
        "contained": st.just([CONTAINED, CONTAINED]),
    },
)
ENCOUNTER = st.fixed_dictionaries(
    {"resourceType": st.just("Encounter"), "status": PLAIN},
    optional={
        "location": st.lists(st.just({"location": PLACE}), min_size=1, max_size=2),
        "hospitalization": st.fixed_dictionaries(
            {}, optional={"origin": st.just(PLACE), "preAdmissionIdentifier": PLAIN}
        ),
    },
)
RESOURCES = st.one_of(PATIENT, APPOINTMENT, ENCOUNTER)


@given(RESOURCES)
def test_nothing_of_what_is_masked_is_left_and_all_of_it_comes_back(resource):
    before = deepcopy(resource)
    left = masked(resource, MASKS)

    assert before == resource
    assert SECRET not in text(left)
    assert "hideout" not in text(left)
    assert before == unmasked(deepcopy(left), before, left)


@given(RESOURCES)
def test_what_is_not_masked_is_changed_and_the_rest_stays(resource):
    left = masked(resource, MASKS)

    assert {**resource, "language": "sv"} == unmasked({**left, "language": "sv"}, resource, left)


def test_where_nothing_is_to_be_masked_it_is_the_same_object():
    for resource in ({"resourceType": "Patient", "id": "c", "active": True}, {"resourceType": "CarePlan", "text": {}}):
        assert masked(resource, MASKS) is resource


def an_appointment() -> dict[str, Any]:
    actors = [{"reference": "Patient/c"}, PLACE, {"reference": "Practitioner/1"}]
    return {
        "resourceType": "Appointment",
        "status": "booked",
        "participant": [{"actor": it, "status": "accepted"} for it in actors],
    }


def test_a_place_that_must_be_kept_says_that_it_is_masked():
    assert [{"reference": "Patient/c"}, MASKED, {"reference": "Practitioner/1"}] == [
        it["actor"] for it in masked(an_appointment(), MASKS)["participant"]
    ]


@pytest.mark.parametrize("touch", ["moved", "removed", "changed", "another"])
def test_what_is_masked_is_not_touched(touch):
    before = an_appointment()
    left = masked(before, MASKS)
    one, hidden, other = left["participant"]
    made = {
        "moved": [hidden, one, other],
        "removed": [one, other],
        "changed": [one, {**hidden, "status": "declined"}, other],
        "another": [one, {**hidden, "actor": {"reference": "Location/elsewhere"}}, other],
    }[touch]

    with pytest.raises(Invalid) as refused:
        unmasked({**left, "participant": made}, before, left)
    assert ["masked-touched"] == [issue.key for issue in refused.value.issues]
    beside = [{**one, "status": "declined"}, hidden, other, one]
    kept = unmasked({**left, "participant": beside}, before, left)
    assert ("declined", PLACE, 4) == (
        kept["participant"][0]["status"],
        kept["participant"][1]["actor"],
        len(kept["participant"]),
    )


def test_whoever_was_not_shown_a_member_says_nothing_in_its_place():
    before = {"resourceType": "Task", "status": "requested", "location": PLACE}
    left = masked(before, MASKS)

    assert {"resourceType": "Task", "status": "requested"} == left
    with pytest.raises(Invalid):
        unmasked({**left, "location": PLACE}, before, left)
    assert {**before, "status": "accepted"} == unmasked({**left, "status": "accepted"}, before, left)


def test_of_a_list_those_alone_are_masked_that_have_or_begin_with_what_is_named():
    mask = {
        "Communication": [Mask(("payload",), having=frozenset({"valueAddress"}), beginning=("Folkbokföringsadress",))]
    }
    payload = [
        {"contentString": "Folkbokföringsadress: " + SECRET},
        {"contentString": "inskriven"},
        {"extension": [{"url": "urn:t", "valueAddress": ADDRESS}], "contentString": SECRET},
    ]
    before = {"resourceType": "Communication", "payload": payload}
    left = masked(before, mask)

    assert [payload[1]] == left["payload"]
    made = {**left, "payload": [{"contentString": "utskriven"}]}
    assert [{"contentString": "utskriven"}, payload[0], payload[2]] == unmasked(made, before, left)["payload"]
    assert payload == unmasked(deepcopy(left), before, left)["payload"]
