"""`fhir-server load`: Bundles and resources into a server, or into a database that no server holds."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from fhir_server.assembly import assembled, claim_index
from fhir_server.assembly.outside import NotStarted
from fhir_server.cli.progress import progress_on_stderr
from fhir_server.cli.serve import settings_with, stopped
from fhir_server.cli.token import no_server, token_for_all
from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.definitions import read
from fhir_server.fhir.outcome import Refusal
from fhir_server.fhir.shift import day_zero, shifted
from fhir_server.http.negotiate import FHIR_JSON
from fhir_server.http.welcome import Story
from fhir_server.storage.store import Unopened

STORIES = "examples/stories"
EXAMPLES = ("examples/base-data", STORIES)
"""What is shipped to be loaded, in this order."""
HEADERS = {"content-type": FHIR_JSON, "prefer": "return=minimal"}


@dataclass(frozen=True, slots=True)
class Item:
    """Something to load: where it came from, and its JSON (None where it could not be read, for the reason in `why`)."""

    name: str
    resource: dict[str, Any] | None
    why: str = ""


def load(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders of FHIR JSON.", exists=True)],
    token: Annotated[
        str | None, typer.Option(help="A bearer token; default: one asked of a development server.")
    ] = None,
    database: Annotated[str | None, typer.Option(help="Load into this database instead of a running server.")] = None,
    day: Annotated[
        str | None, typer.Option(help="0=today or 0=2026-03-02: the day that a story's day 0 becomes.")
    ] = None,
) -> None:
    """Load Bundles and resources; ends with an error where one is refused."""
    items = [item for path in paths for item in items_of(path)]
    try:
        refused = asyncio.run(_load(items, token, database, _target(day)))
    except (NotStarted, Unopened) as refusal:
        raise stopped(str(refusal)) from None
    except httpx.TransportError:
        raise stopped(no_server(settings_with().base)) from None
    if refused:
        raise typer.Exit(1)


def items_of(path: Path) -> Iterator[Item]:
    """What a file holds, or all JSON files below a folder, in the order of their names."""
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    for file in files:
        try:
            yield Item(file.name, decode(file.read_bytes()))
        except Refusal as refusal:
            yield Item(file.name, None, refusal.issues[0].text())


def stories() -> list[Item]:
    """The example stories that the server ships."""
    return _shipped(STORIES)


def examples() -> list[Item]:
    """All examples that the server ships: what every county has, and then the stories."""
    return [item for folder in EXAMPLES for item in _shipped(folder)]


def _shipped(folder: str) -> list[Item]:
    return [Item(name, bundle) for name, bundle in read(folder)]


def titled(item: Item) -> Story:
    """A story's title, from its tag, and the address of its plan."""
    assert item.resource is not None
    (tag,) = item.resource["meta"]["tag"]
    plans = [
        entry["request"]["url"] for entry in item.resource["entry"] if entry["request"]["url"].startswith("CarePlan/")
    ]
    return Story(tag["display"], plans[0])


async def _load(items: Sequence[Item], token: str | None, database: str | None, day: str | None) -> int:
    async with _client(token, database) as client:
        return await post_all(client, items, day)


def _client(token: str | None, database: str | None) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    if database is not None:
        return _inside(database)
    settings = settings_with()
    bearer = token or token_for_all(settings.base, settings.root)
    headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
    return httpx.AsyncClient(base_url=settings.base, headers=headers, timeout=60)


@asynccontextmanager
async def _inside(database: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server that lives in this process alone."""
    async with assembled(settings_with(database=database, access="open", authorize=False)) as assembly:
        if not await claim_index(assembly):
            raise NotStarted(
                f"The index is not whole, or of other definitions. Run: fhir-server reindex --database {database}"
            )
        transport = httpx.ASGITransport(assembly.app)
        async with httpx.AsyncClient(transport=transport, base_url=assembly.server.base) as client:
            yield client


async def post_all(client: httpx.AsyncClient, items: Sequence[Item], day: str | None = None) -> int:
    """Sends each item to its place, telling on stderr how it goes; how many were refused."""
    refused = 0
    with progress_on_stderr() as progress:
        for item in progress.track(items, description="Loading"):
            why = item.why or await _post(client, item, day)
            if why:
                refused += 1
                progress.console.print(f"[red]refused[/red] {item.name}: {why}", soft_wrap=True, highlight=False)
    progress.console.print(f"{len(items) - refused} loaded, {refused} refused.", highlight=False)
    return refused


async def _post(client: httpx.AsyncClient, item: Item, day: str | None) -> str:
    """Why an item was refused; empty where it was taken."""
    resource = _moved(item.resource or {}, day)
    kind, id = resource.get("resourceType", ""), resource.get("id")
    if kind == "Bundle" and resource.get("type") in {"transaction", "batch"}:
        answer = await client.post("", content=encode(resource), headers=HEADERS)
        return _reasons(answer) or _entry_reasons(answer)
    method, path = ("PUT", f"/{kind}/{id}") if id else ("POST", f"/{kind}")
    return _reasons(await client.request(method, path, content=encode(resource), headers=HEADERS))


def _moved(resource: dict[str, Any], day: str | None) -> dict[str, Any]:
    zero = day_zero(resource)
    if day is None or zero is None:
        return resource
    target = date.today() if day == "today" else date.fromisoformat(day)  # noqa: DTZ011  # today where the user sits
    moved: dict[str, Any] = shifted(resource, (target - zero).days)
    return moved


def _target(day: str | None) -> str | None:
    if day is None:
        return None
    zero, _, target = day.partition("=")
    if zero == "0" and (target == "today" or _is_date(target)):
        return target
    raise stopped("--day takes 0=today or 0= and a date, such as 0=2026-03-02.")


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _reasons(answer: httpx.Response) -> str:
    return "" if answer.is_success else f"{answer.status_code}: {_texts(answer.json())}"


def _entry_reasons(answer: httpx.Response) -> str:
    outcomes = (entry["response"].get("outcome") for entry in answer.json().get("entry", ()))
    failed = [outcome for outcome in outcomes if outcome and _blocks(outcome)]
    return "; ".join(_texts(outcome) for outcome in failed)


def _blocks(outcome: dict[str, Any]) -> bool:
    return any(issue["severity"] in {"error", "fatal"} for issue in outcome["issue"])


def _texts(outcome: dict[str, Any]) -> str:
    return "; ".join(_text(issue) for issue in outcome.get("issue", ()))


def _text(issue: dict[str, Any]) -> str:
    where: Iterable[str] = issue.get("expression", ())
    return " ".join([*where, issue.get("details", {}).get("text", "")])
