"""Ids that the server gives: UUID version 7, so that they sort by the time they were made; version 5 for what is made once.

https://www.rfc-editor.org/rfc/rfc9562#section-5.7
"""

from uuid import NAMESPACE_URL, UUID, uuid5


def uuid7(ms: int, random: bytes) -> str:
    """The UUID of a moment (milliseconds since 1970) and ten random bytes, in its usual form of 36 characters."""
    noise = int.from_bytes(random, "big")
    high, low = noise >> 68 & 0xFFF, noise & (1 << 62) - 1
    return str(UUID(int=ms << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low))


def uuid_of(name: str) -> str:
    """The UUID, version 5, of an address: the same for the same address, always."""
    return str(uuid5(NAMESPACE_URL, name))
