"""A county that plans together: made-up people, units and cases in plausible proportions, the same for the same size.

A larger county has more units and a longer past, either by the square root: of a unit's cases some tens are open, however
many lie closed behind them. The cases stand in the order they began; ids tell what a resource is (`u3` a unit, `p7` a person,
`s9` the plan of case 9, `m9-2` a message in it).
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import chain, islice
from math import isqrt
from random import Random
from typing import Any, TypeAlias

from fhir_server.assembly import assembled, claim_index
from fhir_server.cli.progress import progress_on_stderr
from fhir_server.interactions.commit import granted, put
from fhir_server.settings import Settings
from fhir_server.storage.store import Commit, Put
from tests.benchmarks.databases import by_anybody
from tests.builders import SIP

Resource: TypeAlias = dict[str, Any]

TODAY = datetime(2026, 4, 10, 9, tzinfo=timezone(timedelta(hours=2)))
"""The county's morning: what is open is seen from here."""
PAST = timedelta(days=4 * 365)
"""The first case is so old."""
FRESH = timedelta(days=30)
"""An open case is at most so old."""
OF_A_CASE = 17
"""Resources that a case adds."""
OPEN_OF_A_UNIT = 40
PARTIES = 3
MESSAGES, TASKS = 6, 3
AT_ONCE = 1000

FAMILIES = [
    "Ahl",
    "Berg",
    "Dahl",
    "Ek",
    "Falk",
    "Granqvist",
    "Hedlund",
    "Isaksson",
    "Järvi",
    "Kvist",
    "Lind",
    "Mohlin",
    "Nyman",
    "Öberg",
    "Palm",
    "Rask",
    "Sjö",
    "Ström",
]
GIVEN = [
    "Anna",
    "Bo",
    "Cecilia",
    "David",
    "Elsa",
    "Fatima",
    "Gösta",
    "Hanna",
    "Ibrahim",
    "Johan",
    "Karin",
    "Lars",
    "Märta",
    "Nils",
    "Olga",
    "Per",
    "Rut",
    "Sven",
    "Åsa",
]
KINDS = ("Avdelning", "Vårdcentral", "Hemsjukvård", "Biståndsenhet", "Rehabenhet")
MESSAGE = "https://fhir-care-plan-server.example/CodeSystem/message"
ABOUT = ("inskrivning", "kallelse", "utskrivningsklar", "meddelande", "meddelande", "meddelande")
NUMBER = "https://county.example/NamingSystem/person"
CASE_NUMBER = "https://county.example/NamingSystem/case"
SAID = [
    "dusch",
    "trappa",
    "påklädning",
    "frukost",
    "läkemedel",
    "rullator",
    "sår",
    "näring",
    "fall",
    "sömn",
    "oro",
    "syn",
    "hörsel",
    "balans",
    "promenad",
    "anhörig",
    "nyckel",
    "larm",
    "hiss",
    "toalett",
    "matlåda",
    "insulin",
    "blodtryck",
    "andning",
    "smärta",
    "minne",
    "kontakt",
    "möte",
    "remiss",
    "provtagning",
    "hembesök",
    "hjälpmedel",
]


