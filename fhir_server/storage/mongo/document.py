"""A resource as a document: the text as it is served, and beside it what it is found and sorted by.

`keys` holds each token and reference as strings that a look-up can equal. Of the category (s, x): `category=["s","x"]`,
which answers `s|x`, `|x` and, as the beginning of a string, `s|`; and `category~x`, which answers `x`. Of a reference to
Practitioner/1: `author@["Practitioner","1"]` and `author^1`; of one to a URL only `author@["","https://…"]`. `words` holds
words in the same way, `_content~asa`; `to` the places that the references of a parameter lead to, which chains go along.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import bson
import msgspec
from bson.raw_bson import RawBSONDocument

from fhir_server.fhir.outcome import TooLarge
from fhir_server.search.index import Index
from fhir_server.search.match import Bond, Candidate
from fhir_server.storage.store import Stored

Document: TypeAlias = dict[str, Any]

LARGEST = 16 * 1024 * 1024 - 64 * 1024
"""Bytes of a document; MongoDB takes 16 MiB. https://www.mongodb.com/docs/manual/reference/limits/"""

TOKEN, CODE, REFERENCE, ID = "=", "~", "@", "^"  # no passwords
"""What stands in a key after the parameter: none of these is in a parameter's code."""

_MARKS = frozenset({TOKEN, CODE, REFERENCE, ID})

WORD = CODE
"""What stands in `words` after the parameter."""

START = 100
"""Characters of a folded text that are indexed (`start`): an index of whole texts would be as large as they are."""

STORED = dict.fromkeys(("type", "id", "version", "updated", "text", "method", "patients", "digest"), 1)
"""The members that a Stored is made of."""


def pair_key(parameter: str, mark: str, space: str, value: str) -> str:
    """The key of a value in a space: of a code in a system, of an id of a type."""
    return f"{parameter}{mark}{msgspec.json.encode((space, value)).decode()}"


def pair_of(key: str, parameter: str) -> tuple[str, str]:
    """The space and the value in a key of a parameter, of a token or a reference."""
    return msgspec.json.decode(key[len(parameter) + 1 :], type=tuple[str, str])


def tokens_of(document: Document, parameter: str) -> list[tuple[str, str]]:
    """The values of a token parameter in a document."""
    return [pair_of(key, parameter) for key in document["keys"] if key.startswith(f"{parameter}{TOKEN}[")]


def space_range(parameter: str, space: str) -> tuple[str, str]:
    """Keys of any code of a system stand from the first of these on and before the second."""
    beginning = f"{parameter}{TOKEN}[{msgspec.json.encode(space).decode()}"
    return f"{beginning},", f"{beginning}-"


def beginning_with(text: str) -> tuple[str, str]:
    """Strings that begin with a text, which is not empty, stand from the first of these on and before the second."""
    head, last = text[:-1], ord(text[-1]) + 1
    if last > sys.maxunicode:
        return text, beginning_with(head)[1]
    return text, head + chr(_AFTER_SURROGATES if last == _SURROGATES else last)


_SURROGATES, _AFTER_SURROGATES = 0xD800, 0xE000
"""No characters stand from the first of these to the second; and no string of BSON has them."""


def any_range(parameter: str, mark: str) -> tuple[str, str]:
    """All keys of a parameter with a mark stand from the first of these on and before the second."""
    return f"{parameter}{mark}", f"{parameter}{chr(ord(mark) + 1)}"


def _keys(index: Index) -> Iterator[str]:
    for parameter, tokens in index.tokens.items():
        for system, code in tokens:
            yield pair_key(parameter, TOKEN, system, code)
            yield f"{parameter}{CODE}{code}"
    for parameter, references in index.references.items():
        for type, id in references:
            yield pair_key(parameter, REFERENCE, type, id)
            if type:
                yield f"{parameter}{ID}{id}"


def path(member: str, parameter: str) -> str:
    """The path of what stands in a member for a parameter; a code may have a dot in it, a name in a path may not."""
    return f"{member}.{_name(parameter)}"


def _name(parameter: str) -> str:
    return parameter.replace(".", "．").replace("$", "＄")  # noqa: RUF001  # look-alikes that mean nothing to MongoDB


def derived(index: Index, patients: Iterable[str]) -> Document:
    """What a resource is found by (`keys`, `codes`, `spans`, `strings`, `amounts`, `words`, `elements`, `patients`), linked by
    (`to`), sorted by (`low`, `high`; `has` says that there is something to sort by) and could be spread by (`patient`).
    """
    anchors = list(patients)
    low, high = _ends(index)
    return {
        "patient": anchors[0] if anchors else "",
        "patients": anchors,
        **_values(index),
        "words": [f"{code}{WORD}{word}" for code, words in sorted(index.words.items()) for word in words],
        "elements": [_element(code, one) for code, elements in index.elements.items() for one in elements],
        "to": _named({code: _places(held) for code, held in index.references.items() if held}),
        "low": _named(low),
        "high": _named(high),
        "has": _named(dict.fromkeys(low, True)),
    }


def _values(index: Index) -> Document:
    """What a resource, or one element of it, is found by."""
    return {
        "keys": sorted(set(_keys(index))),
        "codes": sorted(code for code in _codes(index) if index.has(code)),
        "spans": [{"code": code, "low": low, "high": high} for code, held in index.spans.items() for low, high in held],
        "strings": [_string(code, *entry) for code, held in index.strings.items() for entry in held],
        "amounts": [_amount(code, *entry) for code, held in index.amounts.items() for entry in held],
    }


def _codes(index: Index) -> set[str]:
    return set().union(index.tokens, index.references, index.spans, index.strings, index.amounts, index.elements)


