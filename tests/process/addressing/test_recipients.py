"""Who is told by the addressing register, and how they come to be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.definitions import by_canonical
from fhir_server.process.addressing.recipients import Register, services_of
from fhir_server.process.addressing.row import SERVICE
from fhir_server.process.definition import MESSAGE
from tests.discharge import ms
from tests.register import AREAS, a_person, a_row, a_week

NOTICE = "inskrivning"
MONDAY, NIGHT = "2026-03-02 10:00", "2026-03-02 22:00"
OFFICE = {"availableTime": [a_week(start="08:00:00", end="16:30:00")]}
CATCH_ALL = a_row("box", "catch-all")
THREE = [a_row("sol"), a_row("hsl", "hsl"), a_row("vc", "primary-care"), CATCH_ALL]


def addressed(rows, person=None, message=NOTICE, at=MONDAY, health_care=None):
    return Register(rows, AREAS).addressed(person or a_person(), message, ms(at), health_care)


def told(rows, **asked):
    """Service, row and how of each who is told."""
    found = addressed(rows, **asked).addressees
    return [(one.service, one.row.removeprefix("HealthcareService/"), one.how) for one in found]


def lacking(rows, **asked):
    return [(one.service, one.reason) for one in addressed(rows, **asked).missing]


def of_social_services(*rows, **asked):
    return [(row, how) for service, row, how in told([*rows, *THREE[1:]], **asked) if service == "sol"]


BORN = {"days": (16, 31)}
NAMED = {"messages": (NOTICE,)}


@pytest.mark.parametrize(
    ("winner", "loser"),
    [
        pytest.param({"area": "norr"}, {"area": "kommun", **BORN}, id="the narrower area before birth days"),
        pytest.param(BORN, {"ages": (18, None)}, id="birth days before ages"),
        pytest.param({"ages": (18, None)}, NAMED, id="ages before a message that is named"),
        pytest.param(NAMED, {}, id="a message that is named before none"),
        pytest.param({"area": "norr", **BORN}, {"area": "norr"}, id="area and birth days before area"),
        pytest.param({"unit": "listed", "area": "grannen"}, {"area": "norr", **BORN}, id="where one is listed before all"),
    ],
)  # fmt: skip
def test_the_most_specific_row_counts(winner, loser):
    person = a_person(generalPractitioner=[{"reference": "Organization/listed"}])

    assert [("winner", "direct")] == of_social_services(
        a_row("winner", **winner), a_row("loser", **loser), person=person
    )


@pytest.mark.parametrize(
    ("row", "twin"),
    [
        pytest.param({"area": "soder"}, {"area": "norr"}, id="elsewhere"),
        pytest.param({"days": (1, 15)}, {"days": (1, 18)}, id="born on other days"),
        pytest.param({"ages": (0, 17)}, {"ages": (0, 65)}, id="of another age"),
        pytest.param({"messages": ["hemgang"]}, {"messages": ["hemgang", NOTICE]}, id="for other messages"),
        pytest.param({"active": False}, {"active": True}, id="not active"),
        pytest.param({"validity": {"end": "2026-03-01"}}, {"validity": {"end": "2026-03-02"}}, id="no longer valid"),
        pytest.param({"service": "ifo"}, {"service": "sol"}, id="of another service"),
    ],
)
def test_what_nobody_answers_for_comes_to_the_catch_all(row, twin):
    assert [("box", "catch-all")] == of_social_services(a_row("unit", **row))
    assert [("unit", "direct")] == of_social_services(a_row("unit", **twin))


def test_what_comes_to_a_closed_unit_is_taken_by_its_deputy():
    rows = [a_row("day", deputy="evening", **OFFICE), a_row("evening", "home-care", messages=["hemgang"])]

    assert [("day", "direct")] == of_social_services(*rows)
    assert [("evening", "deputy")] == of_social_services(*rows, at=NIGHT)


def test_a_deputy_that_is_closed_too_has_its_own():
    rows = [a_row("a", deputy="b", **OFFICE), a_row("b", "ifo", deputy="c", **OFFICE), a_row("c", "ifo")]

    assert [("c", "deputy")] == of_social_services(*rows, at=NIGHT)


@pytest.mark.parametrize("deputy", ["b", "a", "nowhere", ""])
def test_where_all_are_closed_it_lies_with_the_unit(deputy):
    rows = [a_row("a", deputy=deputy, **OFFICE), a_row("b", "ifo", deputy="a", **OFFICE)]

    assert [("a", "direct")] == of_social_services(*rows, at=NIGHT)


def test_rows_that_are_as_specific_are_both_told_and_that_is_said():
    rows = [a_row("one"), a_row("two"), *THREE[1:]]

    assert [("one", "direct"), ("two", "direct")] == of_social_services(*rows[:2])
    assert [("sol", "ambiguous")] == lacking(rows)
    assert [] == lacking(THREE)


def test_rows_of_one_unit_are_one_recipient():
    assert [] == lacking([a_row("one", unit="u"), a_row("two", unit="u"), *THREE[1:]])


@pytest.mark.parametrize(
    ("services", "health_care"),
    [
        pytest.param(["sol", "hsl", "primary-care"], None, id="nothing said"),
        pytest.param(["sol", "hsl", "primary-care"], True, id="needed"),
        pytest.param(["sol", "primary-care"], False, id="not needed"),
    ],
)
def test_the_services_of_a_notice_are_told(services, health_care):
    assert services == [service for service, *_ in told(THREE, health_care=health_care)]


def test_open_care_is_told_where_municipal_health_care_is_needed():
    assert ["sol", "hsl"] == [service for service, *_ in told(THREE, message="oppenvard-insats")]
    assert ["sol", "hsl", "primary-care"] == [
        service for service, *_ in told(THREE, message="oppenvard-insats", health_care=True)
    ]


def test_a_unit_of_another_service_is_told_where_its_row_names_the_message():
    home = a_row("home", "home-care", messages=["hemgang"])

    assert ("home-care", "home", "direct") in told([*THREE, home], message="hemgang")
    assert ["sol", "hsl", "primary-care"] == [service for service, *_ in told([*THREE, home])]


def test_what_is_not_known_is_said():
    assert [("", "address-missing")] == lacking([], person=a_person(address=[]))[:1]
    assert ("", "area-unknown") in lacking(THREE, person=a_person(address=[{"city": "Delad"}]))
    assert ("sol", "nobody") in lacking(THREE, person=a_person(address=[{"city": "Delad"}]))
    assert [("", "birth-date-missing")] == lacking(THREE, person=a_person(birthDate="1961"))


def test_a_message_that_goes_to_nobody_in_particular_has_no_services():
    assert ((), ()) == (services_of("administrativt"), services_of("no-such-message"))
    assert [] == told(THREE, message="administrativt")


def test_every_service_that_is_told_is_one_that_a_row_may_have():
    services = {one["code"] for one in by_canonical()[SERVICE]["concept"]}

    assert {"sol", "hsl", "primary-care"} == {
        it for one in by_canonical()[MESSAGE]["concept"] for it in services_of(one["code"])
    }
    assert {"sol", "hsl", "primary-care", "catch-all"} <= services


# ------------------------------------------------------------------------------------------------ whatever the rows

IDS = [f"r{number}" for number in range(5)]
DAYS, AGES = st.integers(1, 31), st.integers(0, 100)
HOURS = st.sampled_from(["00:00:00", "08:00:00", "16:30:00", "22:00:00"])
ROWS = st.builds(
    lambda *named, hours, **told: a_row(*named, **told, **({"availableTime": [hours]} if hours else {})),
    st.sampled_from(IDS),
    st.sampled_from(["sol", "hsl", "primary-care", "ifo", "catch-all"]),
    st.sampled_from(["kommun", "norr", "soder", "grannen"]),
    hours=st.none() | st.builds(lambda start, end: a_week(start=start, end=end), HOURS, HOURS),
    unit=st.sampled_from(["u1", "u2", "u3"]),
    days=st.none() | st.tuples(DAYS, DAYS),
    ages=st.none() | st.tuples(AGES, AGES),
    messages=st.sampled_from([(), (NOTICE,), ("hemgang",)]),
    deputy=st.sampled_from(["", *IDS, "nowhere"]),
    active=st.booleans(),
)  # fmt: skip
REGISTERS = st.lists(ROWS, max_size=5, unique_by=lambda row: row["id"])
PEOPLE = st.builds(
    lambda born, code: a_person(born, address=[{"postalCode": code, "city": "Björkvik"}]),
    st.sampled_from(["1961-01-18", "2014-12-31", "1961"]),
    st.sampled_from(["999 01", "999 02", "999 05", "000 00"]),
)
MOMENTS = st.sampled_from([MONDAY, NIGHT, "2026-03-07 10:00"])


def reached(rows, person, at):
    return {service for service, *_ in told(rows, person=person, at=at)}


@given(REGISTERS, PEOPLE, MOMENTS)
def test_everybody_in_a_municipality_with_a_catch_all_is_reached(rows, person, at):
    assert {"sol", "hsl", "primary-care"} <= reached([*rows, CATCH_ALL], person, at)


@given(REGISTERS, ROWS, PEOPLE, MOMENTS)
def test_one_more_row_makes_no_service_unreachable(rows, row, person, at):
    assert reached(rows, person, at) <= reached([*rows, {**row, "id": "more"}], person, at)


@given(st.permutations([*THREE, a_row("one"), a_row("two", deputy="one")]), MOMENTS)
def test_the_order_of_the_rows_does_not_tell(rows, at):
    assert addressed([*THREE, a_row("one"), a_row("two", deputy="one")], at=at) == addressed(rows, at=at)
