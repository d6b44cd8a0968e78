"""Transactions: bounded in time, begun anew where another one was in the way."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError, ServerSelectionTimeoutError
from pymongo.read_concern import ReadConcern

from fhir_server.fhir.outcome import Unavailable
from fhir_server.storage.mongo.link import Link, codes

PATIENCE = 15
"""Seconds for one transaction, all its attempts together; the driver by itself would try for two minutes."""

HURRY = 4
"""Seconds that are left to an attempt once it hurries; it is less than `number.OPEN_MS`."""

ATTEMPTS = 5
"""How often one is begun anew where another made the same document: the driver does not try those again."""

_DUPLICATE = 11000

T = TypeVar("T")

Hurry: TypeAlias = Callable[[], None]
"""Says that what the attempt has still to do must be done soon, or not at all."""

Work: TypeAlias = Callable[[AsyncClientSession, Hurry], Awaitable[T]]


async def transacted(link: Link, work: Work[T]) -> T:
    """What the work gives, all of it written or nothing. Unavailable where others are always faster, or nobody answers.

    Once a commit was sent nothing that goes wrong later tells that nothing was written: the driver begins anew also where
    the answer to a commit was lost on its way, and it may then fail at something that has no word of the first.
    """
    loop, sent = asyncio.get_running_loop(), False
    end = loop.time() + PATIENCE

    async def attempt(session: AsyncClientSession) -> T:
        nonlocal sent
        limit.reschedule(end)
        made = await _unless_away(work(session, hurry))
        sent = True
        return made

    def hurry() -> None:
        limit.reschedule(min(end, loop.time() + HURRY))

    try:
        async with asyncio.timeout_at(end) as limit:
            return await _again_if_doubled(link, attempt)
    except (TimeoutError, PyMongoError, Unavailable) as error:
        if sent:
            raise Unavailable.because("store-unsure") from error
        if isinstance(error, TimeoutError):
            raise Unavailable.because("store-away") from None
        raise


async def _again_if_doubled(link: Link, attempt: Callable[[AsyncClientSession], Awaitable[T]]) -> T:
    for _ in range(ATTEMPTS):
        try:
            async with link.client.start_session() as session:
                return await session.with_transaction(attempt, ReadConcern("snapshot"), link.database.write_concern)
        except PyMongoError as error:
            if _DUPLICATE not in codes(error):
                raise
    raise Unavailable.because("store-away")


async def _unless_away(work: Awaitable[T]) -> T:
    """The driver would begin anew also where nobody is there to answer."""
    try:
        return await work
    except ServerSelectionTimeoutError as error:
        raise Unavailable.because("store-away") from error
