"""Stop 3: what a caller may see and do.

Scopes are an upper bound, the rules of `security/` another: what is left of both is the Grant, one Criterion that the store
ANDs into every query. What depends on the data is refused as if it were not there; 403 is for what no data could change.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import NamedTuple, Protocol

from fhir_server.access.anchor import load_anchors
from fhir_server.access.caller import Caller, caller_of
from fhir_server.access.need import Need, Needs
from fhir_server.access.permission import ANY, LETTERS, Permission
from fhir_server.access.protection import Protection
from fhir_server.access.rules import Rules
from fhir_server.access.scope import BadScope, Scopes
from fhir_server.access.standing import Standing
from fhir_server.access.token import Verifier
from fhir_server.audit.agent import Agent
from fhir_server.fhir.definitions import r4
from fhir_server.fhir.naming import system_of
from fhir_server.fhir.outcome import Forbidden, Unauthorized
from fhir_server.search.query import NOW, Criterion, Everything, OfKind, OfPatient, every, some
from fhir_server.storage.store import Grant

NO_SCOPES = Scopes()
KEPT, DECIDED = 10_000, 2_000
"""So many callers, and so many of what scopes leave, are kept in mind; and so many decisions, some kilobytes each."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A caller whose token was accepted: where it stands, what its scopes are, and how the audit knows it (`agent`, JSON).
    `free` is who loads and tends the data: it chooses ids, and labels are its to set. `person` and `client` are who calls and
    through what, "" where that is nobody's.
    """

    standing: Standing
    agent: str
    scopes: Scopes = NO_SCOPES
    purpose: str = ""
    free: bool = False
    person: str = field(default="", repr=False)
    client: str = ""

    def may_choose_ids(self, type: str) -> bool:
        """Whether the caller's PUT to a free id makes a resource there."""
        return self.free and self.scopes.allows(type, "c")


NOBODY = Admitted(Standing("nobody"), "{}")
"""Who has not been admitted yet: no rule speaks of such a caller."""


class Access(Protocol):
    """The decision over a call, by the bearer token that came with it ("" where none did)."""

    def directory_changed(self) -> None:
        """What callers are known by was written: nothing that was found in it counts any more."""
        ...

    async def admit(self, bearer: str) -> Admitted:
        """Who calls. Unauthorized, Forbidden."""
        ...

    def decide(
        self, admitted: Admitted, interaction: str, type: str, *, conditional: bool = False, makes: bool = False
    ) -> Grant:
        """What the caller may see in this interaction with this type. Forbidden where no data could change that it is nothing."""
        ...


OPEN = Grant(Everything(), "TREAT", "open")
"""All of it: where no token is asked for."""
ANYBODY = Admitted(
    Standing("system"),
    Agent(who="anonymous").text(),
    Scopes("system", (Permission(ANY, LETTERS),)),
    free=True,
)
"""Who calls where no token is asked for."""


class OpenAccess:
    """No token is asked for; the audit says anonymous. The grant is that of every caller."""

    def __init__(self, grant: Grant = OPEN) -> None:
        self._grant = grant

    def directory_changed(self) -> None:
        """Nobody is looked up."""

    async def admit(self, bearer: str) -> Admitted:
        """Anybody."""
        del bearer
        return ANYBODY

    def decide(
        self, admitted: Admitted, interaction: str, type: str, *, conditional: bool = False, makes: bool = False
    ) -> Grant:
        """All of it."""
        del admitted, interaction, type, conditional, makes
        return self._grant


@dataclass(frozen=True, slots=True)
class Law:
    """What `security/` demands: the letters that interactions need, the rules, and what protects a person's identity."""

    needs: Needs
    rules: Rules
    protection: Protection


class _Decision(NamedTuple):
    """What scopes and rules leave, at a moment or (NOW) whenever; the rules; what the interaction is for, "" where the caller says it."""

    reached: Criterion
    rules: str
    purpose: str


