"""Section H: what is sent is content, and never an instruction to what keeps it or writes it down."""

import re

import pytest

from tests.access.abuse.told import a_message, found, keys

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]

JSON = {"Content-Type": "application/fhir+json"}
HOSTILE = [
    "$where",
    "$function",
    "$expr",
    "$accumulator",
    "'; DROP TABLE resources; --",
    "' OR '1'='1",
    "{{7*7}}",
    "${7*7}",
]


@pytest.mark.parametrize(
    "asked",
    [
        "name[$ne]=x",
        "name[$regex]=.",
        "identifier[$regex]=",
        "identifier[$gt]=",
        "$where=1",
        "$or=1",
        "_id[$exists]=true",
        "name:$ne=x",
        "name.$where=x",
    ],
)
async def test_h_01_an_operator_in_a_query_is_an_unknown_parameter(api, as_citizen, asked):
    assert 400 == (await api.get(f"Patient?{asked}", headers=as_citizen())).status_code
    by_post = await api.post("Patient/_search", data=dict([asked.split("=")]), headers=as_citizen())
    assert 400 == by_post.status_code
    assert {"Patient/a"} == found(await api.get("Patient?name=ProvA", headers=as_citizen()))


@pytest.mark.parametrize(
    "members",
    [
        '"id": {"$gt": ""}',
        '"status": {"$ne": null}',
        '"subject": {"$ref": "Patient/b"}',
        '"subject": {"reference": {"$regex": "."}}',
        '"$where": "1"',
        '"note": [{"text": {"$function": {"body": "function(){}"}}}]',
    ],
)
async def test_h_01_an_operator_in_a_body_is_no_value(api, as_citizen, members):
    body = f'{{"resourceType": "Communication", "status": "completed", "subject": {{"reference": "Patient/a"}}, {members}}}'
    refused = await api.post("Communication", content=body, headers={**as_citizen(), **JSON})
    assert refused.status_code in {400, 422}, refused.text
    assert 201 == (await api.post("Communication", json=a_message(), headers=as_citizen())).status_code


@pytest.mark.parametrize("text", HOSTILE)
async def test_h_02_what_looks_like_an_operator_stays_a_text(api, as_citizen, text):
    sent = a_message(note=[{"text": text}], identifier=[{"system": "urn:t", "value": text}])
    made = (await api.post("Communication", json=sent, headers=as_citizen())).json()
    assert text == made["note"][0]["text"]
    asked = {"identifier": f"urn:t|{text}"}
    assert {f"Communication/{made['id']}"} == found(await api.get("Communication", params=asked, headers=as_citizen()))
    assert set() == found(await api.get("Communication", params={"identifier": "urn:t|x"}, headers=as_citizen()))


@pytest.mark.parametrize("text", HOSTILE)
async def test_h_02_nor_does_it_find_more_than_itself(api, as_citizen, text):
    for name in ("name", "name:contains", "name:exact", "identifier", "_id", "_text"):
        answer = await api.get("Patient", params={name: text}, headers=as_citizen())
        assert answer.status_code in {200, 400}
        assert answer.status_code == 400 or set() == found(answer)


@pytest.mark.parametrize("member", ["$set", "$where", "a.b", "subject.reference", "meta.security", ""])
async def test_h_03_a_member_is_named_by_letters_alone(api, as_citizen, member):
    for sent in (a_message(**{member: "x"}), a_message(note=[{"text": "x", member: "x"}])):
        assert 422 == (await api.post("Communication", json=sent, headers=as_citizen())).status_code
    assert (
        201 == (await api.post("Communication", json=a_message(note=[{"text": "x"}]), headers=as_citizen())).status_code
    )


@pytest.mark.parametrize(
    "asked",
    [
        "_filter=$where",
        "_filter=name co 'x') or (1 eq 1",
        "_sort=$natural",
        "_sort=__proto__",
        "_sort=patient.name",
        "_elements=$where",
        "_summary=$where",
        "_include=$where",
        "_has:$where:x:y=z",
        "_count=$gt",
        "_total=$where",
    ],
)
async def test_h_04_what_steers_a_search_is_its_own_words_alone(api, as_citizen, asked):
    assert 400 == (await api.get(f"CarePlan?{asked}", headers=as_citizen())).status_code
    right = "_filter=status eq active&_sort=-_lastUpdated&_elements=status&_count=1"
    assert {"CarePlan/a-plan"} == found(await api.get(f"CarePlan?{right}", headers=as_citizen()))


