"""Section G, the bodies: what cannot be read is refused at once, and never with a fault of ours."""

import gzip
import json
import time
import zlib
from typing import Any

import pytest

from tests.access.abuse.told import a_message, keys

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]
JSON = {"Content-Type": "application/fhir+json"}
SECONDS = 1.0
"""So long a refusal may take, on a machine that others use too."""


def a_text(members: str = "") -> str:
    """A message of A's, as JSON, with further members."""
    return (
        f'{{"resourceType": "Communication", "status": "completed", "subject": {{"reference": "Patient/a"}}{members}}}'
    )


def deep(levels: int) -> str:
    """A message so many levels of JSON deep."""
    return a_text(', "note": ' + "[" * (levels - 1) + '"x"' + "]" * (levels - 1))


def extended(levels: int) -> str:
    """A message with extensions that many within each other."""
    innermost = '{"url": "urn:t:x", "valueString": "x"}'
    return a_text(', "extension": [' + '{"url": "urn:t:x", "extension": [' * levels + innermost + "]}" * levels + "]")


async def sent(api: Any, bearer: dict[str, str], body: str | bytes, **headers: str) -> tuple[int, list[str]]:
    """The status that a body meets, and why it is refused; in time."""
    began = time.perf_counter()
    answer = await api.post("Communication", content=body, headers={**bearer, **JSON, **headers})
    assert time.perf_counter() - began < SECONDS
    return answer.status_code, keys(answer) if answer.is_error else []


@pytest.mark.parametrize("levels", [65, 66, 1_100, 200_000])
async def test_g_01_json_is_so_deep_and_no_deeper(api, as_citizen, levels):
    assert (400, ["too-deep"]) == await sent(api, as_citizen(), deep(levels))
    status, why = await sent(api, as_citizen(), deep(64))
    assert 422 == status
    assert "too-deep" not in why


async def test_g_02_extensions_are_so_deep_and_no_deeper(api, as_citizen):
    assert (400, ["too-deep"]) == await sent(api, as_citizen(), extended(400))
    assert (201, []) == await sent(api, as_citizen(), extended(20))


@pytest.mark.parametrize(
    "members",
    [
        ', "status": "draft"',
        ', "subject": {"reference": "Patient/b"}',
        ', "note": [{"text": "x", "text": "y"}]',
        ', "st\\u0061tus": "draft"',
        ', "resourceType": "Patient"',
    ],
    ids=["status", "subject", "within", "escaped", "type"],
)
async def test_g_04_a_member_stands_once(api, as_citizen, members):
    assert (400, ["duplicate-member"]) == await sent(api, as_citizen(), a_text(members))
    assert (201, []) == await sent(api, as_citizen(), a_text(', "note": [{"text": "x"}, {"text": "x"}]'))


