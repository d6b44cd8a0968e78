"""An issuer's JWK Set fetched over https, held while it is fresh, and kept past that while the issuer does not answer."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

import httpx

from fhir_server.access.keys import MOST_BYTES, BadKeys, Key, KeySet, read_keys
from fhir_server.fhir.instant import DAY, HOUR, MINUTE, SECOND

LONGEST_FRESH = HOUR
LONGEST_STALE = DAY
PAUSE = MINUTE
"""Between two fetches, whatever is asked for: keys that nobody has must not make us a storm on the issuer."""
PAUSE_WITHOUT_KEYS = 5 * SECOND
"""Between two fetches while nothing is had that a token could be checked with."""
TIMEOUT_SECONDS = 2
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=\"?([0-9]{1,9})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Kept:
    """A JWK Set as it was fetched, for whoever keeps it past a restart: `at` is the moment, in ms since 1970."""

    jwks: bytes
    at: int


@dataclass(frozen=True, slots=True)
class Shelter:
    """Where the last good set of each address is kept: `recall` gives it back, None where there is none."""

    recall: Callable[[str], Awaitable[Kept | None]]
    keep: Callable[[str, Kept], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Held:
    keys: KeySet
    at: int
    fresh_for: int


NOTHING_HELD = _Held(MappingProxyType({}), -LONGEST_STALE, 0)


class FetchedKeys:
    """The keys of an issuer, by the address that it was registered with and no other: neither a redirect nor anything that a
    token says leads elsewhere. `clock` gives milliseconds since 1970.
    """

    def __init__(self, url: str, client: httpx.AsyncClient, clock: Callable[[], int], shelter: Shelter) -> None:
        """ValueError for an address that is not https, or names a user."""
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.username is not None or parts.fragment:
            raise ValueError("The address of a JWK Set must be https, without a user and a fragment.")
        self._url, self._client, self._clock, self._shelter = url, client, clock, shelter
        self._held, self._recalled = NOTHING_HELD, False
        self._tried: int | None = None
        self._flight: asyncio.Task[None] | None = None

    async def find(self, id: str) -> Key | None:
        """The key of that id. An id that is not known is looked for once more at the issuer, but not twice in a minute."""
        if not self._fresh or id not in self._held.keys:
            await self._refresh()
        return self._held.keys.get(id) if self._usable else None

    @property
    def _fresh(self) -> bool:
        return 0 <= self._clock() - self._held.at < self._held.fresh_for

    @property
    def _usable(self) -> bool:
        return self._clock() - self._held.at < LONGEST_STALE

    async def _refresh(self) -> None:
        """Fetches, all who ask together once. Who goes away does not take it from those who wait."""
        if self._flight is None:
            if not self._may_try():
                return
            self._flight = asyncio.create_task(self._fly())
        await asyncio.shield(self._flight)

    def _may_try(self) -> bool:
        pause = PAUSE if self._usable and self._held.keys else PAUSE_WITHOUT_KEYS
        return self._tried is None or not 0 <= self._clock() - self._tried < pause

    async def _fly(self) -> None:
        try:
            await self._recall()
            self._tried = self._clock()
            await self._fetch()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, BadKeys):
            return  # what is held goes on, while it may
        finally:
            self._flight = None

    async def _recall(self) -> None:
        """What the process before this one had: good for as long as it would have been there."""
        if self._recalled:
            return
        self._recalled = True
        with contextlib.suppress(Exception):  # a set that is kept no more is as good as none: it is fetched
            if kept := await self._shelter.recall(self._url):
                self._held = _Held(read_keys(kept.jwks), min(kept.at, self._clock()), 0)

    async def _fetch(self) -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            jwks, fresh_for = await self._get()
        keys, at = read_keys(jwks), self._clock()
        if not keys:
            raise BadKeys("it has no key that could be used")
        self._held = _Held(keys, at, fresh_for)
        with contextlib.suppress(Exception):  # not to be able to keep it costs a restart, and not this call
            await self._shelter.keep(self._url, Kept(jwks, at))

    async def _get(self) -> tuple[bytes, int]:
        # identity: a compressed answer could be small on the wire and large here
        headers = {"Accept": "application/jwk-set+json, application/json", "Accept-Encoding": "identity"}
        asking = self._client.stream("GET", self._url, headers=headers, follow_redirects=False, timeout=TIMEOUT_SECONDS)
        async with asking as answer:
            if answer.status_code != httpx.codes.OK or answer.headers.get("content-encoding", "identity") != "identity":
                raise BadKeys("the answer is no JWK Set")
            return await _bounded(answer), _fresh_for(answer.headers.get("cache-control", ""))


async def _bounded(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for part in answer.aiter_raw():
        body += part
        if len(body) > MOST_BYTES:
            raise BadKeys(f"it is larger than {MOST_BYTES} bytes")
    return bytes(body)


def _fresh_for(cache_control: str) -> int:
    """https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2"""
    told = _MAX_AGE.search(cache_control)
    return min(int(told[1]) * SECOND, LONGEST_FRESH) if told else LONGEST_FRESH
