"""What stands beside a resource's text, and that it can be read back."""

import pytest

from fhir_server.fhir.outcome import TooLarge
from fhir_server.search.index import Index
from fhir_server.storage.mongo.document import (
    LARGEST,
    START,
    beginning_with,
    candidate,
    derived,
    document,
    earlier,
    sealed,
    stored,
    tokens_of,
)
from fhir_server.storage.store import Stored

PLAN = Stored("CarePlan", "a", 3, 5_000_000_000, b'{"x":1.00}', "PUT", ("p1", "p2"), b"digest")
INDEX = Index(
    {"category": [("", "y"), ('s"]=[', 'x"@~^=')], "subject:identifier": [("s", "")]},
    {"author": [("", "https://x.example/=[a~b^c@d"), ("Practitioner", "1")]},
    {"date": [(-(2**62), 5), (20, 2**62)]},
    {"name": [("{sa", "asa", "Åsa"), ("zorn", "zorn", "Zorn")], "code:text": [("x", "x", "X")]},
    {"value": [(-1.7976931348623157e308, 0.1, "", ""), (5.0, 5.0, "urn:s", "mg")]},
    {"_content": ["1", "asa", "日本"], "_text": ["asa"]},
    {
        "pair": [
            Index({"0": [("s", "x")]}, {}, {}, {}, {"1": [(1.0, 2.0, "", "mg")]}),
            Index({"0": [("s", "y")]}, {"1": [("Goal", "1")]}, {"1": [(1, 2)]}, {"2": [("a", "a", "A")]}),
        ]
    },
)


def test_a_token_is_looked_up_with_its_system_and_by_its_code_alone():
    assert ['category=["s","x"]', "category~x"] == derived(Index({"category": [("s", "x")]}), [])["keys"]
    assert ['category=["","x"]', "category~x"] == derived(Index({"category": [("", "x")]}), [])["keys"]


def test_a_reference_is_looked_up_with_its_type_and_if_it_is_ours_by_its_id_alone():
    assert ['author@["Practitioner","1"]', "author^1"] == derived(Index({}, {"author": [("Practitioner", "1")]}), [])[
        "keys"
    ]
    assert ['author@["","urn:x"]'] == derived(Index({}, {"author": [("", "urn:x")]}), [])["keys"]


def test_the_outermost_values_stand_as_scalars():
    beside = derived(Index({"code": [("a", "z"), ("z", "a")]}, {}, {"date": [(1, 9), (2, 3)], "a.b": [(4, 4)]}), [])

    assert {"code": "a", "date": 1, "a．b": 4} == beside["low"]  # noqa: RUF001  # a dot would be a path
    assert {"code": "z", "date": 9, "a．b": 4} == beside["high"]  # noqa: RUF001
    assert beside["low"].keys() == beside["has"].keys()


def test_what_sorts_is_a_code_before_a_string_and_a_string_before_a_range_and_nothing_of_a_modifier():
    entries = [("b", "b", "B"), ("a", "a", "A")]
    strings = {"name": entries, "both": entries, "code:text": entries, "none": []}
    amounts = {"value": [(1.5, 9.5, "", ""), (2.0, 3.0, "", "")], "name": [(1.0, 1.0, "", "")]}
    beside = derived(Index({"both": [("", "x")]}, strings=strings, amounts=amounts), [])

    assert {"name": "a", "both": "x", "value": 1.5} == beside["low"]
    assert {"name": "b", "both": "x", "value": 9.5} == beside["high"]
    assert beside["low"].keys() == beside["has"].keys()


def test_of_a_long_string_its_beginning_is_indexed():
    long = "a" * START
    beside = derived(Index(strings={"title": [("k", long, "A"), ("k", long + "b", "B")]}), [])

    assert [long, long] == [it["start"] for it in beside["strings"]]
    assert [long, long + "b"] == [it["folded"] for it in beside["strings"]]


def test_a_chain_goes_to_what_is_ours_and_not_to_a_url():
    assert {"author": ["Practitioner/1"], "based．on": []} == derived(  # noqa: RUF001  # a dot would be a path
        Index({}, {"author": [("", "urn:x"), ("Practitioner", "1")], "based.on": [("", "#")]}), []
    )["to"]


def test_an_element_of_a_composite_has_nothing_that_it_has_no_value_for():
    (element,) = derived(Index(elements={"pair": [Index({"0": [("", "x")]})]}), [])["elements"]

    assert {"code": "pair", "keys": ['0=["","x"]', "0~x"], "codes": ["0"]} == element


def test_the_values_of_one_parameter_are_read_back_by_themselves():
    index = Index({"a": [("", "x"), ('s"', "[y")], "a:b": [("s", "z")], "ab": [("s", "z")]}, {"a": [("T", "1")]})

    assert {("", "x"), ('s"', "[y")} == set(tokens_of(derived(index, []), "a"))


def test_a_document_of_a_release_that_knew_fewer_kinds_is_read():
    made = document(PLAN, derived(INDEX, PLAN.patients))
    for member in ("strings", "amounts", "words", "elements", "to"):
        del made[member]

    assert Index(INDEX.tokens, INDEX.references, INDEX.spans) == candidate(made).index


@pytest.mark.parametrize(
    ("text", "end"), [("a", "b"), ("aå", "aæ"), ("\ud7ff", "\ue000"), ("a\U0010ffff", "b"), ("~", "\x7f")]
)
def test_what_begins_with_a_text_ends_before_the_next_text_of_its_length(text, end):
    assert (text, end) == beginning_with(text)
    assert text <= text + "\U0010ffff" * 3 < end


def test_the_first_anchor_can_be_a_shard_key():
    assert ("p1", ["p1", "p2"]) == (derived(INDEX, PLAN.patients)["patient"], derived(INDEX, PLAN.patients)["patients"])
    assert "" == derived(INDEX, ())["patient"]


def test_the_index_is_read_back_as_it_was_whatever_its_values():
    found = candidate(document(PLAN, derived(INDEX, PLAN.patients)))

    assert (INDEX, "CarePlan", "a", 5_000_000_000, ("p1", "p2")) == (
        found.index, found.type, found.id, found.updated, found.patients
    )  # fmt: skip


def test_a_version_is_read_back_as_it_was_also_when_another_has_taken_its_place():
    made = document(PLAN, derived(INDEX, PLAN.patients))

    assert PLAN == stored(made) == stored(earlier(made))
    assert "CarePlan/a/3" == earlier(made)["_id"]


def test_a_document_as_large_as_may_be_is_taken_and_a_larger_one_is_not():
    empty = len(sealed({"_id": "a", "text": b""}).raw)

    assert LARGEST == len(sealed({"_id": "a", "text": bytes(LARGEST - empty)}).raw)
    with pytest.raises(TooLarge):
        sealed({"_id": "a", "text": bytes(LARGEST - empty + 1)})