class SmartAccess:
    """Access by SMART tokens, which the verifier looks at; `scopes` reads the text of its scopes (BadScope), `standing` finds the
    caller among the resources, `law` is what it decides by, `clock` gives milliseconds since 1970.
    """

    def __init__(
        self,
        verifier: Verifier,
        scopes: Callable[[str], Scopes],
        standing: Callable[[Caller], Awaitable[Standing]],
        law: Law,
        clock: Callable[[], int],
        forget: Callable[[], None] = lambda: None,
    ) -> None:
        self._verifier, self._scopes, self._standing, self._forget = verifier, scopes, standing, forget
        self.law, self._clock = law, clock
        self._caller_of = lru_cache(KEPT)(caller_of)  # one object for each token that is remembered
        self._known, self._kept = lru_cache(KEPT)(self._admitted), lru_cache(DECIDED)(self._decided)

    def directory_changed(self) -> None:
        """Callers are looked up anew."""
        self._forget()

    async def admit(self, bearer: str) -> Admitted:
        """Who calls. Unauthorized where the token is not accepted, Forbidden where it says more than its issuer may."""
        return await self.admit_caller(self._caller_of(await self._verifier.verify(bearer)))

    async def admit_caller(self, caller: Caller) -> Admitted:
        """The same of one whose token was verified. Unauthorized, Forbidden."""
        try:
            scopes = self._scopes(caller.scopes)
        except BadScope as bad:
            raise Unauthorized.over("scope", bad.key, **bad.said) from None
        return self._known(caller, scopes, await self._standing(caller))

    def _admitted(self, caller: Caller, scopes: Scopes, standing: Standing) -> Admitted:
        return Admitted(
            standing,
            _agent(caller, _citizen(standing), standing.ward, " ".join(sorted(standing.roles))),
            scopes,
            purpose=caller.purpose or _PURPOSES[standing.kind],
            free=standing.kind == "system",
            person=caller.person,
            client=caller.client,
        )

    def decide(
        self, admitted: Admitted, interaction: str, type: str, *, conditional: bool = False, makes: bool = False
    ) -> Grant:
        """What scopes and rules leave. Forbidden where a scope or a role is missing."""
        standing, now = admitted.standing, self._clock()
        asked = standing, admitted.scopes, interaction, type, conditional, makes
        if standing.emergencies or standing.wards:  # which of them are open at the moment is not the store's to tell
            it = self._decided(*asked, now)
            emergencies = self.law.rules.emergencies(standing, now)
            return Grant(it.reached, it.purpose or admitted.purpose, it.rules, emergencies)
        it = self._kept(*asked, NOW)
        return Grant(it.reached, it.purpose or admitted.purpose, it.rules, at=now)

    def _decided(
        self,
        standing: Standing,
        scopes: Scopes,
        interaction: str,
        type: str,
        conditional: bool,  # lru_cache tells calls by name from others
        makes: bool,
        at: int,
    ) -> "_Decision":
        law, needs = self.law, self.law.needs.of(interaction, type, conditional=conditional, makes=makes)
        for need in needs:
            self._refuse_unmet(need, standing, scopes, interaction)
        doing: dict[str, str] = {}
        for need in needs:
            if need.type and need.letters:
                doing.setdefault(need.type, need.letters[-1])  # what is looked up besides has a Grant of its own
        veil = () if law.protection.spares(standing) else (law.protection.veil,)
        granted = every(
            _scoped(scopes, tuple(doing.items()), standing.patient or standing.ward),
            law.rules.criterion(standing, doing, at, interaction),
            *veil,
        )
        rules = " ".join(rule.id for rule in law.rules.of(standing, interaction) if not rule.is_of_emergency)
        return _Decision(granted, rules, law.needs.purpose(interaction))

    def _refuse_unmet(self, need: Need, standing: Standing, scopes: Scopes, interaction: str) -> None:
        if not need.met_by(scopes):
            raise Forbidden.because("scope-missing", letters=need.letters, type=need.type or "*")
        for letter in need.letters if need.type else "":
            if not self.law.rules.allow(standing, need.type, letter, interaction):
                raise Forbidden.because("role-missing", letter=letter, type=need.type)


@cache
def about_nobody() -> frozenset[str]:
    """The types that have no anchor: a patient's context does not narrow them, but the rules do."""
    return r4().resource_types - {type for type, names in load_anchors().parameters.items() if names}


_PURPOSES = {"citizen": "PATRQT", "staff": "TREAT", "system": "HSYSADMIN"}
"""What a caller's purpose is where its token says none. https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html"""


@lru_cache(KEPT)
def _scoped(scopes: Scopes, done: tuple[tuple[str, str], ...], patient: str) -> Criterion:
    """What the scopes reach: of a type that something is done to by that letter, of all others by reading; with a patient's
    context that patient's alone.
    """
    within = some(*_parts(scopes, dict(done)))
    if scopes.context != "patient":
        return within
    own = OfPatient(frozenset({patient} - {""}))
    return every(within, some(own, OfKind(about_nobody())))


def _parts(scopes: Scopes, doing: Mapping[str, str]) -> Iterator[Criterion]:
    whole: set[str] = set()
    for type in sorted(scopes.types("r") | {type for type in doing if scopes.allows(type, doing[type])}):
        where = scopes.criterion(type, doing.get(type, "r"))
        if isinstance(where, Everything):
            whole.add(type)
        else:
            yield every(OfKind(frozenset({type})), where)
    if whole:
        yield OfKind(frozenset(whole))


@lru_cache(KEPT)
def _agent(caller: Caller, citizen: str, ward: str, roles: str) -> str:
    """Who calls, as the audit keeps it: encoded once a token. A citizen is told by the Patient that it is, too; who acts for another
    by the RelatedPerson, and with that other.
    """
    return Agent(
        who=caller.kind,
        client=caller.client,
        user=caller.person,
        system=system_of("hsa-id") if caller.kind == "staff" else "",
        fhir_user=citizen,
        role=roles if ward else " ".join(caller.roles),
        acts_for=f"Patient/{ward}" if ward else "",
        commission=caller.commission,
        unit=caller.unit,
        provider=caller.provider,
        token=caller.token_id,
    ).text()


def _citizen(standing: Standing) -> str:
    """The reference to whom a citizen is, "" for all others."""
    if standing.kind != "citizen":
        return ""
    return standing.wards[0].relative if standing.ward else f"Patient/{standing.patient}"
