"""The text that is stored: the client's order, the server's id, version and time."""

import json

import pytest

from fhir_server.fhir.codec import decode
from fhir_server.interactions.commit import draft

NOW = "2026-03-02T10:00:00.000Z"


@pytest.mark.parametrize(
    ("given", "order"),
    [
        ('{"resourceType":"Basic","code":{}}', ["resourceType", "id", "meta", "code"]),
        ('{"resourceType":"Basic","id":"x","code":{}}', ["resourceType", "id", "meta", "code"]),
        ('{"id":"x","resourceType":"Basic","code":{}}', ["id", "meta", "resourceType", "code"]),
        ('{"code":{},"resourceType":"Basic","id":"x"}', ["code", "resourceType", "id", "meta"]),
        ('{"resourceType":"Basic","code":{},"meta":{"tag":[]},"id":"x"}', ["resourceType", "code", "meta", "id"]),
    ],
)
def test_members_keep_their_order_and_id_and_meta_find_their_place(given, order):
    text = draft(decode(given.encode()), "y").text(3, NOW)

    stored = json.loads(text)
    assert order == list(stored)
    assert "y" == stored["id"]
    assert ["3", NOW] == list(stored["meta"].values())[:2]


@pytest.mark.parametrize("trap", ["\\u0000", "\\\\u0000", '\\"\\\\u0000\\"', "\\u0001"])
def test_no_text_of_a_client_is_taken_for_a_gap(trap):
    given = f'{{"resourceType":"Basic","language":"{trap}","code":{{"text":"{trap}"}}}}'.encode()

    stored = json.loads(draft(decode(given), "y").text(3, NOW))
    assert json.loads(given)["code"] == stored["code"]
    assert "3" == stored["meta"]["versionId"]
