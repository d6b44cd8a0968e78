"""What others write while somebody walks through the pages of a search."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from itertools import islice
from random import Random

import httpx

from tests.builders import a_bundle, an_entry
from tests.interactions.paging.records import MAKERS, Json, World, place_of

STAYING, TOUCHED, MOVED = 12, 3, 12
"""So many resources of each type stay as they are, are written without a change to what they are found by, and change."""
ALL = STAYING + TOUCHED + MOVED
WRITERS, WRITES, BETWEEN = 3, 40, 4
"""So many at once, so many writes of each, and so many at least between two pages."""
MUCH = 2
"""So much more often is written to the types that are searched."""


def an_id(random: Random) -> str:
    return f"{random.getrandbits(32):08x}"


class Kept:
    """What is on the server to begin with, by what becomes of it; each mapping by place. Types have some ids in common."""

    def __init__(self, random: Random) -> None:
        self.staying: dict[str, Json] = {}
        self.touched: dict[str, Json] = {}
        self.moved: dict[str, Json] = {}
        pool = [an_id(random) for _ in range(2 * ALL)]
        for type in MAKERS:
            ids = iter(random.sample(pool, ALL))
            for kept, many in ((self.staying, STAYING), (self.touched, TOUCHED), (self.moved, MOVED)):
                for id in islice(ids, many):
                    kept[f"{type}/{id}"] = self.another(random, type, id)

    @property
    def steady(self) -> World:
        """Those whose place in an order does not change."""
        return self.staying | self.touched

    def another(self, random: Random, type: str, id: str) -> Json:
        """A new resource, or new contents of one."""
        places = [*self.staying, *self.touched, *self.moved]
        return MAKERS[type](random, places) | {"id": id}

    def transaction(self) -> Json:
        every = self.staying | self.touched | self.moved
        return a_bundle(*(an_entry("PUT", place, one) for place, one in every.items()))


class Writers:
    """Writers at work, each on resources of its own, most of them of the types that are searched."""

    def __init__(self, api: httpx.AsyncClient, kept: Kept, types: Collection[str], seed: str) -> None:
        self._api, self._kept = api, kept
        self._types = [*MAKERS, *types * MUCH]
        self._touched, self._moved = list(kept.touched), list(kept.moved)
        self._acts = (self._touch, self._move, self._move, self._delete, self._create)
        self._written, self._at_work = 0, WRITERS
        self._wrote = asyncio.Condition()
        self._tasks = [asyncio.create_task(self._write(Random(f"{seed} {n}"), n)) for n in range(WRITERS)]

    async def overtake(self) -> None:
        """Returns when some more is written, or nothing more will be."""
        until = self._written + BETWEEN
        async with self._wrote:
            await self._wrote.wait_for(lambda: self._written >= until or not self._at_work)

    async def end(self) -> None:
        """Returns when all are at their end; raises what went wrong with one."""
        await asyncio.gather(*self._tasks)

    async def _write(self, random: Random, n: int) -> None:
        """Each of the writes, by the writer of this number."""
        try:
            for _ in range(WRITES):
                await random.choice(self._acts)(random, n)
                await self._tell(written=1)
        finally:
            await self._tell(ended=1)

    async def _tell(self, *, written: int = 0, ended: int = 0) -> None:
        async with self._wrote:
            self._written += written
            self._at_work -= ended
            self._wrote.notify_all()

    def _one_of(self, random: Random, places: list[str], n: int) -> str:
        """A place of this writer's, of a type as often as it is asked for."""
        type = random.choice(self._types)
        return random.choice([place for place in places[n::WRITERS] if place.startswith(f"{type}/")])

    async def _touch(self, random: Random, n: int) -> None:
        place = self._one_of(random, self._touched, n)
        await self._put(place, self._kept.touched[place] | {"language": random.choice(("sv", "en", "fi"))})

    async def _move(self, random: Random, n: int) -> None:
        type, id = self._one_of(random, self._moved, n).split("/")
        await self._put(f"{type}/{id}", self._kept.another(random, type, id))

    async def _delete(self, random: Random, n: int) -> None:
        answer = await self._api.delete(self._one_of(random, self._moved, n))
        assert 204 == answer.status_code, answer.text

    async def _create(self, random: Random, _: int) -> None:
        made = self._kept.another(random, random.choice(self._types), an_id(random))
        await self._put(place_of(made), made)

    async def _put(self, place: str, resource: Json) -> None:
        answer = await self._api.put(place, json=resource)
        assert answer.status_code in {200, 201}, answer.text


@asynccontextmanager
async def writing(api: httpx.AsyncClient, kept: Kept, types: Collection[str], seed: str) -> AsyncIterator[Writers]:
    """Writers begin at once and are at their end when the block is left."""
    writers = Writers(api, kept, types, seed)
    try:
        yield writers
    finally:
        await writers.end()
