"""Who stands at the door of a house under test, and at its end holds the trail to what was predicted of each request.

A test that breaks the store on purpose, so that nobody can say what its trail holds, says so with `@pytest.mark.untold("why")`.
"""

import json
import zlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from fhir_server.assembly import Assembly
from fhir_server.search.query import Everything
from fhir_server.storage.store import SYSTEM_GRANTS, Entry, Order
from tests.predicted import Exchange, Json, Prediction, predicted

GRANT = SYSTEM_GRANTS["verification"]
WRITES = frozenset({"create", "update", "patch", "delete"})
HELD, UNTOLD = "audit-held", "audit-untold"
GZIP = b"\x1f\x8b"
ORIGIN = b"CodeSystem/v3-DataOperation"
"""What the server itself writes of who made a version is told with that version."""
_now: list[pytest.Item] = []
"""The test that runs."""


def enter(item: pytest.Item) -> None:
    """A test begins."""
    _now[:] = [item]


class Witness:
    """A house's ASGI application, and every exchange with its FHIR base."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.exchanges: list[Exchange] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not f"{scope['path']}/".startswith("/fhir/"):
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix("/fhir").strip("/")
        one = Exchange(scope["method"], path, scope["query_string"].decode("latin-1"), b"")

        async def receiving() -> Any:
            message = await receive()
            one.sent += message.get("body", b"")
            return message

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
                one.status = message["status"]
                one.request_id, one.etag = headers.get("x-request-id", ""), headers.get("etag", "")
            one.told += message.get("body", b"")
            await send(message)

        await self._app(scope, receiving, sending)
        if one.request_id:
            one.told = zlib.decompress(one.told, wbits=31) if one.told[:2] == GZIP else one.told
            self._keep(one)

    def _keep(self, one: Exchange) -> None:
        for item in _now:
            one.test, one.untold = item.nodeid, item.get_closest_marker("untold") is not None
            item.user_properties.append((UNTOLD if one.untold else HELD, one.test))
        self.exchanges.append(one)


@asynccontextmanager
async def witnessed(house: Assembly) -> AsyncIterator[Assembly]:
    """The house with a witness at its door; when the block ends, what the trail holds is what was predicted."""
    witness = Witness(house.app)
    yield replace(house, app=witness)
    told = [one for one in witness.exchanges if not one.untold]
    if told:
        await _refuse_otherwise(told, house)


async def _refuse_otherwise(told: list[Exchange], house: Assembly) -> None:
    found = await _entries(house)
    wanted = [(one, await predicted(one, _whole_in(house))) for one in told]
    wrong = [line for one, want in wanted if (line := _difference(one, want, found[one.request_id]))]
    if joined := [one for one, want in wanted if want.joined]:
        wrong += [line async for line in _unjoined(joined, found, house)]
    assert not wrong, "the trail is not what was predicted:\n" + "\n".join(wrong)


async def _entries(house: Assembly) -> dict[str, list[Entry]]:
    """The whole trail, by request."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    after: tuple[int, ...] | None = None
    order = Order("number")
    while True:
        rows, _ = await house.server.store.find_entries(Everything(), GRANT, order, count=1000, after=after)
        for _, entry in rows:
            found[entry.request].append(entry)
        if len(rows) < 1000:
            return found
        after = (rows[-1][0],)


def _whole_in(house: Assembly) -> Any:
    async def whole(type: str, id: str, version: int) -> Json:
        resource: Json = json.loads((await house.server.store.vread(type, id, version, GRANT)).text)
        return resource

    return whole


def _difference(one: Exchange, want: Prediction, found: list[Entry]) -> str:
    where = f"{one.test}: {one.method} {one.path}?{one.query} answered {one.status} {one.reasons or ''}"
    if want.joined and len(found) < max(1, want.entries):
        return f"{where}: {want.entries} entries and more predicted, {len(found)} found"
    moved = sum(entry.type in want.moves and entry.interaction in {"create", "update"} for entry in found)
    if not want.joined and not want.entries <= len(found) <= want.entries + moved:
        return f"{where}: {want.entries} entries predicted, {len(found)} found"
    if one.status >= 400 and found and not _says(found[0], one):
        return f"{where}: the entry says {found[0].status} {found[0].reason}"
    return ""


def _says(entry: Entry, one: Exchange) -> bool:
    """Whether an entry tells a refusal as the caller was told it; to HEAD no reason is told."""
    told = entry.reason if one.method == "HEAD" else "".join(one.reasons[:1])
    return (entry.status, entry.reason) == (one.status, told)


async def _unjoined(joined: Iterable[Exchange], found: dict[str, list[Entry]], house: Assembly) -> AsyncIterator[str]:
    """What writes several versions at once tells of each of them that no other request tells of, and of each once."""
    own = {one.request_id for one in joined}
    others = {_version(entry) for id, entries in found.items() if id not in own for entry in entries if _wrote(entry)}
    mine = [_version(it) for id in own for it in found[id] if _wrote(it) and not _met(it) and it.version]
    there = {(one.type, one.id, one.version) async for one in _versions(house) if ORIGIN not in one.text}
    missing = there - others - set(mine)
    if missing:
        yield f"no entry tells of the versions {sorted(missing)}"
    if twice := [one for one in set(mine) if mine.count(one) > 1]:
        yield f"entries tell twice of the versions {sorted(twice)}"


def _wrote(entry: Entry) -> bool:
    return entry.interaction in WRITES and entry.status < 400


def _met(entry: Entry) -> bool:
    """Whether it is a conditional create that met what it wanted, and wrote nothing."""
    return (entry.interaction, entry.status) == ("create", 200)


def _version(entry: Entry) -> tuple[str, str, int]:
    return entry.type, entry.id, entry.version


async def _versions(house: Assembly) -> AsyncIterator[Any]:
    after: Any = None
    while True:
        page = await house.server.store.history("", "", GRANT, count=1000, after=after)
        for one in page.items:
            yield one
        if page.next is None:
            return
        after = page.next


def summary(reports: Iterable[pytest.TestReport]) -> str:
    """What a run's closing line says: how many requests were held to their prediction, and how many tests opted out."""
    told = [pair for report in reports if report.when == "teardown" for pair in report.user_properties]
    held = [test for name, test in told if name == HELD]
    untold = {test for name, test in told if name == UNTOLD}
    return (
        f"audit: {len(held)} requests of {len(set(held))} tests left exactly the entries predicted; "
        f"{len(untold)} tests opted out"
    )
