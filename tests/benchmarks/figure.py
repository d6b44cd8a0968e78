"""What is measured against what was promised, and the table that shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

ROUNDS = 9


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: what was measured, its budget if it has one (`at_most`: the figure must not be above it), and the figures
    behind it.
    """

    what: str
    measured: float
    budget: float | None = None
    at_most: bool = False
    unit: str = ""
    behind: str = ""

    @property
    def holds(self) -> bool:
        """Whether the budget is kept; without one there is nothing to break."""
        if self.budget is None:
            return True
        return self.measured <= self.budget if self.at_most else self.measured >= self.budget

    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        found = f"{shown(self.measured)}{self.unit}"
        if self.budget is None:
            return self.what, found, "", "", self.behind
        sign, budget = "≤" if self.at_most else "≥", f"{shown(self.budget)}{self.unit}"
        return self.what, found, f"{sign} {budget}", "yes" if self.holds else "NO", self.behind


@dataclass(frozen=True, slots=True)
class Compared:
    """Two rates measured in turn: the median of each, and of their ratio round by round."""

    first: float
    second: float
    ratio: float


def in_turn(first: Callable[[], float], second: Callable[[], float], rounds: int = ROUNDS) -> Compared:
    """Measures A B A B …, so that a slow moment of the machine touches both."""
    pairs = [(first(), second()) for _ in range(rounds)]
    return Compared(
        median(one for one, _ in pairs),
        median(other for _, other in pairs),
        median(one / other for one, other in pairs),
    )


def shown(number: float) -> str:
    """A number with no more digits than it can carry."""
    return f"{number:,.0f}" if number >= 20 else f"{number:.2f}"


def table(figures: list[Figure]) -> Table:
    """All figures, one a row."""
    rows = Table("what", "measured", "budget", "holds", "behind it")
    for figure in figures:
        rows.add_row(*figure.cells())
    return rows


console = Console(width=140)
