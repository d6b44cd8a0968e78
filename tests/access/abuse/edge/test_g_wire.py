"""Section G, the wire: what comes to a real socket, in whatever pieces, ends in a refusal and not in a wait."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from fhir_server.cli.serve import _Server, listening_as
from fhir_server.http import request, wire
from tests.access.house import BASE, a_bearer
from tests.access.worlds import SYSTEM

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]
BODY = b'{"resourceType":"Basic","code":{"text":"x"}}'
LIMIT = 100_000
SECONDS = 5


@pytest.fixture(scope="module")
def limits() -> dict[str, object]:
    return {"body_limit": LIMIT}


@pytest.fixture(scope="module")
async def port(assembly, settings) -> AsyncIterator[int]:
    """Where a real server listens; a head has 0.5 s and a body 1 s, since a test would not wait as long as a server does."""
    with pytest.MonkeyPatch.context() as patch, socket.create_server(("127.0.0.1", 0)) as listener:
        patch.setattr(wire, "HEAD_SECONDS", 0.5)
        patch.setattr(request, "BODY_SECONDS", 1)
        server = _Server(listening_as(assembly.app, settings), "")
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110  # uvicorn tells it by this alone
            await asyncio.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        await serving


async def said(port: int, *pieces: bytes, every: float = 0) -> tuple[list[int], bool]:
    """The statuses that pieces of bytes meet, and whether the server ends the connection; a test waits 5 s at the most."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sending = asyncio.create_task(_send(writer, pieces, every))
    got = b""
    try:
        async with asyncio.timeout(SECONDS):
            while more := await reader.read(65_536):
                got += more
                if not every and got.endswith(b"}") and b"connection: close" not in got.lower():
                    break
            ended = not more
    except ConnectionResetError:
        ended = True
    except TimeoutError:
        ended = False
    finally:
        sending.cancel()
        writer.close()
    return [int(line[9:12]) for line in got.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")], ended


async def _send(writer: asyncio.StreamWriter, pieces: tuple[bytes, ...], every: float) -> None:
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(every)


def a_post(*headers: str, length: bool = True, body: bytes = BODY) -> bytes:
    """The head of a create by a system, with further headers."""
    bearer = a_bearer(BASE, **{**SYSTEM, "sub": "planner", "scope": "system/*.cruds"})["Authorization"]
    lines = ["POST /fhir/Basic HTTP/1.1", "Host: x", "Content-Type: application/fhir+json", f"Authorization: {bearer}"]
    lines += [f"Content-Length: {len(body)}"] * length
    return "\r\n".join([*lines, *headers, "", ""]).encode()


async def accepted(port: int) -> bool:
    return await said(port, a_post() + BODY) == ([201], False)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def test_g_08_a_body_is_so_long_however_long_it_says_it_is(port):
    long = BODY + b" " * LIMIT
    assert ([413], True) == await said(port, a_post(body=long) + long)
    assert ([413], True) == await said(port, a_post(body=b" " * 25_000_000))
    chunked = a_post("Transfer-Encoding: chunked", length=False)
    assert ([413], True) == await said(port, chunked, *([chunk(b" " * 10_000)] * 1_000))
    assert ([201], False) == await said(port, chunked + chunk(BODY[:9]) + chunk(BODY[9:]) + b"0\r\n\r\n")
    fitting = BODY + b" " * (LIMIT - len(BODY))
    assert ([201], False) == await said(port, a_post(body=fitting) + fitting)


async def test_g_08_a_body_that_does_not_come_is_not_waited_for(port):
    assert ([408], True) == await said(port, a_post(body=BODY * 2) + BODY)
    assert ([408], True) == await said(port, a_post(), *(bytes([letter]) for letter in BODY), every=0.1)
    chunked = a_post("Transfer-Encoding: chunked", length=False)
    assert ([408], True) == await said(port, chunked, *([chunk(b" ")] * 100), every=0.1)
    assert ([201], False) == await said(port, a_post(), BODY[:20], BODY[20:])


async def test_g_08_a_body_that_is_longer_than_it_says_is_another_request_and_a_bad_one(port):
    statuses, ended = await said(port, a_post(body=BODY[:10]) + BODY)
    assert (True, 400) == (ended, statuses[-1])
    assert 201 not in statuses
    assert await accepted(port)


async def test_g_08_a_head_that_does_not_come_is_not_waited_for(port):
    assert ([408], True) == await said(port)
    assert ([408], True) == await said(port, b"GET /fhir/metadata HTTP/1.1\r\n")
    slow = b"GET /fhir/metadata HTTP/1.1\r\nHost: x\r\nX-A: a"
    assert ([408], True) == await said(port, *(bytes([letter]) for letter in slow), every=0.05)
    again = a_post() + BODY + b"GET /fhir/meta"
    statuses, ended = await said(port, again, b"", every=1)
    assert (201, True) == (statuses[0], ended)
    assert await accepted(port)


SMUGGLED = {
    "both": ("Transfer-Encoding: chunked",),
    "two lengths": (f"Content-Length: {len(BODY) + 1}",),
    "two lengths alike": (f"Content-Length: {len(BODY)}, {len(BODY)}",),
}
ODD = {
    "coding": "Transfer-Encoding: xchunked",
    "chunked first": "Transfer-Encoding: chunked, identity",
    "blank": "Transfer-Encoding : chunked",
    "folded": "Transfer-Encoding:\r\n chunked",
    "negative": "Content-Length: -1",
    "signed": "Content-Length: +44",
    "hexadecimal": "Content-Length: 0x2c",
    "NUL": "X-A: a\0b",
    "line feed": "X-A: a\nb: c",
    "no name": ": a",
}


@pytest.mark.parametrize("headers", SMUGGLED.values(), ids=SMUGGLED.keys())
async def test_g_18_a_request_ends_in_one_place(port, headers):
    smuggled = b"GET /fhir/metadata HTTP/1.1\r\nHost: x\r\n\r\n"
    for body in (BODY, chunk(BODY) + b"0\r\n\r\n", b"0\r\n\r\n" + smuggled):
        assert ([400], True) == await said(port, a_post(*headers) + body + smuggled)
    assert await accepted(port)


@pytest.mark.parametrize("header", ODD.values(), ids=ODD.keys())
async def test_g_18_a_header_is_well_formed(port, header):
    assert ([400], True) == await said(port, a_post(header, length=False) + BODY)
    assert ([201], False) == await said(port, a_post("X-A: a b") + BODY)


async def test_g_18_a_head_is_so_large_and_no_larger(port):
    longer = [
        a_post("X-A: " + "a" * 65_536),
        a_post(*(f"X-A{number}: a" for number in range(1_000))),
        a_post().replace(b"/fhir/Basic", b"/fhir/Basic?x=" + b"a" * 70_000),
    ]
    for head in longer:
        assert ([431], True) == await said(port, head + BODY)
    for endless in (b"X-A: a\r\n" * 1_000, b"a" * 8_000):
        statuses, ended = await said(port, a_post()[:-2], *([endless] * 200))
        assert ended
        assert set(statuses) <= {431}
    fitting = a_post("X-A: " + "a" * 32_000, *(f"X-A{number}: a" for number in range(100)))
    assert ([201], False) == await said(port, fitting + BODY)


async def test_g_18_another_protocol_is_none(port):
    assert ([400], True) == await said(port, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert ([400], True) == await said(port, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200))
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGVzdA==")
    statuses, _ = await said(port, a_post(*upgrade) + BODY)
    assert statuses
    assert 101 not in statuses
    assert await accepted(port)


async def test_nothing_of_it_is_a_fault(port, capfd: Any):
    capfd.readouterr()
    for pieces in ((b"\0" * 100,), (a_post() + b"{",), (a_post()[:40],), (b"GET  HTTP/1.1\r\n\r\n",)):
        statuses, _ = await said(port, *pieces)
        assert set(statuses) <= {400, 408}
    told = capfd.readouterr()
    assert "Traceback" not in told.err + told.out
    assert '"fault"' not in told.err + told.out
