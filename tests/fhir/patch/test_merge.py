"""https://www.rfc-editor.org/rfc/rfc7396"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.fhir.codec import MAX_DEPTH, decode, encode
from fhir_server.fhir.outcome import TooLarge, Unreadable
from fhir_server.fhir.patch.bounds import MOST_BYTES
from fhir_server.fhir.patch.merge import apply_merge_patch, merged
from tests.fhir.patch.anything import JSON, check_applies_or_refuses

APPENDIX = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), APPENDIX)
def test_the_examples_of_the_rfc_come_out_as_it_says(target, patch, result):
    assert encode(result) == encode(merged(target, patch))


@pytest.mark.parametrize("document", [["c"], None, "bar", 7, True])
def test_a_resource_is_not_replaced_by_what_is_no_object(document):
    with pytest.raises(Unreadable) as refused:
        apply_merge_patch({"resourceType": "Basic"}, document)
    assert "patch-not-an-object" == refused.value.issues[0].key


def test_numbers_keep_their_digits_and_members_their_order():
    resource, patch = decode(b'{"z":1.00,"a":1e3,"m":{"q":2}}'), decode(b'{"m":{"r":2.50},"a":3.0,"b":1}')

    assert b'{"z":1.00,"a":3.0,"m":{"q":2,"r":2.50},"b":1}' == encode(apply_merge_patch(resource, patch))


def test_a_patch_makes_no_resource_larger_than_a_body_may_be():
    half = "x" * (MOST_BYTES // 2)

    apply_merge_patch({"a": half}, {"b": half[:-100]})
    with pytest.raises(TooLarge):
        apply_merge_patch({"a": half}, {"b": half})


def test_a_patch_deeper_than_a_body_may_be_is_refused_and_not_followed():
    patch = {}
    for _ in range(50_000):
        patch = {"a": patch}
    with pytest.raises(Unreadable) as refused:
        apply_merge_patch({}, patch)
    assert ("too-deep", MAX_DEPTH) == (refused.value.issues[0].key, refused.value.issues[0].said["limit"])


@settings(max_examples=500, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "0"]), JSON), JSON)
def test_whatever_the_patch_there_is_a_result_or_a_refusal(resource, document):
    check_applies_or_refuses(apply_merge_patch, resource, document)


@given(st.dictionaries(st.sampled_from(["a", "b", "0"]), JSON), st.dictionaries(st.sampled_from(["a", "b", "0"]), JSON))
def test_what_is_merged_twice_is_as_if_merged_once(resource, document):
    once = apply_merge_patch(resource, document)

    assert once == apply_merge_patch(once, document)
