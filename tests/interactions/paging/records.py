"""What the walks go through: resources made up by a seed, with few values, so that many are alike, and many without any.

Beside each type stands what the tests themselves hold of it, without asking the server: the order that its sort keys put it
in, the filters and whom they find, the includes and what comes along.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
World: TypeAlias = Mapping[str, Json]
"""The resources that stay as they are, by their places (`Patient/1`)."""

ALPHABET = "abcdefghijklmnopqrstuvwxyzåäö"
FAMILIES = ("Ek", "Öberg", "Åberg", "Ärlig", "Zorn", "Alm")
GIVENS = ("Åsa", "Anna", "Bo", "Östen", "Ava")
DAYS = tuple(f"2026-03-{day:02}" for day in range(1, 9))
LOINC = "http://loinc.org"


def at(place: str) -> Json:
    return {"reference": place}


def maybe(random: Random, **members: Any) -> Json:
    """Each of the members, or not."""
    return {name: value for name, value in members.items() if random.random() < 0.7}


# ------------------------------------------------------------------------------------------------ the resources


def a_person(random: Random, _: list[str]) -> Json:
    name = maybe(random, family=random.choice(FAMILIES), given=random.sample(GIVENS, random.randint(1, 3)))
    birth = random.choice(("1950-09-07", "1950", "1990-02", "1990-02-22"))
    members = maybe(random, birthDate=birth, gender=random.choice(("male", "female")), active=random.random() < 0.5)
    return {"resourceType": "Patient", **({"name": [name]} if name else {}), **members}


def a_plan(random: Random, places: list[str]) -> Json:
    codes = random.sample("abc", random.randint(1, 3))
    category = [{"coding": [{"system": "urn:x", "code": code}]} for code in codes]
    start, end = sorted(random.sample(DAYS, 2))
    period = {"start": start, **maybe(random, end=end)}
    return {
        "resourceType": "CarePlan",
        "status": random.choice(("draft", "active", "active", "revoked")),
        "intent": "plan",
        "subject": at(_one_of(random, places, "Patient")),
        **maybe(random, category=category, period=period),
    }


def a_task(random: Random, places: list[str]) -> Json:
    plan, end = _one_of(random, places, "CarePlan"), random.choice(DAYS)
    return {
        "resourceType": "Task",
        "status": random.choice(("requested", "accepted", "completed")),
        "intent": "order",
        "for": at(_one_of(random, places, "Patient")),
        **maybe(random, priority=random.choice(("routine", "urgent")), authoredOn=random.choice(DAYS)),
        **maybe(random, basedOn=[at(plan)], restriction={"period": {"end": end}}),
    }


def a_weight(random: Random, places: list[str]) -> Json:
    value = {"value": random.choice((50, 60, 75, 101)), "system": "http://unitsofmeasure.org", "code": "kg"}
    return {
        "resourceType": "Observation",
        "status": random.choice(("final", "amended")),
        "code": {"coding": [{"system": LOINC, "code": random.choice(("29463-7", "3141-9"))}]},
        "subject": at(_one_of(random, places, "Patient")),
        **maybe(random, valueQuantity=value, effectiveDateTime=random.choice(DAYS)),
    }


MAKERS: Mapping[str, Callable[[Random, list[str]], Json]] = {
    "Patient": a_person,
    "CarePlan": a_plan,
    "Task": a_task,
    "Observation": a_weight,
}
"""In the order in which one may name another."""


def _one_of(random: Random, places: list[str], type: str) -> str:
    """Any of the type, the first few more often than others."""
    found = [place for place in places if place.startswith(f"{type}/")]
    return random.choice(random.choice((found, found[:3])))


def place_of(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


# ------------------------------------------------------------------------------------------------ the order

Values: TypeAlias = list[tuple[Any, Any]]
"""The lowest and the highest of each value."""


def _same(*values: Any) -> Values:
    return [(value, value) for value in values if value is not None]


def _letters(texts: list[str]) -> Values:
    return _same(*([ALPHABET.index(letter) for letter in text.lower()] for text in texts))


def _name(resource: Json) -> Json:
    return resource.get("name", [{}])[0]


def _codes(concepts: list[Json]) -> Values:
    return _same(*(coding["code"] for concept in concepts for coding in concept["coding"]))


def _born(resource: Json) -> Values:
    day = resource.get("birthDate")
    return [((day + "-01-01")[:10], (day + "-99-99")[:10])] if day else []


def _period(resource: Json) -> Values:
    period = resource.get("period")
    return [(period["start"], period.get("end", "9999"))] if period else []


def _end(resource: Json) -> str | None:
    return resource.get("restriction", {}).get("period", {}).get("end")


ORDER: Mapping[str, Mapping[str, Callable[[Json], Values]]] = {
    "": {
        "_id": lambda it: _same(it["id"]),
        "_lastUpdated": lambda it: _same(it["meta"]["lastUpdated"]),
    },
    "Patient": {
        "family": lambda it: _letters([_name(it)["family"]] if "family" in _name(it) else []),
        "given": lambda it: _letters(_name(it).get("given", [])),
        "birthdate": _born,
        "gender": lambda it: _same(it.get("gender")),
        "active": lambda it: _same(str(it["active"])) if "active" in it else [],
    },
    "CarePlan": {
        "status": lambda it: _same(it["status"]),
        "category": lambda it: _codes(it.get("category", [])),
        "date": _period,
    },
    "Task": {
        "status": lambda it: _same(it["status"]),
        "priority": lambda it: _same(it.get("priority")),
        "authored-on": lambda it: _same(it.get("authoredOn")),
        "due": lambda it: _same(_end(it)),
    },
    "Observation": {
        "status": lambda it: _same(it["status"]),
        "code": lambda it: _codes([it["code"]]),
        "value-quantity": lambda it: _same(it.get("valueQuantity", {}).get("value")),
        "date": lambda it: _same(it.get("effectiveDateTime")),
    },
}

# ------------------------------------------------------------------------------------------------ filters, includes


@dataclass(frozen=True)
class Filter:
    """`own`: what it finds follows from the resource alone."""

    text: str
    holds: Callable[[Json, World], bool] = field(repr=False)
    own: bool = True


def _named(resource: Json, member: str) -> str:
    """The place that a reference names; of several the first."""
    reference = resource.get(member, {})
    named = reference[0] if isinstance(reference, list) else reference
    return str(named.get("reference", ""))


def _led(resource: Json, member: str, world: World) -> Json:
    """The resource that a reference names, where it stays as it is."""
    return world.get(_named(resource, member), {})


def _naming(resource: Json, member: str, type: str, world: World) -> list[Json]:
    """The resources of a type that name this one."""
    here = place_of(resource)
    return [one for one in world.values() if one["resourceType"] == type and here == _named(one, member)]


FILTERS: Mapping[str, list[Filter]] = {
    "Patient": [
        Filter("", lambda it, _: True),
        Filter("gender=female", lambda it, _: it.get("gender") == "female"),
        Filter("gender:not=male", lambda it, _: it.get("gender") != "male"),
        Filter("birthdate=ge1960", lambda it, _: it.get("birthDate", "") >= "1960"),
        Filter("birthdate:missing=false", lambda it, _: "birthDate" in it),
        Filter("given:contains=a", lambda it, _: any("a" in _bare(one) for one in _name(it).get("given", []))),
        Filter(
            "_has:CarePlan:patient:status=active",
            lambda it, world: any(one["status"] == "active" for one in _naming(it, "subject", "CarePlan", world)),
            own=False,
        ),
    ],
    "CarePlan": [
        Filter("", lambda it, _: True),
        Filter("status=active,draft", lambda it, _: it["status"] in {"active", "draft"}),
        Filter("category=urn:x|a", lambda it, _: ("a", "a") in _codes(it.get("category", []))),
        Filter("category:missing=true", lambda it, _: "category" not in it),
        Filter("date=gt2026-03-04", lambda it, _: any(end > "2026-03-04" for _, end in _period(it))),
        Filter(
            "patient.gender=female", lambda it, world: _led(it, "subject", world).get("gender") == "female", own=False
        ),
        Filter(
            "_has:Task:based-on:status=requested",
            lambda it, world: any(one["status"] == "requested" for one in _naming(it, "basedOn", "Task", world)),
            own=False,
        ),
    ],
    "Task": [
        Filter("", lambda it, _: True),
        Filter("status:not=completed", lambda it, _: it["status"] != "completed"),
        Filter("priority:missing=true", lambda it, _: "priority" not in it),
        Filter("due=le2026-03-05&due=gt2026-03-01", lambda it, _: "2026-03-01" < (_end(it) or "") <= "2026-03-05"),
        Filter(
            "based-on.patient.gender=female,male",
            lambda it, world: "gender" in _led(_led(it, "basedOn", world), "subject", world),
            own=False,
        ),
    ],
    "Observation": [
        Filter("", lambda it, _: True),
        Filter("value-quantity=gt55", lambda it, _: it.get("valueQuantity", {}).get("value", 0) > 55),
        Filter(f"code={LOINC}|29463-7", lambda it, _: ("29463-7", "29463-7") in _codes([it["code"]])),
        Filter('_filter=status eq final and not (date lt "2026-03-04")', lambda it, _: _late_and_final(it)),
    ],
}


def _bare(text: str) -> str:
    return text.lower().replace("å", "a")


def _late_and_final(resource: Json) -> bool:
    return resource["status"] == "final" and resource.get("effectiveDateTime", "9") >= "2026-03-04"


@dataclass(frozen=True)
class Along:
    """An include, and the places that come along with a match."""

    text: str
    places: Callable[[Json, World], set[str]] = field(repr=False)


def _plans(person: Json, world: World) -> set[str]:
    return {place_of(one) for one in _naming(person, "subject", "CarePlan", world)}


def _tasks(plan: Json, world: World) -> set[str]:
    return {place_of(one) for one in _naming(plan, "basedOn", "Task", world)}


def _people(tasks: set[str], world: World) -> set[str]:
    return {_named(world[place], "for") for place in tasks}


INCLUDES: Mapping[str, list[Along]] = {
    "Patient": [Along("_revinclude=CarePlan:patient", _plans)],
    "CarePlan": [
        Along("_include=CarePlan:subject", lambda it, _: {_named(it, "subject")}),
        Along(
            "_revinclude=Task:based-on&_include:iterate=Task:patient",
            lambda it, world: _tasks(it, world) | _people(_tasks(it, world), world),
        ),
    ],
    "Task": [Along("_include=Task:based-on", lambda it, _: {_named(it, "basedOn")})],
    "Observation": [Along("_include=Observation:*", lambda it, _: {_named(it, "subject")})],
}
