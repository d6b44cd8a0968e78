"""Whether a case is a readmission: the person came back within so many days of an earlier discharge.

It is told, and never kept: the discharge may be undone, or registered later than the admission that followed it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.process.clock import day_of
from fhir_server.process.event import Moment
from fhir_server.process.policy import Policy
from fhir_server.process.telling import code_in

ADMIT_SOURCE = "http://terminology.hl7.org/CodeSystem/admit-source"
TRANSFER = "hosp-trans"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Readmission:
    """`of` is where the earlier case stands, `days` how many local days lie between its discharge and this admission."""

    of: str
    days: int


def is_transferred(stay: Json) -> bool:
    """Whether a stay began in another hospital: who is moved has not come back."""
    return code_in([stay.get("hospitalization", {}).get("admitSource", {})], ADMIT_SOURCE) == TRANSFER


def readmission_of(
    admitted: Moment | None, earlier: Iterable[tuple[str, Moment | None]], policy: Policy
) -> Readmission | None:
    """By when the other cases of the person, by their places, ended in a discharge (None: not, or no longer); the latest before the
    admission counts.
    """
    if admitted is None:
        return None
    ended = [(discharged, place) for place, discharged in earlier if discharged is not None and discharged <= admitted]
    if not ended:
        return None
    discharged, place = max(ended)
    days = (day_of(admitted, policy.zone) - day_of(discharged, policy.zone)).days
    return Readmission(place, days) if days <= policy.readmission_days else None
