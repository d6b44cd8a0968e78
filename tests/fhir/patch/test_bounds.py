"""What a patch may be, and may ask for."""

import pytest

from fhir_server.fhir.codec import MAX_DEPTH, decode, encode
from fhir_server.fhir.outcome import TooLarge, Unreadable
from fhir_server.fhir.patch import bounds
from fhir_server.fhir.patch.bounds import MOST_BYTES, MOST_OPERATIONS, MOST_STEPS, Steps


def nested(levels):
    value = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("keep", [bounds.copied, bounds.settled])
def test_what_is_too_deep_to_be_read_again_is_refused(keep):
    assert nested(MAX_DEPTH) == keep(nested(MAX_DEPTH))
    for levels in (MAX_DEPTH + 1, 50_000):
        with pytest.raises(Unreadable) as refused:
            keep(nested(levels))
        assert "too-deep" == refused.value.issues[0].key


def test_a_copy_shares_nothing_and_keeps_every_digit():
    value = decode(b'{"a":[{"b":1.00}],"c":1e3}')

    copy = bounds.copied(value)

    assert b'{"a":[{"b":1.00}],"c":1e3}' == encode(copy)
    assert copy["a"] is not value["a"]
    assert copy["a"][0] is not value["a"][0]


def test_bytes_operations_and_steps_are_counted_to_their_limit_and_no_further():
    steps = Steps()
    for _ in range(MOST_STEPS):
        steps.take()
    bounds.refuse_bytes(MOST_BYTES)
    bounds.refuse_many([1] * MOST_OPERATIONS)

    for beyond in (
        steps.take,
        lambda: bounds.refuse_bytes(MOST_BYTES + 1),
        lambda: bounds.refuse_many([1] * (MOST_OPERATIONS + 1)),
    ):
        with pytest.raises(TooLarge) as refused:
            beyond()
        assert refused.value.issues[0].said["limit"] in {MOST_BYTES, MOST_OPERATIONS, MOST_STEPS}
        assert str(refused.value.issues[0].said["limit"]) in refused.value.issues[0].text("sv")


def test_the_size_is_that_of_the_json():
    assert len('{"a":"å"}'.encode()) == bounds.size({"a": "å"})
