"""Transactions: bounded in time, begun anew where another one was in the way."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import pymongo
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError, ServerSelectionTimeoutError
from pymongo.read_concern import ReadConcern

from fhir_server.fhir.outcome import Unavailable
from fhir_server.storage.mongo.link import Link, codes

PATIENCE = 10
"""Seconds for one transaction, all its attempts together."""

_FAREWELL = 0.1
"""Seconds to tell a server that is not there that a transaction is over."""

ATTEMPTS = 5
"""How often one is begun anew where another made the same document: the driver itself does not try those again."""

_DUPLICATE = 11000

T = TypeVar("T")


async def transacted(link: Link, work: Callable[[AsyncClientSession], Awaitable[T]]) -> T:
    """What the work gives, all of it written or nothing. Unavailable where others are always faster."""
    with pymongo.timeout(PATIENCE):
        for _ in range(ATTEMPTS):
            try:
                async with link.client.start_session() as session:
                    return await session.with_transaction(
                        partial(_unless_away, work), ReadConcern("snapshot"), link.database.write_concern
                    )
            except PyMongoError as error:
                if _DUPLICATE not in codes(error):
                    raise
    raise Unavailable.because("store-away")


async def _unless_away(work: Callable[[AsyncClientSession], Awaitable[T]], session: AsyncClientSession) -> T:
    """Where nobody is there to answer the driver would begin anew for as long as it may, and then take leave as long."""
    try:
        return await work(session)
    except ServerSelectionTimeoutError as error:
        with pymongo.timeout(_FAREWELL):
            await session.abort_transaction()
        raise Unavailable.because("store-away") from error
