"""A search made up by a seed, and what the tests hold of its answer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cmp_to_key
from random import Random
from typing import Any

from tests.interactions.paging.records import FILTERS, INCLUDES, ORDER, Along, Filter, Json, Values, World, place_of

SEVERAL = ("CarePlan", "Observation", "Task")
OF_A_PATIENT = ("CarePlan", "Observation")
"""A Task is in no patient's compartment: https://hl7.org/fhir/R4/compartmentdefinition-patient.html"""


@dataclass(frozen=True)
class Asked:
    """`types` are searched at `path`; `subject`: the compartment's patient, or empty."""

    path: str
    types: tuple[str, ...]
    filter: Filter
    sort: tuple[str, ...]
    count: int = 1
    along: Along | None = None
    subject: str = ""

    @property
    def address(self) -> str:
        own = [self.filter.text] * bool(self.filter.text) + [f"_sort={','.join(self.sort)}"] * bool(self.sort)
        several = [f"_type={','.join(self.types)}"] * (len(self.types) > 1)
        include = [self.along.text] if self.along else []
        return f"{self.path}?{'&'.join([*several, *own, *include, f'_count={self.count}'])}"

    @property
    def moves(self) -> bool:
        """Whether whatever is written changes its place."""
        return any(key.endswith("_lastUpdated") for key in self.sort)

    def holds(self, resource: Json, world: World) -> bool:
        return (
            resource["resourceType"] in self.types
            and self.subject in {"", subject_of(resource)}
            and self.filter.holds(resource, world)
        )

    def in_order(self, resources: Iterable[Json]) -> list[Json]:
        return sorted(resources, key=cmp_to_key(self._compare))

    def _compare(self, one: Json, other: Json) -> int:
        for key in self.sort:
            found = _compared(_values(key, one), _values(key, other), descending=key.startswith("-"))
            if found:
                return found
        here, there = ((it["resourceType"], it["id"]) for it in (one, other))
        return (here > there) - (here < there)


def _values(key: str, resource: Json) -> Values:
    code = key.removeprefix("-")
    values: Callable[[Json], Values] = (ORDER[""] | ORDER[resource["resourceType"]])[code]
    return values(resource)


def _compared(one: Values, other: Values, *, descending: bool) -> int:
    """By the lowest value, descending by the highest; what has none comes last either way."""
    if not one or not other:
        return (not one) - (not other)
    here, there = (_outermost(it, descending=descending) for it in (one, other))
    found = (here > there) - (here < there)
    return -found if descending else found


def _outermost(values: Values, *, descending: bool) -> Any:
    return max(high for _, high in values) if descending else min(low for low, _ in values)


# ------------------------------------------------------------------------------------------------ made up


def a_search(random: Random, world: World, number: int) -> Asked:
    """The search of a number: each type in its turn, then several types, of the whole server or of a patient that stays. It
    finds enough of what stays for several pages.
    """
    turn, shape = number % (len(FILTERS) + 1), number // (len(FILTERS) + 1)
    while True:
        asked = _of_one_type(random, list(FILTERS)[turn]) if turn < len(FILTERS) else _of_several(random, world, shape)
        found = sum(asked.holds(one, world) for one in world.values())
        if found > 2:
            return replace(asked, count=random.randint(1, min(7, found // 2)))


def _of_several(random: Random, world: World, shape: int) -> Asked:
    sort = random.choice(((), ("_id",), ("-_id",), ("_lastUpdated",), ("-_lastUpdated", "_id")))
    whatever = Filter("", lambda *_: True)
    if shape % 2:
        return Asked("", SEVERAL, whatever, sort)
    subject = _most_named(world)
    return Asked(f"{subject}/*", OF_A_PATIENT, whatever, sort, subject=subject)


def _of_one_type(random: Random, type: str) -> Asked:
    codes = random.sample([*ORDER[type], *ORDER[type], "_lastUpdated", "_id"], random.randint(0, 3))
    sort = tuple(random.choice(("", "-")) + code for code in dict.fromkeys(codes))
    return Asked(type, (type,), random.choice(FILTERS[type]), sort, along=random.choice([None, *INCLUDES[type]]))


def _most_named(world: World) -> str:
    people = [place_of(one) for one in world.values() if one["resourceType"] == "Patient"]
    subjects = [subject_of(one) for one in world.values() if one["resourceType"] in OF_A_PATIENT]
    return max(people, key=subjects.count)


def subject_of(resource: Json) -> str:
    return str(resource.get("subject", resource.get("for", {})).get("reference", ""))
