"""Numbers as they are kept: as whole numbers in the same order."""

import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.search.values.amount import LEAST, MOST
from fhir_server.storage.sqlite.clause import as_json
from fhir_server.storage.sqlite.ranges import placed

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(NUMBERS, NUMBERS)
def test_places_stand_as_the_numbers_do(one, other):
    assert (one < other, one == other) == (placed(one) < placed(other), placed(one) == placed(other))


def test_places_of_known_numbers():
    assert [0, 0, 1, -1] == [placed(number) for number in (0.0, -0.0, 5e-324, -5e-324)]
    assert [4607182418800017408, -4607182418800017408] == [placed(number) for number in (1.0, -1.0)]
    assert placed(5.0) == placed(5)


@given(st.lists(NUMBERS | st.sampled_from([LEAST, MOST])))
def test_sqlite_reads_a_place_out_of_json_as_it_is(numbers):
    places = [placed(number) for number in numbers]
    with closing(sqlite3.connect(":memory:")) as connection:
        found = connection.execute("SELECT value, value = ? FROM json_each(?)", (0, as_json(places))).fetchall()

    assert [(place, int(place == 0)) for place in places] == found
