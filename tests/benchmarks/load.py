"""Clients of one server, cheap enough not to be what is measured: raw connections, kept alive, requests made beforehand."""

import asyncio
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Self

import uvloop

WARM_UP = 0.2
"""Seconds of load before counting begins."""


@dataclass(slots=True)
class Load:
    """Requests that so many clients send over and over, each its next one when the last is answered."""

    requests: Sequence[bytes]
    clients: int
    answered: int = 0
    over: bool = False
    following: Iterator[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.following = cycle(self.requests)


class Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._awaited = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._awaited = 0
        self._transport.write(next(self._load.following))

    def data_received(self, data: bytes) -> None:
        self._awaited = (self._awaited or length(data)) - len(data)
        if self._awaited:
            return
        self._load.answered += 1
        if self._load.over:
            self._transport.close()
        else:
            self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        if error or not self._load.over:
            self.done.set_exception(error or ConnectionError("the server hung up"))
        else:
            self.done.set_result(None)


class Asker:
    """One client that waits for each answer before it asks again."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> tuple[float, bytes]:
        """The seconds to the end of the answer, and its body."""
        started = time.perf_counter()
        self._socket.sendall(request)
        answer = self._socket.recv(1 << 20)
        awaited = length(answer) - len(answer)
        while awaited > 0:
            more = self._socket.recv(1 << 20)
            awaited -= len(more)
            answer += more
        return time.perf_counter() - started, answer[answer.index(b"\r\n\r\n") + 4 :]


def length(head: bytes) -> int:
    """How many bytes an answer has that begins so. ConnectionError where it says that something went wrong."""
    end = head.index(b"\r\n\r\n") + 4
    if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
        raise ConnectionError(head.decode())
    start = head.index(b"content-length: ") + 16
    return end + int(head[start : head.index(b"\r", start)])


def request(method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a request to the FHIR endpoint."""
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    about = f"content-type: application/fhir+json\r\ncontent-length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{about}{more}\r\n".encode() + body


def rate(port: int, requests: Sequence[bytes], clients: int, seconds: float = 0.6) -> float:
    """Answers a second."""
    return rates(port, seconds, Load(requests, clients))[0]


def rates(port: int, seconds: float, *loads: Load) -> list[float]:
    """Answers a second to each of several loads at once."""
    return uvloop.run(_rates(port, seconds, loads))


async def _rates(port: int, seconds: float, loads: Sequence[Load]) -> list[float]:
    clients = [await _client(port, load) for load in loads for _ in range(load.clients)]
    await asyncio.sleep(WARM_UP)
    started, before = time.perf_counter(), [load.answered for load in loads]
    await asyncio.sleep(seconds)
    passed, after = time.perf_counter() - started, [load.answered for load in loads]
    for load in loads:
        load.over = True
    await asyncio.gather(*(client.done for client in clients))
    return [(late - early) / passed for early, late in zip(before, after, strict=True)]


async def _client(port: int, load: Load) -> Client:
    _, client = await asyncio.get_running_loop().create_connection(lambda: Client(load), "127.0.0.1", port)
    return client
