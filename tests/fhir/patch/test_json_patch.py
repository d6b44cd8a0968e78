"""https://www.rfc-editor.org/rfc/rfc6902"""

from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.fhir.codec import MAX_DEPTH, decode, encode
from fhir_server.fhir.outcome import Invalid, TooLarge, Unreadable
from fhir_server.fhir.patch.bounds import MOST_BYTES, MOST_OPERATIONS
from fhir_server.fhir.patch.json_patch import apply_json_patch
from tests.fhir.patch.anything import JSON, check_applies_or_refuses
from tests.validation.seeds import NAMES, seed


def add(path, value):
    return {"op": "add", "path": path, "value": value}


def remove(path):
    return {"op": "remove", "path": path}


def move(source, path):
    return {"op": "move", "from": source, "path": path}


def copy(source, path):
    return {"op": "copy", "from": source, "path": path}


def check(path, value):
    return {"op": "test", "path": path, "value": value}


APPENDIX = {
    "A.1": ({"foo": "bar"}, add("/baz", "qux"), {"foo": "bar", "baz": "qux"}),
    "A.2": ({"foo": ["bar", "baz"]}, add("/foo/1", "qux"), {"foo": ["bar", "qux", "baz"]}),
    "A.3": ({"baz": "qux", "foo": "bar"}, remove("/baz"), {"foo": "bar"}),
    "A.4": ({"foo": ["bar", "qux", "baz"]}, remove("/foo/1"), {"foo": ["bar", "baz"]}),
    "A.5": (
        {"baz": "qux", "foo": "bar"},
        {"op": "replace", "path": "/baz", "value": "boo"},
        {"baz": "boo", "foo": "bar"},
    ),
    "A.6": (
        {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        move("/foo/waldo", "/qux/thud"),
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    "A.7": (
        {"foo": ["all", "grass", "cows", "eat"]},
        move("/foo/1", "/foo/3"),
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    "A.8": ({"baz": "qux", "foo": ["a", 2, "c"]}, check("/foo/1", 2), {"baz": "qux", "foo": ["a", 2, "c"]}),
    "A.10": ({"foo": "bar"}, add("/child", {"grandchild": {}}), {"foo": "bar", "child": {"grandchild": {}}}),
    "A.11": ({"foo": "bar"}, {**add("/baz", "qux"), "xyz": 123}, {"foo": "bar", "baz": "qux"}),
    "A.14": ({"/": 9, "~1": 10}, check("/~01", 10), {"/": 9, "~1": 10}),
    "A.16": ({"foo": ["bar"]}, add("/foo/-", ["abc", "def"]), {"foo": ["bar", ["abc", "def"]]}),
}


@pytest.mark.parametrize("example", APPENDIX)
def test_the_examples_of_the_rfc_come_out_as_it_says(example):
    before, operation, after = APPENDIX[example]

    assert encode(after) == encode(apply_json_patch(before, [operation]))


@pytest.mark.parametrize(
    ("before", "operation", "key"),
    [
        ({"baz": "qux"}, check("/baz", "bar"), "patch-test-failed"),  # A.9
        ({"foo": "bar"}, add("/baz/bat", "qux"), "patch-nothing-there"),  # A.12
        ({"/": 9, "~1": 10}, check("/~01", "10"), "patch-test-failed"),  # A.15
    ],
)
def test_what_the_rfc_calls_an_error_is_refused(before, operation, key):
    with pytest.raises(Invalid) as refused:
        apply_json_patch(before, [operation])
    assert key == refused.value.issues[0].key


def test_an_operation_that_names_its_op_twice_is_no_json_that_is_read_at_all():
    with pytest.raises(Unreadable) as refused:  # A.13
        decode(b'[{"op":"add","path":"/baz","value":"qux","op":"remove"}]')
    assert "duplicate-member" == refused.value.issues[0].key


LIST = {"a": [10, 20, 30], "b": {"c": 1}, "s": "text", "": {"": 1}}


@pytest.mark.parametrize(
    ("operation", "after"),
    [
        (add("/a/3", 40), [10, 20, 30, 40]),
        (add("/a/-", 40), [10, 20, 30, 40]),
        (add("/a/0", 40), [40, 10, 20, 30]),
        (remove("/a/0"), [20, 30]),
        ({"op": "replace", "path": "/a/2", "value": 40}, [10, 20, 40]),
        (move("/a/2", "/a/0"), [30, 10, 20]),
        (move("/a/0", "/a/2"), [20, 30, 10]),
        (move("/a/0", "/a/-"), [20, 30, 10]),
        (copy("/a/0", "/a/-"), [10, 20, 30, 10]),
        (move("/a/1", "/a/1"), [10, 20, 30]),
    ],
)
def test_places_in_a_list_count_from_0_and_end_before_the_dash(operation, after):
    assert after == apply_json_patch(LIST, [operation])["a"]


@pytest.mark.parametrize(
    ("operation", "key"),
    [
        (add("/a/4", 40), "patch-no-place"),
        (add("/a/01", 40), "patch-no-place"),
        (add("/a/+1", 40), "patch-no-place"),
        (add("/a/-1", 40), "patch-no-place"),
        (add("/a/1.0", 40), "patch-no-place"),
        (add("/a/\u0661", 40), "patch-no-place"),
        (add("/a/" + "9" * 5000, 40), "patch-no-place"),
        (add("/s/0", 40), "patch-no-place"),
        (remove("/a/3"), "patch-nothing-there"),
        (remove("/a/-"), "patch-nothing-there"),
        (remove("/a/-1"), "patch-nothing-there"),
        (remove("/a/00"), "patch-nothing-there"),
        (remove("/x"), "patch-nothing-there"),
        (remove("/s/0"), "patch-nothing-there"),
        ({"op": "replace", "path": "/a/-", "value": 1}, "patch-nothing-there"),
        ({"op": "replace", "path": "/x", "value": 1}, "patch-nothing-there"),
        (move("/x", "/y"), "patch-nothing-there"),
        (move("/a/0", "/a/3"), "patch-no-place"),
        (copy("/x/y", "/y"), "patch-nothing-there"),
        (check("/x", None), "patch-nothing-there"),
        (move("/b", "/b/c/d"), "patch-into-itself"),
        (move("", "/b"), "patch-into-itself"),
        (remove(""), "patch-whole-resource"),
        ({"op": "replace", "path": "/__class__/__init__", "value": 1}, "patch-nothing-there"),
    ],
)
def test_a_pointer_that_leads_to_nothing_cannot_be_applied(operation, key):
    with pytest.raises(Invalid) as refused:
        apply_json_patch(LIST, [check("/b/c", 1), operation])
    (issue,) = refused.value.issues
    assert key == issue.key
    assert 1 == issue.said["number"]


def test_a_member_may_be_named_with_nothing_a_slash_or_a_tilde():
    patched = apply_json_patch(LIST, [check("//", 1), add("/a~1b~0c~01", 2)])

    assert 2 == patched["a/b~c~1"]


def test_the_whole_document_can_be_replaced_and_copied_into_itself():
    assert {"b": {"c": 2}} == apply_json_patch(LIST, [{"op": "replace", "path": "", "value": {"b": {"c": 2}}}])
    assert {"a": 1, "b": {"a": 1}} == apply_json_patch({"a": 1}, [copy("", "/b")])


def test_a_name_that_only_begins_alike_is_another_place():
    assert {"ba": 1} == apply_json_patch({"b": 1}, [move("/b", "/ba")])


@pytest.mark.parametrize(
    ("value", "same", "other"),
    [
        ("1", "1.0", "true"),
        ("1.50", "1.5", "1.51"),
        ("1e3", "1000", '"1000"'),
        ("true", "true", "1"),
        ("0", "0.0", "false"),
        ("null", "null", "false"),
        ('"a"', '"a"', '"A"'),
        ("[1,2]", "[1,2.0]", "[2,1]"),
        ("[1,2]", "[1,2]", "[1,2,3]"),
        ('{"a":1,"b":2}', '{"b":2,"a":1}', '{"a":1}'),
        ('{"a":[true]}', '{"a":[true]}', '{"a":[1]}'),
        ("[]", "[]", "{}"),
    ],
)
def test_a_test_compares_as_json_does(value, same, other):
    resource = {"x": decode(value.encode())}

    apply_json_patch(resource, [check("/x", decode(same.encode()))])
    with pytest.raises(Invalid) as refused:
        apply_json_patch(resource, [check("/x", decode(other.encode()))])
    assert ("patch-test-failed", "conflict") == (refused.value.issues[0].key, refused.value.issues[0].code)


WELL_FORMED = add("/a", 1)


@pytest.mark.parametrize(
    ("operation", "key"),
    [
        ({"op": "append", "path": "/a", "value": 1}, "patch-operation"),
        ({"op": ["add"], "path": "/a", "value": 1}, "patch-operation"),
        ({"path": "/a", "value": 1}, "patch-operation"),
        ({"op": "add", "value": 1}, "patch-operation"),
        ({"op": "add", "path": "/a"}, "patch-operation"),
        ({"op": "test", "path": "/a"}, "patch-operation"),
        ({"op": "move", "path": "/a"}, "patch-operation"),
        ("add", "patch-operation"),
        (None, "patch-operation"),
        ({"op": "add", "path": "a", "value": 1}, "patch-pointer"),
        ({"op": "add", "path": "/~2", "value": 1}, "patch-pointer"),
        ({"op": "add", "path": "/a~", "value": 1}, "patch-pointer"),
        ({"op": "add", "path": 7, "value": 1}, "patch-pointer"),
        ({"op": "add", "path": None, "value": 1}, "patch-pointer"),
        ({"op": "copy", "from": "x", "path": "/a"}, "patch-pointer"),
    ],
)
def test_what_is_no_operation_of_the_rfc_is_not_read(operation, key):
    apply_json_patch({}, [WELL_FORMED, WELL_FORMED])
    with pytest.raises(Unreadable) as refused:
        apply_json_patch({}, [WELL_FORMED, operation])
    assert (key, 1) == (refused.value.issues[0].key, refused.value.issues[0].said["number"])


@pytest.mark.parametrize("document", [None, {}, "[]", 7, {"op": "add"}])
def test_a_patch_that_is_no_list_is_not_read(document):
    with pytest.raises(Unreadable) as refused:
        apply_json_patch({}, document)
    assert "patch-not-a-list" == refused.value.issues[0].key


def test_one_failing_operation_leaves_nothing_of_the_others():
    before = {"a": [1]}
    with pytest.raises(Invalid):
        apply_json_patch(before, [add("/a/-", 2), check("/a/0", 9)])
    assert {"a": [1]} == before


def test_neither_the_resource_nor_the_patch_is_changed():
    resource, patch = {"a": [1]}, [add("/b", {"c": []}), add("/b/c/-", 1), copy("/a", "/d"), add("/d/-", 2)]
    kept = deepcopy((resource, patch))

    patched = apply_json_patch(resource, patch)

    assert kept == (resource, patch)
    assert {"a": [1], "b": {"c": [1]}, "d": [1, 2]} == patched


def test_numbers_keep_their_digits_and_members_their_order():
    resource = decode(b'{"z":1.00,"a":1e3,"m":{"q":0.0000000001}}')
    patch = decode(b'[{"op":"add","path":"/n","value":2.50},{"op":"copy","from":"/m","path":"/k"}]')

    patched = apply_json_patch(resource, patch)

    assert b'{"z":1.00,"a":1e3,"m":{"q":0.0000000001},"n":2.50,"k":{"q":0.0000000001}}' == encode(patched)


def test_a_replaced_member_keeps_its_place():
    assert ["a", "b"] == list(apply_json_patch({"a": 1, "b": 2}, [{"op": "replace", "path": "/a", "value": 3}]))


# ------------------------------------------------------------------------------------------------ bounds


def test_a_patch_has_a_thousand_operations_at_most():
    assert {"a": 1} == apply_json_patch({}, [WELL_FORMED] * MOST_OPERATIONS)
    with pytest.raises(TooLarge):
        apply_json_patch({}, [WELL_FORMED] * (MOST_OPERATIONS + 1))


def test_copies_of_copies_do_not_fill_the_memory():
    doubled = copy("/a", "/a/-")

    assert 2**7 == encode(apply_json_patch({"a": ["x"]}, [doubled] * 7)).count(b"x")
    with pytest.raises(TooLarge) as refused:
        apply_json_patch({"a": ["x" * 1000]}, [doubled] * 40)
    assert "patch-too-large" == refused.value.issues[0].key


def test_a_patch_makes_no_resource_larger_than_a_body_may_be():
    half = "x" * (MOST_BYTES // 2)

    apply_json_patch({"a": half}, [add("/b", half[:-100])])
    with pytest.raises(TooLarge):
        apply_json_patch({"a": half}, [add("/b", half)])


def test_a_patch_makes_no_resource_deeper_than_a_body_may_be():
    def nested(levels):
        value = {}
        for _ in range(levels - 1):
            value = {"a": value}
        return value

    half = MAX_DEPTH // 2
    apply_json_patch(nested(half), [add("/a" * half, nested(half))])
    for patch in ([add("/a" * half, nested(half + 1))], [add("/a" * half * n, nested(half + 1)) for n in range(1, 60)]):
        with pytest.raises(Unreadable) as refused:
            apply_json_patch(nested(half), patch)
        assert "too-deep" == refused.value.issues[0].key


# ------------------------------------------------------------------------------------------------ whatever the patch

STEPS = st.sampled_from(["a", "b", "0", "1", "-", "01", "-1", "", "~0", "~1", "~", "id", "name"])
POINTERS = st.lists(STEPS, max_size=4).map(lambda steps: "".join(f"/{step}" for step in steps)) | st.text(max_size=4)
OPERATIONS = st.fixed_dictionaries(
    {},
    optional={
        "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]) | JSON,
        "path": POINTERS | JSON,
        "from": POINTERS | JSON,
        "value": JSON,
    },
)


@settings(max_examples=1000, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "0"]), JSON), st.lists(OPERATIONS | JSON, max_size=4) | JSON)
def test_whatever_the_patch_there_is_a_result_or_a_refusal(resource, document):
    check_applies_or_refuses(apply_json_patch, resource, document)


def pointers(value, here=""):
    """Every place in a value."""
    yield here, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield from pointers(child, f"{here}/{str(step).replace('~', '~0').replace('/', '~1')}")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_added_and_removed_again_leaves_the_resource_as_it_was(name):
    resource = seed(name)
    for pointer, value in pointers(resource):
        if isinstance(value, dict | list):
            new = f"{pointer}/0" if isinstance(value, list) else f"{pointer}/new"
            assert encode(resource) == encode(apply_json_patch(resource, [add(new, {"x": [1]}), remove(new)]))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_replaced_by_itself_leaves_the_resource_as_it_was(name):
    resource = seed(name)
    for pointer, value in pointers(resource):
        same = {"op": "replace", "path": pointer, "value": value}
        assert encode(resource) == encode(apply_json_patch(resource, [check(pointer, value), same]))
