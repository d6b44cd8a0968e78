"""One caller's connection: cheap, so that many callers meet in the server; and it knows whether a request went out."""

import asyncio
from dataclasses import dataclass
from typing import Any

import msgspec

PATIENCE = 60
"""Seconds for one answer."""


class NotSent(Exception):
    """Nobody listened: the server has not seen the request."""


class Broken(Exception):
    """The request went out, and no whole answer came back."""


@dataclass(frozen=True)
class Request:
    """What is sent; `path` is relative to the FHIR base and encoded as in a URL."""

    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def text(self, base: str) -> bytes:
        lines = [f"{self.method} {base}/{self.path} HTTP/1.1", "host: 127.0.0.1", f"content-length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass(frozen=True)
class Answer:
    """What came back, its headers by their names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Connection:
    """To whichever server `port` names when something is sent; kept open between two requests."""

    def __init__(self) -> None:
        self._port = 0
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, port: int, request: Request) -> Answer:
        """The answer. NotSent, Broken; TimeoutError where the server is silent."""
        reader, writer = await self._open(port)
        try:
            async with asyncio.timeout(PATIENCE):
                writer.write(request.text("/fhir"))
                return await _answer(reader)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            self.close()
            raise Broken from error

    async def _open(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if port != self._port:
            self.close()
        if self._streams is None:
            try:
                self._streams = await asyncio.open_connection("127.0.0.1", port)
            except OSError as error:
                raise NotSent from error
            self._port = port
        return self._streams

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


async def _answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    status, *lines = head.rstrip().split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    headers = {name.lower(): value for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Answer(int(status.split()[1]), headers, body)
