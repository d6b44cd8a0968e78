"""The callers of programs: each sends its steps one after the other, while all others send theirs and the server is killed."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from tests.faults.programs.connection import Broken, Connection, NotSent
from tests.faults.programs.generate import Program
from tests.faults.programs.house import House
from tests.faults.programs.told import Told, not_sent, request_of, told_by, unanswered
from tests.faults.programs.write import Place, Step, Write

NEVER = 9_999
"""A version that no resource comes to."""

PAUSE = 0.02
"""Seconds between two steps of a caller, at the most: else all would wait for the same commits."""


class Memory:
    """What the callers of one program have been told so far: the latest version of each place, and where people stand."""

    def __init__(self) -> None:
        self._versions: dict[Place, int] = {}
        self._people: dict[str, str] = {}

    def learn(self, told: Told) -> None:
        if not told.acknowledged or told.place is None or told.version is None:
            return
        self._versions[told.place] = max(told.version, self._versions.get(told.place, 0))
        if told.write.person:
            self._people[told.write.person] = told.place[1]

    def filled(self, step: Step) -> Step:
        """The step with the ids and versions that are known by now."""
        return replace(step, writes=tuple(self._filled(write) for write in step.writes))

    def _filled(self, write: Write) -> Write:
        known = self._people.get(write.person, "")
        if write.by_id:
            write = replace(write, id=known)
        met = self._versions.get((write.type, write.id or known))
        return replace(write, met=met, match={"": None, "seen": met, "wrong": NEVER}[write.guard])


async def run(programs: Sequence[Program], house: House, whim: random.Random) -> list[Told]:
    """All programs at the same time, and the server killed once or twice in between; what became of each write."""
    steps = sum(program.steps for program in programs)
    moments = sorted(int(steps * whim.uniform(0.1, 0.8)) for _ in range(whim.choice((1, 2))))
    killing = asyncio.create_task(_kill(house, [house.answers + moment for moment in moments], whim))
    told = await asyncio.gather(*(_program(program, house, whim) for program in programs))
    await killing
    return [it for own in told for it in own]


async def _kill(house: House, moments: Sequence[int], whim: random.Random) -> None:
    for moment in moments:
        while house.answers < moment:  # noqa: ASYNC110  # somewhere about there will do
            await asyncio.sleep(0.001)
        await asyncio.sleep(whim.uniform(0, 0.01))
        await house.kill(whim)


async def _program(program: Program, house: House, whim: random.Random) -> list[Told]:
    memory = Memory()
    told = await asyncio.gather(*(_caller(steps, memory, house, whim) for steps in program.callers))
    return [it for own in told for it in own]


async def _caller(steps: Sequence[Step], memory: Memory, house: House, whim: random.Random) -> list[Told]:
    told: list[Told] = []
    with closing(Connection()) as connection:
        for step in steps:
            await asyncio.sleep(whim.uniform(0, PAUSE))
            port = await house.port()
            found = await _told(memory.filled(step), port, connection)
            house.answers += 1
            for it in found:
                memory.learn(it)
            told += found
    return told


async def _told(step: Step, port: int, connection: Connection) -> list[Told]:
    try:
        return told_by(step, await connection.ask(port, request_of(step)))
    except NotSent:
        return not_sent(step)
    except Broken:
        return unanswered(step)
