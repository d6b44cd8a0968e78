"""How often somebody may call."""

import pytest

from fhir_server.access import rate
from fhir_server.access.decide import ANYBODY, Admitted
from fhir_server.access.rate import FILE, Proportions, Rates, load_proportions, proportions_of
from fhir_server.access.standing import Standing
from fhir_server.fhir.definitions import BadDefinition, read
from fhir_server.fhir.outcome import Throttled


class Clock:
    now = 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def rates(clock, told) -> Rates:
    return Rates(60, Proportions(3, 10, 4), clock, lambda *alarm: told.append(alarm))


def a_caller(person: str = "nurse", client: str = "app") -> Admitted:
    return Admitted(Standing("staff"), "{}", person=person, client=client)


def spent(rates: Rates, caller: Admitted, calls: int = 1) -> int:
    """0 where the call is let in, else how many seconds it has to wait."""
    try:
        rates.spend(caller, calls)
    except Throttled as refusal:
        return refusal.retry_after
    return 0


def test_a_person_calls_so_often_in_a_minute_and_then_waits(rates, clock):
    assert [0] * 60 == [spent(rates, a_caller()) for _ in range(60)]
    assert 1 == spent(rates, a_caller())
    clock.now += 1_000
    assert [0, 1] == [spent(rates, a_caller()), spent(rates, a_caller())]
    clock.now += 60_000
    assert [0] * 60 == [spent(rates, a_caller()) for _ in range(60)]
    assert spent(rates, a_caller())


def test_what_is_refused_costs_nothing(rates, clock):
    assert 0 == spent(rates, a_caller(), 60)
    assert {1} == {spent(rates, a_caller()) for _ in range(100)}
    clock.now += 1_000
    assert 0 == spent(rates, a_caller())


def test_a_bundle_is_let_in_once_and_paid_for_afterwards(rates, clock):
    assert 0 == spent(rates, a_caller(), 100)
    assert 41 == spent(rates, a_caller())
    clock.now += 40_000
    assert 1 == spent(rates, a_caller())
    clock.now += 1_000
    assert 0 == spent(rates, a_caller())


def test_a_client_calls_for_many_and_so_often_for_all(rates):
    assert [0] * 3 == [spent(rates, a_caller(f"nurse{number}"), 60) for number in range(3)]
    assert 1 == spent(rates, a_caller("nurse4"))
    assert 0 == spent(rates, a_caller("nurse4", "other-app"))


def test_a_system_has_the_clients_share(rates):
    assert 0 == spent(rates, a_caller("", "backend"), 180)
    assert 1 == spent(rates, a_caller("", "backend"))


def test_who_is_nobody_shares_with_everybody(rates):
    assert 0 == spent(rates, ANYBODY, 60)
    assert 1 == spent(rates, ANYBODY)


def test_with_no_limit_nothing_is_counted(clock, told):
    free = Rates(0, load_proportions(), clock, lambda *alarm: told.append(alarm))
    for _ in range(1_000):
        assert 0 == spent(free, a_caller())
        free.missed(a_caller(), "r")
    assert [] == told


def test_a_miss_counts_for_more_and_many_are_told_of_once(rates, clock, told):
    assert 0 == spent(rates, a_caller())
    for _ in range(3):
        rates.missed(a_caller(), "r1")
    assert [] == told
    rates.missed(a_caller(), "r2")
    rates.missed(a_caller(), "r3")
    assert [("app", "r2")] == told
    assert 0 == spent(rates, a_caller(), 14)
    assert spent(rates, a_caller())


def test_who_has_rested_begins_anew(rates, clock, told):
    for _ in range(3):
        rates.missed(a_caller(), "r")
    clock.now += 60_000
    rates.missed(a_caller(), "r")
    assert [] == told


def test_a_clock_that_is_put_back_gives_nothing(rates, clock):
    assert 0 == spent(rates, a_caller(), 60)
    clock.now -= 60_000
    assert 1 == spent(rates, a_caller())


def test_memory_is_bounded(rates, clock, monkeypatch):
    monkeypatch.setattr(rate, "MOST", 10)
    for number in range(100):
        assert 0 == spent(rates, a_caller(f"nurse{number}", ""))
    assert 10 >= len(rates._buckets)
    clock.now += 60_000
    assert 0 == spent(rates, a_caller("one-more", ""))
    assert 1 == len(rates._buckets)


def test_the_proportions_are_those_of_security():
    found = load_proportions()
    assert (50, 10, 20) == (found.client_share, found.miss_weight, found.alarm_after)


@pytest.mark.parametrize("without", ["client-share", "miss-weight", "alarm-after"])
def test_a_table_that_leaves_something_out_is_refused(without):
    definition = dict(read("security"))[FILE]
    rows = [row for row in definition["parameter"] if row["name"] != without]
    with pytest.raises(BadDefinition):
        proportions_of({**definition, "parameter": rows})
    unknown = {**definition["parameter"][0], "name": "else"}
    with pytest.raises(BadDefinition):
        proportions_of({**definition, "parameter": [*definition["parameter"], unknown]})
    unsaid = {"name": without, "part": definition["parameter"][0]["part"][:1]}
    with pytest.raises(BadDefinition):
        proportions_of({**definition, "parameter": [*rows, unsaid]})
