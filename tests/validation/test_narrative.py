from typing import Any

import pytest

from fhir_server.validation.finding import Context
from fhir_server.validation.narrative import narrative

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


def key(text: Any) -> str:
    findings = narrative(text, Context({}, {}), {})
    return findings[0].key if findings else ""


@pytest.mark.parametrize(
    "inside",
    [
        "<p>a</p>",
        "a &amp; b &nbsp; &aring; &#229; &#xe5;",
        "a<br/><hr/>",
        '<table border="1" class="grid"><tbody><tr><td colspan="2" style="color: red">a</td></tr></tbody></table>',
        '<a href="https://example.org/?a=b&amp;c=d">a</a>',
        '<a href="#goal-1">a</a><a name="goal-1"/>',
        '<a href="Patient/1">a</a><a href="mailto:a@example.org">b</a>',
        '<img src="data:image/png;base64,aGVq" alt="a"/>',
        '<img src="#picture" alt="a"/>',
        '<p style="background-image: url(data: image/png;base64,aGVq)">a</p>',
        '<p lang="sv" xml:lang="sv" dir="ltr" id="x" title="a > b">a</p>',
        "<!-- a comment -->a",
        "a > b",
    ],
)
def test_formatting_is_accepted(inside: str) -> None:
    assert key(DIV.format(inside)) == ""


@pytest.mark.parametrize(
    ("expected", "inside"),
    [
        ("narrative-element", "<script>alert(1)</script>"),
        ("narrative-element", "<iframe/>a"),
        ("narrative-element", "<form><p>a</p></form>"),
        ("narrative-element", "<style>p {}</style>a"),
        ("narrative-element", "<SCRIPT>a</SCRIPT>"),
        ("narrative-element", '<svg xmlns="http://www.w3.org/2000/svg"/>a'),
        ("narrative-element", '<x:p xmlns:x="http://www.w3.org/1999/xhtml">a</x:p>'),
        ("narrative-attribute", '<p onclick="a()">a</p>'),
        ("narrative-attribute", '<p xmlns="http://www.w3.org/2000/svg">a</p>'),
        ("narrative-attribute", '<p href="#a">a</p>'),
        ("narrative-link", '<a href="javascript:alert(1)">a</a>'),
        ("narrative-link", '<a href=" JavaScript&#58;alert(1)">a</a>'),
        ("narrative-link", '<a href="java&#10;script:alert(1)">a</a>'),
        ("narrative-link", '<a href="data:text/html,a">a</a>'),
        ("narrative-link", '<a href="vbscript:a">a</a>'),
        ("narrative-link", '<img src="https://example.org/a.png"/>'),
        ("narrative-link", '<img src="//example.org/a.png"/>'),
        ("narrative-link", '<img src="\\\\example.org/a.png"/>'),
        ("narrative-link", '<img src="data:image/svg+xml;base64,aGVq"/>'),
        ("narrative-link", '<p style="background: url(https://example.org/a)">a</p>'),
        ("narrative-link", '<p style="width: expression(a())">a</p>'),
        ("narrative-link", '<p style="background: u\\72l(https://example.org)">a</p>'),
        ("narrative-empty", ""),
        ("narrative-empty", " \n<p> &#160; </p>"),
        ("narrative-empty", "<p>&nbsp;</p>"),
        ("narrative-form", "<p>a"),
        ("narrative-form", "<p>a</b>"),
        ("narrative-form", "a & b"),
        ("narrative-form", "a &none; b"),
        ("narrative-form", '<a href="a&none;b">a</a>'),
        ("narrative-form", "a &#0; b"),
        ("narrative-form", "<p class=a>a</p>"),
        ("narrative-form", '<p class="a" class="b">a</p>'),
        ("narrative-form", "<![CDATA[<script>a</script>]]>"),
        ("narrative-form", "<?php a ?>a"),
        ("narrative-form", "<!--><img src=x> -->a"),
    ],
)
def test_what_could_run_fetch_or_mislead_is_refused(expected: str, inside: str) -> None:
    assert expected == key(DIV.format(inside))


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("narrative-root", "<div>a</div>"),
        ("narrative-root", '<p xmlns="http://www.w3.org/1999/xhtml">a</p>'),
        ("narrative-root", '<h:div xmlns:h="http://www.w3.org/1999/xhtml">a</h:div>'),
        ("narrative-form", DIV.format("a") * 2),
        ("narrative-form", DIV.format("a") + "a"),
        ("narrative-form", "a"),
        ("narrative-form", ""),
        ("narrative-form", '<?xml version="1.0"?>' + DIV.format("a")),
        ("narrative-form", '<!DOCTYPE div [<!ENTITY a "b">]>' + DIV.format("a")),
        ("narrative-form", "\ud800"),
        ("value-xhtml", 1),
        ("null", None),
        ("not-single", []),
    ],
)
def test_the_narrative_is_one_div(expected: str, text: Any) -> None:
    assert expected == key(text)


@pytest.mark.parametrize("inside", ["<b>" * 100_000, "&" * 500_000, "<p " + "a" * 500_000, "<!--" * 100_000])
def test_a_long_text_is_judged_in_one_pass(inside: str) -> None:
    assert key(DIV.format(inside)) == "narrative-form"