@pytest.mark.parametrize("asked", ["subject eq Patient/b", "not(status eq x)", "title co 'b' or status eq active"])
async def test_h_04_a_filter_reaches_no_further_than_a_search(api, as_citizen, as_system, asked):
    seen = await api.get("CarePlan", params={"_filter": asked}, headers=as_citizen())
    assert seen.status_code == 400 or found(seen) <= {"CarePlan/a-plan"}
    every = await api.get("CarePlan?_filter=status eq active", headers=as_system)
    assert {"CarePlan/a-plan", "CarePlan/b-plan"} == found(every)


@pytest.mark.parametrize(
    "said", ["x\x1b[31mred", "${jndi:ldap://elsewhere.example/a}", "a\u2028b".encode(), "x" * 2_000]
)
async def test_h_05_one_request_is_one_line_of_the_log(api, as_citizen, capfd, said):
    capfd.readouterr()
    names = ("User-Agent", "X-Request-Id", "traceparent", "Referer")
    headers = [*as_citizen().items(), *((name, said) for name in names)]
    answer = await api.get("CarePlan/a-plan", params={"_pretty": said}, headers=headers)
    assert 200 == answer.status_code
    (line,) = capfd.readouterr().err.splitlines()
    assert re.fullmatch(r"request=[0-9a-f]{20} interaction=read type=CarePlan status=200 ms=[0-9.]+", line)
    assert re.fullmatch("[0-9a-f]{20}", answer.headers["x-request-id"])


@pytest.mark.parametrize("path", ["CarePlan/a%0d%0aX-Evil:1", "CarePlan/a%0a", "Care%1b[31mPlan/x", "a%E2%80%A8b"])
async def test_h_05_no_address_stands_in_the_log(api, as_citizen, capfd, path):
    capfd.readouterr()
    assert 404 == (await api.get(path, headers=as_citizen())).status_code
    (line,) = capfd.readouterr().err.splitlines()
    assert re.fullmatch(r"request=[0-9a-f]{20} interaction=[a-z-]+ type=[A-Za-z-]* ?status=404 ms=[0-9.]+", line)


@pytest.mark.parametrize("id", ["a\r\nX-Evil: 1", "a\nb", "a b", "å"])
async def test_h_06_nothing_that_is_sent_splits_a_header(api, as_system, id):
    goal = {"resourceType": "Basic", "id": id, "code": {"text": "x"}}
    for answer in (
        await api.post("Basic", json=goal, headers=as_system),
        await api.put("Basic/x", json=goal, headers=as_system),
    ):
        assert "x-evil" not in answer.headers
        assert answer.status_code in {400, 422}
    made = await api.put("Basic/x", json={**goal, "id": "x"}, headers=as_system)
    assert "http://127.0.0.1:8080/fhir/Basic/x/_history/1" == made.headers["location"]


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "http://169.254.169.254/latest", "../../etc/passwd", "gopher://elsewhere.example"]
)
async def test_h_08_no_address_in_a_resource_is_opened(api, as_citizen, address):
    sent = a_message(meta={"profile": [address]}, instantiatesUri=[address])
    answer = await api.post("Communication", json=sent, headers=as_citizen())
    assert answer.status_code in {201, 422}
    assert "root:" not in answer.text
    checked = await api.get("Communication/$validate", params={"profile": address}, headers=as_citizen())
    assert checked.status_code in {400, 404}
    expanded = await api.get("ValueSet/$expand", params={"url": address}, headers=as_citizen())
    assert expanded.status_code in {400, 404}


async def test_h_09_nobody_adds_what_is_compiled(api, as_citizen, as_staff, as_system):
    parameter = {
        "resourceType": "SearchParameter",
        "url": "urn:t:x",
        "name": "X",
        "status": "active",
        "description": "x",
        "code": "x",
        "base": ["Patient"],
        "type": "string",
        "expression": "Patient.repeat(descendants())",
    }
    for bearer in (as_citizen(), as_staff(), as_system):
        assert 405 == (await api.post("SearchParameter", json=parameter, headers=bearer)).status_code
    assert 200 == (await api.get("SearchParameter?_count=1", headers=as_citizen())).status_code


async def test_h_09_nobody_but_a_system_subscribes(api, as_citizen, as_staff, as_system):
    subscription = {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "x",
        "criteria": "CarePlan?status=active",
        "channel": {"type": "rest-hook"},
    }
    for bearer in (as_citizen(), as_staff()):
        refused = await api.post("Subscription", json=subscription, headers=bearer)
        assert (403, ["role-missing"]) == (refused.status_code, keys(refused))
    assert 201 == (await api.post("Subscription", json=subscription, headers=as_system)).status_code
