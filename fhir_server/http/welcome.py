"""The small page at `/`: what this is, where to go, and whom the demo has."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from jinja2 import Environment, PackageLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from fhir_server.access.authorize.person import Person
from fhir_server.http.negotiate import language

People: TypeAlias = Callable[[], Awaitable[Sequence[Person]]]
"""Whom one can be."""


@dataclass(frozen=True, slots=True)
class Story:
    """One of the demo's stories: its title, and addresses relative to the FHIR base."""

    title: str
    plan: str


def welcome_route(
    base: str, access: str, version: str, stories: Sequence[Story], *, docs: bool, people: People | None = None
) -> Route:
    """`GET /`, in Swedish or English as the browser prefers; it leads to `/docs` where there is such a page, and names the
    `people` that a token can be had for.
    """
    pages = Environment(loader=PackageLoader("fhir_server.http", "pages"), autoescape=True)

    async def welcome(request: Request) -> HTMLResponse:
        chosen = language(request.headers.get("accept-language", ""))
        page = pages.get_template(f"welcome.{chosen}.html")
        found = await people() if people else ()
        text = page.render(base=base, access=access, version=version, stories=stories, docs=docs, people=found)
        return HTMLResponse(text, headers=PAGE_HEADERS)

    return Route("/", welcome, methods=["GET"])


PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "vary": "Accept-Language",
}
