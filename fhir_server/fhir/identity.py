"""Ids that the server gives: UUID version 7, so that they sort by the time they were made; version 5 for what is made once;
and those of requests.

https://www.rfc-editor.org/rfc/rfc9562#section-5.7
"""

import re
from uuid import NAMESPACE_URL, UUID, uuid5


def uuid7(ms: int, random: bytes) -> str:
    """The UUID of a moment (milliseconds since 1970) and ten random bytes, in its usual form of 36 characters."""
    noise = int.from_bytes(random, "big")
    high, low = noise >> 68 & 0xFFF, noise & (1 << 62) - 1
    return str(UUID(int=ms << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low))


def request_id(ms: int, random: bytes) -> str:
    """The id of a request that began at a moment (milliseconds since 1970), of that and five random bytes, the first half of a byte
    left out: 20 hexadecimal digits, by which its entries in the audit are found without an index of their own.
    """
    return f"{ms:011x}{random.hex()[1:]}"


def began(request: str) -> int | None:
    """When a request began (milliseconds since 1970), by its id; None for what is no such id."""
    return int(request[:11], 16) if _REQUEST.fullmatch(request) else None


_REQUEST = re.compile(r"[0-9a-f]{20}", re.ASCII)


def uuid_of(name: str) -> str:
    """The UUID, version 5, of an address: the same for the same address, always."""
    return str(uuid5(NAMESPACE_URL, name))
