"""`/openapi.json`, and `/docs`, where a person reads it: pages of ours without a script (docs/decisions/0012-docs-without-a-script.md)."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from fhir_server.fhir.codec import encode
from fhir_server.http.welcome import PAGE_HEADERS

Document: TypeAlias = Mapping[str, Any]


def docs_routes(document: Callable[[], Document]) -> list[Route]:
    """The routes; `document` gives the OpenAPI document, asked for at each call."""
    pages = Environment(loader=PackageLoader("fhir_server.http", "pages"), autoescape=True)
    pages.filters["marked"] = marked

    async def openapi(request: Request) -> Response:
        del request
        return Response(
            encode(document()), media_type="application/json", headers={"x-content-type-options": "nosniff"}
        )

    async def docs(request: Request) -> HTMLResponse:
        del request
        told = document()
        tags = {tag["name"]: _places(operations_of(told, tag["name"])) for tag in told["tags"]}
        return _page("docs.html", told, tags=tags)

    async def docs_of_one(request: Request) -> HTMLResponse:
        told, tag = document(), request.path_params["tag"]
        operations = list(operations_of(told, tag))
        if not operations:
            raise HTTPException(404)
        return _page("docs.one.html", told, tag=tag, operations=operations)

    def _page(name: str, told: Document, **shown: Any) -> HTMLResponse:
        base = told["servers"][0]["url"]
        return HTMLResponse(
            pages.get_template(name).render(info=told["info"], base=base, **shown), headers=PAGE_HEADERS
        )

    return [
        Route("/openapi.json", openapi, methods=["GET"]),
        Route("/docs", docs, methods=["GET"]),
        Route("/docs/{tag}", docs_of_one, methods=["GET"]),
    ]


def operations_of(document: Document, tag: str) -> Iterator[dict[str, Any]]:
    """The operations under a tag in the document's order, with path and method, and with what they point to in place."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters" and tag in operation["tags"]:
                given = [_resolved(document, one) for one in (*operation["parameters"], *item["parameters"])]
                yield {
                    **operation,
                    "path": path,
                    "method": method.upper(),
                    "parameters": sorted(given, key=lambda one: _WHERE.index(one["in"])),
                    "responses": {status: _resolved(document, one) for status, one in operation["responses"].items()},
                }


_WHERE = ("path", "query", "header")


def _places(operations: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The first operation of each interaction, by its name."""
    found: dict[str, str] = {}
    for operation in operations:
        for interaction in operation["x-fhir-interaction"]:
            found.setdefault(interaction, operation["operationId"])
    return found


def _resolved(document: Document, part: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in part:
        return part
    for name in part["$ref"].removeprefix("#/").split("/"):
        document = document[name]
    return document


def marked(text: str) -> Markup:
    """The text as HTML, with what stands between backticks as code."""
    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped just before
