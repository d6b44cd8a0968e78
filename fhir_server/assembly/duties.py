"""What a server does besides answering, again and again until it ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import httpx
import structlog

from fhir_server.access.authorize.authority import own_issuer
from fhir_server.access.authorize.signing import kept_signer
from fhir_server.access.client import Origins
from fhir_server.access.mirror import keep_fresh
from fhir_server.access.trust import Trust
from fhir_server.assembly.authority import authority_url
from fhir_server.assembly.outside import certificates, clock
from fhir_server.audit.doorstep import Doorstep
from fhir_server.fhir.outcome import Unavailable
from fhir_server.settings import Settings
from fhir_server.storage.store import Store

TEND_SECONDS = 1.0
"""How often the store sees to its trail."""


@asynccontextmanager
async def tended(store: Store) -> AsyncIterator[None]:
    """Has the store see to its trail until the block ends, and then once more."""
    async with _again_and_again(store.tend, store.tend):
        yield


@asynccontextmanager
async def told(doorstep: Doorstep, store: Store) -> AsyncIterator[None]:
    """Has the trail told of those who were turned away, minute by minute until the block ends, and then of the last."""
    async with _again_and_again(partial(doorstep.tell, store), partial(doorstep.tell, store, unended=True)):
        yield


@asynccontextmanager
async def _again_and_again(
    work: Callable[[], Awaitable[None]], last: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    working = asyncio.create_task(_each_second(work))
    try:
        yield
    finally:
        await ended(working)
        with suppress(Unavailable):
            await last()


async def ended(duty: asyncio.Task[None]) -> None:
    """Cancels a duty until it is over: a driver may take a cancellation for a broken connection, and the duty goes on."""
    while not duty.done():
        duty.cancel()
        await asyncio.wait({duty}, timeout=0.1)


async def _each_second(work: Callable[[], Awaitable[None]]) -> None:
    """What fails is told in the log, and tried again."""
    while True:
        await asyncio.sleep(TEND_SECONDS)
        try:
            await work()
        except Exception as error:  # noqa: BLE001  # a trail that nobody seals is worse than any error
            structlog.get_logger().error("trail-not-tended", error=type(error).__name__)


@asynccontextmanager
async def trusted(settings: Settings, store: Store) -> AsyncIterator[Trust | None]:
    """Whom the server trusts, looked over again and again until the block ends; nobody where no token is asked for."""
    if settings.access == "open" and not settings.authorize:
        yield None
        return
    own = [own_issuer(authority_url(settings), await kept_signer(store))] if settings.authorize else []
    async with httpx.AsyncClient(verify=certificates()) as client:
        trust = Trust(store, client, clock, {issuer.url: issuer for issuer in own})
        async with _kept_fresh(trust.refresh):
            yield trust


@asynccontextmanager
async def sharing(settings: Settings, store: Store) -> AsyncIterator[Origins]:
    """The origins whose scripts may call, looked over again and again until the block ends."""
    origins = Origins(store, clock, settings.cors_origins)
    async with _kept_fresh(origins.refresh):
        yield origins


@asynccontextmanager
async def _kept_fresh(refresh: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    await refresh()
    duty = asyncio.create_task(keep_fresh([refresh], asyncio.sleep))
    try:
        yield
    finally:
        await ended(duty)
