"""Section J: what comes out is shown by others, and must not act there."""

import json

import pytest

from tests.access.abuse.told import a_message, keys

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]

XHTML = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'
GUARDED = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
}


def told(inner: str) -> dict[str, object]:
    return a_message(text={"status": "additional", "div": XHTML.format(inner)})


SCRIPTS = [
    "<script>alert(1)</script>",
    "<SCRIPT>alert(1)</SCRIPT>",
    '<img src="x" onerror="alert(1)"/>',
    '<p onclick="alert(1)">x</p>',
    *(
        f'<a href="{address}">x</a>'
        for address in (
            "javascript:alert(1)",
            " javascript:alert(1)",
            "&#9;javascript:alert(1)",
            "java&#10;script:alert(1)",
            "java&#13;script:alert(1)",
            "&#1;javascript:alert(1)",
            "\u0001javascript:alert(1)",
            "\u001fjavascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "&#106;avascript:alert(1)",
            "&#x6a;avascript:alert(1)",
            "vbscript:x",
            "livescript:x",
            "data:text/html,x",
        )
    ),
]


@pytest.mark.parametrize("inner", SCRIPTS)
async def test_j_01_a_narrative_that_would_act_is_refused(api, as_citizen, as_system, inner):
    for bearer in (as_citizen(), as_system):
        assert 422 == (await api.post("Communication", json=told(inner), headers=bearer)).status_code
    kept = told('<p class="x">alert(1) javascript: <b>x</b></p>')
    made = await api.post("Communication", json=kept, headers=as_citizen())
    assert (201, kept["text"]) == (made.status_code, made.json()["text"])


@pytest.mark.parametrize(
    "inner",
    [
        '<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>',
        "<svg/>",
        '<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>x</mi></math>',
        '<iframe src="https://elsewhere.example"/>',
        '<object data="x"/>',
        '<embed src="x"/>',
        '<form action="https://elsewhere.example"><input name="x"/></form>',
        '<link rel="stylesheet" href="https://elsewhere.example"/>',
        '<meta http-equiv="refresh" content="0"/>',
        '<base href="https://elsewhere.example"/>',
        "<style>@import url(https://elsewhere.example)</style>",
        '<p style="position:fixed;top:0">x</p>',
        '<p style="background:url(https://elsewhere.example)">x</p>',
        '<img src="https://elsewhere.example/seen.gif" alt="x"/>',
        '<img src="//elsewhere.example/seen.gif" alt="x"/>',
    ],
)
async def test_j_02_a_narrative_brings_nothing_in(api, as_citizen, inner):
    refused = await api.post("Communication", json=told(inner), headers=as_citizen())
    assert 422 == refused.status_code, inner
    assert (
        201
        == (
            await api.post("Communication", json=told("<table><tr><td>x</td></tr></table>"), headers=as_citizen())
        ).status_code
    )


@pytest.mark.parametrize(
    "inner",
    [
        '<noscript><p title="&lt;/noscript&gt;&lt;img src=x onerror=alert(1)&gt;">x</p></noscript>',
        "<template><p>x</p></template>",
        '<p>x</p><!--><img src="x" onerror="alert(1)"/>-->',
        "<![CDATA[<script>alert(1)</script>]]>",
        "<?xml-stylesheet href='x'?>",
        '<!DOCTYPE div [<!ENTITY x "y">]>',
        "<p>&x;</p>",
        "</div><script>alert(1)</script><div>",
    ],
)
async def test_j_03_a_narrative_that_reads_otherwise_elsewhere_is_refused(api, as_citizen, inner):
    assert 422 == (await api.post("Communication", json=told(inner), headers=as_citizen())).status_code
    assert (
        201 == (await api.post("Communication", json=told("<p>&lt;script&gt;</p>"), headers=as_citizen())).status_code
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "metadata", 200),
        ("GET", "CarePlan/a-plan", 200),
        ("HEAD", "CarePlan/a-plan", 200),
        ("GET", "CarePlan", 200),
        ("GET", "CarePlan/a-plan/_history", 200),
        ("GET", "CarePlan/b-plan", 404),
        ("GET", "Nothing", 404),
        ("GET", "CarePlan?x=y", 400),
        ("DELETE", "CarePlan/a-plan", 403),
        ("TRACE", "CarePlan/a-plan", 405),
    ],
)
async def test_j_04_no_browser_takes_an_answer_for_a_page(api, as_citizen, method, path, status):
    answer = await api.request(method, path, headers=as_citizen())
    assert status == answer.status_code
    assert GUARDED == {name: answer.headers.get(name) for name in GUARDED}
    assert "application/fhir+json; charset=utf-8" == answer.headers["content-type"]


