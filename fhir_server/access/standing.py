"""Where a caller stands: who it is among the resources that are stored here, so that rules can speak of it.

A token names people and units by their national identifiers; teams and consents by references. Which is which is looked up
under the system grant `standing`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from fhir_server.access.caller import Caller
from fhir_server.access.emergency import Emergencies, Emergency
from fhir_server.access.identity import Persons
from fhir_server.access.ward import Ward, Wards
from fhir_server.fhir.codec import decode
from fhir_server.fhir.instant import span
from fhir_server.fhir.naming import system_of
from fhir_server.fhir.outcome import Forbidden
from fhir_server.search.query import Criterion, Query, Token
from fhir_server.storage.store import SYSTEM_GRANTS, Store, Stored


@dataclass(frozen=True, slots=True)
class Standing:
    """A caller as the rules see it. `kind` is citizen, staff or system, `roles` what else it is, `purpose` what it comes for;
    `patient` the id of the Patient that a citizen is, or that a token is bound to.

    `actors` are the references (`Practitioner/1`, `PractitionerRole/2`, `Organization/3`) of the person, the commission and
    the unit: one of them is in a team. `provider` and `unit` are references to the care provider, which answers for what
    is documented, and to the unit; `organization` is the provider's HSA-id, `person` and `commission` are those of staff. ""
    where there is none. `emergencies` are those that the person has under the commission.

    Who acts for somebody else is nobody else meanwhile: `ward` is the id of that Patient, `patient` is "", and `wards` say as
    what and until when, each in its `roles` too.
    """

    kind: str
    roles: frozenset[str] = frozenset()
    purpose: str = ""
    patient: str = ""
    actors: frozenset[str] = frozenset()
    provider: str = ""
    unit: str = ""
    organization: str = ""
    person: str = field(default="", repr=False)
    commission: str = ""
    emergencies: tuple[Emergency, ...] = ()
    ward: str = ""
    wards: tuple[Ward, ...] = ()

    @property
    def organizations(self) -> frozenset[str]:
        """The care provider and the unit: to whom consent is given, and who may be kept out."""
        return frozenset({self.provider, self.unit} - {""})


KEPT_MS = 30_000
"""So long a standing is believed where another process may have written the directory; who has none yet is looked up each time."""
ACTING_KEPT_MS = 5_000
"""So long that somebody may act for another."""
FOR_EVER = 1 << 62
"""In ms: the end of what has none."""
MOST = 10_000


class Standings:
    """Finds callers among the resources of a store; `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        store: Store,
        persons: Persons,
        clock: Callable[[], int],
        emergencies: Emergencies | None = None,
        *,
        wards: Wards | None = None,
    ) -> None:
        self._store, self._persons, self._clock, self._emergencies = store, persons, clock, emergencies
        self._wards = wards
        self._kept: dict[Caller, tuple[int, Standing]] = {}
        self._turn = 0

    def forget(self) -> None:
        """What callers are found by was written: each is looked up anew, also one who is being looked up just now."""
        self._kept.clear()
        self._turn += 1

    async def of(self, caller: Caller) -> Standing:
        """Where a caller stands now. Forbidden for a citizen of whom nothing is kept here, or whose token is bound to another; and
        for staff whose commission has ended, or has not begun.
        """
        standing = await self._believed(caller)
        if standing.kind != "staff" or self._emergencies is None:
            return standing
        emergencies = await self._emergencies.of(standing.person, standing.commission)
        return replace(standing, emergencies=emergencies) if emergencies else standing

    async def _believed(self, caller: Caller) -> Standing:
        until, standing = self._kept.get(caller, (0, None))
        if standing is not None and self._clock() < until:
            return standing
        turn, now = self._turn, self._clock()
        standing, ends = await self._found(caller)
        known = standing.kind == "system" or standing.patient or standing.actors or standing.ward
        if known and turn == self._turn:
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[caller] = min(now + KEPT_MS, ends), standing
        return standing

    async def _found(self, caller: Caller) -> tuple[Standing, int]:
        """Where the caller stands, and until when, in ms."""
        if caller.kind == "citizen":
            standing = await self._citizen(caller)
            return standing, self._clock() + ACTING_KEPT_MS if standing.ward else FOR_EVER
        role = await self._by_hsa("PractitionerRole", caller.commission)
        ends = self._end_of(role)
        return await self._staff(caller, _reference(role)), ends

    def _end_of(self, role: Stored | None) -> int:
        """The moment at which a commission ends, in ms. Forbidden where that is past, it has not begun, or it is not active. One that
        the directory does not have is taken as the issuer tells it.
        """
        told = decode(role.text) if role is not None else {}
        begins, ends = _bounds(told.get("period", {}))
        if told.get("active") is False or not begins <= self._clock() < ends:
            raise Forbidden.because("commission-ended")
        return ends

    async def _staff(self, caller: Caller, commission: str) -> Standing:
        person = _reference(await self._by_hsa("Practitioner", caller.person))
        unit = _reference(await self._by_hsa("Organization", caller.unit))
        return Standing(
            caller.kind,
            frozenset(caller.roles),
            caller.purpose,
            caller.patient,
            frozenset({person, commission, unit} - {""}),
            _reference(await self._by_hsa("Organization", caller.provider)),
            unit,
            caller.provider,
            caller.person,
            caller.commission,
        )

    async def _citizen(self, caller: Caller) -> Standing:
        own = await self._only("Patient", self._persons.has_number(caller.person))
        if caller.patient not in {"", own.id if own is not None else ""}:
            return await self._acting(caller)
        if own is None:
            raise Forbidden.because("citizen-unknown")
        return Standing(caller.kind, frozenset(caller.roles), caller.purpose, own.id)

    async def _acting(self, caller: Caller) -> Standing:
        """Where a citizen stands whose token is bound to another person."""
        wards = await self._wards.of(caller.person, caller.patient) if self._wards is not None else ()
        if not wards:
            raise Forbidden.because("citizen-unknown")
        roles = frozenset(ward.role for ward in wards)
        return Standing(caller.kind, roles, caller.purpose, ward=caller.patient, wards=wards)

    async def _by_hsa(self, type: str, hsa_id: str) -> Stored | None:
        return await self._only(type, Token("identifier", system_of("hsa-id"), hsa_id)) if hsa_id else None

    async def _only(self, type: str, where: Criterion) -> Stored | None:
        """The one resource that is so; None where there is none, or where several say that they are it."""
        page = await self._store.search(Query(type, where), SYSTEM_GRANTS["standing"], count=2, total=False)
        return page.items[0] if len(page.items) == 1 else None


def _reference(stored: Stored | None) -> str:
    return f"{stored.type}/{stored.id}" if stored is not None else ""


def _bounds(period: Mapping[str, str]) -> tuple[int, int]:
    """The first moment of a Period, and the first after it, in ms; one that is left out has none.
    https://hl7.org/fhir/R4/datatypes.html#Period
    """
    begins, ends = span(period.get("start", "")), span(period.get("end", ""))
    return begins[0] if begins else 0, ends[1] + 1 if ends else FOR_EVER
