"""Words, days and times as they are written in Swedish, and safe in the XHTML of a narrative.

https://hl7.org/fhir/R4/narrative.html
"""

import re
from collections.abc import Iterable
from datetime import datetime

from markupsafe import Markup

from fhir_server.fhir.instant import DAY_BY_DAY, moment, span
from fhir_server.process.clock import reading

MONTHS = (
    "januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december",
)  # fmt: skip
WEEKDAYS = ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag")
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""https://www.w3.org/TR/xml/#charsets"""


def narrative(*parts: Markup) -> dict[str, str]:
    """A Narrative of these parts, made by the server out of data."""
    inner = Markup().join(parts)
    opened = Markup('<div xmlns="http://www.w3.org/1999/xhtml" lang="sv" xml:lang="sv">')
    return {"status": "generated", "div": str(opened + inner + Markup("</div>"))}


def paragraph(text: str | Markup) -> Markup:
    """A paragraph; a text is escaped, mark-up stays."""
    return Markup("<p>{}</p>").format(plain(text))


def listed(heading: str, rows: Iterable[str | Markup]) -> Markup:
    """A heading and a list below it; nothing where there are no rows."""
    items = Markup().join(Markup("<li>{}</li>").format(plain(row)) for row in rows)
    return Markup("<p><b>{}</b></p><ul>{}</ul>").format(plain(heading), items) if items else Markup()


def linked(address: str) -> str | Markup:
    """A link that may be followed; another address than the web's stays text."""
    if not address.lower().startswith(("https://", "http://")):
        return plain(address)
    return Markup('<a href="{0}">{0}</a>').format(plain(address))


def plain(text: str | Markup) -> str | Markup:
    """The text without what XML has no place for."""
    return text if isinstance(text, Markup) else _NOT_IN_XML.sub("", text)


def sentences(*parts: str | Markup) -> Markup:
    """The parts that say something, one after the other, each with its end."""
    return Markup(" ").join(_ended(plain(part)) for part in parts if part)


def _ended(part: str | Markup) -> str | Markup:
    return part if isinstance(part, Markup) or part.rstrip().endswith((".", "!", "?")) else f"{part.rstrip()}."


def day_or_time(text: str) -> str:
    """A date, dateTime or instant by Stockholm's clocks: `2 mars 2026`, `mars 2026`, `måndag 2 mars 2026 kl. 16.00`."""
    found = moment(text)
    if found is None or found.precision <= DAY_BY_DAY:
        return _day(text)
    at = _reading(text)
    return _day(text[: len("2026-03-02")]) if at is None else f"{_weekday(at)} kl. {at:%H.%M}"


def from_to(start: str, end: str) -> str:
    """A meeting's time: with the hour at which it ends, where that is on the same day."""
    first, last = _reading(start), _reading(end) if end else None
    same = first is not None and last is not None and first.date() == last.date()
    return f"{day_or_time(start)}–{last:%H.%M}" if same else day_or_time(start)  # noqa: RUF001  # Swedish writes a span so


def _weekday(at: datetime) -> str:
    return f"{WEEKDAYS[at.weekday()]} {_day(f'{at:%Y-%m-%d}')}"


def _day(text: str) -> str:
    year, *rest = text.split("-")
    month = MONTHS[int(rest[0]) - 1] if rest else ""
    day = str(int(rest[1])) if len(rest) > 1 else ""
    return " ".join(filter(None, (day, month, year)))


def _reading(text: str) -> datetime | None:
    """What Stockholm's clocks show; None at the ends of time, which `datetime` does not reach."""
    found = span(text)
    if found is None:
        return None
    try:
        return reading(found[0])
    except (ValueError, OverflowError):
        return None
