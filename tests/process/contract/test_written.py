"""Swedish words, days and times, safe in XHTML."""

import pytest
from markupsafe import Markup

from fhir_server.process.contract.written import day_or_time, from_to, linked, listed, narrative, paragraph, sentences


@pytest.mark.parametrize(
    ("told", "written"),
    [
        ("2026", "2026"),
        ("2026-03", "mars 2026"),
        ("2026-03-02", "2 mars 2026"),
        ("2026-03-02T16:00:00+01:00", "måndag 2 mars 2026 kl. 16.00"),
        ("2026-03-01T23:30:00Z", "måndag 2 mars 2026 kl. 00.30"),
        ("2026-06-30T22:15:00.123Z", "onsdag 1 juli 2026 kl. 00.15"),
        ("9999-12-31T23:59:59Z", "31 december 9999"),
    ],
)
def test_a_day_or_time_is_written_by_stockholms_clocks(told, written):
    assert written == day_or_time(told)


@pytest.mark.parametrize(
    ("end", "written"),
    [
        ("2026-04-09T13:45:00+02:00", "torsdag 9 april 2026 kl. 13.00\N{EN DASH}13.45"),
        ("2026-04-10T13:45:00+02:00", "torsdag 9 april 2026 kl. 13.00"),
        ("", "torsdag 9 april 2026 kl. 13.00"),
    ],
)
def test_a_meeting_tells_when_it_ends_where_that_is_the_same_day(end, written):
    assert written == from_to("2026-04-09T13:00:00+02:00", end)


def test_what_is_data_is_never_mark_up():
    hostile = '<script>alert("x")</script> & \x0b\ufffe'

    assert "<p>&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt; &amp; </p>" == paragraph(hostile)
    assert "<p><b>a&lt;</b></p><ul><li>b&gt;</li></ul>" == listed("a<", ["b>"])
    assert "<p>kl. &lt;</p>" == paragraph(Markup("kl. &lt;"))


def test_a_list_of_nothing_is_nothing():
    assert Markup() == listed("Mål", [])


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "urn:uuid:x"])
def test_only_an_address_of_the_web_is_a_link(address):
    assert "<a " not in paragraph(linked(address))
    assert '<a href="https://x.example/?a=1&amp;b=%22">' in linked("https://x.example/?a=1&b=%22")


def test_each_sentence_has_its_end_once():
    assert "Pågår. Kom! Vad? 1 &lt; 2." == sentences("Pågår", "", "Kom!", "Vad?", "1 < 2")


def test_a_narrative_is_made_by_the_server_and_in_swedish():
    assert {
        "status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml" lang="sv" xml:lang="sv"><p>x</p></div>',
    } == narrative(paragraph("x"))
