"""A resource as a document: the text as it is served, and beside it what it is found and sorted by.

`keys` holds each token and reference as strings that a look-up can equal. Of the category (s, x): `category=["s","x"]`,
which answers `s|x`, `|x` and, as the beginning of a string, `s|`; and `category~x`, which answers `x`. Of a reference to
Practitioner/1: `author@["Practitioner","1"]` and `author^1`; of one to a URL only `author@["","https://…"]`.
"""

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

STORED = dict.fromkeys(("type", "id", "version", "updated", "text", "method", "patients", "digest"), 1)
"""The members that a Stored is made of."""


def pair_key(parameter: str, mark: str, space: str, value: str) -> str:
    """The key of a value in a space: of a code in a system, of an id of a type."""
    return f"{parameter}{mark}{msgspec.json.encode((space, value)).decode()}"


def pair_of(key: str, parameter: str) -> tuple[str, str]:
    """The space and the value in a key of a parameter, of a token or a reference."""
    return msgspec.json.decode(key[len(parameter) + 1 :], type=tuple[str, str])


def space_range(parameter: str, space: str) -> tuple[str, str]:
    """Keys of any code of a system stand from the first of these on and before the second."""
    beginning = f"{parameter}{TOKEN}[{msgspec.json.encode(space).decode()}"
    return f"{beginning},", f"{beginning}-"


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
    """What a resource is found by (`keys`, `codes`, `spans`, `patients`), sorted by (`low`, `high`; `has` says that there is
    something to sort by) and could be spread by (`patient`).
    """
    anchors = list(patients)
    tokens = {code: [value for _, value in pairs] for code, pairs in index.tokens.items() if pairs}
    spans = {code: ends for code, ends in index.spans.items() if ends}
    low = {code: min(start for start, _ in ends) for code, ends in spans.items()}
    high = {code: max(end for _, end in ends) for code, ends in spans.items()}
    values = (index.tokens, index.references, index.spans)
    return {
        "patient": anchors[0] if anchors else "",
        "patients": anchors,
        "keys": sorted(set(_keys(index))),
        "codes": sorted({code for kind in values for code, held in kind.items() if held}),
        "spans": [{"code": code, "low": start, "high": end} for code, ends in spans.items() for start, end in ends],
        "low": _named(low | {code: min(codes) for code, codes in tokens.items()}),
        "high": _named(high | {code: max(codes) for code, codes in tokens.items()}),
        "has": dict.fromkeys(_named(tokens | spans), True),
    }


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


DERIVED = ("patient", "patients", "keys", "codes", "spans", "low", "high", "has")
"""The members of a document that are derived from its text."""

_KEPT = ("type", "id", "version", "updated", "method", "digest", "patient", "patients", "text")


def earlier(document: Document) -> Document:
    """The document of `versions` that keeps what another version replaces."""
    return {"_id": f"{document['_id']}/{document['version']}", **{member: document[member] for member in _KEPT}}


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


def _index(document: Document) -> Index:
    """The index that the keys and spans were made of."""
    index = Index()
    for key in document["keys"]:
        for mark, values in ((TOKEN, index.tokens), (REFERENCE, index.references)):
            parameter, found, pair = key.partition(mark + "[")
            if found and _MARKS.isdisjoint(parameter):
                space, value = msgspec.json.decode("[" + pair, type=tuple[str, str])
                values.setdefault(parameter, []).append((space, value))
    for span in document["spans"]:
        index.spans.setdefault(span["code"], []).append((int(span["low"]), int(span["high"])))
    return index
