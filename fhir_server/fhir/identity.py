"""Ids that the server gives: UUID version 7, so that they sort by the time they were made.

https://www.rfc-editor.org/rfc/rfc9562#section-5.7
"""

from uuid import UUID


def uuid7(ms: int, random: bytes) -> str:
    """The UUID of a moment (milliseconds since 1970) and ten random bytes, in its usual form of 36 characters."""
    noise = int.from_bytes(random, "big")
    high, low = noise >> 68 & 0xFFF, noise & (1 << 62) - 1
    return str(UUID(int=ms << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low))
