"""What stands beside a resource's text, and that it can be read back."""

import pytest

from fhir_server.fhir.outcome import TooLarge
from fhir_server.search.index import Index
from fhir_server.storage.mongo.document import LARGEST, candidate, derived, document, earlier, sealed, stored
from fhir_server.storage.store import Stored

PLAN = Stored("CarePlan", "a", 3, 5_000_000_000, b'{"x":1.00}', "PUT", ("p1", "p2"), b"digest")
INDEX = Index(
    {"category": [("", "y"), ('s"]=[', 'x"@~^=')], "subject:identifier": [("s", "")]},
    {"author": [("", "https://x.example/=[a~b^c@d"), ("Practitioner", "1")]},
    {"date": [(-(2**62), 5), (20, 2**62)]},
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


def test_the_first_anchor_can_be_a_shard_key():
    assert ("p1", ["p1", "p2"]) == (derived(INDEX, PLAN.patients)["patient"], derived(INDEX, PLAN.patients)["patients"])
    assert "" == derived(INDEX, ())["patient"]


def test_the_index_is_read_back_as_it_was_whatever_its_values():
    found = candidate(document(PLAN, derived(INDEX, PLAN.patients)))

    assert (INDEX, "CarePlan", "a", 5_000_000_000, ("p1", "p2")) == (
        Index(found.index.tokens, found.index.references, found.index.spans), found.type, found.id, found.updated, found.patients
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
