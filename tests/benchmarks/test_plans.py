"""The plans that are measured with are what is said of them."""

from fhir_server.validation.profile import load_profiles
from fhir_server.validation.validate import Validator
from tests.benchmarks.plans import plan, plan_text

PLANS = 300


def test_every_plan_is_valid():
    validator = Validator(load_profiles())

    assert [] == [issue for number in range(PLANS) for issue in validator.issues(plan(number))]


def test_no_two_plans_are_alike_and_each_is_the_same_again():
    assert PLANS == len({plan_text(number) for number in range(PLANS)})
    assert plan_text(7) == plan_text(7)


def test_a_plan_has_about_three_kilobytes():
    assert all(2_900 < len(plan_text(number)) < 3_300 for number in range(PLANS))


def test_each_patient_has_as_many_plans_as_the_others():
    of = [plan(number, patients=10)["subject"]["reference"] for number in range(100)]

    assert {10} == {of.count(patient) for patient in set(of)}