@dataclass(frozen=True, slots=True)
class County:
    """A county of about so many resources."""

    size: int

    @property
    def units(self) -> int:
        return max(4, isqrt(self.size) // 4)

    @property
    def cases(self) -> int:
        return max(1, (self.size - self.units) // OF_A_CASE)

    @property
    def people(self) -> int:
        return (self.cases + 1) // 2

    @property
    def open_cases(self) -> int:
        """The youngest of all cases."""
        return min(self.cases // 2, self.units * OPEN_OF_A_UNIT // PARTIES)

    def resources(self) -> Iterator[Resource]:
        """All of it, each resource after what it refers to."""
        yield _organization("r1", "Region Exempel", None)
        for number in range(self.units):
            yield from _unit(number)
        yield from map(_person, range(self.people))
        yield from chain.from_iterable(map(self.case, range(self.cases)))

    def case(self, number: int) -> Iterator[Resource]:
        """A discharge or a plan at home, with all that is said and done in it."""
        return Case(self, number, Random(number)).resources()


def ref(type: str, id: object) -> Resource:
    return {"reference": f"{type}/{id}"}


def _organization(id: str, name: str, part_of: str | None) -> Resource:
    of = {"partOf": ref("Organization", part_of)} if part_of else {}
    return {"resourceType": "Organization", "id": id, "active": True, "name": name, **of}


def _unit(number: int) -> Iterator[Resource]:
    """A unit and somebody who works there."""
    person = {"resourceType": "Practitioner", "id": f"w{number}", "active": True, "name": [_name(Random(f"w{number}"))]}
    yield _organization(f"u{number}", f"{KINDS[number % len(KINDS)]} {number}", "r1")
    yield person
    yield {
        "resourceType": "PractitionerRole",
        "id": f"w{number}",
        "active": True,
        "practitioner": ref("Practitioner", f"w{number}"),
        "organization": ref("Organization", f"u{number}"),
    }


def _name(random: Random) -> Resource:
    return {"use": "official", "family": random.choice(FAMILIES), "given": random.sample(GIVEN, 2)}


def _person(number: int) -> Resource:
    random = Random(f"p{number}")
    born = TODAY.date() - timedelta(days=random.randrange(20 * 365, 99 * 365))
    return {
        "resourceType": "Patient",
        "id": f"p{number}",
        "identifier": [{"system": NUMBER, "value": f"{number:08}"}],
        "active": True,
        "name": [_name(random)],
        "gender": random.choice(("female", "male")),
        "birthDate": born.isoformat(),
    }


class Case:
    """One case of a county, its parties, and what became of it."""

    def __init__(self, county: County, number: int, random: Random) -> None:
        self.number = number
        self.random = random
        self.open = number >= county.cases - county.open_cases
        self.begun = _begun(county, number, random)
        self.ended = None if self.open else self.begun + timedelta(days=random.randrange(3, 40))
        self.person = f"p{random.randrange(county.people)}"
        self.parties = [f"u{unit}" for unit in random.sample(range(county.units), PARTIES)]

    def resources(self) -> Iterator[Resource]:
        yield self._team()
        yield self._episode()
        yield self._stay()
        yield self._goal()
        yield self._request()
        yield self._appointment()
        yield self._plan()
        yield from map(self._task, range(TASKS))
        yield from map(self._message, range(MESSAGES))

    def _of(self, type: str, letter: str, **members: Any) -> Resource:
        return {"resourceType": type, "id": f"{letter}{self.number}", **members}

    @property
    def _subject(self) -> Resource:
        return ref("Patient", self.person)

    @property
    def _period(self) -> Resource:
        start = {"start": self.begun.isoformat()}
        return start if self.ended is None else {**start, "end": self.ended.isoformat()}

    def _said(self, words: int) -> str:
        return f"{' '.join(self.random.choices(SAID, k=words)).capitalize()}."

    def _team(self) -> Resource:
        parties = [{"member": ref("Organization", unit)} for unit in self.parties]
        return self._of(
            "CareTeam",
            "t",
            status="active" if self.open else "inactive",
            subject=self._subject,
            participant=parties,
            managingOrganization=[ref("Organization", "r1")],
        )

    def _episode(self) -> Resource:
        return self._of(
            "EpisodeOfCare",
            "e",
            identifier=[{"system": CASE_NUMBER, "value": f"{self.number:08}"}],
            status=self.random.choice(("planned", "active", "active", "onhold")) if self.open else "finished",
            patient=self._subject,
            managingOrganization=ref("Organization", self.parties[0]),
            period=self._period,
            team=[ref("CareTeam", f"t{self.number}")],
        )

    def _stay(self) -> Resource:
        return self._of(
            "Encounter",
            "v",
            status="in-progress" if self.open else "finished",
            **{"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}},
            subject=self._subject,
            episodeOfCare=[ref("EpisodeOfCare", f"e{self.number}")],
            period=self._period,
            serviceProvider=ref("Organization", self.parties[0]),
        )

    def _goal(self) -> Resource:
        return self._of(
            "Goal",
            "g",
            lifecycleStatus="active" if self.open else "completed",
            description={"text": self._said(8)},
            subject=self._subject,
            startDate=self.begun.date().isoformat(),
        )

    def _request(self) -> Resource:
        return self._of(
            "ServiceRequest",
            "r",
            status="active" if self.open else "completed",
            intent="plan",
            code={"text": self._said(3)},
            subject=self._subject,
            authoredOn=self.begun.isoformat(),
            performer=[ref("Organization", self.parties[1])],
        )

    def _appointment(self) -> Resource:
        """The follow-up; of three open ones one has passed and nobody said how it went."""
        day = TODAY + timedelta(days=self.random.randrange(-10, 20)) if self.open else self.ended or self.begun
        start = day.replace(minute=self.random.randrange(60))
        return self._of(
            "Appointment",
            "a",
            status="booked" if self.open else self.random.choice(("fulfilled", "fulfilled", "cancelled")),
            start=start.isoformat(),
            end=(start + timedelta(hours=1)).isoformat(),
            participant=[
                {"actor": self._subject, "status": "accepted"},
                {"actor": ref("PractitionerRole", self.parties[1].replace("u", "w")), "status": "accepted"},
            ],
        )

    def _plan(self) -> Resource:
        activities = [("Appointment", "a"), ("ServiceRequest", "r")]
        return self._of(
            "CarePlan",
            "s",
            identifier=[{"system": CASE_NUMBER, "value": f"S{self.number:08}"}],
            status=self.random.choice(("active", "active", "active", "draft")) if self.open else "completed",
            intent="plan",
            category=[SIP],
            title=f"Samordnad plan {self.number}",
            description=f"{self._said(40)} Ärende{self.number}.",
            subject=self._subject,
            period=self._period,
            careTeam=[ref("CareTeam", f"t{self.number}")],
            goal=[ref("Goal", f"g{self.number}")],
            activity=[{"reference": ref(type, f"{letter}{self.number}")} for type, letter in activities],
        )

    def _task(self, number: int) -> Resource:
        due = self.begun + timedelta(days=self.random.randrange(1, 30))
        return {
            **self._of("Task", "k"),
            "id": f"k{self.number}-{number}",
            "basedOn": [ref("CarePlan", f"s{self.number}")],
            "status": self.random.choice(("requested", "accepted", "in-progress")) if self.open else "completed",
            "intent": "plan",
            "description": self._said(10),
            "focus": ref("ServiceRequest", f"r{self.number}"),
            "for": self._subject,
            "authoredOn": self.begun.isoformat(),
            "owner": ref("Organization", self.parties[number % PARTIES]),
            "restriction": {"period": {"end": due.isoformat()}},
        }

    def _message(self, number: int) -> Resource:
        """From one party to the two others; in an open case the last one has not been read yet."""
        sent = self.begun + timedelta(hours=5 * number + self.random.randrange(5))
        sender, *recipients = self.parties[number % PARTIES :] + self.parties[: number % PARTIES]
        unread = self.open and number == MESSAGES - 1
        received = {} if unread else {"received": (sent + timedelta(hours=1)).isoformat()}
        return {
            **self._of("Communication", "m"),
            "id": f"m{self.number}-{number}",
            "status": "completed",
            "category": [{"coding": [{"system": MESSAGE, "code": ABOUT[number]}]}],
            "subject": self._subject,
            "about": [ref("EpisodeOfCare", f"e{self.number}")],
            "sent": sent.isoformat(),
            **received,
            "recipient": [ref("Organization", unit) for unit in recipients],
            "sender": ref("Organization", sender),
            "payload": [{"contentString": self._said(25)}],
        }


def _begun(county: County, number: int, random: Random) -> datetime:
    """Closed cases began one after the other, long before the open ones."""
    minutes = timedelta(minutes=random.randrange(60))
    closed = county.cases - county.open_cases
    if number < closed:
        return TODAY - PAST + (PAST - 3 * FRESH) * (number / closed) + minutes
    return TODAY - FRESH + FRESH * ((number - closed) / county.open_cases) - minutes


def load(county: County, database: str) -> None:
    """Puts the county into a database straight through the store, many resources in a Commit."""
    asyncio.run(_load(county, database))


async def _load(county: County, database: str) -> None:
    async with assembled(Settings(database=database, access="open", secret="of the benchmark")) as house:
        await claim_index(house)
        call = await by_anybody("update", "CarePlan", house.server)
        grant = granted(call, house.server)
        changes = (put(one, one["id"], call, house.server, method="PUT") for one in county.resources())
        with progress_on_stderr() as progress:
            task = progress.add_task(f"A county of {county.size:,}", total=county.size)
            while batch := tuple[Put, ...](islice(changes, AT_ONCE)):
                await house.server.store.commit(Commit(grant, batch))
                progress.advance(task, len(batch))
