"""What stands at the edge: bodies, media types, methods and addresses that are not what they should be.

Each refusal has its accepted twin.
"""

import json

import pytest

from tests.builders import a_care_plan, issue_keys

pytestmark = pytest.mark.anyio
JSON = {"Content-Type": "application/fhir+json"}
PLAN = json.dumps(a_care_plan()).encode()


def nested(depth: int) -> bytes:
    """A plan whose JSON is that many levels deep."""
    value: object = "x"
    for _ in range(depth - 1):
        value = [value]
    return json.dumps(a_care_plan(note=value)).encode()


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b"", "no-body"),
        (b"{", "not-json"),
        (b"plan", "not-json"),
        (b"\xff\xfe{}", "not-json"),
        (b'{"resourceType": "CarePlan", "title": "\xff"}', "not-json"),
        (b'{"resourceType": "CarePlan", "title": "\xc0\xaf"}', "not-json"),
        (b"[]", "not-an-object"),
        (b'"CarePlan"', "not-an-object"),
        (b"null", "not-an-object"),
        (b"{}", "not-an-object"),
        (b'{"resourceType": 7}', "not-an-object"),
        (b'{"resourceType": "CarePlan", "status": "draft", "status": "active"}', "duplicate-member"),
        (b'{"resourceType": "CarePlan", "x": NaN}', "not-json"),
        (b'{"resourceType": "CarePlan", "x": 1e999999999}', "number-out-of-range"),
        (b'{"resourceType": "CarePlan", "title": "\\ud800"}', "not-json"),
        (nested(65), "too-deep"),
        (b"[" * 100_000, "too-deep"),
        (b'{"a":' * 100_000, "too-deep"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(api, body, key):
    answer = await api.post("CarePlan", content=body, headers=JSON)

    assert 400 == answer.status_code
    assert [key] == issue_keys(answer.json())


async def test_its_twin_that_can_be_read_is_accepted(api):
    assert 201 == (await api.post("CarePlan", content=PLAN, headers=JSON)).status_code


async def test_sixty_four_levels_are_read_and_then_judged_by_their_content(api):
    assert 422 == (await api.post("CarePlan", content=nested(64), headers=JSON)).status_code


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/fhir+json", 201),
        ("application/fhir+json; charset=UTF-8", 201),
        ("application/fhir+json; fhirVersion=4.0", 201),
        ("application/json", 201),
        ("application/fhir+json; fhirVersion=3.0", 415),
        ("application/fhir+json; charset=latin-1", 415),
        ("application/fhir+xml", 415),
        ("text/plain", 415),
        ("", 415),
    ],
)
async def test_the_media_type_of_a_body_is_looked_at(api, media_type, status):
    answer = await api.post("CarePlan", content=PLAN, headers={"Content-Type": media_type})

    assert status == answer.status_code


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/json", 200),
        ("application/fhir+json;q=0.9, text/html", 200),
        ("text/html, application/*;q=0.1", 200),
        ("application/fhir+json; fhirVersion=4.0", 200),
        ("application/fhir+xml", 406),
        ("text/turtle", 406),
        ("application/fhir+json; fhirVersion=5.0", 406),
    ],
)
async def test_what_the_caller_accepts_is_looked_at(api, accept, status):
    assert status == (await api.get("CarePlan", headers={"Accept": accept})).status_code


@pytest.mark.parametrize(
    ("format", "status"),
    [("json", 200), ("application/fhir%2Bjson", 200), ("application/fhir+json", 200), ("xml", 406)],
)
async def test_a_format_overrides_the_accept_header(api, format, status):
    answer = await api.get(f"CarePlan?_format={format}", headers={"Accept": "application/fhir+xml"})

    assert status == answer.status_code


async def test_a_pretty_answer_says_the_same(api):
    plain, pretty = await api.get("metadata"), await api.get("metadata?_pretty=true")

    assert plain.json() == pretty.json()
    assert plain.content != pretty.content


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "Nothing", 404, None),
        ("GET", "careplan", 404, None),
        ("GET", "CarePlan/a/b", 404, None),
        ("GET", "CarePlan/a/_history/1/x", 404, None),
        ("POST", "CarePlan/$unknown", 404, None),
        ("PATCH", "AuditEvent", 405, "GET, HEAD, POST"),
        ("POST", "CarePlan/a", 405, "DELETE, GET, HEAD, PATCH, PUT"),
        ("GET", "CarePlan/a/$meta-add", 405, "POST"),
        ("DELETE", "CarePlan/$validate", 405, "GET, HEAD, POST"),
        ("DELETE", "AuditEvent/a", 405, "GET, HEAD"),
        ("PUT", "AuditEvent/a", 405, "GET, HEAD"),
        ("PUT", "", 405, "GET, HEAD, POST"),
        ("BREW", "metadata", 405, "GET, HEAD"),
    ],
)
async def test_an_address_that_nothing_answers_is_refused(api, method, path, status, allow):
    answer = await api.request(method, path)

    assert status == answer.status_code
    assert allow == answer.headers.get("allow")
    assert "OperationOutcome" == answer.json()["resourceType"]


async def test_the_base_with_and_without_a_slash_is_one_address(api, assembly):
    bundle = {"resourceType": "Bundle", "type": "batch"}

    assert 200 == (await api.post(assembly.server.base, json=bundle)).status_code
    assert 200 == (await api.post(f"{assembly.server.base}/", json=bundle)).status_code


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/health/live", 405)])
async def test_what_is_not_fhir_refuses_in_the_same_words(api, path, status):
    answer = await api.post(f"http://127.0.0.1:8080{path}")

    assert status == answer.status_code
    assert "OperationOutcome" == answer.json()["resourceType"]


class TestLimits:
    """DESIGN's table of limits, kept in docs/settings.md."""

    @pytest.fixture
    def limits(self):
        return {"body_limit": 1000}

    async def test_a_body_of_the_limit_is_read(self, api):
        body = PLAN + b" " * (1000 - len(PLAN))

        assert 201 == (await api.post("CarePlan", content=body, headers=JSON)).status_code

    async def test_a_body_over_the_limit_is_too_large(self, api):
        body = PLAN + b" " * (1001 - len(PLAN))
        answer = await api.post("CarePlan", content=body, headers=JSON)

        assert 413 == answer.status_code
        assert ["too-large"] == issue_keys(answer.json())

    async def test_a_body_that_hides_its_length_is_too_large_all_the_same(self, api):
        async def chunks():
            for _ in range(11):
                yield b" " * 100

        answer = await api.post("CarePlan", content=chunks(), headers=JSON)

        assert 413 == answer.status_code

    async def test_an_address_over_the_limit_is_refused_and_pointed_to_post(self, api):
        ids = ",".join("x" * 60 for _ in range(150))

        assert 413 == (await api.get(f"CarePlan?_id={ids}")).status_code


async def test_a_long_search_goes_by_post(api):
    ids = ",".join("x" * 60 for _ in range(150))

    assert 200 == (await api.post("CarePlan/_search", data={"_id": ids})).status_code


async def test_refusals_speak_swedish_to_whoever_prefers_it(api):
    answer = await api.get("CarePlan/x", headers={"Accept-Language": "sv"})

    assert "Resursen finns inte." == answer.json()["issue"][0]["details"]["text"]


async def test_every_answer_carries_a_request_id_of_its_own(api):
    answers = [await api.get("metadata") for _ in range(3)]

    assert 3 == len({answer.headers["x-request-id"] for answer in answers})
