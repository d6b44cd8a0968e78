"""Where a caller stands: who it is among the resources that are stored here, so that rules can speak of it.

A token names people and units by their national identifiers; teams and consents by references. Which is which is looked up
under the system grant `standing`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from fhir_server.access.caller import Caller
from fhir_server.access.emergency import Emergencies, Emergency
from fhir_server.access.identity import Persons
from fhir_server.fhir.naming import system_of
from fhir_server.fhir.outcome import Forbidden
from fhir_server.search.query import Criterion, Query, Token, some
from fhir_server.storage.store import SYSTEM_GRANTS, Store


@dataclass(frozen=True, slots=True)
class Standing:
    """A caller as the rules see it. `kind` is citizen, staff or system, `roles` what else it is, `purpose` what it comes for;
    `patient` the id of the Patient that a citizen is, or that a token is bound to.

    `actors` are the references (`Practitioner/1`, `PractitionerRole/2`, `Organization/3`) of the person, the commission and
    the unit: one of them is in a team. `provider` and `unit` are references to the care provider, which answers for what
    is documented, and to the unit; `organization` is the provider's HSA-id, `person` and `commission` are those of staff. ""
    where there is none. `emergencies` are those that the person has under the commission.
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

    @property
    def organizations(self) -> frozenset[str]:
        """The care provider and the unit: to whom consent is given, and who may be kept out."""
        return frozenset({self.provider, self.unit} - {""})


KEPT_MS = 30_000
"""So long a standing is believed; who has none yet is looked up each time."""
MOST = 10_000


class Standings:
    """Finds callers among the resources of a store; `clock` gives milliseconds since 1970."""

    def __init__(
        self, store: Store, persons: Persons, clock: Callable[[], int], emergencies: Emergencies | None = None
    ) -> None:
        self._store, self._persons, self._clock, self._emergencies = store, persons, clock, emergencies
        self._kept: dict[Caller, tuple[int, Standing]] = {}

    async def of(self, caller: Caller) -> Standing:
        """Where a caller stands now. Forbidden for a citizen of whom nothing is kept here, or whose token is bound to another."""
        standing = await self._believed(caller)
        if standing.kind != "staff" or self._emergencies is None:
            return standing
        emergencies = await self._emergencies.of(standing.person, standing.commission)
        return replace(standing, emergencies=emergencies) if emergencies else standing

    async def _believed(self, caller: Caller) -> Standing:
        until, standing = self._kept.get(caller, (0, None))
        if standing is not None and self._clock() < until:
            return standing
        standing = await self._found(caller)
        if standing.kind == "system" or standing.patient or standing.actors:
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[caller] = self._clock() + KEPT_MS, standing
        return standing

    async def _found(self, caller: Caller) -> Standing:
        if caller.kind == "citizen":
            return Standing(caller.kind, frozenset(caller.roles), caller.purpose, await self._citizen(caller))
        person = await self._by_hsa("Practitioner", caller.person)
        commission = await self._by_hsa("PractitionerRole", caller.commission)
        unit = await self._by_hsa("Organization", caller.unit)
        return Standing(
            caller.kind,
            frozenset(caller.roles),
            caller.purpose,
            caller.patient,
            frozenset({person, commission, unit} - {""}),
            await self._by_hsa("Organization", caller.provider),
            unit,
            caller.provider,
            caller.person,
            caller.commission,
        )

    async def _citizen(self, caller: Caller) -> str:
        systems = sorted(self._persons.systems)
        reference = await self._only("Patient", some(*(Token("identifier", it, caller.person) for it in systems)))
        own = reference.removeprefix("Patient/")
        if not own or caller.patient not in {"", own}:
            raise Forbidden.because("citizen-unknown")
        return own

    async def _by_hsa(self, type: str, hsa_id: str) -> str:
        return await self._only(type, Token("identifier", system_of("hsa-id"), hsa_id)) if hsa_id else ""

    async def _only(self, type: str, where: Criterion) -> str:
        """The reference to the one resource that is so; "" where there is none, or where several say that they are it."""
        page = await self._store.search(Query(type, where), SYSTEM_GRANTS["standing"], count=2, total=False)
        return f"{type}/{page.items[0].id}" if len(page.items) == 1 else ""
