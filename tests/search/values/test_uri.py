"""https://hl7.org/fhir/R4/search.html#uri"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.search.index import Index
from fhir_server.search.match import Candidate, matches
from fhir_server.search.query import Token, Under
from fhir_server.search.values.uri import URIS, above, below, uri

PLACE = "https://plans.example/fhir/Plan"


def hit(criterion, *addresses):
    return matches(criterion, Candidate("Measure", "1", 0, Index(tokens={"p": [("", one) for one in addresses]})))


@pytest.mark.parametrize(
    ("kind", "value", "pairs"),
    [
        ("uri", PLACE, [("", PLACE)]),
        ("url", PLACE, [("", PLACE)]),
        ("uri", f"{PLACE}|1", [("", f"{PLACE}|1")]),
        ("canonical", PLACE, [("", PLACE)]),
        ("canonical", f"{PLACE}|1", [("", f"{PLACE}|1"), ("", PLACE)]),
        ("oid", "urn:oid:1.2", [("", "urn:oid:1.2")]),
    ],
)
def test_an_address_is_a_token_without_a_system_and_a_canonical_one_without_its_version_too(kind, value, pairs):
    assert pairs == list(URIS[kind](value))


def test_an_address_is_asked_for_exactly():
    assert Token("p", None, PLACE) == uri("p", PLACE)
    assert Token("p", None, "urn:x,y") == uri("p", r"urn:x\,y")
    assert hit(uri("p", PLACE), PLACE)
    for other in (f"{PLACE}/", PLACE.upper(), f"{PLACE}/1", PLACE.replace("https", "http")):
        assert not hit(uri("p", PLACE), other)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (f"{PLACE}/1/_history/5", True),
        (f"{PLACE}/1", True),
        (f"{PLACE}/", True),
        (PLACE, True),
        ("https://plans.example", True),
        ("https://plans.example/", True),
        ("https:", False),
        ("https://", False),
        ("https://plans", False),
        (f"{PLACE}/2", False),
        (f"{PLACE}/1/_history/5/", False),
        ("https://other.example", False),
    ],
)
def test_above_an_address_is_what_it_lies_under(address, found):
    assert found == hit(above("p", f"{PLACE}/1/_history/5"), address)


@pytest.mark.parametrize(("address", "found"), [(PLACE, True), (f"{PLACE}/1", True), (f"{PLACE}net", True), ("https://plans.example", False), (PLACE.upper(), False)])  # fmt: skip
def test_below_an_address_is_what_begins_with_it(address, found):
    assert Under("p", PLACE) == below("p", PLACE)
    assert found == hit(below("p", PLACE), address)


@given(st.lists(st.text(alphabet="ab", min_size=1, max_size=2), min_size=1, max_size=6), st.integers(0, 6))
def test_what_lies_above_has_below_it_what_it_was_asked_for(parts, length):
    address, part = "https://x.example/" + "/".join(parts), "https://x.example/" + "/".join(parts[:length])

    assert hit(above("p", address), part)
    assert hit(below("p", part), address)


@pytest.mark.parametrize("read", [above, below])
def test_a_urn_has_nothing_above_or_below_it(read):
    assert read("p", "urn:oid:1.2.3") is None
    assert read("p", "https://x.example") is not None


@pytest.mark.parametrize("read", [uri, above, below])
def test_an_empty_address_is_none(read):
    assert read("p", "") is None
