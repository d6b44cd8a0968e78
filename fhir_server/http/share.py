"""Which scripts of other origins may call, and read what is answered (CORS). https://fetch.spec.whatwg.org/#http-cors-protocol"""

from collections.abc import Container

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SHOWN = ("ETag", "Last-Modified", "Location", "X-Request-Id")
"""What a script may read beside the headers that every script may."""
VARIES = (b"vary", b"Origin")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
KEPT_SECONDS = 600
"""So long a browser need not ask first again; what it then sends is looked at as ever."""


class EveryOrigin(Container[str]):
    """For what is told to anybody: an app has to read it before it can be known."""

    def __contains__(self, origin: object) -> bool:
        """Always."""
        return True


class Shared:
    """An application, shared with the scripts of some origins. Never with credentials: a token comes in a header, which no
    browser adds by itself.
    """

    def __init__(self, app: ASGIApp, origins: Container[str]) -> None:
        """`origins` is asked at each call, so that one that was registered a moment ago is let in."""
        self._app, self._origins = app, origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        shared = self._shared(next((value for name, value in scope["headers"] if name == b"origin"), b""))
        if scope["method"] == "OPTIONS" and (wanted := Headers(scope=scope)).get("access-control-request-method"):
            await _permission(wanted, shared)(scope, receive, send)
            return

        async def sharing(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = [(name.encode(), value.encode()) for name, value in shared.items()]
                message["headers"] = [*message.get("headers", ()), VARIES, *told]
            await send(message)

        await self._app(scope, receive, sharing)

    def _shared(self, origin: bytes) -> dict[str, str]:
        text = origin.decode("latin-1")
        if not text or text not in self._origins:
            return {}
        return {"access-control-allow-origin": text, "access-control-expose-headers": ", ".join(SHOWN)}


def _permission(wanted: Headers, shared: dict[str, str]) -> Response:
    """The answer to a browser that asks first: what it may send, or nothing."""
    vary = {"vary": "Origin, Access-Control-Request-Headers"}
    if not shared:
        return Response(status_code=204, headers=vary)
    allowed = {
        "access-control-allow-origin": shared["access-control-allow-origin"],
        "access-control-allow-methods": ", ".join(METHODS),
        "access-control-max-age": str(KEPT_SECONDS),
    }
    if asked := wanted.get("access-control-request-headers"):
        allowed["access-control-allow-headers"] = asked
    return Response(status_code=204, headers=vary | allowed)
