from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.codec import Number
from fhir_server.fhir.definitions import r4
from fhir_server.validation.primitive import PRIMITIVES

UUID = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"

GOOD: dict[str, tuple[Any, ...]] = {
    "base64Binary": ("aGVq", "aGU=", "aA==", "aGVq\naGVq", " aGVq "),
    "boolean": (True, False),
    "canonical": ("http://a.se/b|1.0", "#a", "urn:oid:1.2.3|4"),
    "code": ("a", "a b", "å-1"),
    "date": ("2024", "2024-02", "2024-02-29", "0001-01-01", "9999-12-31"),
    "dateTime": ("2024", "2024-02-29", "2024-02-29T00:00:00Z", "2024-02-29T23:59:60.123456789+14:00", "2024-01-01T08:00:00-00:00"),
    "decimal": (0, -1, 2**70, Number("1.00"), Number("1e3"), Decimal("0.1")),
    "id": ("a", "A-1.b", "a" * 64, "-", "."),
    "instant": ("2024-02-29T08:00:00Z", "2024-02-29T08:00:00.1+13:59"),
    "integer": (0, -(2**31), 2**31 - 1),
    "markdown": ("# a\n\n* b", " a "),
    "oid": ("urn:oid:1.2.752.129", "urn:oid:0.0"),
    "positiveInt": (1, 2**31 - 1),
    "string": ("a", " a ", "a\tb\r\nc", "\u00a0a", "😀", "a" * 1024 * 1024),
    "time": ("00:00:00", "23:59:60", "08:00:00.5"),
    "unsignedInt": (0, 2**31 - 1),
    "uri": ("http://a.se/å", "a", "urn:oid:1.2", UUID, UUID.upper().replace("URN:UUID", "urn:uuid"), "urn:x:y"),
    "url": ("http://a.se", "mailto:a@b.se"),
    "uuid": (UUID,),
}  # fmt: skip

BAD: dict[str, tuple[Any, ...]] = {
    "base64Binary": ("", " ", "aGV", "aGVq=", "a-_=", "====", "å===", 1),
    "boolean": ("true", 0, 1, None),
    "canonical": ("", "a b", "http://a.se|1 2"),
    "code": ("", " ", " a", "a ", "a  b", "a\tb", "a\u0001b", 1),
    "date": ("", "24", "2024-2", "2024-13", "2024-00", "2024-02-30", "2023-02-29", "20240101", "2024-W01-1", "0000", "2024-01-01T", "\uff12\uff10\uff12\uff14", "2024-01-01 ", 2024),
    "dateTime": ("2024-02-29T08:00", "2024-02-29T08:00:00", "2024-02-29 08:00:00Z", "2024-02-29T24:00:00Z", "2024-02-29T08:60:00Z", "2024-02-29T08:00:61Z", "2024-02-30T08:00:00Z", "2024-02-29T08:00:00.Z", "2024-02-29T08:00:00+14:01", "2024-02-29T08:00:00+1:00", "2024-02-29t08:00:00z", "2024T08:00:00Z", "2024-02-29T08:00:00Z\n"),
    "decimal": ("1", True, None, Decimal("NaN"), Decimal("Infinity"), 1.5),
    "id": ("", "a" * 65, "a_b", "a b", "å", "a\n"),
    "instant": ("2024-02-29", "2024-02-29T08:00Z", "", 5),
    "integer": (True, 2**31, -(2**31) - 1, "1", Number("1.0"), Number("1e2")),
    "markdown": ("", "\n", "a\u0000"),
    "oid": ("1.2.3", "urn:oid:3.1", "urn:oid:1", "urn:oid:1.02", "urn:oid:1..2", "urn:oid:1.²"),
    "positiveInt": (0, -1, 2**31, True),
    "string": ("", " ", "\t\n", "\u00a0", "a\u0000b", "a\u001bb", "a" * (1024 * 1024 + 1), 1, True),
    "time": ("24:00:00", "8:00:00", "08:00", "08:00:00Z", "08:00:00."),
    "unsignedInt": (-1, 2**31),
    "uri": ("", "a b", "a\n", " a", "urn:oid:x", "urn:uuid:x", "a\u0007"),
    "url": ("", "http://a b"),
    "uuid": ("urn:uuid:x", UUID.upper(), UUID.upper().replace("URN:UUID", "urn:uuid"), UUID[9:]),
}  # fmt: skip


def test_every_primitive_type_but_the_narrative_has_a_check() -> None:
    primitives = {kind for kind in r4().types if r4().is_primitive(kind)}
    assert primitives - {"xhtml"} == set(PRIMITIVES) == set(GOOD) == set(BAD)


@pytest.mark.parametrize("kind", PRIMITIVES)
def test_a_value_of_the_form_is_accepted_and_one_beside_it_is_refused(kind: str) -> None:
    assert [] == [value for value in GOOD[kind] if not PRIMITIVES[kind](value)]
    assert [] == [value for value in BAD[kind] if PRIMITIVES[kind](value)]


@pytest.mark.parametrize("kind", PRIMITIVES)
@pytest.mark.parametrize("value", [None, [], {}, [1], {"a": 1}, b"2024"])
def test_what_is_no_scalar_is_refused(kind: str, value: Any) -> None:
    assert not PRIMITIVES[kind](value)


@given(st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z"))
def test_a_date_is_a_day_of_the_calendar(text: str) -> None:
    year, month, day = map(int, text.split("-"))
    try:
        date(year, month, day)
    except ValueError:
        assert not PRIMITIVES["date"](text)
    else:
        assert PRIMITIVES["date"](text)
