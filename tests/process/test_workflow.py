"""When what is due is due."""

import pytest

from fhir_server.process.clock import Term
from fhir_server.process.definition import load_workflow
from fhir_server.process.workflow import Deadline
from tests.discharge import ms


@pytest.mark.parametrize(
    ("amount", "unit", "start", "end"),
    [
        (24, "h", "2026-02-02 08:00", "2026-02-03 08:00"),
        (24, "h", "2026-03-28 08:00", "2026-03-29 09:00"),
        (0, "d", "2026-02-12 00:00", "2026-02-13 00:00"),
        (3, "d", "2026-02-09 09:00", "2026-02-13 00:00"),
        (3, "d", "2026-03-27 23:59", "2026-03-31 00:00"),
        (3, "d", "2026-10-23 00:00", "2026-10-27 00:00"),
    ],
    ids=["a-day-of-hours", "hours-over-summer-time", "same-day", "three-days", "days-into-summer", "days-into-winter"],
)
def test_hours_pass_and_days_are_stockholm_s(amount, unit, start, end):
    term = Term(hours=amount) if unit == "h" else Term(days=amount)
    in_days = unit == "d"  # the last moment that is in time is the one before midnight

    assert ms(end) - in_days == Deadline("a", "b", term, "").term.end(ms(start))


def test_what_is_going_on_may_end_and_not_begin_again():
    allowed = load_workflow().allowed

    assert {"permission"} == set(allowed("planning")) - set(allowed("planning", {"permission"}))
    assert {"permission-ater"} == set(allowed("planning", {"permission"})) - set(allowed("planning"))