def _string(code: str, key: str, folded: str, exact: str) -> Document:
    return {"code": code, "start": folded[:START], "folded": folded, "exact": exact, "key": key}


def _amount(code: str, low: float, high: float, system: str, unit: str) -> Document:
    return {"code": code, "low": float(low), "high": float(high), "system": system, "unit": unit}


def _element(code: str, index: Index) -> Document:
    """An element, without what it has nothing of."""
    return {"code": code, **{member: held for member, held in _values(index).items() if held}}


def _places(references: Iterable[tuple[str, str]]) -> list[str]:
    return [place(type, id) for type, id in references if type]


def _ends(index: Index) -> tuple[Document, Document]:
    """The lowest and the highest value of each parameter: of its tokens, else of its strings, else of its ranges. Nothing is
    sorted by what a modifier asks of.
    """
    ranges = {
        code: [*index.spans.get(code, ()), *(it[:2] for it in index.amounts.get(code, ()))]
        for code in index.spans.keys() | index.amounts.keys()
    }
    texts = {code: [key for key, _, _ in held] for code, held in index.strings.items()}
    texts |= {code: [value for _, value in held] for code, held in index.tokens.items() if held}
    texts = {code: held for code, held in texts.items() if held and ":" not in code}
    low = {code: min(low for low, _ in held) for code, held in ranges.items() if held}
    high = {code: max(high for _, high in held) for code, held in ranges.items() if held}
    return (
        low | {code: min(held) for code, held in texts.items()},
        high | {code: max(held) for code, held in texts.items()},
    )


def _named(values: dict[str, Any]) -> dict[str, Any]:
    return {_name(code): value for code, value in values.items()}


def place(type: str, id: str) -> str:
    """The `_id` of a resource; in their order lie types, and ids within a type."""
    return f"{type}/{id}"


def document(stored: Stored, beside: Document) -> Document:
    """The document of a current version, with what is derived from it."""
    return {
        "_id": place(stored.type, stored.id),
        "type": stored.type,
        "id": stored.id,
        "version": stored.version,
        "updated": stored.updated,
        "live": not stored.deleted,
        "method": stored.method,
        "digest": stored.digest,
        **beside,
        "text": stored.text,
    }


_JUDGED = ("keys", "spans", "strings", "amounts", "words", "elements")
"""The members that an index is read back from. One that an earlier release wrote may have the first two alone."""

DERIVED = ("patient", "patients", "codes", *_JUDGED, "to", "low", "high", "has")
"""The members of a document that are derived from its text."""

_KEPT = ("type", "id", "version", "updated", "method", "digest", "patient", "patients", "text")
_JUDGED_BY = ("keys", "codes", "spans", "strings", "amounts", "elements", "to")
"""What a grant may ask of a version; an earlier release kept none of it."""


def earlier(document: Document) -> Document:
    """The document of `versions` that keeps what another version replaces."""
    beside = {member: document[member] for member in _JUDGED_BY if member in document}
    return {
        "_id": f"{document['_id']}/{document['version']}",
        **{member: document[member] for member in _KEPT},
        **beside,
    }


WITH_INDEX: Document = {"keys": {"$exists": True}}
"""The filter of versions that were kept with what a grant may ask of them."""


def sealed(document: Document) -> RawBSONDocument:
    """The document as it goes over the wire. TooLarge where MongoDB would not take it."""
    raw = bson.encode(document)
    if len(raw) > LARGEST:
        raise TooLarge.because("stored-too-large", limit=LARGEST)
    return RawBSONDocument(raw)


def stored(document: Document) -> Stored:
    """The version in a document."""
    return Stored(
        document["type"],
        document["id"],
        int(document["version"]),
        int(document["updated"]),
        document["text"],
        document["method"],
        tuple(document["patients"]),
        document["digest"],
    )


def candidate(document: Document, bonds: Iterable[Bond] = ()) -> Candidate:
    """The document as a criterion is judged on it in memory."""
    return Candidate(
        document["type"],
        document["id"],
        int(document["updated"]),
        _index(document),
        tuple(document["patients"]),
        tuple(bonds),
    )


def judged_by(document: Document, parameters: frozenset[str]) -> Index:
    """Of the index of a document the tokens and references of some parameters, and nothing else."""
    index = _index(document)
    return Index(
        {code: held for code, held in index.tokens.items() if code in parameters},
        {code: held for code, held in index.references.items() if code in parameters},
    )


def _index(document: Document) -> Index:
    """The index that the members of a document, or of an element, were made of."""
    index = Index()
    for key in document.get("keys", ()):
        for mark, values in ((TOKEN, index.tokens), (REFERENCE, index.references)):
            parameter, found, pair = key.partition(mark + "[")
            if found and _MARKS.isdisjoint(parameter):
                space, value = msgspec.json.decode("[" + pair, type=tuple[str, str])
                values.setdefault(parameter, []).append((space, value))
    for span in document.get("spans", ()):
        index.spans.setdefault(span["code"], []).append((int(span["low"]), int(span["high"])))
    for it in document.get("strings", ()):
        index.strings.setdefault(it["code"], []).append((it["key"], it["folded"], it["exact"]))
    for it in document.get("amounts", ()):
        index.amounts.setdefault(it["code"], []).append((it["low"], it["high"], it["system"], it["unit"]))
    for word in document.get("words", ()):
        parameter, _, text = word.partition(WORD)
        index.words.setdefault(parameter, []).append(text)
    for element in document.get("elements", ()):
        index.elements.setdefault(element["code"], []).append(_index(element))
    return index
