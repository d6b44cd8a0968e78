"""JSON in and out, losing nothing: decimals keep their digits, members keep their order.

https://hl7.org/fhir/R4/json.html
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Any, Self

import msgspec

from fhir_server.fhir.outcome import Unreadable, repeated

MAX_DEPTH = 64
MAX_EXPONENT = 400
"""A FHIR decimal is meant for measurements; an exponent beyond this would make arithmetic on it a way to stall us."""


class Number(Decimal):
    """A decimal that remembers how it was written: `1.00`, `1e3` and `0.0000000001` go out as they came in."""

    __slots__ = ("written",)
    written: str

    def __new__(cls, written: str) -> Self:
        """Unreadable for a number beyond any measurement."""
        number = super().__new__(cls, written)
        if not -MAX_EXPONENT <= number.adjusted() <= MAX_EXPONENT:
            raise Unreadable.because("number-out-of-range", limit=MAX_EXPONENT)
        number.written = written
        return number


def _as_written(value: Any) -> Any:
    if isinstance(value, Number):
        return msgspec.Raw(value.written.encode())
    raise TypeError(type(value).__name__)


_decoder = msgspec.json.Decoder(float_hook=Number)
_encoder = msgspec.json.Encoder(enc_hook=_as_written, decimal_format="number")


def encode(value: Any) -> bytes:
    """The value as compact JSON in UTF-8."""
    return _encoder.encode(value)


def decode(text: bytes) -> Any:
    """The JSON value of a body.

    Raises Unreadable for what is not JSON, names a member twice, is nested deeper than 64 levels, carries a lone
    surrogate or a number beyond any measurement.
    """
    try:
        value = _decoder.decode(text)
    except msgspec.DecodeError as error:
        raise Unreadable.because("not-json", why=_plainly(error)) from None
    except UnicodeDecodeError:
        raise Unreadable.because("not-json", why="it is not UTF-8") from None
    except InvalidOperation:
        raise Unreadable.because("number-out-of-range", limit=MAX_EXPONENT) from None
    except RecursionError:
        raise Unreadable.because("too-deep", limit=MAX_DEPTH) from None
    _refuse_depth(value)
    if len(_encoder.encode(value)) != len(msgspec.json.format(text, indent=-1)):
        _refuse_duplicates(text)
        return json.loads(text, parse_float=Number, parse_int=_whole) if b"-0" in text else value
    return value


def _whole(written: str) -> int | Number:
    """A whole number; a zero with a sign is no int, and is kept as it was written."""
    return Number(written) if written == "-0" else int(written)


def _plainly(error: msgspec.DecodeError) -> str:
    return str(error).removeprefix("JSON is malformed: ").rstrip(".")


def _refuse_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if type(parent) is dict else parent if type(parent) is list else ())
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return
    raise Unreadable.because("too-deep", limit=MAX_DEPTH)


def _refuse_duplicates(text: bytes) -> None:
    r"""The encoder writes nothing longer than it was written, so equal lengths mean that no member was dropped;
    where they differ (an escape such as \\u00e5 does it too) the members are counted one by one.
    """

    def members(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise Unreadable.because("duplicate-member", name=repeated(name))
            seen.add(name)

    json.loads(text, object_pairs_hook=members, parse_float=str, parse_int=str)
