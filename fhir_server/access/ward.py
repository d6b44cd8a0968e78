"""For whom somebody acts: the child whose guardian, or the person whose proxy, a RelatedPerson with the caller's number is.

It is looked up under the system grant `standing` when a token that is bound to the other person comes. What depends on the
moment is not settled here but when the rules are read.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fhir_server.access.identity import Persons
from fhir_server.access.relation import period_of, relations
from fhir_server.access.relative import GUARDIAN, PROXY, Relationships
from fhir_server.fhir.codec import decode
from fhir_server.search.query import (
    NOTHING,
    Criterion,
    Identity,
    OfKind,
    OfPatient,
    Query,
    Reference,
    Related,
    Token,
    Without,
    every,
    some,
)
from fhir_server.search.values.reference import target
from fhir_server.storage.store import SYSTEM_GRANTS, Store, Stored

MOST = 1000
"""So many resources of a type are looked at: relations of two people, a person's consents in force, plans that one names."""
UNREAD = frozenset({"action", "class", "code", "dataPeriod", "provision", "securityLabel"})
"""What narrows a provision in ways that are not read here: such a consent lets no proxy in."""
_Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ward:
    """As what (`role`: guardian, proxy) somebody may act, from `start` until `until`, which is not included (milliseconds since
    1970), and the resources that are within `reach`. `relative` is the RelatedPerson (`RelatedPerson/1`) that says so, and whom a
    proxy's consent names.

    One that is never open is of a relation that is there and does not count: nobody is told why.
    """

    role: str
    relative: str
    start: int = 0
    until: int = 0
    reach: Criterion = field(default=NOTHING, repr=False)

    def is_open(self, role: str, at: int) -> bool:
        """Whether somebody may act so at a moment."""
        return role == self.role and self.start <= at < self.until

    def reach_by_consent(self, at: int) -> Criterion:
        """What is within reach while the person still consents, and does not keep the relative out: the store knows that at once."""
        named = frozenset({self.relative})
        consented, kept_out = (Related(named, frozenset({kind}), at) for kind in ("consent", "block"))
        return every(self.reach, consented, Without(kept_out))


