"""Random programs of concurrent writes on a few identities, and the server killed in between: what was acknowledged holds.

`PROGRAMS` says how many, `PROGRAMS_SEED` which: each run has new ones, and a failure says how to have them again. A batch of
them has a database of its own, where some run at the same time, and others after them on what those left.
"""

import logging
import os
import secrets
from collections import Counter
from collections.abc import Sequence
from itertools import cycle, islice
from random import Random

import pytest

from tests.databases import empty_database
from tests.faults.programs.allowed import GIVEN_UP
from tests.faults.programs.calling import run
from tests.faults.programs.evidence import Evidence, gathered, trail_in
from tests.faults.programs.generate import Program, program
from tests.faults.programs.house import House, housed
from tests.faults.programs.judge import judged
from tests.faults.programs.told import Told

log = logging.getLogger(__name__)
pytestmark = [pytest.mark.anyio, pytest.mark.slow]

PROGRAMS = int(os.environ.get("PROGRAMS", "200"))
SEED = os.environ.get("PROGRAMS_SEED") or secrets.token_hex(4)
STORES = ("sqlite", "mongo", "sqlite", "mongo-two-workers")
"""Half of the batches are SQLite's; of the others, half have a server of two processes."""

BATCH, HEAT = 25, 13
"""Programs on one database, and at the most at the same time."""

SHOWN = 30
"""Findings in a failure."""


def batches() -> list[object]:
    """Each with its store, its number, and how many programs it has."""
    sizes = [min(BATCH, PROGRAMS - start) for start in range(0, PROGRAMS, BATCH)]
    stores = islice(cycle(STORES), len(sizes))
    return [
        pytest.param(store, number, size, id=f"{store}-{number}")
        for number, (store, size) in enumerate(zip(stores, sizes, strict=True))
    ]


@pytest.mark.parametrize(("store", "number", "size"), batches())
async def test_what_was_acknowledged_holds_though_the_server_is_killed(tmp_path, store, number, size):
    database = empty_database(store, tmp_path / "plans.db")
    seed = f"{SEED}-{number}"
    programs = [program(f"p{one}", f"{seed}-{one}") for one in range(size)]
    async with housed(database, 2 if store == "mongo-two-workers" else 1) as house:
        told = [it for heat in heats(programs) for it in await run(heat, house, Random(f"{seed}-{heat[0].name}"))]
        evidence = await afterwards(house, told)

    findings = judged(told, evidence)
    log.info("%s-%d: %d programs, %s", store, number, size, summary(told, house, evidence))
    again = f"PROGRAMS_SEED={SEED} PROGRAMS={PROGRAMS} pytest tests/faults/test_programs.py -k {store}-{number}"
    assert not findings, "\n".join([f"{len(findings)} findings; again: {again}", *findings[:SHOWN]])
    refuse_idle(told, house, size)


def heats(programs: Sequence[Program]) -> list[Sequence[Program]]:
    """The programs of a batch, in parts that run one after the other."""
    return [programs[start : start + HEAT] for start in range(0, len(programs), HEAT)]


async def afterwards(house: House, told: Sequence[Told]) -> Evidence:
    """What stands: the audit and the outbox while no server has the database, the rest as a client of the next one."""
    await house.stop()
    trail = await trail_in(house.database)
    await house.start()
    try:
        return await gathered(await house.port(), trail, told)
    except AssertionError as strange:
        raise AssertionError(f"{strange}\nThe server said:\n{house.faults()}") from strange


def refuse_idle(told: Sequence[Told], house: House, size: int) -> None:
    """Nothing found counts only where all was tried, much was acknowledged, and many programs were broken off."""
    done = {(it.step.kind, it.write.interaction, it.write.conditional) for it in told if it.acknowledged}
    assert len(broken_off(told)) > size / 4
    assert house.kills >= size / HEAT
    assert sum(it.wrote for it in told) > len(told) / 4
    assert sum(it.status in GIVEN_UP for it in told) < len(told) / 10
    assert len(done) > 12 or size < BATCH


def broken_off(told: Sequence[Told]) -> set[str]:
    """The programs of which the server was killed before it had answered everything."""
    return {it.write.token.partition(".")[0] for it in told if it.unknown}


def summary(told: Sequence[Told], house: House, evidence: Evidence) -> str:
    answers = Counter("unknown" if it.unknown else str(it.status or "not sent") for it in told)
    counted = ", ".join(f"{answer} {count}" for answer, count in sorted(answers.items()))
    versions = sum(map(len, evidence.histories.values()))
    return (
        f"{len(broken_off(told))} broken off by {house.kills} kills; {len(told)} writes ({counted}) "
        f"left {versions} versions of {len(evidence.histories)} resources"
    )
