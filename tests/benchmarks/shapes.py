"""The searches that are measured, each as the path of a request in a county; docs/search.md tells what they mean.

`flat` says that by design neither the size of the database nor what lies closed in it is to be seen: what is looked at is the
answer, or a part of the county that stays the same. What is not flat goes with what its words say: how many there are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TypeAlias
from urllib.parse import quote

from tests.benchmarks.county import FAMILIES, GIVEN, NUMBER, SAID, TODAY, County

Path: TypeAlias = Callable[[County, Random], str]

WORKLIST = 5.0
"""A worklist costs at most so many reads."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A search that is asked again and again, of others each time; `budget` in reads."""

    name: str
    path: Path
    flat: bool = True
    deep: bool = False
    budget: float | None = None


def _asking(text: str) -> Path:
    """The text with a unit, a person, a case, a month and a part of a name of the county."""

    def path(county: County, random: Random) -> str:
        month = (TODAY - timedelta(days=random.randrange(100, 1200))).date().replace(day=1)
        return quote(
            text.format(
                unit=f"Organization/u{random.randrange(county.units)}",
                person=f"p{random.randrange(county.people)}",
                number=f"{NUMBER}|{random.randrange(county.people):08}",
                case=random.randrange(county.cases),
                month=month,
                after=(month + timedelta(days=32)).replace(day=1),
                name=random.choice(FAMILIES + GIVEN)[:3],
                word=random.choice(SAID),
                today=TODAY.date(),
                tomorrow=TODAY.date() + timedelta(days=1),
                week=TODAY.date() + timedelta(days=6),
            ),
            safe="/?&=:,-|",
        )

    return path


SHAPES = (
    Shape("one patient's plans", _asking("CarePlan?patient={person}")),
    Shape("one patient's finished plans", _asking("CarePlan?patient={person}&status=completed")),
    Shape("a person by number", _asking("Patient?identifier={number}")),
    Shape("a person's plans by number (chain)", _asking("CarePlan?patient.identifier={number}")),
    Shape(
        "plans with team and tasks (_include, _revinclude)",
        _asking("CarePlan?patient={person}&_include=CarePlan:care-team&_revinclude=Task:based-on"),
    ),
    Shape("a rare word (_content)", _asking("CarePlan?_content=ärende{case}")),
    Shape("finished plans, last changed first", _asking("CarePlan?status=completed&_sort=-_lastUpdated"), flat=False),
    Shape("the same, _total=none", _asking("CarePlan?status=completed&_sort=-_lastUpdated&_total=none"), flat=False),
    Shape("the same, page 20", _asking("CarePlan?status=completed&_sort=-_lastUpdated&_total=none"), deep=True),
    Shape("plans of a past month", _asking("CarePlan?date=ge{month}&date=lt{after}"), flat=False),
    Shape("today's appointments", _asking("Appointment?date=ge{today}&date=lt{tomorrow}"), flat=False),
    Shape("people by the beginning of a name", _asking("Patient?name={name}"), flat=False),
    Shape("people a unit knows (_has)", _asking("Patient?_has:CareTeam:patient:participant={unit}"), flat=False),
    Shape("a common word (_content)", _asking("CarePlan?_content={word}"), flat=False),
    Shape(
        "my unit's plans without a follow-up (:missing)",
        _asking("CarePlan?status=active&care-team-participant={unit}&follow-up:missing=true"),
        flat=False,
        budget=WORKLIST,
    ),
    Shape(
        "my unit's open cases, newest first",
        _asking("EpisodeOfCare?status=planned,waitlist,active,onhold&care-team-participant={unit}&_sort=-started"),
        flat=False,
        budget=WORKLIST,
    ),
    Shape(
        "messages to my unit not yet acknowledged",
        _asking("Communication?recipient={unit}&received:missing=true&_sort=sent"),
        flat=False,
        budget=WORKLIST,
    ),
    Shape(
        "my unit's plans whose follow-up has passed",
        _asking(
            "CarePlan?status=active&care-team-participant={unit}"
            "&_filter=activity-reference:Appointment[status eq booked].date lt {today}"
        ),
        flat=False,
        budget=WORKLIST,
    ),
    Shape(
        "what is due in my unit",
        _asking("Task?owner={unit}&status=requested,accepted,in-progress&due=le{week}&_sort=due"),
        flat=False,
        budget=WORKLIST,
    ),
)
