"""https://hl7.org/fhir/R4/search.html#text"""

import time

import pytest

from fhir_server.search.query import Words
from fhir_server.search.values.words import words, words_of

PLAN = {
    "resourceType": "CarePlan",
    "id": "abc",
    "meta": {"versionId": "1", "tag": [{"system": "urn:x", "code": "märkt", "display": "Märkt"}]},
    "text": {
        "status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p title="inte">G&aring;r&#32;h&ouml;gt</p>UPP</div>',
    },
    "status": "active",
    "title": "Plan för Åsa",
    "created": "2026-03-02",
    "subject": {"reference": "Patient/1", "display": "Åsa Öberg-Lind"},
    "activity": [{"reference": {"reference": "Task/1", "display": "Duscha"}}],
    "note": [{"time": "2026-03-02T10:00:00Z", "text": "Ring 1177"}, {"text": "Blöt"}],
    "contained": [{"resourceType": "Goal", "id": "g", "description": {"text": "Bo kvar"}}],
    "_title": {"extension": [{"url": "urn:y", "valueMarkdown": "**Fet**"}]},
}


def test_the_narrative_gives_its_words_without_tags_and_attributes():
    assert ["gar", "hogt", "upp"] == words_of(PLAN)["_text"]


def test_the_content_is_the_narrative_and_every_text_but_addresses_ids_dates_and_meta():
    expected = "1177 active asa blot bo duscha fet for gar generated hogt kvar lind oberg plan ring upp"

    assert expected.split() == words_of(PLAN)["_content"]


@pytest.mark.parametrize(
    "resource", [{}, {"id": "x"}, {"text": "x", "id": 1}, {"text": {"div": ["x"]}}, {"note": [None, 1, True]}]
)
def test_without_a_narrative_there_is_none_of_its_words(resource):  # fmt: skip
    assert "_text" not in words_of(resource)


def test_nothing_gives_no_words():
    assert {} == words_of({"resourceType": "Binary", "id": "1", "data": "aGVq", "contentType": "text/plain"})


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Höft", {"hoft"}),
        ("HÖFT bruten", {"hoft", "bruten"}),
        ("bruten, höft", {"hoft", "bruten"}),
        (r"a\,b", {"a", "b"}),
        (".*.*(a+)+$", {"a"}),
    ],
)
def test_all_words_are_asked_for_and_whole(text, asked):
    assert Words("_text", frozenset(asked)) == words("_text", text)


@pytest.mark.parametrize("text", ["", " ", "—", "!?"])
def test_without_a_word_there_is_no_question(text):
    assert words("_text", text) is None


def test_a_narrative_of_a_megabyte_is_read_in_no_time():
    for div in ("<" * 2**20, "<a>" * 2**18, "&amp;" * 2**18, "&#x26;" * 2**17, "å " * 2**19):
        started = time.perf_counter()
        words_of({"text": {"div": div}})
        assert 10 > time.perf_counter() - started
