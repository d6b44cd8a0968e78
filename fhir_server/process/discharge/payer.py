"""Which municipality is liable (5 kap. 2 § lagen (2017:612))."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from fhir_server.process.discharge.reasoning import Line, by_policy
from fhir_server.process.policy import Policy


@dataclass(frozen=True, slots=True)
class Placement:
    """A municipality's decision that the person is to live in special housing or a home in another one; `last` is None while it stands."""

    municipality: str
    first: date
    last: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class Payer:
    """The municipality, and why it is that one; the `reason` of a placement is as it was given."""

    municipality: str
    reasoning: Line
    reason: str = ""


def payer_of(registered: str, placements: Iterable[Placement], on: date, policy: Policy) -> Payer:
    """Who pays for a day: the municipality of folkbokföring, unless one stays liable by its decision; of several the latest."""
    standing = [one for one in placements if one.first <= on and (one.last is None or on <= one.last)]
    if policy.payer == "registered" or not standing:
        return Payer(registered, by_policy("payer-registered", "payer", policy))
    latest = max(standing, key=lambda one: one.first)
    return Payer(latest.municipality, by_policy("payer-placing", "payer", policy), latest.reason)