class Wards:
    """Finds for whom somebody may act, in a store on a server at `base`; as a proxy only where `proxies` are let in."""

    def __init__(
        self, store: Store, persons: Persons, relationships: Relationships, base: str, *, proxies: bool
    ) -> None:
        self._store, self._persons, self._relationships, self._base = store, persons, relationships, base
        self._roles = frozenset({GUARDIAN, PROXY} if proxies else {GUARDIAN})

    async def of(self, number: str, patient: str) -> tuple[Ward, ...]:
        """As what the person of a number may act for a patient (an id); none where no relation was ever told of."""
        numbered = self._persons.has_number(number)
        relatives = [it async for it in self._found("RelatedPerson", _about(patient), numbered)]
        roles = [(it, role) for it in relatives for role in sorted(self._roles & self._relationships.roles_of(it))]
        if not roles:
            return ()
        both = [it async for it in self._found("Patient", some(Identity(frozenset({patient})), numbered))]
        if any(map(self._relationships.protect, (*relatives, *both))):
            return _never(roles)
        ward = next((it for it in both if it["id"] == patient), {})
        found = [it for relative, role in roles async for it in self._wards(relative, role, ward)]
        return tuple(found) or _never(roles)

    async def _wards(self, relative: _Json, role: str, patient: _Json) -> AsyncIterator[Ward]:
        """By one relation that is in use, while it lasts."""
        if relative.get("active") is not True or not patient:
            return
        first, last = period_of(relative.get("period"))
        named = _named(relative)
        found = (
            _of_child(self._relationships, named, patient)
            if role == GUARDIAN
            else [it async for it in self._by_consent(named, patient["id"])]
        )
        for it in found:
            yield replace(it, start=max(it.start, first), until=min(it.until, last + 1))

    async def _by_consent(self, relative: str, patient: str) -> AsyncIterator[Ward]:
        """By each consent of the patient that lets the relative in; by none where one keeps the relative out of some part."""
        versions = await self._versions("Consent", _about(patient), Token("status", None, "active"))
        consents = [(it, decode(it.text)) for it in versions]
        if any(self._is_denied(consent.get("provision", {}), relative) for _, consent in consents):
            return
        for it, consent in consents:
            plans = self._plans(consent.get("provision", {}))
            if plans is None:
                continue
            reach = await self._reach(plans, patient)
            for row in relations(consent, it.id, it.patients, self._base):
                if (row.actor, row.kind) == (relative, "consent"):
                    yield Ward(PROXY, relative, row.start, row.end + 1, reach)

    def _plans(self, provision: _Json) -> frozenset[str] | None:
        """The ids of the plans that a provision names, none of them: all; None where it opens none, or says what is not read."""
        if provision.get("type") != "permit" or not UNREAD.isdisjoint(provision):
            return None
        named = [self._target(it.get("reference", {})) for it in provision.get("data", ())]
        plans = frozenset(id for type, id in named if type == "CarePlan")
        return plans if plans or not named else None

    def _is_denied(self, provision: _Json, relative: str, kind: str = "") -> bool:
        """Whether a provision, at whatever depth, denies the relative something, be it a part or for a time."""
        kind = provision.get("type", kind)
        named = ("/".join(self._target(actor.get("reference", {}))) for actor in provision.get("actor", ()))
        return (kind == "deny" and relative in named) or any(
            self._is_denied(nested, relative, kind) for nested in provision.get("provision", ())
        )

    async def _reach(self, plans: frozenset[str], patient: str) -> Criterion:
        """The plans, their goals, teams and activities, and what is based on them; the rule says which types of all that."""
        if not plans:
            return _about(patient)
        parts = {"CarePlan": set(plans)}
        async for plan in self._found("CarePlan", Identity(plans), _about(patient)):
            for type, id in map(self._target, _linked(plan)):
                parts.setdefault(type, set()).add(id)
        based = [
            Reference("based-on", type, id)
            for type in ("CarePlan", "ServiceRequest")
            for id in sorted(parts.get(type, ()))
        ]
        named = [every(OfKind(frozenset({type})), Identity(frozenset(ids))) for type, ids in sorted(parts.items())]
        return every(_about(patient), some(*named, every(OfKind(BASED), some(*based))))

    def _target(self, reference: _Json) -> tuple[str, str]:
        return target(reference.get("reference", ""), self._base)

    async def _found(self, type: str, *where: Criterion) -> AsyncIterator[dict[str, Any]]:
        for it in await self._versions(type, *where):
            yield decode(it.text)

    async def _versions(self, type: str, *where: Criterion) -> Iterable[Stored]:
        query = Query(type, every(*where))
        return (await self._store.search(query, SYSTEM_GRANTS["standing"], count=MOST, total=False)).items


BASED = frozenset({"ServiceRequest", "Task"})
"""The types that say by `basedOn` which plan they carry out."""


def _about(patient: str) -> Criterion:
    return OfPatient(frozenset({patient}))


def _named(relative: _Json) -> str:
    return f"RelatedPerson/{relative['id']}"


def _never(roles: Iterable[tuple[_Json, str]]) -> tuple[Ward, ...]:
    return tuple(Ward(role, _named(relative)) for relative, role in roles)


def _of_child(relationships: Relationships, relative: str, patient: _Json) -> list[Ward]:
    reach = _about(patient["id"])
    return [Ward(GUARDIAN, relative, *stretch, reach) for stretch in relationships.childhood(patient)]


def _linked(plan: _Json) -> Iterator[_Json]:
    """What a plan points at that belongs to it."""
    yield from plan.get("goal", ())
    yield from plan.get("careTeam", ())
    yield from (it["reference"] for it in plan.get("activity", ()) if "reference" in it)
