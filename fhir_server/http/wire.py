"""HTTP/1.1 on the wire: the head of a request has its bounds, and comes in time. The parser itself knows neither.

https://www.rfc-editor.org/rfc/rfc9110#section-5.4
"""

from asyncio import BaseTransport, TimerHandle, Transport
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD_LIMIT = 65_536
"""Bytes of a request line and its headers, a token of the longest among them."""
MOST_HEADERS = 200
HEAD_SECONDS = 20
"""From the first byte of a connection, or of its next request, to the end of its head."""

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's own, which closes the connection of whoever sends too much before a request begins, or too slowly."""

    _head = 0
    _head_timer: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Waits for the first head."""
        super().connection_made(cast(Transport, transport))
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits for nothing more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Counts what has come while a head is not whole."""
        super().data_received(data)
        if self._head_timer is None or self.transport.is_closing():
            return
        self._head += len(data)
        if self._head > HEAD_LIMIT:
            self._close_with(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        if self._head_timer is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """The head is whole: it is let through, or refused before anything is made of it."""
        self._stop_waiting()
        length = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if len(self.headers) > MOST_HEADERS or length > HEAD_LIMIT:
            self._close_with(_TOO_LARGE)
            raise ValueError("the head is too large")  # which ends the parser
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Unless another answer has gone before."""
        if not self.transport.is_closing():
            super().send_400_response(msg)

    def _await_head(self) -> None:
        self._head = 0
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._close_with, _TOO_LATE)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _close_with(self, answer: bytes) -> None:
        self._stop_waiting()
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:  # else it would stand in the midst of another answer
            self.transport.write(answer)
        self.transport.close()
