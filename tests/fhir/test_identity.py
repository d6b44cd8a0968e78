"""UUID version 7, and the ids of requests."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.identity import began, request_id, uuid7

MOMENT, NOISE = st.integers(0, 2**48 - 2), st.binary(min_size=10, max_size=10)


@given(MOMENT, NOISE)
def test_it_is_a_uuid_of_version_seven(ms, noise):
    made = UUID(uuid7(ms, noise))

    assert 7 == made.version
    assert "specified in RFC 4122" == made.variant
    assert ms == made.int >> 80


@given(MOMENT, NOISE, NOISE)
def test_a_later_one_sorts_later(ms, first, second):
    assert uuid7(ms, first) < uuid7(ms + 1, second)


@given(st.integers(0, 2**44 - 1), st.binary(min_size=5, max_size=5))
def test_the_id_of_a_request_tells_when_it_began(ms, noise):
    assert ms == began(request_id(ms, noise))
    assert 20 == len(request_id(ms, noise))


def test_what_is_no_id_of_a_request_tells_nothing():
    assert 1 == began("0" * 10 + "1" + "f" * 9)
    assert [None] * 4 == [began(text) for text in ("", "f" * 19, "F" * 20, "f" * 20 + "\n")]
