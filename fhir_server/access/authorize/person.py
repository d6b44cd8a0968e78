"""Whom one can be in the authorization server: the synthetic people that are stored, staff by each of their commissions."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from fhir_server.access.identity import Persons
from fhir_server.access.organization import Read, provider_above, target_of
from fhir_server.fhir.codec import decode
from fhir_server.fhir.naming import forms, naming_systems
from fhir_server.fhir.outcome import Gone, NotFound
from fhir_server.search.query import Everything, Query
from fhir_server.storage.store import SYSTEM_GRANTS, Store

MOST = 1000
"""So many of a type are looked at: a demo has fewer."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in. `reference` is the PractitionerRole or the Patient that one is; `user` what an app is told:
    Practitioner or Patient. Citizens have a `number`, staff the HSA-ids.
    """

    reference: str
    user: str
    name: str = field(repr=False)
    title: str = ""
    number: str = field(default="", repr=False)
    employee: str = ""
    commission: str = ""
    unit: str = ""
    provider: str = ""
    roles: tuple[str, ...] = ()

    @property
    def patient(self) -> str:
        """The id of the Patient that a citizen is, "" for staff."""
        return self.user.removeprefix("Patient/") if self.number else ""

    def acting_as(self, role: str) -> "Person":
        """The person with one role more; "" is none."""
        return replace(self, roles=(*self.roles, role)) if role else self

    def subject(self, issuer: str) -> str:
        """What tokens call the person: always the same, and nobody's number."""
        return urlsafe_b64encode(sha256(f"{issuer} {self.reference}".encode()).digest()).rstrip(b"=").decode()

    def claims(self) -> dict[str, Any]:
        """What an access token says of the person, in the words of the mapping `own`."""
        if self.number:
            return {"citizen": self.number, "acr": "loa3", "purpose": "PATRQT"}
        told = {
            "employee": self.employee,
            "commission": self.commission,
            "unit": self.unit,
            "provider": self.provider,
            "acr": "loa3",
            "purpose": "TREAT",
        }
        return told | ({"role": list(self.roles)} if self.roles else {})


class People:
    """Finds people among the resources of a store, under the system grant `authorize`."""

    def __init__(self, store: Store, persons: Persons) -> None:
        self._store, self._persons = store, persons
        self._hsa = frozenset(
            form for definition in naming_systems() if definition["id"] == "hsa-id" for form in forms(definition)
        )

    async def all(self) -> list[Person]:
        """Everybody, by name."""
        known = {
            type: await self._of_type(type) for type in ("Patient", "PractitionerRole", "Practitioner", "Organization")
        }

        async def read(type: str, id: str) -> dict[str, Any] | None:
            return known.get(type, {}).get(id)

        found = [self._citizen(one) for one in known["Patient"].values()]
        found += [await self._staff(one, read) for one in known["PractitionerRole"].values()]
        return sorted((one for one in found if one is not None), key=lambda one: (one.name, one.title, one.reference))

    async def find(self, reference: str) -> Person | None:
        """Who it is, as it is stored now; None for nobody, also where the commission has ended."""
        type, _, id = reference.partition("/")
        if type not in {"Patient", "PractitionerRole"} or (one := await self._read(type, id)) is None:
            return None
        return self._citizen(one) if type == "Patient" else await self._staff(one, self._read)

    async def related_to(self, person: Person) -> list[str]:
        """The ids of the Patients of whom a RelatedPerson with a citizen's number tells, whatever it may do for them."""
        if not person.number:
            return []
        query = Query("RelatedPerson", self._persons.has_number(person.number))
        page = await self._store.search(query, SYSTEM_GRANTS["authorize"], count=MOST, total=False)
        return sorted({patient for stored in page.items for patient in stored.patients} - {person.patient})

    async def _of_type(self, type: str) -> dict[str, dict[str, Any]]:
        page = await self._store.search(Query(type, Everything()), SYSTEM_GRANTS["authorize"], count=MOST, total=False)
        return {stored.id: decode(stored.text) for stored in page.items}

    async def _read(self, type: str, id: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = decode((await self._store.read(type, id, SYSTEM_GRANTS["authorize"])).text)
        except (NotFound, Gone):
            return None
        return found

    def _citizen(self, patient: Mapping[str, Any]) -> Person | None:
        number = _identifier(patient, self._persons.systems)
        if not number or not patient.get("active", True):
            return None
        reference = f"Patient/{patient['id']}"
        return Person(reference, reference, _name(patient), number=number)

    async def _staff(self, role: Mapping[str, Any], read: Read) -> Person | None:
        practitioner = await target_of(role, "practitioner", read)
        unit = await target_of(role, "organization", read)
        if practitioner is None or unit is None or not role.get("active", True):
            return None
        provider = await provider_above(unit, read)
        numbers = [_identifier(one, self._hsa) for one in (practitioner, role, unit, provider)]
        if not all(numbers):
            return None
        employee, commission, own, above = numbers
        return Person(
            f"PractitionerRole/{role['id']}",
            f"Practitioner/{practitioner['id']}",
            _name(practitioner),
            title=", ".join(filter(None, (*_titles(role), unit.get("name"), provider.get("name")))),
            employee=employee,
            commission=commission,
            unit=own,
            provider=above,
            roles=tuple(_codes(role)),
        )


def _identifier(resource: Mapping[str, Any], systems: Iterable[str]) -> str:
    found = (one.get("value", "") for one in resource.get("identifier", ()) if one.get("system") in systems)
    return next(found, "")


def _name(resource: Mapping[str, Any]) -> str:
    """What people are called in a list: never the number of one."""
    for name in resource.get("name", ()):
        if text := name.get("text") or " ".join([*name.get("given", ()), name.get("family", "")]).strip():
            return str(text)
    return str(resource["id"])


def _titles(role: Mapping[str, Any]) -> Iterator[str]:
    for concept in role.get("code", ()):
        yield concept.get("text") or next((c["display"] for c in concept.get("coding", ()) if "display" in c), "")


def _codes(role: Mapping[str, Any]) -> Iterator[str]:
    for concept in role.get("code", ()):
        yield from (coding["code"] for coding in concept.get("coding", ()) if "code" in coding)
