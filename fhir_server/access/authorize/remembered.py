"""What the authorization server remembers between two requests: approvals, launches, sessions, and families of tokens.

All of it are facts of the store, so that each of several workers knows them, under the hash of what the app or the browser
holds: who reads the database can use none of it.
"""

from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from hashlib import sha256
from hmac import compare_digest
from typing import Any, TypeVar

import msgspec

from fhir_server.fhir.codec import encode
from fhir_server.fhir.instant import DAY, HOUR, MINUTE
from fhir_server.storage.store import Facts

CODE_FOR = MINUTE
"""https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2"""
LAUNCH_FOR = 5 * MINUTE
SESSION_FOR = 8 * HOUR
OFFLINE_FOR = 30 * DAY
USED_FOR = HOUR
"""For so long it is known that a code was used: as long as a token can live that was given for it."""
REVOKED = '"revoked"'


class Context(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an app is told of its launch. https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html"""

    patient: str = ""
    encounter: str = ""
    fhir_context: tuple[dict[str, str], ...] = ()
    banner: bool = True


class Launch(msgspec.Struct, frozen=True):
    """What an EHR begins: one app, one person, one context."""

    client: str
    person: str
    context: Context


class Approval(msgspec.Struct, frozen=True):
    """What a person approved. `session` is the one that it was in."""

    client: str
    redirect_uri: str
    challenge: str
    scopes: str
    person: str
    nonce: str
    session: str
    context: Context


class Family(msgspec.Struct, frozen=True):
    """The tokens that came of one approval: `tokens` are the access tokens (jti, exp in ms), `secret` the hash of the one refresh
    token that is good, "" where there is none. It ends at `until`, and one with a `session` with that.
    """

    client: str
    scopes: str
    person: str
    nonce: str
    session: str
    context: Context
    until: int
    secret: str = ""
    tokens: tuple[tuple[str, int], ...] = ()


class Reused(Exception):
    """What is good once was used twice; the message is the family that came of it."""


S = TypeVar("S", bound=msgspec.Struct)


def hashed(*texts: str) -> str:
    """The key of a fact: of one length, whatever it is of."""
    return sha256(encode(texts)).hexdigest()


class Memory:
    """The facts of the authorization server; `clock` gives milliseconds since 1970, `chance` so many random bytes. Unavailable."""

    def __init__(self, facts: Facts, clock: Callable[[], int], chance: Callable[[int], bytes]) -> None:
        self._facts, self._clock, self._chance = facts, clock, chance

    def new_text(self) -> str:
        """A text that nobody guesses: 32 random bytes."""
        return urlsafe_b64encode(self._chance(32)).rstrip(b"=").decode()

    async def _keep_new(self, kind: str, value: msgspec.Struct | str, lasts: int) -> str:
        text = self.new_text()
        await self._facts.keep(kind, hashed(text), _written(value), until=self._clock() + lasts)
        return text

    async def _find(self, kind: str, text: str, of: type[S]) -> S | None:
        kept = await self._facts.kept(kind, hashed(text))
        return msgspec.json.decode(kept, type=of) if kept is not None else None

    # -------------------------------------------------------------------------------------------- launches and sessions

    async def keep_launch(self, launch: Launch) -> str:
        """The token that an app is launched with."""
        return await self._keep_new("launch", launch, LAUNCH_FOR)

    async def find_launch(self, token: str) -> Launch | None:
        """What a token launches, as long as it is good."""
        return await self._find("launch", token, Launch)

    async def use_launch(self, token: str) -> bool:
        """Uses a launch up; True for one alone of all who do."""
        return await self._facts.drop("launch", hashed(token))

    async def begin_session(self, person: str) -> str:
        """What the browser of a person who signed in holds."""
        return await self._keep_new("session", person, SESSION_FOR)

    async def session_of(self, session: str) -> str:
        """The person of a session by what the browser holds, "" for none."""
        return await self.person_of(hashed(session))

    async def person_of(self, key: str) -> str:
        """The person of a session by its key, "" where it has ended."""
        return await self._facts.kept("session", key) or ""

    async def end_session(self, session: str) -> None:
        """Ends a session; what was given online ends with it."""
        await self._facts.drop("session", hashed(session))

    async def is_new(self, client: str, jti: str, until: int) -> bool:
        """Whether an assertion of a client was not seen before; it is, from now on."""
        return await self._facts.keep("assertion", hashed(client, jti), "", until=until)

    # -------------------------------------------------------------------------------------------- codes and families

    async def keep_code(self, approval: Approval) -> str:
        """The code for an approval."""
        return await self._keep_new("code", approval, CODE_FOR)

    async def find_code(self, code: str) -> Approval | None:
        """What was approved; None for no code. Reused."""
        kept = await self._facts.kept("code", hashed(code))
        return _approval(kept) if kept is not None else None

    async def use_code(self, code: str, approval: Approval) -> str:
        """The id of the family that begins with this code. Reused where another was faster."""
        family = self.new_text()
        until = self._clock() + USED_FOR
        if await self._facts.replace("code", hashed(code), _written(approval), _written(family), until=until):
            return family
        kept = await self._facts.kept("code", hashed(code))
        if kept is not None:
            _approval(kept)
        raise Reused("")

    async def begin_family(self, id: str, family: Family) -> bool:
        """Keeps a family; False where it was revoked before it began."""
        return await self._facts.keep("family", hashed(id), _written(family), until=family.until)

    async def find_family(self, id: str) -> Family | None:
        """The family of an id; None for one that is not, has ended or was revoked."""
        kept = await self._facts.kept("family", hashed(id))
        return msgspec.json.decode(kept, type=Family) if kept not in {None, REVOKED} and kept is not None else None

    async def change_family(self, id: str, old: Family, new: Family) -> bool:
        """Puts a family in the place of the one that is known; False where another was faster."""
        return await self._facts.replace("family", hashed(id), _written(old), _written(new), until=new.until)

    async def revoke_family(self, id: str, revoke: Callable[[str, int], Awaitable[None]]) -> None:
        """Ends a family for good, also one that is just beginning; `revoke` is told each access token (jti, exp in ms)."""
        while True:
            kept = await self._facts.kept("family", hashed(id))
            if kept == REVOKED:
                return
            if kept is None:
                until = self._clock() + USED_FOR
                if await self._facts.keep("family", hashed(id), REVOKED, until=until):
                    return
                continue
            family = msgspec.json.decode(kept, type=Family)
            for jti, expires in family.tokens:
                await revoke(jti, expires)
            if await self._facts.replace("family", hashed(id), kept, REVOKED, until=family.until):
                return


def _written(value: msgspec.Struct | str) -> str:
    """A session is the bare reference of a person, and a used code the bare id of its family, which no JSON object begins as."""
    return value if isinstance(value, str) else encode(value).decode()


def _approval(kept: str) -> Approval:
    if not kept.startswith("{"):
        raise Reused(kept)
    return msgspec.json.decode(kept, type=Approval)


def refresh_token(family: str, secret: str) -> str:
    """What an app holds: which family, and the secret that is good now."""
    return f"{family}.{secret}"


def is_current(family: Family, secret: str) -> bool:
    """Whether it is the family's refresh token."""
    return compare_digest(family.secret, hashed(secret))


def context_told(context: Context) -> dict[str, Any]:
    """The context as a token response tells it."""
    told: dict[str, Any] = {}
    if context.patient:
        told |= {"patient": context.patient, "need_patient_banner": context.banner}
    if context.encounter:
        told["encounter"] = context.encounter
    if context.fhir_context:
        told["fhirContext"] = list(context.fhir_context)
    return told
