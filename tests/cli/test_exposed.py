"""What a server that others reach does not start with, whom it believes, what it keeps to itself."""

from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from fhir_server.assembly.outside import NotStarted, without_password
from fhir_server.assembly.safety import refuse_unsafe
from fhir_server.cli.serve import listening_as
from fhir_server.settings import Settings
from tests.servers import run_here, serving

SECRET = "a secret that is long enough for anybody"
IN_PRODUCTION: dict[str, Any] = {
    "host": "0.0.0.0",
    "base_url": "https://plans.example/fhir",
    "database": "mongodb://db.example/plans",
    "secret": SECRET,
    "forwarders": ["10.0.0.7"],
}


def why_not(**settings: Any) -> str:
    """Why a server does not start with settings; "" where it does."""
    try:
        refuse_unsafe(Settings(**{**IN_PRODUCTION, **settings}))
    except NotStarted as refusal:
        return str(refusal)
    return ""


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"authorize": True}, "FHIR_SERVER_AUTHORIZE"),
        ({"access": "open"}, "loopback"),
        ({"access": "open", "host": "127.0.0.1"}, "loopback"),
        ({"docs": True}, "FHIR_SERVER_DOCS"),
        ({"cors_origins": ["https://portal.example", "*"]}, "FHIR_SERVER_CORS_ORIGINS"),
        ({"secret": ""}, "FHIR_SERVER_SECRET"),
        ({"secret": "secret"}, "FHIR_SERVER_SECRET"),
        ({"forwarders": []}, "TLS"),
        ({"base_url": ""}, "TLS"),
        ({"base_url": "http://plans.example/fhir"}, "TLS"),
        ({"host": "127.0.0.1", "forwarders": []}, "TLS"),
        ({"forwarders": ["*"]}, "FHIR_SERVER_FORWARDERS"),
        ({"forwarders": ["0.0.0.0/0"]}, "FHIR_SERVER_FORWARDERS"),
        ({"forwarders": ["proxy.example"]}, "FHIR_SERVER_FORWARDERS"),
        ({"tls_cert": "c.pem"}, "--tls-key"),
        ({"tls_key": "k.pem"}, "--tls-cert"),
        ({"tls_clients": "ca.pem"}, "--tls-cert"),
        ({"tls_cert": "c.pem", "tls_key": "k.pem", "base_url": "http://plans.example/fhir"}, "https"),
        ({"subscribers": ["10.0.0.1"]}, "FHIR_SERVER_SUBSCRIBERS"),
        ({"subscribers": ["*"]}, "FHIR_SERVER_SUBSCRIBERS"),
    ],
    ids=str,
)
def test_l_09_a_server_that_others_reach_starts_with_nothing_that_is_for_development(settings, says):
    assert says in why_not(**settings)
    assert "" == why_not()


@pytest.mark.parametrize(
    "settings",
    [
        {"forwarders": [], "tls_cert": "c.pem", "tls_key": "k.pem"},
        {"forwarders": [], "tls_cert": "c.pem", "tls_key": "k.pem", "tls_clients": "ca.pem", "base_url": ""},
        {"forwarders": ["10.0.0.0/24", "fd00::1"], "docs": False, "cors_origins": ["https://portal.example"]},
        {"host": "127.0.0.1"},
        {"subscribers": ["hooks.example:8443"]},
        {
            "host": "127.0.0.1",
            "base_url": "",
            "forwarders": [],
            "docs": True,
            "cors_origins": ["http://127.0.0.1:3000"],
            "secret": "short",
        },
    ],
    ids=str,
)
def test_l_09_its_twin_starts(settings):
    assert "" == why_not(**settings)


def test_l_09_it_is_said_in_one_line(tmp_path):
    ended = run_here("serve", "--database", f"sqlite:///{tmp_path}/p.db", "--host", "0.0.0.0", "--port", "0")
    assert (1, 1) == (ended.returncode, len(ended.stderr.strip().splitlines()))
    assert "TLS" in ended.stderr
    assert [] == list(tmp_path.iterdir())


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("proxy", "peer", "believed"),
    [
        (["10.0.0.7"], "10.0.0.7", True),
        (["10.0.0.0/24"], "10.0.0.9", True),
        (["10.0.0.7"], "10.0.0.8", False),
        (["10.0.0.7"], "127.0.0.1", False),
        ([], "127.0.0.1", False),
        ([], "10.0.0.7", False),
    ],
)
async def test_l_09_who_came_is_told_by_named_proxies_alone(proxy, peer, believed, monkeypatch):
    async def mirror(scope, receive, send) -> None:
        request = Request(scope)
        assert request.client is not None
        await PlainTextResponse(f"{request.url.scheme} {request.client.host}")(scope, receive, send)

    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    app = listening_as(mirror, Settings(forwarders=proxy)).loaded_app
    forwarded = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(peer, 1)), base_url="http://x") as client:
        told = (await client.get("/", headers=forwarded)).text
    assert ("https 203.0.113.9" if believed else f"http {peer}") == told


def test_l_11_no_secret_is_told_written_down_or_backed_up(tmp_path):
    hushed = "hushed-" + "s3cr3t" * 6
    database = f"sqlite:///{tmp_path}/plans.db"
    told = {"FHIR_SERVER_SECRET": hushed, "FHIR_SERVER_AUTHORIZE": "true", "FHIR_SERVER_DOCS": "true"}
    places = ["/fhir/metadata", "/fhir/.well-known/smart-configuration", "/openapi.json", "/docs", "/", "/metrics"]
    places += ["/health/ready", "/auth/jwks", "/auth/.well-known/openid-configuration", "/fhir/CarePlan", "/nothing"]
    with serving("serve", "--database", database, **told) as server:
        answers = [httpx.get(f"{server.root}{place}") for place in places]
        log = server.log.read_text()
    assert 200 == answers[0].status_code
    for answer in answers:
        assert hushed not in answer.text + str(answer.headers)
        assert '"d":' not in answer.text
    assert hushed not in log
    backup = run_here("backup", "--database", database, str(tmp_path / "b.zip"), FHIR_SERVER_SECRET=hushed)
    assert 0 == backup.returncode, backup.stderr
    assert not [path for path in tmp_path.iterdir() if hushed.encode() in path.read_bytes()]
    assert hushed not in repr(Settings(secret=hushed))


@pytest.mark.parametrize(
    ("database", "told"),
    [
        ("mongodb://app:p%40ss@db.example:27017/plans", "mongodb://db.example:27017/plans"),
        ("mongodb://app:p@ss@db.example/plans?tls=true", "mongodb://db.example/plans?tls=true"),
        ("mongodb://db.example/plans", "mongodb://db.example/plans"),
        ("sqlite:///care-plans.db", "sqlite:///care-plans.db"),
    ],
)
def test_l_11_an_address_of_a_database_is_said_without_who_opens_it(database, told):
    assert told == without_password(database)
