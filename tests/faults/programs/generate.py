"""A random program: a few callers who write at the same time, each a short list of steps, on a few identities.

The same seed makes the same program; how its callers meet is another matter in each run.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from uuid import NAMESPACE_OID, uuid5

from tests.faults.programs.write import JSON_PATCH, MERGE_PATCH, PATH_PATCH, PEOPLE, Step, Write

NAMES = ("a", "b", "c")
"""What tells a program's people apart: their Patients are only made by conditional creates and updates."""

KNOWN = (("CarePlan", "plan"), ("CareTeam", "team"), ("Task", "task"), ("Task", "errand"))
"""The resources that all callers of a program write to by an id that they chose."""

CALLERS, STEPS = (4, 8), (4, 7)
"""The least and the most of them."""

FORMS = (JSON_PATCH, MERGE_PATCH, PATH_PATCH)


@dataclass(frozen=True)
class Program:
    """What each caller will send, one step after the other."""

    name: str
    callers: tuple[tuple[Step, ...], ...]

    @property
    def steps(self) -> int:
        return sum(map(len, self.callers))


def program(name: str, seed: str) -> Program:
    """The program of a seed; `name` is part of all its ids and tokens."""
    random = Random(seed)
    count = random.randint(*CALLERS)
    return Program(name, tuple(_caller(f"{name}.{number}", name, random) for number in range(count)))


def _caller(named: str, program: str, random: Random) -> tuple[Step, ...]:
    makings = [_Making(f"{named}.{number}", program, random) for number in range(random.randint(*STEPS))]
    return (makings[0].first(), *(making.step() for making in makings[1:]))


class _Making:
    """The making of one step."""

    def __init__(self, named: str, program: str, random: Random) -> None:
        self._named = named
        self._program = program
        self._random = random

    def first(self) -> Step:
        """With something there from the beginning, fewer of the later steps are about nothing."""
        type, id, person = self._random.choice(self._targets())
        interaction = "update" if id else "create"
        return Step("alone", (Write(f"{self._named}.0", interaction, type, id, person, self._about(type)),))

    def step(self) -> Step:
        (kind,) = self._random.choices(("alone", "batch", "transaction"), (60, 15, 25))
        if kind == "alone":
            return Step(kind, (self._write(self._random.choice(self._targets()), 0),))
        count = self._random.randint(2, 4)
        targets = self._random.sample(self._targets(), count)
        writes = tuple(self._write(target, number) for number, target in enumerate(targets))
        return Step(kind, self._joined(writes) if kind == "transaction" else writes)

    def _targets(self) -> Sequence[tuple[str, str, str]]:
        """Type, id and person of all that a write can be about; what is wholly new has neither."""
        people = [("Patient", "", f"{self._program}-{person}") for person in NAMES]
        known = [(type, f"{self._program}-{name}", "") for type, name in KNOWN]
        return [*people, *known, ("Task", "", "")]

    def _write(self, target: tuple[str, str, str], number: int) -> Write:
        type, id, person = target
        write = Write(f"{self._named}.{number}", "create", type, id, person, self._about(type))
        if person:
            return self._of_a_person(write)
        return self._of_a_known(write) if id else self._of_a_new(write)

    def _about(self, type: str) -> str:
        return "" if type == "Patient" else f"Patient/{self._program}-{self._random.choice(NAMES)}"

    def _of_a_new(self, write: Write) -> Write:
        """A create, or an update that makes the resource under an id that nobody has yet."""
        if self._random.random() < 0.5:
            return write
        return replace(write, interaction="update", id=write.token)

    def _of_a_person(self, write: Write) -> Write:
        (interaction,) = self._random.choices(("create", "update", "patch", "delete"), (35, 25, 25, 15))
        by_id = interaction in {"patch", "delete"} and self._random.random() < 0.5
        guarded = interaction != "create"
        return self._formed(replace(write, interaction=interaction, by_id=by_id), guarded=guarded)

    def _of_a_known(self, write: Write) -> Write:
        (interaction,) = self._random.choices(("update", "patch", "delete"), (50, 35, 15))
        return self._formed(replace(write, interaction=interaction), guarded=True)

    def _formed(self, write: Write, *, guarded: bool) -> Write:
        (guard,) = self._random.choices(("", "seen", "wrong"), (72, 25, 3)) if guarded else ("",)
        form = self._random.choice(FORMS) if write.interaction == "patch" else ""
        return replace(write, guard=guard, form=form)

    def _joined(self, writes: tuple[Write, ...]) -> tuple[Write, ...]:
        """The writes of a transaction, some of which point at the person whom another one makes or changes, or at whom a
        condition finds.
        """
        found = [f"Patient?identifier={PEOPLE}|{self._program}-{person}" for person in NAMES]
        made = [urn_of(it) for it in writes if it.type == "Patient" and it.interaction in {"create", "update"}]
        return tuple(self._pointing(it, [*made, self._random.choice(found)]) for it in writes)

    def _pointing(self, write: Write, at: Sequence[str]) -> Write:
        if not write.about or write.interaction not in {"create", "update"} or self._random.random() < 0.5:
            return write
        return replace(write, about=self._random.choice(at))


def urn_of(write: Write) -> str:
    """The fullUrl of an entry: a urn:uuid made of the write's token."""
    return f"urn:uuid:{uuid5(NAMESPACE_OID, write.token)}"
