"""Section I: nothing that is sent here makes the server ask for something elsewhere, and a Subscription leads where the operator says."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from tests.access.abuse.told import a_message, bundled, found, keys
from tests.tokens import a_token

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]
HOST = "hooks.kommun.example"


@pytest.fixture(scope="module")
def limits() -> dict[str, object]:
    return {"subscribers": [HOST, f"{HOST}:8443"]}


def a_subscription(**channel: Any) -> dict[str, Any]:
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "x",
        "criteria": "CarePlan?status=active",
        "channel": {"type": "rest-hook", **channel},
    }


HOSTILE = [
    f"http://{HOST}/hook",
    f"https://{HOST}:25/hook",
    f"https://{HOST}:22/hook",
    f"https://{HOST}.evil.example/hook",
    f"https://evil.example/{HOST}",
    f"https://evil.example?{HOST}",
    f"https://evil.example#{HOST}",
    f"https://evil.example\\@{HOST}/",
    f"https://{HOST}@evil.example/",
    f"https://user:secret@{HOST}/hook",
    f"https://user@{HOST}/hook",
    f"https://{HOST}./hook",
    f"https://sub.{HOST}/hook",
    f"https://x{HOST}/hook",
    f"//{HOST}/hook",
    f"https:{HOST}/hook",
    f"https:///{HOST}/hook",
    "https://localhost/hook",
    "https://127.0.0.1/hook",
    "https://127.1/hook",
    "https://2130706433/hook",
    "https://0x7f000001/hook",
    "https://0177.0.0.1/hook",
    "https://[::1]/hook",
    "https://[::ffff:127.0.0.1]/hook",
    "https://169.254.169.254/latest/meta-data",
    "https://[fe80::1]/hook",
    "https://10.0.0.1/hook",
    "https://192.168.0.1/hook",
    "https://203.0.113.9/hook",
    "file:///etc/passwd",
    f"gopher://{HOST}/_x",
    f"ftp://{HOST}/hook",
    f"mailto:somebody@{HOST}",
    "javascript:alert(1)",
    "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
]


@pytest.mark.parametrize("endpoint", HOSTILE)
async def test_i_01_a_subscription_leads_only_where_the_operator_says(api, as_system, endpoint):
    hostile = a_subscription(endpoint=endpoint)
    refused = await api.post("Subscription", json=hostile, headers=as_system)
    assert 422 == refused.status_code, refused.text
    assert ["endpoint-refused"] == keys(refused) or ["value-url"] == keys(refused)
    assert endpoint not in refused.text
    accepted = await api.post("Subscription", json=a_subscription(endpoint=f"https://{HOST}/hook"), headers=as_system)
    assert 201 == accepted.status_code


async def test_i_01_nor_does_it_by_any_other_way_of_writing(api, as_system):
    right, wrong = a_subscription(endpoint=f"https://{HOST}:8443/a"), a_subscription(endpoint="https://10.0.0.1/a")
    assert (await api.put("Subscription/s", json={**right, "id": "s"}, headers=as_system)).status_code in {200, 201}
    patch = [{"op": "replace", "path": "/channel/endpoint", "value": "https://10.0.0.1/a"}]
    ways = [
        await api.put("Subscription/s", json={**wrong, "id": "s"}, headers=as_system),
        await api.patch(
            "Subscription/s", json=patch, headers={**as_system, "Content-Type": "application/json-patch+json"}
        ),
        await api.post("", json=bundled(("POST", "Subscription", wrong)), headers=as_system),
    ]
    assert [422, 422, 422] == [answer.status_code for answer in ways]
    kept = (await api.get("Subscription/s", headers=as_system)).json()
    assert f"https://{HOST}:8443/a" == kept["channel"]["endpoint"]
    also = [{**patch[0], "value": f"https://{HOST}/b"}]
    answer = await api.patch(
        "Subscription/s", json=also, headers={**as_system, "Content-Type": "application/json-patch+json"}
    )
    assert 200 == answer.status_code


@pytest.mark.parametrize(
    "header",
    [
        "Host: inside.example",
        "host:inside.example",
        "Authorization: Bearer x",
        "Proxy-Authorization: Basic x",
        "Cookie: a=b",
        "Transfer-Encoding: chunked",
        "Content-Length: 0",
        "X-Forwarded-For: 127.0.0.1",
        "Forwarded: for=127.0.0.1",
        "X-A: b\r\nHost: inside.example",
        "X-A: b\nX-B: c",
        "X-A\r\n: b",
        "X A: b",
        ": b",
        "X-A",
        "X-A: å",
        "X-A: b\tc",
    ],
)
async def test_i_02_a_header_speaks_for_nobody_else(api, as_system, header):
    def with_header(text: str) -> dict[str, Any]:
        return a_subscription(endpoint=f"https://{HOST}/hook", header=[text])

    refused = await api.post("Subscription", json=with_header(header), headers=as_system)
    assert 422 == refused.status_code
    assert set(keys(refused)) <= {"header-refused", "value-string"}
    assert 201 == (await api.post("Subscription", json=with_header("X-Tenant: 7"), headers=as_system)).status_code


# ------------------------------------------------------------------------------------------------ nothing goes out

_LISTENING: list[list[tuple[Any, ...]]] = []


_OUT = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    opens = event == "open" and arguments[0] == "/etc/passwd"
    if _LISTENING and (event in _OUT or opens):
        _LISTENING[-1].append((event, *map(str, arguments)))


sys.addaudithook(_hear)


@contextmanager
def heard() -> Iterator[list[tuple[Any, ...]]]:
    """What this process asks of the network, and whether it opens the file that every attack asks for."""
    _LISTENING.append([])
    try:
        yield _LISTENING[-1]
    finally:
        _LISTENING.pop()


def test_i_03_what_goes_out_would_be_heard():
    with heard() as events:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            socket.create_connection(listener.getsockname()).close()
        with suppress(OSError):
            socket.getaddrinfo("nowhere.invalid", 443)
    assert {"socket.connect", "socket.getaddrinfo"} == {event for event, *_ in events}


def vectors(url: str) -> list[tuple[str, str, Any]]:
    """Calls that hold an address in each place where a server could be made to open it."""
    canonical = {"meta": {"profile": [url]}}
    messages = [
        a_message(**canonical),
        a_message(implicitRules=url),
        a_message(instantiatesUri=[url], instantiatesCanonical=[url]),
        a_message(inResponseTo=[{"reference": f"{url}/Communication/1"}]),
        a_message(about=[{"reference": f"{url}/Patient/1"}], partOf=[{"reference": url}]),
        a_message(payload=[{"contentAttachment": {"contentType": "text/html", "url": url, "size": 10, "hash": "QUJD"}}]),
        a_message(payload=[{"contentReference": {"reference": url, "type": "DocumentReference"}}]),
        a_message(extension=[{"url": url, "valueUrl": url}], modifierExtension=[{"url": url, "valueBoolean": True}]),
        a_message(category=[{"coding": [{"system": url, "code": "x"}]}], identifier=[{"system": url, "value": "x"}]),
        a_message(meta={"source": url, "tag": [{"system": url, "code": "x"}]}),
        a_message(text={"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><img src="{url}"/></div>'}),
        a_message(contained=[{"resourceType": "ValueSet", "id": "v", "status": "active", "compose": {"include": [{"system": url, "valueSet": [url]}]}}]),
    ]  # fmt: skip
    questions = [
        f"CarePlan?patient={url}/Patient/1",
        f"CarePlan?_profile={url}",
        f"CarePlan?category={url}|x",
        f"CarePlan?instantiates-uri={url}",
        f"CarePlan?category:in={url}",
        f"CarePlan?_query={url}",
        f"CarePlan?subject:identifier={url}|x",
        f"Communication/$validate?profile={url}",
        f"ValueSet/$expand?url={url}",
        f"ValueSet/$validate-code?url={url}&system={url}&code=x",
        f"CodeSystem/$lookup?system={url}&code=x",
        f"ConceptMap/$translate?url={url}&system={url}&code=x",
    ]
    endpoint = {
        "resourceType": "Endpoint",
        "status": "active",
        "connectionType": {"system": url, "code": "x"},
        "payloadType": [{"text": "x"}],
        "address": url,
    }
    referring = {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": "Patient/a"},
        "content": [{"attachment": {"contentType": "text/plain", "url": url}}],
        "masterIdentifier": {"system": url, "value": "x"},
    }
    return [
        *(("POST", "Communication", message) for message in messages),
        *(("POST", "Communication/$validate", message) for message in messages),
        *(("GET", question, None) for question in questions),
        ("POST", "Endpoint", endpoint),
        ("POST", "DocumentReference", referring),
        ("POST", "Subscription", a_subscription(endpoint=url)),
        ("POST", "Subscription", a_subscription(endpoint=f"https://{HOST}/{url.partition(':')[0]}")),
        ("POST", "", bundled(("POST", "Communication", messages[3]), ("GET", f"{url}/Patient/1"), type="batch")),
        ("POST", "", bundled(("POST", f"{url}/Communication", messages[0]))),
    ]


@pytest.mark.parametrize("scheme", ["http", "https", "file"])
async def test_i_03_i_04_i_06_i_07_nothing_that_is_sent_is_fetched_and_nothing_is_delivered(
    api, as_system, as_citizen, scheme
):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/x" if scheme != "file" else "file:///etc/passwd"
        with heard() as events:
            seen = set()
            for bearer in (as_system, as_citizen()):
                for method, path, body in vectors(url):
                    headers = {**bearer, **({"Content-Type": "application/fhir+json"} if body is not None else {})}
                    answer = await api.request(method, path, json=body, headers=headers)
                    assert answer.status_code < 500, (path, answer.text)
                    assert "root:" not in answer.text
                    seen.add(answer.status_code)
            assert {200, 201, 422} <= seen
            made = await api.put("CarePlan/a-plan", json=await _plan(api, as_system), headers=as_system)
            assert 200 == made.status_code
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert [] == events


async def _plan(api: Any, as_system: dict[str, str]) -> dict[str, Any]:
    """A plan that a subscription of the test asks to be told of."""
    return {**(await api.get("CarePlan/a-plan", headers=as_system)).json(), "title": "ny"}


@pytest.mark.parametrize("member", ["jku", "x5u", "jwk", "x5c"])
async def test_i_05_a_token_leads_to_no_keys(api, as_citizen, member):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/jwks"
        with heard() as events:
            token = a_token({member: url if member.endswith("u") else [url]}, aud=str(api.base_url).rstrip("/"))
            for issuer in (None, url):
                told = token if issuer is None else a_token({member: url}, iss=issuer)
                answer = await api.get("CarePlan", headers={"Authorization": f"Bearer {told}"})
                assert 401 == answer.status_code
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert [] == events
    assert {"CarePlan/a-plan"} == found(await api.get("CarePlan", headers=as_citizen()))


@pytest.mark.parametrize("name", ["traceparent", "tracestate", "baggage", "b3", "uber-trace-id"])
@pytest.mark.parametrize(
    "value", ["00-" + "f" * 32 + "-" + "f" * 16 + "-01", "user=reserve-a", "x" * 4_000, "\x7f;;=,,"]
)
async def test_i_08_what_a_trace_says_is_dropped(api, as_citizen, capfd, name, value):
    capfd.readouterr()
    answer = await api.get("CarePlan/a-plan", headers={**as_citizen(), name: value})
    assert 200 == answer.status_code
    assert name not in answer.headers
    assert value not in str(answer.headers)
    (line,) = capfd.readouterr().err.splitlines()
    assert value not in line