async def test_j_04_nor_where_no_token_was_brought_nor_where_nothing_is_told(api, as_citizen):
    refused = await api.get("CarePlan/a-plan")
    unchanged = await api.get("CarePlan/a-plan", headers={**as_citizen(), "If-None-Match": 'W/"1"'})
    assert [401, 304] == [refused.status_code, unchanged.status_code]
    for answer in (refused, unchanged):
        assert GUARDED == {name: answer.headers.get(name) for name in GUARDED}


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/pdf", "text/xml", "application/xhtml+xml"])
async def test_j_05_what_is_kept_as_a_file_is_never_served_as_one(api, as_system, kind):
    page = {"resourceType": "Binary", "contentType": kind, "data": "PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=="}
    made = (await api.post("Binary", json=page, headers=as_system)).json()
    for accept in (kind, f"{kind}, */*;q=0"):
        asked = await api.get(f"Binary/{made['id']}", headers={**as_system, "Accept": accept})
        assert 406 == asked.status_code
    shown = await api.get(f"Binary/{made['id']}", headers={**as_system, "Accept": f"{kind}, */*"})
    assert "application/fhir+json; charset=utf-8" == shown.headers["content-type"]
    assert GUARDED == {name: shown.headers.get(name) for name in GUARDED}
    assert (page["data"], kind) == (shown.json()["data"], shown.json()["contentType"])


async def test_j_06_a_text_comes_back_as_it_was_written(api, as_citizen):
    text = '<b onclick="x">**fet**</b> [x](javascript:alert(1)) </script>'
    sent = a_message(payload=[{"contentString": text}], note=[{"text": text}])
    made = (await api.post("Communication", json=sent, headers=as_citizen())).json()
    assert [text, text] == [made["payload"][0]["contentString"], made["note"][0]["text"]]


HOSTILE = "<script>alert('191212121212')</script>" + "x" * 80


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"CarePlan?{HOSTILE}=1", None),
        ("GET", f"CarePlan?status={HOSTILE}&_sort={HOSTILE}", None),
        ("GET", f"CarePlan?date={HOSTILE}", None),
        ("GET", f"CarePlan?status:{HOSTILE}=active", None),
        ("GET", f"CarePlan?patient.{HOSTILE}=x", None),
        ("GET", f"CarePlan?patient:{HOSTILE}.name=x", None),
        ("GET", f"CarePlan?_has:{HOSTILE}:x:y=x", None),
        ("GET", f"CarePlan?_include={HOSTILE}", None),
        ("GET", f"CarePlan?_include=CarePlan:{HOSTILE}", None),
        ("GET", f"CarePlan?_elements={HOSTILE}", None),
        ("GET", f"CarePlan?_filter={HOSTILE}", None),
        ("GET", f"CarePlan/_history?{HOSTILE}=1", None),
        ("GET", f"CarePlan/a-plan/${HOSTILE}", None),
        ("GET", f"CarePlan/{HOSTILE}", None),
        ("GET", f"{HOSTILE}", None),
        ("POST", "Communication", {"status": HOSTILE}),
        ("POST", "Communication", {"id": HOSTILE}),
        ("POST", "Communication", {"subject": {"reference": HOSTILE}}),
        ("POST", "Communication", {"sent": HOSTILE}),
        ("POST", "Communication", {HOSTILE: 1}),
    ],
)
async def test_j_07_no_error_says_again_what_was_sent(api, as_citizen, method, path, body):
    sent = {"json": a_message(**body)} if body else {}
    refused = await api.request(method, path, headers=as_citizen(), **sent)
    assert refused.status_code in {400, 404, 422}, refused.text
    said = [issue["details"]["text"] for issue in refused.json()["issue"]]
    assert not [text for text in said if "<script" in text or "1912" in text or "x" * 65 in text]
    assert keys(refused)


async def test_j_08_an_answer_is_json_for_whoever_reads_it(api, as_citizen):
    text = "</script><script>alert(1)</script>\u2028"
    made = await api.post("Communication", json=a_message(note=[{"text": text}]), headers=as_citizen())
    assert text == json.loads(made.content)["note"][0]["text"]
    assert "nosniff" == made.headers["x-content-type-options"]


@pytest.mark.parametrize(("limits", "status"), [({}, 404), ({"docs": True}, 200)])
async def test_j_09_the_documentation_is_off_where_tokens_are_asked_for(api, status):
    for path in ("/docs", "/openapi.json"):
        assert status == (await api.get(f"http://127.0.0.1:8080{path}")).status_code
    assert 200 == (await api.get("metadata")).status_code