UNREADABLE = {
    "lone surrogate": a_text(', "note": [{"text": "\\ud800"}]').encode(),
    "lone surrogate in a name": a_text(', "no\\udfffte": "x"').encode(),
    "byte order mark": b"\xef\xbb\xbf" + a_text().encode(),
    "UTF-16": a_text().encode("utf-16"),
    "UTF-32": a_text().encode("utf-32"),
    "latin-1": a_text(', "note": [{"text": "å"}]').encode("latin-1"),
    "overlong": a_text(', "note": [{"text": "~"}]').encode().replace(b"~", b"\xc0\xaf"),
    "surrogate in UTF-8": a_text(', "note": [{"text": "~"}]').encode().replace(b"~", b"\xed\xa0\x80"),
    "raw NUL": a_text(', "note": [{"text": "~"}]').encode().replace(b"~", b"\0"),
    "data after it": a_text().encode() + b"{}",
    "NUL after it": a_text().encode() + b"\0",
    "nothing": b" ",
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_g_07_a_text_is_utf_8_and_ends_where_it_ends(api, as_citizen, body):
    assert (400, ["not-json"]) == await sent(api, as_citizen(), body)
    assert (201, []) == await sent(api, as_citizen(), a_text(', "note": [{"text": "å \\ud83d\\ude00 ~"}]'))


@pytest.mark.parametrize(
    "members", [', "note": [{"text": "a\\u0000b"}]', ', "no\\u0000te": "x"'], ids=["value", "name"]
)
async def test_g_07_a_nul_stands_in_no_text(api, as_citizen, members):
    assert 422 == (await sent(api, as_citizen(), a_text(members)))[0]


PACKED = {
    "gzip": (gzip.compress(a_text().encode() + b" " * 1_000_000), "gzip"),
    "gzip in gzip": (gzip.compress(gzip.compress(b" " * 1_000_000)), "gzip, gzip"),
    "deflate": (zlib.compress(a_text().encode()), "deflate"),
    "br": (b"\x0b\x02\x80", "br"),
    "said and not so": (a_text().encode(), "gzip"),
}


@pytest.mark.parametrize(("body", "encoding"), PACKED.values(), ids=PACKED.keys())
async def test_g_09_a_body_comes_as_it_is(api, as_citizen, body, encoding):
    assert (415, ["body-packed"]) == await sent(api, as_citizen(), body, **{"Content-Encoding": encoding})
    assert (201, []) == await sent(api, as_citizen(), a_text(), **{"Content-Encoding": "identity"})


async def test_g_09_nor_does_a_search_come_packed(api, as_citizen):
    headers = {**as_citizen(), "Content-Encoding": "gzip", "Content-Type": "application/x-www-form-urlencoded"}
    packed = await api.post("CarePlan/_search", content=gzip.compress(b"patient=a"), headers=headers)
    assert 415 == packed.status_code
    assert 200 == (await api.post("CarePlan/_search", data={"patient": "a"}, headers=as_citizen())).status_code


@pytest.mark.parametrize(
    "data",
    ["AAAA " * 28 + "!", "AAAA " * 200_000 + "!", "QUJ", "QUJDRA", "QU-_", "====", "QUJD=QUJD"],
    ids=["slow", "long and slow", "short", "no end", "of URLs", "nothing", "end within"],
)
async def test_g_10_base64_is_read_at_once_and_to_the_letter(api, as_citizen, data):
    def attached(text: str) -> dict[str, Any]:
        return a_message(payload=[{"contentAttachment": {"contentType": "text/plain", "data": text}}])

    status, why = await sent(api, as_citizen(), json.dumps(attached(data)))
    assert (422, True) == (status, "value-base64Binary" in why)
    assert (201, []) == await sent(api, as_citizen(), json.dumps(attached("QUJD")))


XML = {
    "plain": "<Patient xmlns='http://hl7.org/fhir'/>",
    "doctype": "<!DOCTYPE x><x/>",
    "laughs": "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'><!ENTITY c '&b;&b;&b;'>]><x>&c;</x>",
    "file": "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>",
    "http": "<!DOCTYPE x [<!ENTITY a SYSTEM 'http://127.0.0.1:9/a'>]><x>&a;</x>",
    "parameter entity": "<!DOCTYPE x [<!ENTITY % a SYSTEM 'http://127.0.0.1:9/a'> %a;]><x/>",
    "xinclude": "<x xmlns:i='http://www.w3.org/2001/XInclude'><i:include href='file:///etc/passwd' parse='text'/></x>",
    "stylesheet": "<?xml-stylesheet type='text/xsl' href='http://127.0.0.1:9/a'?><x/>",
    "UTF-7": "<?xml version='1.0' encoding='UTF-7'?>+ADw-x/+AD4-",
    "attributes": "<x " + " ".join(f"a{number}=''" for number in range(10_000)) + "/>",
}


@pytest.mark.parametrize("body", XML.values(), ids=XML.keys())
async def test_g_15_xml_is_not_read_under_any_name(api, as_citizen, body):
    for name in ("application/fhir+xml", "application/xml", "text/xml"):
        assert (415, ["media-type"]) == await sent(api, as_citizen(), body, **{"Content-Type": name})
    assert (400, ["not-json"]) == await sent(api, as_citizen(), body)
    assert (201, []) == await sent(api, as_citizen(), json.dumps(a_message(note=[{"text": body[:200]}])))


async def test_g_15_nor_is_it_written(api, as_citizen):
    for asked in ({"Accept": "application/fhir+xml"}, {"Accept": "text/xml"}):
        assert 406 == (await api.get("Patient/a", headers={**as_citizen(), **asked})).status_code
    assert 406 == (await api.get("Patient/a?_format=xml", headers=as_citizen())).status_code
    both = {**as_citizen(), "Accept": "application/fhir+xml;q=0.9, application/fhir+json"}
    assert 200 == (await api.get("Patient/a", headers=both)).status_code


@pytest.mark.parametrize(
    "name",
    [
        "application/fhir+xml",
        "text/plain",
        "text/html",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/fhir+json; charset=utf-7",
        "application/fhir+json, text/plain",
        "application/octet-stream",
        "",
    ],
)
async def test_g_16_a_body_is_what_it_is_called(api, as_citizen, name):
    assert (415, ["media-type"]) == await sent(api, as_citizen(), a_text(), **{"Content-Type": name})
    assert (201, []) == await sent(api, as_citizen(), a_text())


async def test_g_16_a_search_by_post_is_a_form(api, as_citizen):
    multipart = await api.post("CarePlan/_search", files={"patient": "a"}, headers=as_citizen())
    assert 415 == multipart.status_code
    assert 200 == (await api.post("CarePlan/_search", data={"patient": "a"}, headers=as_citizen())).status_code


async def test_g_19_a_list_has_so_many_items(api, as_citizen, as_staff):
    def parts(number: int) -> list[dict[str, str]]:
        return [{"reference": "CarePlan/a-plan"}] * number

    assert (422, ["too-many-items"]) == await sent(api, as_citizen(), json.dumps(a_message(partOf=parts(10_000))))
    assert (422, ["too-many-items"]) == await sent(api, as_citizen(), json.dumps(a_message(partOf=parts(1_001))))
    assert (201, []) == await sent(api, as_citizen(), json.dumps(a_message(partOf=parts(1_000))))
