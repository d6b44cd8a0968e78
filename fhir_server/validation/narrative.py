"""The narrative: one XHTML div out of a list of what is allowed, so that a portal may show it as it is.

Expat reads it (no DTD, hence no entities of its own), and each tag is held against the list: constraints txt-1 and
txt-2. https://hl7.org/fhir/R4/narrative.html
"""

from html.entities import name2codepoint
from typing import Any
from xml.parsers import expat

from fhir_server.validation.finding import Context, Findings, found
from fhir_server.validation.primitive import refused


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


XHTML = "http://www.w3.org/1999/xhtml"

ELEMENTS = _words(
    "a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 "
    "h5 h6 hr i img kbd li map ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var"
)
"""Chapters 7 to 11 (without 9.4) and 15 of HTML 4.0, anchors and images."""

ANYWHERE = _words(
    "abbr accesskey align axis char charoff class colspan dir headers id lang rowspan scope span style tabindex title "
    "valign width xml:lang xml:space"
)
ATTRIBUTES = {
    "a": _words("charset coords href hreflang name rel rev shape type"),
    "area": _words("alt coords href nohref shape"),
    "blockquote": frozenset({"cite"}),
    "img": _words("alt border height ismap longdesc src usemap"),
    "li": frozenset({"value"}),
    "map": frozenset({"name"}),
    "ol": frozenset({"start"}),
    "pre": frozenset({"space"}),
    "q": frozenset({"cite"}),
    "table": _words("border cellpadding cellspacing frame rules summary"),
    "td": frozenset({"nowrap"}),
    "th": frozenset({"nowrap"}),
}
LINKS = frozenset({"cite", "href", "longdesc", "usemap"})
SCHEMES = frozenset({"ftp", "http", "https", "mailto", "tel", "urn"})
PICTURES = ("data:image/png;", "data:image/jpeg;", "data:image/gif;", "data:image/webp;")
ACTIVE_STYLE = ("expression", "javascript", "@import", "behavior", "-moz-binding", "\\", "/*")
COVERING_STYLE = ("position:fixed", "position:absolute", "position:sticky")
"""What lays a narrative over the page that shows it: https://www.w3.org/TR/css-position-3/#position-property"""
ENTITIES = frozenset(name2codepoint) | {"apos"}
LONGEST_NAME = 12
ENDS_COMMENT = (">", "->")
"""A browser ends a comment there, and shows what follows as mark-up."""


class Refused(Exception):
    """The first thing in the text that is not allowed."""

    def __init__(self, key: str, **said: str) -> None:
        super().__init__(key)
        self.findings = found(key, **said)


def narrative(value: Any, _: Context, __: Any) -> Findings:
    """The check of an xhtml value."""
    if type(value) is not str:
        return refused("xhtml", value)
    try:
        _read(value)
    except Refused as refusal:
        return refusal.findings
    except (expat.ExpatError, UnicodeEncodeError):
        return found("narrative-form")
    return None


def _read(text: str) -> None:
    _refuse_unknown_entities(text)
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.UseForeignDTD(True)
    parser.ExternalEntityRefHandler = _nothing_more
    parser.StartDoctypeDeclHandler = parser.ProcessingInstructionHandler = parser.XmlDeclHandler = _refuse_form
    parser.StartCdataSectionHandler = _refuse_form
    parser.StartElementHandler = reader.open
    parser.EndElementHandler = reader.close
    parser.CharacterDataHandler = reader.read
    parser.SkippedEntityHandler = reader.skip
    parser.CommentHandler = _refuse_early_end
    parser.Parse(text, True)
    if not reader.content:
        raise Refused("narrative-empty")


class _Reader:
    """What the parser tells us, as far as it has come."""

    def __init__(self) -> None:
        self.depth = 0
        self.content = False

    def open(self, name: str, attributes: dict[str, str]) -> None:
        if self.depth == 0 and (name != "div" or attributes.get("xmlns") != XHTML):
            raise Refused("narrative-root")
        if name not in ELEMENTS:
            raise Refused("narrative-element", name=_said(name))
        for attribute, value in attributes.items():
            _check_attribute(name, attribute, value)
        self.depth += 1
        self.content = self.content or name == "img"

    def close(self, _: str) -> None:
        self.depth -= 1

    def read(self, text: str) -> None:
        self.content = self.content or not text.isspace()

    def skip(self, name: str, _: bool) -> None:
        self.content = self.content or name != "nbsp"


def _nothing_more(*_: Any) -> int:
    return 1


def _refuse_form(*_: Any) -> None:
    raise Refused("narrative-form")


def _refuse_early_end(comment: str) -> None:
    if comment.startswith(ENDS_COMMENT):
        raise Refused("narrative-form")


def _refuse_unknown_entities(text: str) -> None:
    """Expat passes over an entity that it does not know in an attribute, so the names are looked at beforehand."""
    for part in text.split("&")[1:]:
        name, end, _ = part[:LONGEST_NAME].partition(";")
        if not end or not (name in ENTITIES or name.startswith("#")):
            raise Refused("narrative-form")


def _check_attribute(element: str, name: str, value: str) -> None:
    if name == "xmlns" and value == XHTML:
        return
    if name not in ANYWHERE and name not in ATTRIBUTES.get(element, ()):
        raise Refused("narrative-attribute", name=_said(name))
    if not _is_harmless(name, "".join(value.split()).lower()):
        raise Refused("narrative-link", name=name)


def _said(name: str) -> str:
    """The name where it looks like one of HTML's, and so may be repeated."""
    return name if len(name) <= LONGEST_NAME and name.isascii() and name.isalpha() and name.islower() else "?"


def _is_harmless(name: str, value: str) -> bool:
    """Whether the value neither runs anything nor fetches anything by itself; browsers take a backslash for a slash."""
    if name == "style":
        fetched = value.count("url(") - sum(value.count(f"url({picture}") for picture in PICTURES)
        return not fetched and not any(word in value for word in (*ACTIVE_STYLE, *COVERING_STYLE))
    if name not in LINKS and name != "src":
        return True
    scheme, colon, _ = value.replace("\\", "/").partition(":")
    if not colon or not scheme.strip("/?#") or any(mark in scheme for mark in "/?#"):
        return name != "src" or not scheme.startswith("//")
    return value.startswith(PICTURES) if name == "src" else scheme in SCHEMES
