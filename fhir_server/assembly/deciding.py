"""A decision explained to who operates the server: the same people, scopes, law and store as a call would meet."""

from dataclasses import dataclass, replace

from fhir_server.access.caller import STAFF_LEVEL, Caller
from fhir_server.access.decide import Admitted, SmartAccess
from fhir_server.access.explain import Explained, Question, explain, permitted
from fhir_server.assembly import assembled
from fhir_server.assembly.opening import COMMAND_LINE
from fhir_server.assembly.outside import NotStarted, clock
from fhir_server.audit.event import Occasion, entry, seen_entries
from fhir_server.fhir.codec import decode
from fhir_server.fhir.outcome import Forbidden, Refusal
from fhir_server.interactions.call import Server
from fhir_server.search.query import Identity, Query
from fhir_server.settings import Settings
from fhir_server.storage.store import SYSTEM_GRANTS, Commit, Grant, Stored

EXPLANATION = SYSTEM_GRANTS["explanation"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked: who calls (by a token, as staff by HSA-ids, as the citizen whose Patient has the id `citizen`), and does what to
    what. Text that is not given is "".
    """

    interaction: str
    type: str
    id: str = ""
    token: str = ""
    staff: str = ""
    commission: str = ""
    unit: str = ""
    provider: str = ""
    purpose: str = "TREAT"
    roles: tuple[str, ...] = ()
    citizen: str = ""
    scopes: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What each rule says; what the rules say together, of a named resource; whether scopes and rules together show it; and the
    refusal of a caller who may do it to nothing at all.
    """

    explained: list[Explained]
    by_rules: bool
    reached: bool
    refusal: Refusal | None


async def decide(settings: Settings, wish: Wish) -> Decision:
    """The decision over a call, which is audited. NotStarted, Unopened; the Refusal of a caller who is not let in."""
    async with assembled(settings) as house:
        server, access = house.server, house.server.access
        assert isinstance(access, SmartAccess), "the settings ask for tokens"
        question, admitted = await _question(wish, access, server)
        explained = await explain(access.law.rules, question, server.store)
        refusal, reached = None, False
        try:
            grant = access.decide(admitted, wish.interaction, wish.type)
            reached = bool(wish.id and await _found(wish, grant, server))
        except Forbidden as forbidden:
            refusal = forbidden
        await _tell_of(wish, server)
        return Decision(explained, permitted(explained), reached, refusal)


async def _question(wish: Wish, access: SmartAccess, server: Server) -> tuple[Question, Admitted]:
    try:
        needs = access.law.needs.of(wish.interaction, wish.type)
    except KeyError:
        raise NotStarted(f"There is no interaction {wish.interaction}; there are {', '.join(server.table)}.") from None
    letter = next((need.letters[-1] for need in needs if need.type == wish.type and need.letters), "r")
    admitted = await (access.admit(wish.token) if wish.token else access.admit_caller(await _caller(wish, server)))
    standing = admitted.standing
    return Question(standing, wish.interaction, letter, wish.type, wish.id, server.clock()), admitted


async def _caller(wish: Wish, server: Server) -> Caller:
    kind = "citizen" if wish.citizen else "staff"
    person = await _number_of(wish.citizen, server) if wish.citizen else wish.staff
    caller = Caller(kind, "", "command-line", "", 0, wish.scopes, person, level=STAFF_LEVEL)
    if wish.citizen:
        return caller
    commissioned = replace(caller, commission=wish.commission, unit=wish.unit, provider=wish.provider)
    return replace(commissioned, purpose=wish.purpose, roles=wish.roles)


async def _number_of(patient: str, server: Server) -> str:
    """The national identifier by which a citizen is known: it stands on no command line."""
    stored = await server.store.read("Patient", patient, EXPLANATION)
    told = decode(stored.text).get("identifier", ())
    return next((one.get("value", "") for one in told if one.get("system") in server.content.persons.systems), "")


async def _found(wish: Wish, grant: Grant, server: Server) -> tuple[Stored, ...]:
    query = Query(wish.type, Identity(frozenset({wish.id})))
    return (await server.store.search(query, grant, count=1, total=False)).items


async def _tell_of(wish: Wish, server: Server) -> None:
    """Who may see what of whom is told of somebody, so the audit says that it was."""
    occasion = Occasion(clock(), COMMAND_LINE, EXPLANATION.rule, EXPLANATION.purpose, "")
    about = entry(occasion, "$decide", 200, type=wish.type, id=wish.id)
    seen = await _found(wish, EXPLANATION, server) if wish.id else ()
    await server.store.commit(Commit(EXPLANATION, entries=seen_entries(about, seen)))
