"""What a patch may be, and may ask for: a short one must not become a large resource, or a long wait for everyone else."""

from collections.abc import Sequence
from typing import Any

from fhir_server.fhir.codec import MAX_DEPTH, decode, encode
from fhir_server.fhir.outcome import HTTP, Issue, TooLarge, Unreadable

MOST_OPERATIONS = 1_000
MOST_BYTES = 8_000_000
"""No larger becomes a resource by a patch than a body may be; nor do all copies that a patch makes, together."""
MOST_STEPS = 200_000
"""How many elements the paths of a patch may look at, together: a second or two."""

SPEC = f"{HTTP}#patch"


def copied(value: Any) -> Any:
    """The same JSON, sharing nothing. Unreadable where it is nested deeper than a body may be."""
    return decode(_encoded(value))


def settled(resource: Any) -> Any:
    """The resource as it can be stored and read again. Unreadable where it is too deep, TooLarge where it is too large."""
    text = _encoded(resource)
    refuse_bytes(len(text))
    return decode(text)


def size(value: Any) -> int:
    """How many bytes of JSON a value is."""
    return len(_encoded(value))


def refuse_bytes(count: int) -> None:
    """Raises TooLarge past MOST_BYTES."""
    if count > MOST_BYTES:
        raise _too_large("patch-too-large", MOST_BYTES)


def refuse_many(operations: Sequence[Any]) -> None:
    """Raises TooLarge past MOST_OPERATIONS."""
    if len(operations) > MOST_OPERATIONS:
        raise _too_large("patch-too-long", MOST_OPERATIONS)


class Steps:
    """Counts what the paths of one patch look at."""

    def __init__(self) -> None:
        self._left = MOST_STEPS

    def take(self) -> None:
        """One more. Raises TooLarge past MOST_STEPS."""
        self._left -= 1
        if self._left < 0:
            raise _too_large("patch-too-costly", MOST_STEPS)


def too_deep() -> Unreadable:
    """The refusal of what is nested deeper than a body may be."""
    return Unreadable(Issue(Unreadable.code, "too-deep", said={"limit": MAX_DEPTH}, source=Unreadable.spec))


def _encoded(value: Any) -> bytes:
    try:
        return encode(value)
    except RecursionError:
        raise too_deep() from None


def _too_large(key: str, limit: int) -> TooLarge:
    return TooLarge(Issue(TooLarge.code, key, said={"limit": limit}, source=SPEC))
