"""An authorization server as its callers meet it: apps and systems that are registered, people to be, and a browser."""

import html
import json
import re
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx

from fhir_server.access.client import Client
from fhir_server.access.registration import convert_registration
from fhir_server.access.secret import hash_secret
from fhir_server.assembly import Assembly
from fhir_server.assembly.opening import client_registry
from fhir_server.assembly.outside import clock
from tests.builders import PERSONNUMMER, TEST_PERSON
from tests.registered import WITHOUT, a_portal, a_system
from tests.tokens import ec_key, jwk, rsa_key, signed

BASE = "http://127.0.0.1:8080/fhir"
AUTH = "http://127.0.0.1:8080/auth"
HSA = "urn:oid:1.2.752.29.4.19"
REDIRECT = "https://portal.example/back"
ORIGIN = "https://portal.example"
VERIFIER = "a-verifier-of-the-tests-that-is-long-enough-4711"
SECRET = "a secret of the tests, made by nobody"
NURSE, CITIZEN = "PractitionerRole/r1", "Patient/p1"
ANY = "launch launch/patient launch/encounter openid fhirUser offline_access online_access"
UNIT, PROVIDER = "SE2321000016-U1", "SE2321000016-A001"


def s256(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


# ------------------------------------------------------------------------------------------------ who is there


def an_app(**changes: Any) -> dict[str, Any]:
    """A public app that may be started from an EHR too."""
    scopes = [f"{ANY} patient/*.rs", f"{ANY} user/*.rs user/Task.cruds"]
    return a_portal(**{"scopes": scopes, "launch_uri": "https://portal.example/launch"} | changes)


def a_tool(**changes: Any) -> dict[str, Any]:
    """A confidential app with a secret, on the developer's machine."""
    local = {"redirect_uris": ["http://localhost:4567/back"], "origins": ["http://localhost:4567"]}
    members = {"id": "tool", "kind": "confidential", "secret_hash": hash_secret(SECRET, bytes(16)), "launch_uri": ""}
    return an_app(**members | local | changes)


def system_keys() -> list[dict[str, Any]]:
    return [jwk(rsa_key(), "rsa"), jwk(ec_key("P-384"), "ec")]


def a_backend(**changes: Any) -> dict[str, Any]:
    return a_system(**{"jwks": {"keys": system_keys()}, "scopes": ["system/CarePlan.rs system/Task.cruds"]} | changes)


def all_clients() -> list[dict[str, Any]]:
    local = "http://localhost:4567/launch"
    several = ["SE2120000001-1003", "SE2120000002-1003"]
    return [
        an_app(),
        an_app(id="other"),
        an_app(id="odd", name="<script>alert(1)</script>"),
        a_tool(),
        a_tool(id="started", name="Startbar", launch_uri=local),
        a_backend(),
        a_backend(id="another-system"),
        a_backend(id="several", organizations=several),
        a_backend(id="fetched", jwks=WITHOUT, jwks_url="https://system.example/jwks"),
    ]


CLIENTS = all_clients()


async def register(assembly: Assembly, *clients: dict[str, Any]) -> None:
    registry = client_registry(assembly.server.store, assembly.server.base)
    for members in clients:
        await registry.add(convert_registration(Client, members))


def numbered(type: str, id: str, hsa_id: str, **members: Any) -> dict[str, Any]:
    return {"resourceType": type, "id": id, "identifier": [{"system": HSA, "value": hsa_id}], **members}


PEOPLE: Sequence[dict[str, Any]] = [
    {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [{"system": PERSONNUMMER, "value": TEST_PERSON}],
        "name": [{"given": ["Tolvan"], "family": "Tolvansson"}],
        "birthDate": "1912-12-12",
    },
    {
        "resourceType": "Patient",
        "id": "p2",
        "identifier": [{"system": PERSONNUMMER, "value": "189002029800"}],
        "name": [{"given": ["Signe"], "family": "Hallberg"}],
    },
    numbered("Organization", "o1", PROVIDER, name="Region Exempel"),
    numbered("Organization", "o2", UNIT, name="Avdelning 4", partOf={"reference": "Organization/o1"}),
    numbered("Practitioner", "n1", "SE2321000016-P1", name=[{"given": ["Mona"], "family": "Dahlgren"}]),
    numbered(
        "PractitionerRole",
        "r1",
        "SE2321000016-C1",
        practitioner={"reference": "Practitioner/n1"},
        organization={"reference": "Organization/o2"},
    ),
    numbered("Practitioner", "n2", "SE2321000016-P2", name=[{"given": ["Bo"], "family": "Ek"}]),
    numbered(
        "PractitionerRole",
        "r2",
        "SE2321000016-C2",
        practitioner={"reference": "Practitioner/n2"},
        organization={"reference": "Organization/o2"},
        code=[{"coding": [{"code": "coordinator"}]}],
    ),
]


async def put_all(api: httpx.AsyncClient, resources: Sequence[dict[str, Any]] = PEOPLE) -> None:
    for one in resources:
        answer = await api.put(f"{one['resourceType']}/{one['id']}", json=one)
        assert answer.is_success, answer.text


# ------------------------------------------------------------------------------------------------ what an app does


def asked(**changes: Any) -> dict[str, str]:
    """What an app asks at /authorize; None leaves a parameter out."""
    told = {
        "response_type": "code",
        "client_id": "portal",
        "redirect_uri": REDIRECT,
        "scope": "launch/patient openid fhirUser offline_access patient/CarePlan.rs",
        "state": "a state",
        "aud": BASE,
        "code_challenge": s256(VERIFIER),
        "code_challenge_method": "S256",
        **changes,
    }
    return {name: value for name, value in told.items() if value is not None}


def sent_back(answer: httpx.Response, to: str = REDIRECT) -> dict[str, str]:
    """What the browser brings back to the app."""
    assert 303 == answer.status_code, answer.text
    address = answer.headers["location"]
    assert address.startswith(f"{to}?"), address
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


def fields(page: httpx.Response) -> dict[str, str]:
    """The hidden fields of a page."""
    assert page.headers["content-type"].startswith("text/html"), page.headers
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    return {name: html.unescape(value) for name, value in found}


class Browser:
    """A browser with its cookies; it shows each answer, and goes where it is sent only when told."""

    def __init__(self, app: Any) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url=AUTH)

    async def sign_in(self, page: httpx.Response, person: str) -> httpx.Response:
        return await self.client.post("/sign-in", data={**fields(page), "person": person})

    async def follow(self, answer: httpx.Response) -> httpx.Response:
        assert 303 == answer.status_code, answer.text
        return await self.client.get(answer.headers["location"])

    async def page(self, person: str = CITIZEN, **changes: Any) -> httpx.Response:
        """The page that asks a person for approval."""
        page = await self.client.get("/authorize", params=asked(**changes))
        if 'name="person"' in page.text:
            page = await self.follow(await self.sign_in(page, person))
        return page

    async def approve(self, person: str = CITIZEN, *, patient: str = "", answer: str = "yes", **changes: Any) -> Any:
        """What becomes of a request that a person answers."""
        page = await self.page(person, **changes)
        if 303 == page.status_code:
            return page
        return await self.client.post("/approve", data={**fields(page), "answer": answer, "patient": patient})

    async def code(self, person: str = CITIZEN, **changes: Any) -> str:
        to = changes.get("redirect_uri", REDIRECT)
        return sent_back(await self.approve(person, **changes), to)["code"]

    async def exchange(self, code: str, **changes: Any) -> httpx.Response:
        headers = changes.pop("headers", {})
        told = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "client_id": "portal",
            "code_verifier": VERIFIER,
            **changes,
        }
        return await self.post("/token", headers=headers, **told)

    async def post(self, path: str, *, headers: dict[str, str] | None = None, **told: Any) -> httpx.Response:
        data = {name: value for name, value in told.items() if value is not None}
        return await self.client.post(path, data=data, headers=headers)

    async def tokens(self, person: str = CITIZEN, **changes: Any) -> dict[str, Any]:
        answer = await self.exchange(await self.code(person, **changes))
        assert 200 == answer.status_code, answer.text
        return answer.json()

    async def introspected(self, token: str) -> dict[str, Any]:
        """What a confidential client is told of a token."""
        answer = await self.post("/introspect", headers=basic(), token=token)
        assert 200 == answer.status_code, answer.text
        return answer.json()

    async def refresh(self, token: str, **changes: Any) -> httpx.Response:
        return await self.post(
            "/token", **{"grant_type": "refresh_token", "refresh_token": token, "client_id": "portal", **changes}
        )


