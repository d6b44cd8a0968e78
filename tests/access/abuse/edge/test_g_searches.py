"""Section G, the searches and the addresses: what is asked is a text and not a pattern, and has its bounds."""

import time
from urllib.parse import quote

import pytest

from tests.access.abuse.told import found, keys, nowhere, whole

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]


@pytest.mark.parametrize("modifier", ["", ":contains", ":exact"])
@pytest.mark.parametrize(
    "text",
    ["(q+)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "\\Q", "[", "pro.a", "P%vA", "P_ovA", "*", "prova|provb", "x" * 2_000],
)
async def test_g_11_a_name_is_asked_for_by_its_letters(api, as_system, modifier, text):
    began = time.perf_counter()
    answer = await api.get("Patient", params={f"name{modifier}": text}, headers=as_system)
    assert time.perf_counter() - began < 0.5
    assert answer.status_code in {200, 400}
    assert answer.status_code == 400 or set() == found(answer)
    assert {"Patient/a"} == found(await api.get("Patient", params={f"name{modifier}": "ProvA"}, headers=as_system))


@pytest.mark.parametrize("asked", ["name=a%00b", f"name={'a' * 5_000}", "name:contains=.*.*.*", "identifier=a%00|b"])
async def test_g_11_what_is_no_text_is_refused(api, as_system, asked):
    assert 400 == (await api.get(f"Patient?{asked}", headers=as_system)).status_code


@pytest.mark.parametrize(
    "value",
    ["|" * 1_900, "|" * 10_000, "," * 10_000, ",".join(f"s|{number}" for number in range(1_000)), "a|b|c"],
    ids=["pipes", "more pipes", "commas", "a thousand values", "two pipes"],
)
async def test_g_12_a_token_has_its_form_and_a_parameter_so_many_values(api, as_system, value):
    began = time.perf_counter()
    assert 400 == (await api.post("Patient/_search", data={"identifier": value}, headers=as_system)).status_code
    assert time.perf_counter() - began < 0.5
    most = ",".join(f"s|{number}" for number in range(500))
    assert 200 == (await api.post("Patient/_search", data={"identifier": most}, headers=as_system)).status_code


@pytest.mark.parametrize(
    "asked",
    [
        "_count=-1",
        "_count=abc",
        "_count=1.5",
        "_count=",
        "_offset=1",
        "birthdate=0000-00-00",
        "birthdate=2020-02-30",
        "birthdate=9999-12-31T24:00:00Z",
        "birthdate=2020-01-01T00:00:00%2B25:00",
        "_lastUpdated=zz2020",
    ],
)
async def test_g_13_what_steers_a_search_is_in_its_bounds(api, as_system, asked):
    answer = await api.get(f"Patient?{asked}", headers=as_system)
    assert answer.status_code in {400, 413}
    assert "OperationOutcome" == answer.json()["resourceType"]


async def test_g_13_a_search_has_so_many_parameters(api, as_system):
    form = {**as_system, "Content-Type": "application/x-www-form-urlencoded"}
    many = await api.post("Patient/_search", content="&".join(["birthdate=ge1900"] * 501), headers=form)
    assert 400 == many.status_code
    fewer = await api.post("Patient/_search", content="&".join(["birthdate=ge1900"] * 500), headers=form)
    assert 200 == fewer.status_code


@pytest.mark.parametrize(
    "asked",
    [
        "_count=0",
        "_count=1000000000",
        "_count=99999999999999999999999",
        "birthdate=9999-12-31",
        "birthdate=9999-12-31T23:59:60Z",
        "birthdate=0001-01-01",
        "&".join(["birthdate=ge1900"] * 200),
    ],
    ids=["none", "many", "beyond counting", "last day", "leap second", "first day", "again and again"],
)
async def test_g_13_what_is_large_is_capped(api, as_system, asked):
    began = time.perf_counter()
    answer = await api.get(f"Patient?{asked}", headers=as_system)
    assert time.perf_counter() - began < 1
    assert 200 == answer.status_code
    assert len(answer.json().get("entry", ())) <= 5


async def test_g_14_a_circle_comes_along_once(api, as_system):
    for number in range(4):
        task = {
            "resourceType": "Task",
            "id": f"ring{number}",
            "status": "requested",
            "intent": "order",
            "for": {"reference": "Patient/a"},
            "partOf": [{"reference": f"Task/ring{(number + 1) % 4}"}],
        }
        assert (await api.put(f"Task/ring{number}", json=task, headers=as_system)).status_code in {200, 201}
    ring = {f"Task/ring{number}" for number in range(4)}
    for asked in ("_include:iterate=Task:part-of", "_revinclude:iterate=Task:part-of"):
        answer = await api.get(f"Task?_id=ring0&{asked}", headers=as_system)
        assert ring == found(answer)
        assert 4 == len(answer.json()["entry"])
    once = await api.get("Task?_id=ring0&_include=Task:part-of", headers=as_system)
    assert {"Task/ring0", "Task/ring1"} == found(once)


async def test_g_17_a_range_is_passed_over(api, as_system):
    binary = {"resourceType": "Binary", "id": "b", "contentType": "text/plain", "data": "QUJD" * 1_000}
    assert 201 == (await api.put("Binary/b", json=binary, headers=as_system)).status_code
    plain = await api.get("Binary/b", headers=as_system)
    for asked in ("bytes=0-0", ",".join(["bytes=0-"] + ["0-"] * 10_000), "bytes=-1", "bytes=9-1", "lines=1-2"):
        began = time.perf_counter()
        ranged = await api.get("Binary/b", headers={**as_system, "Range": asked, "If-Range": plain.headers["etag"]})
        assert time.perf_counter() - began < 0.5
        assert (200, plain.content) == (ranged.status_code, ranged.content)
        assert "content-range" not in ranged.headers


@pytest.mark.parametrize(
    "id", ["a-plan\n", "a-plan\r", "a-plan\u2028", "\na-plan", "a-plan\0", "a" * 65, "å", "a plan"]
)
async def test_g_21_an_id_ends_where_it_ends(api, as_citizen, as_system, id):
    written = quote(id, safe="")
    for path in (written, f"{written}/_history", f"{written}/_history/1"):
        assert 404 == (await api.get(f"CarePlan/{path}", headers=as_citizen())).status_code
    assert await nowhere(api, "CarePlan/no-such", as_citizen()) == whole(
        await api.get(f"CarePlan/{written}", headers=as_citizen())
    )
    made = await api.put(
        f"Basic/{written}", json={"resourceType": "Basic", "id": id, "code": {"text": "x"}}, headers=as_system
    )
    assert made.status_code in {400, 422}, made.text
    assert keys(made)
    assert 200 == (await api.get("CarePlan/a-plan", headers=as_citizen())).status_code
