"""What a history asks for: between which moments, and which page of it."""

from fhir_server.fhir.instant import BEGINNING, END
from fhir_server.storage.past import Past, position_of
from fhir_server.storage.store import Stored


def a_version(version: int) -> Stored:
    return Stored("CarePlan", "a", version, 100 + version, b"{}", "PUT", ())


def test_all_that_was_made_unless_something_narrows_it():
    assert (BEGINNING, END) == Past("CarePlan", "a", 10).made
    assert (5, 50) == Past("CarePlan", "", 10, since=5, horizon=50).made
    assert (5, 30) == Past("CarePlan", "", 10, since=5, at=(10, 30), horizon=50).made
    assert (5, 20) == Past("CarePlan", "", 10, (20, "CarePlan", "a"), since=5, at=(10, 30), horizon=50).made


def test_at_a_time_a_version_must_have_outlived_its_beginning():
    assert 10 == Past("CarePlan", "", 10, at=(10, 30)).outlived
    assert None is Past("CarePlan", "", 10, since=10).outlived


def test_one_more_than_a_page_holds_says_where_the_next_one_starts():
    past, found = Past("CarePlan", "a", 2), [a_version(number) for number in (3, 2, 1)]

    assert ((*found[:2],), position_of(found[1])) == (past.page(found, None).items, past.page(found, None).next)
    assert None is past.page(found[:2], None).next
    assert [False, True] == [past.shows_all(found), past.shows_all(found[:2])]
    assert not Past("CarePlan", "a", 2, position_of(found[0])).shows_all(found[1:])