def basic(id: str = "tool", secret: str = SECRET) -> dict[str, str]:
    return {"authorization": f"Basic {b64encode(f'{id}:{secret}'.encode()).decode()}"}


def assertion(
    key: Any = None, alg: str = "RS384", kid: str = "rsa", header: dict[str, Any] | None = None, **claims: Any
) -> str:
    """What a backend signs; None leaves a member out."""
    now = clock() // 1000
    told = {"iss": "verksamhetssystem", "sub": "verksamhetssystem", "aud": f"{AUTH}/token", "exp": now + 240}
    told |= {"jti": urlsafe_b64encode(sha256(f"{clock()}{claims}{id(told)}".encode()).digest()).decode()} | claims
    head = {"alg": alg, "kid": kid, "typ": "JWT", **(header or {})}
    parts = [{name: value for name, value in part.items() if value is not None} for part in (head, told)]
    return signed(*parts, key, alg if alg[:2] in {"RS", "ES", "HS"} else "RS384")


def proof(text: str) -> dict[str, str]:
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return {"client_assertion_type": kind, "client_assertion": text}


def claims_of(token: str) -> dict[str, Any]:
    return part_of(token, 1)


def header_of(token: str) -> dict[str, Any]:
    return part_of(token, 0)


def part_of(token: str, number: int) -> dict[str, Any]:
    part = token.split(".")[number]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def query_of(address: str) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Status and error, of an answer that nobody may keep."""
    assert "no-store" == answer.headers["cache-control"]
    assert "no-cache" == answer.headers["pragma"]
    assert answer.json()["error_description"].isascii()
    return answer.status_code, answer.json()["error"]
