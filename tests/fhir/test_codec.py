"""JSON in and out, losing nothing."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.outcome import Unreadable

NUMBERS = [
    "1.00",
    "1e3",
    "1E+3",
    "0.0000000001",
    "-0.50",
    "123456789012345678901234567890",
    "1.10e-7",
    "7",
    "-0",
    "-0.0",
]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_goes_out_as_it_was_written(number):
    text = b'{"value":%s}' % number.encode()

    assert text == encode(decode(text))
    assert Decimal(number) == decode(text)["value"]


def test_members_keep_their_order():
    text = b'{"b":1,"a":{"d":[],"c":null},"\xc3\xa5":"\xf0\x9f\x98\x80"}'

    assert text == encode(decode(text))


@pytest.mark.parametrize("text", [b'{"a":"\xff"}', b'{"\xff":1}', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b"\xff"])
def test_what_is_not_utf_8_is_refused(text):
    with pytest.raises(Unreadable) as refused:
        decode(text)
    assert ["not-json"] == [issue.key for issue in refused.value.issues]
    assert {"a": "\u00ff"} == decode(b'{"a":"\xc3\xbf"}')


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), children, max_size=4)
    ),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_any_json_is_read_as_another_reader_reads_it(value, escaped):
    text = json.dumps(value, ensure_ascii=escaped).encode()

    assert value == decode(text)
    assert value == json.loads(encode(decode(text)))


@given(VALUES, VALUES, st.text(st.characters(codec="utf-8"), max_size=3), st.booleans())
def test_a_member_that_stands_twice_is_refused_wherever_it_stands(first, second, name, escaped):
    member, one, two = (json.dumps(part, ensure_ascii=escaped) for part in (name, first, second))
    twice = f'[{{"x": {{{member}: {one}, {member}: {two}}}}}]'
    once = f'[{{"x": {{{member}: {one}}}}}, {two}]'

    with pytest.raises(Unreadable):
        decode(twice.encode())
    assert decode(once.encode())
