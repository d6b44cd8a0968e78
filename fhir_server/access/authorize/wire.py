"""How requests are read and answers written: forms of one value each, JSON that nobody keeps, pages that nobody frames."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from fhir_server.access.authorize.authority import Authority
from fhir_server.access.authorize.refusal import Refused
from fhir_server.fhir.codec import encode
from fhir_server.fhir.outcome import Unavailable

FORM = "application/x-www-form-urlencoded"
LARGEST = 64_000
"""Bytes of a form or a query."""
NEVER_KEPT = {"cache-control": "no-store", "pragma": "no-cache", "x-content-type-options": "nosniff"}
"""https://www.rfc-editor.org/rfc/rfc6749#section-5.1"""
Fields: TypeAlias = Mapping[str, str]
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


async def body_of(request: Request) -> bytes:
    """The body. Refused where it is too large."""
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > LARGEST:
                raise Refused("repeated")
    except ClientDisconnect:
        raise Refused("repeated") from None
    return bytes(body)


async def form_of(request: Request) -> Fields:
    """The fields of a form. Refused."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Refused("repeated")
    return fields_of(await body_of(request))


def fields_of(text: bytes) -> Fields:
    """The fields of a form or a query, each once: which of two counts is for nobody to guess. Refused.
    https://www.rfc-editor.org/rfc/rfc6749#section-3.1
    """
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise Refused("repeated") from None
    found = dict(pairs)
    if len(found) != len(pairs) or len(text) > LARGEST:
        raise Refused("repeated")
    return found


def needed(fields: Fields, name: str) -> str:
    """A field that must be there. Refused."""
    if not (found := fields.get(name, "")):
        raise Refused("missing", name=name)
    return found


# ------------------------------------------------------------------------------------------------ answers


def told(value: Mapping[str, Any], headers: Mapping[str, str] | None = None, status: int = 200) -> Response:
    """JSON that nobody keeps."""
    return Response(encode(value), status, media_type="application/json", headers={**NEVER_KEPT, **(headers or {})})


def refused(why: Refused, headers: Mapping[str, str] | None = None) -> Response:
    """The error as an app is told it."""
    own = dict(headers or {})
    if why.error == "invalid_client":
        own["www-authenticate"] = 'Basic realm="token"'
    if why.error == "invalid_token":
        own["www-authenticate"] = "Bearer"
    return told({"error": why.error, "error_description": why.description}, own, why.status)


def answering(endpoint: Endpoint) -> Endpoint:
    """The endpoint, whose refusals are told to an app."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as why:
            return refused(why)
        except Unavailable:
            return refused(Refused("away"))

    return answered


def sent_back(redirect_uri: str, parameters: Mapping[str, str]) -> Response:
    """The browser goes back to the app: what it registered stays as it is, also where that has a query."""
    mark = "&" if "?" in redirect_uri else "?"
    return _see(f"{redirect_uri}{mark}{urlencode(parameters)}")


def _see(address: str) -> Response:
    """The answer that says where to go, with the address to the letter: RedirectResponse would quote it once more."""
    answer = RedirectResponse("/", 303, headers={**NEVER_KEPT, "referrer-policy": "no-referrer"})
    answer.headers["location"] = address
    return answer


def sent_on(address: str) -> Response:
    """The browser goes on to another page of ours."""
    return _see(address)


def page(
    authority: Authority, request: Request, name: str, *, status: int = 200, targets: Iterable[str] = (), **shown: Any
) -> Response:
    """A page in the reader's language. A form on it is sent to us, and may lead on to the origins of `targets` alone."""
    language = authority.language(request.headers.get("accept-language", ""))
    text = authority.pages.get_template(f"{name}.html").render(language=language, url=authority.url, **shown)
    return HTMLResponse(text, status, headers={**NEVER_KEPT, **_guarded(targets)})


def _guarded(targets: Iterable[str]) -> dict[str, str]:
    origins = " ".join(["'self'", *sorted({_origin(target) for target in targets})])
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; form-action {origins}"
    )
    return {
        "content-security-policy": policy,
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "vary": "Accept-Language, Cookie",
    }


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


# ------------------------------------------------------------------------------------------------ scripts of other origins


def shared_with(origin: str, allowed: Iterable[str]) -> dict[str, str]:
    """The CORS headers where a script's origin is one of those allowed; never with credentials."""
    if origin and origin in allowed:
        return {"access-control-allow-origin": origin, "vary": "Origin"}
    return {"vary": "Origin"}


def preflight(origin: str, allowed: Iterable[str]) -> Response:
    """The answer to a script that asks first."""
    headers = shared_with(origin, allowed)
    if "access-control-allow-origin" in headers:
        headers |= {
            "access-control-allow-methods": "POST",
            "access-control-allow-headers": "Authorization, Content-Type",
        }
    return Response(status_code=204, headers=headers)
