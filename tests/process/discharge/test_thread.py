"""What a thread is, whatever is stored: which one a message opens, and when two messages say the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.outcome import Conflict
from fhir_server.process.discharge.thread import (
    in_thread,
    in_time_order,
    is_free,
    is_resent,
    is_same,
    opened_by,
    refuse_edited,
)
from tests.messages import CLINIC, HOME, a_message, at

FREE = a_message("administrativt", HOME, payload=[{"contentString": "Ring mig"}], note=[{"text": "x"}])
PLACE = "Communication/m"


def test_what_is_free_is_said_by_the_code():
    assert is_free(FREE)
    assert not is_free(a_message("planering", HOME))


def test_a_thread_follows_from_the_message_alone():
    own = FREE["identifier"][0]["value"]
    local = {**FREE, "identifier": [{"system": "https://ward.example", "value": "7"}]}
    unnamed = {**FREE, "identifier": [{"system": "https://ward.example"}]}

    assert own == opened_by(FREE, PLACE) == opened_by({**FREE, "status": "preparation"}, "Communication/other")
    assert opened_by(local, PLACE) == opened_by(local, "Communication/other") != own
    assert opened_by(unnamed, PLACE) != opened_by(unnamed, "Communication/other")


MESSAGES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50)), unique_by=lambda it: it[1], max_size=8)


@given(MESSAGES, st.randoms())
def test_the_order_is_that_of_sending_whatever_the_order_of_coming(told, random):
    kept = {
        f"Communication/{n}": a_message("administrativt", HOME, name=str(n), sent=f"2026-03-02T14:0{minute}:00Z")
        for minute, n in told
    }
    shuffled = list(kept.items())
    random.shuffle(shuffled)
    order = in_time_order(dict(shuffled))

    assert in_time_order(kept) == order
    assert sorted(kept) == sorted(order)
    assert sorted(it["sent"] for it in kept.values()) == [kept[place]["sent"] for place in order]


STORED = in_thread({**FREE, "id": "m", "meta": {**FREE["meta"], "versionId": "2"}}, "urn:x") | {
    "received": FREE["sent"]
}
SAME = {
    "as-it-was-sent": FREE,
    "in-its-thread": in_thread(FREE, "urn:x"),
    "without-the-note": {name: it for name, it in FREE.items() if name != "note"},
    "received": {**FREE, "received": FREE["sent"]},
}
OTHER = {
    "in-another-thread": in_thread(FREE, "urn:y"),
    "to-another": {**FREE, "recipient": [at(CLINIC)]},
    "to-one-more": {**FREE, "recipient": [at(HOME), at(CLINIC)]},
    "other-words": {**FREE, "payload": [{"contentString": "Ring inte"}]},
    "other-note": {**FREE, "note": [{"text": "y"}]},
    "received-later": {**FREE, "received": "2026-03-03T14:10:00+01:00"},
    "a-draft": {**FREE, "status": "preparation"},
    "of-no-profile": {**FREE, "meta": {}},
}


@pytest.mark.parametrize("name", SAME)
def test_what_was_added_since_makes_no_difference(name):
    assert is_resent(SAME[name], STORED)
    assert is_same(SAME[name], STORED)
    labelled = {**STORED, "meta": {**STORED["meta"], "tag": [{"code": "t"}]}}
    assert is_same(SAME[name], labelled)
    tagged = {**SAME[name], "meta": {**SAME[name]["meta"], "tag": [{"code": "t"}]}}
    assert is_resent(tagged, STORED)
    assert not is_same(tagged, STORED)
    more = {**STORED, "recipient": [*STORED["recipient"], at(CLINIC)]}
    assert is_resent(SAME[name], more)
    assert not is_same(SAME[name], more)


@pytest.mark.parametrize("name", OTHER)
def test_another_thing_is_another_thing(name):
    assert not is_resent(OTHER[name], STORED)


def test_what_may_be_added_is_no_edit_and_all_else_is():
    refuse_edited(STORED, {**STORED, "note": [], "received": "2026-03-03", "meta": {**STORED["meta"], "tag": []}})
    for name in ("to-another", "to-one-more", "other-words", "a-draft", "of-no-profile"):
        with pytest.raises(Conflict):
            refuse_edited(STORED, OTHER[name])
