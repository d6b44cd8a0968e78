"""What docs/search.md shows is understood, and its limits are those of the server."""

import re
from urllib.parse import parse_qsl

import pytest

from fhir_server.search.criteria import COMMON, MOST_COMPARED, MOST_HOPS, MOST_WAYS
from fhir_server.search.filter import DEEPEST, OPERATIONS
from fhir_server.search.modifier import LONGEST_VALUE, modifiers_of
from fhir_server.search.parse import DEFAULT_COUNT, LONGEST_TEXT, MOST_COUNT, MOST_PARAMETERS, MOST_VALUES, REFUSED
from tests.docs.documented import ADDRESSES, TEXT
from tests.search.reading import PARAMETERS, PARSER
from tools.take_parameters import types

SHOWN = [shown.groups() for address in ADDRESSES if (shown := re.fullmatch(r"/(\w+)\?(.+)", address))]


def section(heading):
    return TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize(("type", "query"), SHOWN)
def test_every_search_that_is_shown_is_understood(type, query):
    pairs = [tuple(pair.partition("=")[::2]) for pair in query.split("&")]

    search = PARSER.parse(type, pairs)
    assert not search.warnings
    assert {name for name, _ in pairs} == {name for name, _ in search.understood}
    assert pairs == parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)


def test_every_kind_of_parameter_and_every_modifier_is_told():
    parameters = [one for type in sorted(types()) for one in PARAMETERS.of(type).values()]
    table = section("Kinds of parameters")

    for parameter in parameters:
        assert parameter.kind in table
        for modifier in () if parameter.chain else modifiers_of(parameter):
            assert f"`:{modifier}`" in table


def test_every_operation_of_a_filter_and_every_parameter_of_all_types_is_told():
    assert set(OPERATIONS) == {one for one in re.findall(r"`(\w\w)`", section("`_filter`")) if one != "or"}
    for code in COMMON:
        assert f"`{code}" in section("Every type")


def test_the_limits_are_those_of_the_server():
    refused, order = section("Refused, and why"), section("Order, pages, totals")

    for limit in (MOST_VALUES, MOST_PARAMETERS, LONGEST_VALUE, LONGEST_TEXT, MOST_WAYS, DEEPEST, MOST_COMPARED):
        assert f"{limit:,}" in refused
    assert f"more than {MOST_HOPS} hops" in refused
    assert f"{DEFAULT_COUNT} without it, {MOST_COUNT:,} at the most" in order
    for name, why in REFUSED.items():
        assert f"`{name}`" in refused
        assert why in refused
