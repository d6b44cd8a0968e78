"""A figure beside its budget."""

from itertools import count

import pytest

from tests.benchmarks.figure import Figure, in_turn


@pytest.mark.parametrize(("measured", "holds"), [(2.4, True), (2.5, True), (2.6, False)])
def test_a_budget_that_is_a_limit_is_kept_at_and_below_it(measured, holds):
    assert holds == Figure("x", measured, 2.5, at_most=True).holds


@pytest.mark.parametrize(("measured", "holds"), [(0.39, False), (0.4, True), (0.41, True)])
def test_a_budget_that_is_a_goal_is_kept_at_and_above_it(measured, holds):
    assert holds == Figure("x", measured, 0.4).holds


def test_two_rates_are_measured_in_turn_and_their_ratio_round_by_round():
    turns = count(1)

    both = in_turn(lambda: next(turns), lambda: next(turns), rounds=3)

    assert (3, 4, 3 / 4) == (both.first, both.second, both.ratio)
