"""Why something was settled as it was, a line for each step, in English and in Swedish, with the paragraph that it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise

from fhir_server.fhir.wording import worded
from fhir_server.process.clock import reading
from fhir_server.process.event import Moment
from fhir_server.process.policy import Policy


@dataclass(frozen=True, slots=True)
class Line:
    """A step: the key of its words, what stands in their gaps, and the paragraph; `unverified` where it rests on a reading that a lawyer
    has to confirm.
    """

    key: str
    paragraph: str
    said: Mapping[str, str] = field(default_factory=dict)
    unverified: bool = False

    def text(self, language: str = "en") -> str:
        """The step in words: `sv`, or English for every other language."""
        return worded(self.key, language, **self.said)


def by_law(key: str, chapter: int, section: int, **said: object) -> Line:
    """A step by a paragraph of lagen (2017:612)."""
    return Line(key, f"{chapter} kap. {section} § lagen (2017:612)", _written(said))


def by_policy(key: str, row: str, policy: Policy, **said: object) -> Line:
    """A step by a row of the policy, with what that rests on."""
    return Line(key, policy.sources[row], _written(said), row in policy.unverified)


def clock_time(moment: Moment, policy: Policy) -> str:
    """A moment as the clocks of the policy show it."""
    return f"{reading(moment, policy.zone):%Y-%m-%d %H:%M:%S}"


def spans(days: tuple[date, ...]) -> str:
    """Days in their order, those that follow one another as from and to."""
    starts = [days[0], *(later for day, later in pairwise(days) if (later - day).days > 1)]
    ends = [*(day for day, later in pairwise(days) if (later - day).days > 1), days[-1]]
    return ", ".join(f"{a}" if a == b else f"{a}/{b}" for a, b in zip(starts, ends, strict=True))


def _written(said: Mapping[str, object]) -> dict[str, str]:
    return {name: f"{value:f}" if isinstance(value, Decimal) else str(value) for name, value in said.items()}
