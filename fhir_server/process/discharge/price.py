"""What liable days cost: each at the rate of its year, or at the amount that was agreed on (5 kap. 6 § lagen (2017:612))."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from fhir_server.process.discharge.reasoning import Line, by_law, by_policy
from fhir_server.process.policy import AMOUNT, Policy


@dataclass(frozen=True, slots=True)
class Price:
    """In kronor; None where nobody has said what a day of one of the years costs."""

    amount: Decimal | None
    lines: tuple[Line, ...]


def price_of(days: Mapping[int, Decimal], policy: Policy) -> Price:
    """What so many days of these years cost."""
    rates = {year: policy.rate_of(year) for year in days}
    known = [rate * days[year] for year, rate in rates.items() if rate is not None]
    amount = sum(known, Decimal(0)) if len(known) == len(days) else None
    return Price(amount, tuple(_lines(days, rates, policy)))


def _lines(days: Mapping[int, Decimal], rates: Mapping[int, Decimal | None], policy: Policy) -> Iterator[Line]:
    for year, rate in rates.items():
        said = {"days": days[year], "year": year}
        if rate is None:
            yield by_law("liability-no-rate", 5, 6, **said)
        elif policy.amount is None:
            yield by_law("liability-priced", 5, 6, **said, rate=rate, amount=rate * days[year])
        else:
            yield by_policy("liability-priced", AMOUNT, policy, **said, rate=rate, amount=rate * days[year])
