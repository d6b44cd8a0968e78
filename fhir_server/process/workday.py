"""Which days are workdays in Sweden.

General holidays are those of 1 and 2 §§ lagen (1989:253) om allmänna helgdagar; Saturdays and the eves of midsummer, Christmas and the new
year stand beside them in 2 § lagen (1930:173) om beräkning av lagstadgad tid.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

_FIXED = ((1, 1), (1, 6), (5, 1), (6, 6), (12, 24), (12, 25), (12, 26), (12, 31))
"""New year's day, Epiphany, the first of May, the national day, Christmas eve, day and the day after, new year's eve."""
_FROM_EASTER = (-2, 1, 39)
"""Good Friday, Easter Monday, Ascension Day; Easter and Whit Sunday are Sundays."""
_SATURDAY = 5


def is_workday(day: date) -> bool:
    """Whether work is done on a day."""
    return day.weekday() < _SATURDAY and day not in _days_off(day.year)


def workdays_after(day: date, count: int) -> date:
    """The so-manieth workday after a day; with none, the day itself."""
    for _ in range(count):
        day = _next(day)
    return day


def easter(year: int) -> date:
    """Easter Sunday of a year of the Gregorian calendar: the first Sunday after the full moon of the Church.

    The anonymous computus: https://en.wikipedia.org/wiki/Date_of_Easter#Anonymous_Gregorian_algorithm
    """
    century, rest = divmod(year, 100)
    golden = year % 19
    skipped = century - century // 4 - (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + skipped + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _next(day: date) -> date:
    return next(later for later in _later(day) if is_workday(later))


def _later(day: date) -> Iterator[date]:
    while True:
        day += timedelta(days=1)
        yield day


@cache
def _days_off(year: int) -> frozenset[date]:
    """Those that may fall on a Monday to Friday; midsummer day and All Saints' are Saturdays."""
    sunday = easter(year)
    moving = {sunday + timedelta(days=days) for days in _FROM_EASTER}
    return frozenset({date(year, *one) for one in _FIXED} | moving | {_midsummer_eve(year)})


def _midsummer_eve(year: int) -> date:
    """The Friday from the 19th to the 25th of June: the day before the Saturday that is midsummer day."""
    first = date(year, 6, 19)
    return first + timedelta(days=(_SATURDAY - 1 - first.weekday()) % 7)
