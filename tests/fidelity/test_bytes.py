"""What goes in comes back, byte for byte, whichever way it goes in and out."""

import json

import pytest

from tests.fidelity.sending import timeless

pytestmark = pytest.mark.anyio
HEAD = b'{"resourceType":"CarePlan","id":"sip","meta":{"versionId":"1","lastUpdated":"2020-01-01T00:00:00Z"},'
TAIL = b'"status":"active","intent":"plan","subject":{"reference":"Patient/p1"}}'


def extension(value: bytes) -> bytes:
    return b'"extension":[{"url":"https://example.org/x",%b}]' % value


def decimal(number: str) -> bytes:
    return b'{"url":"https://example.org/x","valueDecimal":%b}' % number.encode()


NUMBERS = ("1.00", "1e3", "1E+3", "-0.50", "0.0000000001", "123456789012345678901234567890.10", "-0.0", "7")
MEMBERS = {
    "decimals as they are written": b'"extension":[%b],' % b",".join(map(decimal, NUMBERS)),
    "members in another order than the specification's": b'"title":"Plan","language":"sv","description":"x","identifier":[{"value":"1","system":"urn:oid:1.2.3"}],',
    "an extension beside a value": b'"title":"Plan","_title":{"id":"t1",' + extension(b'"valueCode":"sv"') + b"},",
    "an extension before its value": b'"_title":{' + extension(b'"valueCode":"sv"') + b'},"title":"Plan",',
    "an extension in place of a value": b'"_created":{' + extension(b'"valueCode":"unknown"') + b"},",
    "a list of values with nulls beside": b'"instantiatesUri":["urn:a",null,"urn:c"],"_instantiatesUri":[null,{'
    + extension(b'"valueCode":"masked"')
    + b'},{"id":"c"}],',
    "contained resources, one after the other": b'"contained":[{"id":"g2","resourceType":"Goal","lifecycleStatus":"active","description":{"text":"b"},'
    b'"subject":{"reference":"Patient/p1"}},{"resourceType":"Goal","id":"g1","lifecycleStatus":"active",'
    b'"description":{"text":"a"},"subject":{"reference":"Patient/p1"}}],"goal":[{"reference":"#g1"},{"reference":"#g2"}],',
    "letters of every plane": '"title":"Åse-Märta Öberg \u200d👩‍⚕️ 日本語 \u0645 e\u0301 é \u2028 \ufeff \U0010fffd",'.encode(),
    "characters that JSON escapes": rb'"description":"rad 1\nrad 2\t\"citat\" \\ / <&>",',
    "a narrative": b'"text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">\\n <p>M&aring;l: '
    b'<b>g\xc3\xa5&nbsp;sj\xc3\xa4lv</b><br/>&lt;1 &#229;r</p>\\n</div>"},',
    "dates as precise as they are": b'"period":{"start":"2026","end":"2026-03"},"created":"2026-03-02T10:00:00.120+01:00",',
}
META = b'00Z","tag":[{"code":"b"},{"code":"a"}],"source":"urn:x","profile":["https://example.org/p|1.0"]}'
TEXTS = {name: HEAD + members + TAIL for name, members in MEMBERS.items()}
TEXTS["the rest of meta"] = HEAD.replace(b'00Z"}', META) + TAIL
EVERY = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())


def entry(method: str, url: str, text: bytes) -> bytes:
    return b'{"resource":%b,"request":{"method":"%b","url":"%b"}}' % (text, method.encode(), url.encode())


async def put(api, text: bytes):
    return await api.put("CarePlan/sip", content=text, headers={"content-type": "application/fhir+json"})


async def in_a_bundle(api, kind: bytes, text: bytes):
    body = b'{"resourceType":"Bundle","type":"%b","entry":[%b]}' % (kind, entry("PUT", "CarePlan/sip", text))
    return await api.post("", content=body, headers={"content-type": "application/fhir+json"})


@EVERY
async def test_a_plan_that_is_put_comes_back_from_a_read_and_from_the_write_itself(api, text):
    written = await put(api, text)
    assert 201 == written.status_code, written.text

    assert timeless(text) == timeless(written.content)
    assert written.content == (await api.get("CarePlan/sip")).content


@EVERY
async def test_a_plan_comes_back_from_every_reading_interaction(api, text):
    stored = (await put(api, text)).content

    assert stored == (await api.get("CarePlan/sip/_history/1")).content
    for listed in ("CarePlan", "CarePlan?patient=Patient/p1", "CarePlan/sip/_history"):
        assert b'"resource":%b,' % stored in (await api.get(listed)).content
    again = await api.put("CarePlan/sip", content=text, headers={"content-type": "application/fhir+json"})
    assert 200 == again.status_code
    assert b'"resource":%b,' % stored in (await api.get("CarePlan/sip/_history")).content


@EVERY
async def test_a_plan_that_is_posted_keeps_all_but_its_id(api, text):
    answer = await api.post("CarePlan", content=text, headers={"content-type": "application/fhir+json"})

    sent_under_its_id = text.replace(b'"id":"sip"', b'"id":"%b"' % answer.json()["id"].encode(), 1)
    assert timeless(sent_under_its_id) == timeless(answer.content)


@pytest.mark.parametrize("kind", [b"transaction", b"batch"])
@EVERY
async def test_a_plan_that_comes_in_a_bundle_comes_back_as_it_came(api, kind, text):
    assert 200 == (await in_a_bundle(api, kind, text)).status_code

    assert timeless(text) == timeless((await api.get("CarePlan/sip")).content)


async def test_the_id_and_the_meta_of_a_plan_stay_where_the_client_put_them(api):
    text = b'{"status":"active","meta":{"versionId":"1","lastUpdated":""},"intent":"plan","resourceType":"CarePlan",'
    text += b'"subject":{"reference":"Patient/p1"},"id":"sip"}'
    sent = text.replace(b'"versionId":"1","lastUpdated":""', b'"tag":[{"code":"x"}]')

    written = await put(api, sent)

    expected = text.replace(b'"lastUpdated":""', b'"lastUpdated":"","tag":[{"code":"x"}]')
    assert timeless(expected) == timeless(written.content)


async def test_a_negative_zero_keeps_its_sign(api):
    text = HEAD + b'"extension":[%b],' % decimal("-0") + TAIL

    assert timeless(text) == timeless((await put(api, text)).content)


async def test_white_space_and_escapes_go_and_the_value_stays(api):
    text = rb"""{ "resourceType" : "CarePlan", "id": "sip",
        "title": "\u00c5se\/\ud83d\ude00", "status": "active", "intent": "plan", "subject": {"reference": "Patient/p1"} }"""

    written = await put(api, text)

    sent, came = json.loads(text), written.json()
    del came["meta"]
    assert list(sent.items()) == list(came.items())
    assert '"title":"Åse/😀"'.encode() in written.content
