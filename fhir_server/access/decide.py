"""Stop 3: what a caller may see and do.

`open` asks for no token: every caller is anonymous and sees all. It is for development, and for loopback alone.
"""

from typing import Protocol

from fhir_server.fhir.codec import encode
from fhir_server.search.query import Everything
from fhir_server.storage.store import Grant


class Access(Protocol):
    """The decision over a call, by the bearer token that came with it ("" where none did)."""

    def decide(self, bearer: str, interaction: str, type: str) -> Grant:
        """What the caller may see in this interaction with this type."""
        ...

    def agent(self, bearer: str) -> str:
        """Who the caller is, as the JSON that the audit keeps."""
        ...

    def may_choose_ids(self, bearer: str) -> bool:
        """Whether the caller's PUT to a free id makes a resource there."""
        ...


class OpenAccess:
    """No token is asked for; the audit says anonymous."""

    _grant = Grant(Everything(), "TREAT", "open")
    _agent = encode({"who": "anonymous"}).decode()

    def decide(self, bearer: str, interaction: str, type: str) -> Grant:
        """All of it."""
        del bearer, interaction, type
        return self._grant

    def agent(self, bearer: str) -> str:
        """Nobody in particular."""
        del bearer
        return self._agent

    def may_choose_ids(self, bearer: str) -> bool:
        """Yes: example bundles come with ids of their own."""
        del bearer
        return True
