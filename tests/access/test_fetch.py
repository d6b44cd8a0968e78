"""How an issuer's keys are fetched, held, and kept."""

import asyncio

import httpx
import pytest

from fhir_server.access import fetch
from fhir_server.access.fetch import FetchedKeys, Kept, Shelter
from fhir_server.access.keys import MOST_BYTES, MOST_KEYS
from tests.tokens import NOW, Clock, answer, jwk, jwks, rsa_key

pytestmark = pytest.mark.anyio

URL = "https://idp.example/jwks"
SET = jwks(jwk(rsa_key(), "k1"))
NEXT = jwks(jwk(rsa_key(), "k2"))
MINUTE, HOUR, DAY = 60, 3600, 86_400


class Wire:
    """The issuer's end: what it answers next, and what it was asked."""

    def __init__(self) -> None:
        self.answers = lambda: answer(SET)
        self.asked: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        found = self.answers()
        return await found if asyncio.iscoroutine(found) else found


class Cellar:
    """Where sets are kept past a restart."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}

    async def recall(self, url: str) -> Kept | None:
        return self.kept.get(url)

    async def keep(self, url: str, kept: Kept) -> None:
        self.kept[url] = kept


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cellar() -> Cellar:
    return Cellar()


@pytest.fixture
async def begin(wire, clock, cellar):
    """Starts a process that knows nothing but what was kept."""
    clients: list[httpx.AsyncClient] = []

    def started(url: str = URL, shelter: Shelter | None = None) -> FetchedKeys:
        clients.append(httpx.AsyncClient(transport=httpx.MockTransport(wire)))
        return FetchedKeys(url, clients[-1], clock, shelter or Shelter(cellar.recall, cellar.keep))

    yield started
    for client in clients:
        await client.aclose()


async def has(keys: FetchedKeys, id: str) -> bool:
    return await keys.find(id) is not None


def fails(*args: object) -> httpx.Response:
    raise httpx.ConnectError("no route")


async def test_keys_are_fetched_when_they_are_first_asked_for_and_then_held(begin, wire, clock):
    keys = begin()
    assert 0 == len(wire.asked)

    assert await has(keys, "k1")
    clock.seconds += HOUR - 1
    assert await has(keys, "k1")
    assert [("GET", URL)] == [(one.method, str(one.url)) for one in wire.asked]


@pytest.mark.parametrize(
    ("headers", "fresh"),
    [
        ({}, HOUR),
        ({"cache_control": "max-age=300"}, 300),
        ({"cache_control": "public, max-age=300, must-revalidate"}, 300),
        ({"cache_control": "Max-Age=300"}, 300),
        ({"cache_control": "max-age=86400"}, HOUR),
        ({"cache_control": "s-maxage=5"}, HOUR),
        ({"cache_control": "max-age=-1"}, HOUR),
        ({"cache_control": "max-age=soon"}, HOUR),
        ({"cache_control": "max-age=0"}, MINUTE),
        ({"cache_control": "max-age=5"}, MINUTE),
    ],
    ids=str,
)
async def test_keys_are_fetched_again_when_they_are_no_longer_fresh(begin, wire, clock, headers, fresh):
    wire.answers = lambda: answer(SET, **headers)
    keys = begin()

    for seconds, times in ((0, 1), (fresh - 1, 1), (fresh, 2)):
        clock.seconds = NOW + seconds
        assert await has(keys, "k1")
        assert (seconds, times) == (seconds, len(wire.asked))


async def test_a_key_that_is_not_known_is_looked_for_once_a_minute(begin, wire, clock):
    keys = begin()
    assert await has(keys, "k1")
    wire.answers = lambda: answer(NEXT)

    for seconds, found, times in ((1, False, 1), (59, False, 1), (60, True, 2), (61, True, 2)):
        clock.seconds = NOW + seconds
        assert (seconds, found, times) == (seconds, await has(keys, "k2"), len(wire.asked))
    for id in ("k1", "../../dev/null", "k3"):
        assert not await has(keys, id)
    assert 2 == len(wire.asked)


async def test_all_who_ask_together_ask_once(begin, wire):
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> httpx.Response:
        begun.set()
        await go_on.wait()
        return answer(SET)

    wire.answers = slowly
    keys = begin()
    asking = [asyncio.create_task(keys.find(id)) for id in ["k1", "k2"] * 25]
    await begun.wait()
    asking[0].cancel()
    await asyncio.sleep(0)
    go_on.set()
    found = await asyncio.gather(*asking, return_exceptions=True)

    assert 1 == len(wire.asked)
    assert isinstance(found[0], asyncio.CancelledError)
    assert [None, "k1"] * 24 + [None] == [key and key.id for key in found[1:]]


async def slow_body():
    await asyncio.sleep(5)
    return answer(SET)


FAILURES = {
    "no route": fails,
    "a time-out": lambda: (_ for _ in ()).throw(httpx.ReadTimeout("late")),
    "500": lambda: answer(SET, 500),
    "404": lambda: answer(SET, 404),
    "204": lambda: answer(b"", 204),
    "a redirect": lambda: answer(b"", 302, location="https://evil.example/jwks"),
    "a redirect to itself over http": lambda: answer(SET, 301, location="http://idp.example/jwks"),
    "no JSON": lambda: answer(b"<html>"),
    "no key": lambda: answer(jwks()),
    "no usable key": lambda: answer(jwks({"kty": "oct", "k": "AA", "kid": "k1"})),
    "too many keys": lambda: answer(jwks(*[jwk(rsa_key(), f"k{place}") for place in range(MOST_KEYS + 1)])),
    "too large": lambda: answer(SET + b" " * MOST_BYTES),
    "compressed": lambda: answer(SET, content_encoding="gzip"),
    "too slow": slow_body,
}


@pytest.mark.parametrize("failure", sorted(FAILURES))
async def test_keys_go_on_for_a_day_while_their_issuer_fails(begin, wire, clock, failure, monkeypatch):
    monkeypatch.setattr(fetch, "TIMEOUT_SECONDS", 0.05)
    keys = begin()
    assert await has(keys, "k1")
    wire.answers = FAILURES[failure]

    for seconds, found in ((HOUR, True), (DAY - 1, True), (DAY, False)):
        clock.seconds = NOW + seconds
        assert (seconds, found) == (seconds, await has(keys, "k1"))
    assert {URL} == {str(one.url) for one in wire.asked}
    wire.answers = lambda: answer(SET)
    clock.seconds += MINUTE
    assert await has(keys, "k1")


@pytest.mark.parametrize("failure", sorted(FAILURES))
async def test_an_issuer_that_has_never_answered_has_no_keys_until_it_does(begin, wire, clock, failure, monkeypatch):
    monkeypatch.setattr(fetch, "TIMEOUT_SECONDS", 0.05)
    wire.answers = FAILURES[failure]
    keys = begin()

    assert not await has(keys, "k1")
    wire.answers = lambda: answer(SET)
    clock.seconds += 4
    assert not await has(keys, "k1")
    assert 1 == len(wire.asked)
    clock.seconds += 1
    assert await has(keys, "k1")


async def test_an_issuer_that_fails_is_asked_once_a_minute_while_keys_are_held(begin, wire, clock):
    keys = begin()
    assert await has(keys, "k1")
    wire.answers = fails
    clock.seconds += HOUR
    for _ in range(120):
        assert await has(keys, "k1")
        clock.seconds += 1

    assert 3 == len(wire.asked)


async def test_keys_that_were_kept_serve_the_process_after_while_the_issuer_is_away(begin, wire, clock, cellar):
    assert await has(begin(), "k1")
    assert {URL: Kept(SET, NOW * 1000)} == cellar.kept
    wire.answers = fails

    for seconds, found in ((HOUR, True), (DAY - 1, True), (DAY, False)):
        clock.seconds = NOW + seconds
        assert (seconds, found) == (seconds, await has(begin(), "k1"))


async def test_keys_that_were_kept_are_not_taken_for_fresh(begin, wire, clock, cellar):
    cellar.kept[URL] = Kept(SET, NOW * 1000)
    wire.answers = lambda: answer(NEXT)
    keys = begin()

    assert not await has(keys, "k1")
    assert await has(keys, "k2")


async def test_keys_kept_by_a_clock_that_was_ahead_are_not_good_for_longer(begin, wire, clock, cellar):
    cellar.kept[URL] = Kept(SET, (NOW + 99 * DAY) * 1000)
    wire.answers = fails
    keys = begin()

    assert await has(keys, "k1")
    clock.seconds += DAY
    assert not await has(keys, "k1")


@pytest.mark.parametrize("kept", [b"", b"{}", b"\xff"])
async def test_what_was_kept_and_cannot_be_read_is_as_good_as_nothing(begin, wire, cellar, kept):
    cellar.kept[URL] = Kept(kept, NOW * 1000)

    assert await has(begin(), "k1")


async def test_a_place_to_keep_keys_that_is_away_takes_no_key_away(begin, wire):
    async def away(*args: object) -> None:
        raise OSError("the disk is gone")

    assert await has(begin(shelter=Shelter(away, away)), "k1")


async def test_a_clock_that_is_put_back_does_not_keep_keys_from_being_fetched(begin, wire, clock):
    keys = begin()
    assert await has(keys, "k1")
    wire.answers = lambda: answer(NEXT)
    clock.seconds -= DAY

    assert not await has(keys, "k1")
    assert await has(keys, "k2")
    assert 2 == len(wire.asked)


async def test_nothing_is_asked_for_that_would_come_compressed(begin, wire):
    assert await has(begin(), "k1")

    assert "identity" == wire.asked[0].headers["accept-encoding"]


@pytest.mark.parametrize(
    "url",
    [
        "http://idp.example/jwks",
        "file:///etc/passwd",
        "ftp://idp.example/jwks",
        "https://user@idp.example/jwks",
        "https://user:word@idp.example/jwks",
        "https:///jwks",
        "https://idp.example/jwks#keys",
        "//idp.example/jwks",
        "idp.example/jwks",
        "",
    ],
)
async def test_an_address_that_is_not_plain_https_is_refused(begin, url):
    with pytest.raises(ValueError):
        begin(url)
    assert begin(URL)
