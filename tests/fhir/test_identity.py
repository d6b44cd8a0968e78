"""UUID version 7."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.identity import uuid7

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
