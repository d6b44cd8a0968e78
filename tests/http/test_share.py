"""Which scripts of other origins may call, and read what is answered. https://fetch.spec.whatwg.org/#http-cors-protocol"""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from fhir_server.access import mirror
from fhir_server.assembly import Assembly, assembled, claim_index
from fhir_server.assembly.outside import NotStarted
from fhir_server.assembly.safety import refuse_unsafe
from fhir_server.http.share import SHOWN
from fhir_server.settings import Settings
from tests.authorizing import ORIGIN, an_app, register
from tests.builders import a_care_plan
from tests.conftest import SECRET

pytestmark = pytest.mark.anyio

OWN, OTHER = "https://intranet.example", "https://evil.example"
LATE = "https://late.example"
LET_IN = [ORIGIN, OWN]
TOLD_TO_ALL = ["metadata", ".well-known/smart-configuration"]
SHARED = "access-control-allow-origin"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def assembly() -> AsyncIterator[Assembly]:
    """A server with an app of its own origin, and an origin that the settings let in."""
    settings = Settings(database="sqlite:///:memory:", access="open", authorize=True, secret=SECRET, cors_origins=[OWN])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mirror, "REFRESHED", 50)  # what a server does each five seconds, a test does not wait for
        async with assembled(settings) as house:
            assert await claim_index(house)
            await register(house, an_app(), an_app(id="other", origins=["https://other.example"]))
            await house.origins.refresh()
            yield house


def asks_first(origin: str, method: str = "PUT") -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,if-match",
    }


def shares(answer: httpx.Response) -> str | None:
    """With whom an answer is shared: an origin by its name, and never with what a browser adds by itself."""
    assert "access-control-allow-credentials" not in answer.headers
    assert "Origin" in answer.headers["vary"]
    return answer.headers.get(SHARED)


@pytest.mark.parametrize("origin", LET_IN)
async def test_scripts_of_a_registered_origin_and_of_one_that_is_set_read_what_they_need(api, origin):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip"))
    read = await api.get("CarePlan/sip", headers={"Origin": origin})
    made = await api.post("CarePlan", json=a_care_plan(), headers={"Origin": origin})

    assert [origin, origin] == [shares(read), shares(made)]
    assert {"ETag", "Location", "Last-Modified", "X-Request-Id"} == set(SHOWN)
    for name in SHOWN:
        assert name in made.headers
        assert name in made.headers["access-control-expose-headers"].split(", ")


@pytest.mark.parametrize("origin", [OTHER, "null", "*", f"{ORIGIN}:8443", f"{ORIGIN}.evil.example", ORIGIN.upper()])
async def test_scripts_of_another_origin_read_nothing(api, origin):
    other, ours = [await api.get("CarePlan", headers={"Origin": one}) for one in (origin, ORIGIN)]

    assert (200, 200) == (other.status_code, ours.status_code)
    assert [None, ORIGIN] == [shares(other), shares(ours)]
    assert "access-control-expose-headers" not in other.headers


async def test_an_answer_to_nobodys_script_is_not_kept_for_one(api):
    assert None is shares(await api.get("CarePlan"))


async def test_a_refusal_can_be_read_too(api):
    answers = [await api.get("CarePlan/nosuch", headers={"Origin": one}) for one in (ORIGIN, OTHER)]

    assert [(404, ORIGIN), (404, None)] == [(one.status_code, shares(one)) for one in answers]


@pytest.mark.parametrize("origin", LET_IN)
async def test_a_script_asks_first_and_is_told_what_it_may_send(api, origin):
    answer = await api.options("CarePlan/sip", headers=asks_first(origin))

    assert (204, origin) == (answer.status_code, shares(answer))
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    assert "authorization,if-match" == answer.headers["access-control-allow-headers"]


async def test_a_script_of_another_origin_that_asks_first_is_told_nothing(api):
    answer = await api.options("CarePlan/sip", headers=asks_first(OTHER))

    assert None is shares(answer)
    assert [] == [name for name in answer.headers if name.startswith("access-control")]


async def test_who_asks_for_no_permission_is_answered_as_ever(api):
    assert 405 == (await api.options("CarePlan/sip", headers={"Origin": ORIGIN})).status_code


@pytest.mark.parametrize("origin", [ORIGIN, OTHER])
@pytest.mark.parametrize("path", TOLD_TO_ALL)
async def test_smart_1_1_04_what_the_server_promises_is_told_to_scripts_of_every_origin(api, path, origin):
    answer = await api.get(path, headers={"Origin": origin})
    first = await api.options(path, headers=asks_first(origin, "GET"))

    for one in (answer, first):
        assert one.headers[SHARED] in {origin, "*"}
        assert "access-control-allow-credentials" not in one.headers
    assert (200, 204) == (answer.status_code, first.status_code)
    assert "GET" in first.headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    ("origin", "shared"), [(ORIGIN, ORIGIN), (OWN, OWN), ("https://other.example", None), (OTHER, None)]
)
async def test_the_token_endpoint_is_shared_with_the_clients_own_origins_and_those_that_are_set(api, origin, shared):
    form = {"grant_type": "authorization_code", "client_id": "portal", "code": "none", "token": "none"}
    for path, status in (("token", 400), ("revoke", 200)):
        answer = await api.post(f"../auth/{path}", data=form, headers={"Origin": origin})
        assert (status, shared) == (answer.status_code, shares(answer))
    preflight = await api.options("../auth/token", headers=asks_first(origin, "POST"))

    assert (None if origin == OTHER else origin) == shares(preflight)


async def test_an_app_that_is_registered_while_the_server_runs_is_let_in_soon(api, assembly):
    assert None is shares(await api.get("CarePlan", headers={"Origin": LATE}))
    await register(assembly, an_app(id="late", origins=[LATE]))
    for _ in range(100):
        if (shared := shares(await api.get("CarePlan", headers={"Origin": LATE}))) is not None:
            break
        await asyncio.sleep(0.05)

    assert LATE == shared


@pytest.mark.parametrize("origin", ["*", "null", "http://intranet.example", "https://intranet.example/app", ""])
def test_an_origin_that_stands_for_many_or_that_no_browser_sends_is_refused_at_the_start(origin):
    refuse_unsafe(Settings(cors_origins=[OWN, "http://localhost:3000"]))
    with pytest.raises(NotStarted, match="FHIR_SERVER_CORS_ORIGINS"):
        refuse_unsafe(Settings(cors_origins=[OWN, origin]))
