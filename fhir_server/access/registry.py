"""Who is registered: put into the store and revoked there, each time with an audit entry in the same transaction."""

from collections.abc import Callable
from typing import Generic

from msgspec.structs import replace

from fhir_server.access.registration import R, Registration, read_registration
from fhir_server.audit.event import Occasion, entry
from fhir_server.fhir.codec import encode
from fhir_server.storage.store import SYSTEM_GRANTS, Entry, Facts

_DONE = 200


class AlreadyRegistered(Exception):
    """There is a registration of that name, active or revoked."""


class Unregistered(Exception):
    """There is no active registration of that name."""


class Registry(Generic[R]):
    """The registrations of one kind (`client`, `issuer`)."""

    def __init__(
        self, kind: str, of: type[R], facts: Facts, clock: Callable[[], int], agent: str, check: Callable[[R], None]
    ) -> None:
        """`clock` gives milliseconds since 1970, `agent` is who registers, as the audit knows it (JSON); `check` raises
        BadRegistration for what only the server's definitions can tell.
        """
        self._kind, self._of, self._facts = kind, of, facts
        self._clock, self._agent, self._check = clock, agent, check

    async def add(self, one: R, *, anew: bool = False) -> None:
        """Registers; `anew` in the place of one that is there, revoked or not. BadRegistration, AlreadyRegistered,
        Unregistered where there is none to take the place of.
        """
        self._check(one)
        if anew:
            await self._put(one.key, lambda _: one, "replace")
        elif not await self._facts.keep(
            self._kind, one.key, _text(one), until=0, entries=[self._entry("add", one.key)]
        ):
            raise AlreadyRegistered(one.key)

    async def revoke(self, key: str) -> None:
        """Takes effect in every process within 30 s. Unregistered, also where it is revoked already; BadRegistration where
        what is kept cannot be read.
        """
        await self._put(key, self._revoked, "revoke")

    async def all(self) -> list[R]:
        """All of them, the revoked too, by name. BadRegistration where what is kept cannot be read."""
        texts = await self._facts.all_kept(self._kind)
        return [read_registration(self._of, text.encode()) for text in texts.values()]

    async def _put(self, key: str, change: Callable[[str], R], verb: str) -> None:
        """Until nobody else was faster."""
        while (old := await self._facts.kept(self._kind, key)) is not None:
            new = _text(change(old))
            if await self._facts.replace(self._kind, key, old, new, until=0, entries=[self._entry(verb, key)]):
                return
        raise Unregistered(key)

    def _revoked(self, text: str) -> R:
        one = read_registration(self._of, text.encode())
        if not one.active:
            raise Unregistered(one.key)
        return replace(one, active=False)

    def _entry(self, verb: str, key: str) -> Entry:
        grant = SYSTEM_GRANTS["registry"]
        occasion = Occasion(self._clock(), self._agent, grant.rule, grant.purpose, "", ((self._kind, key),))
        return entry(occasion, f"${self._kind}-{verb}", _DONE)


def _text(one: Registration) -> str:
    return encode(one).decode()
