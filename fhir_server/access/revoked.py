"""The tokens that were revoked before their time: kept until they would have expired, and told from memory.

https://www.rfc-editor.org/rfc/rfc7009
"""

from collections.abc import Callable
from hashlib import sha256

from fhir_server.access.mirror import Mirror
from fhir_server.fhir.codec import encode
from fhir_server.storage.store import Facts

KIND = "revoked-token"
"""Of the facts that they are."""


class RevokedTokens:
    """Which tokens are revoked, by the issuer (iss) and the id that it gave them (jti)."""

    def __init__(self, facts: Facts, clock: Callable[[], int]) -> None:
        """`clock` gives milliseconds since 1970."""
        self._facts = facts
        self._mirror = Mirror(facts, KIND, clock)

    async def revoke(self, issuer: str, jti: str, until: int) -> None:
        """Revokes a token, which expires at that moment (ms since 1970): at once here, in other processes when they look the
        next time. Unavailable.
        """
        await self._facts.keep(KIND, _key(issuer, jti), "", until=until)
        await self._mirror.refresh()

    def is_revoked(self, issuer: str, jti: str) -> bool:
        """Whether the token is revoked. Unavailable where nobody has looked for 30 s: then it cannot be said."""
        return _key(issuer, jti) in self._mirror.texts

    async def refresh(self) -> None:
        """Looks at what was revoked elsewhere: to be called each few seconds. Unavailable."""
        await self._mirror.refresh()


def _key(issuer: str, jti: str) -> str:
    """Of one length, whatever a token is called."""
    return sha256(encode([issuer, jti])).hexdigest()
