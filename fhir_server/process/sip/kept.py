"""What is kept of a plan: the plan with its versions, and all that tells of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from fhir_server.fhir.extension import extensions, parts_in, value_of
from fhir_server.fhir.reference import own_reference
from fhir_server.process.clock import last_of
from fhir_server.process.definition import SYSTEM
from fhir_server.process.event import Moment
from fhir_server.process.telling import code_in, moment_of

Json = Mapping[str, Any]

IN_FORCE = frozenset({"active", "on-hold"})
OVER = frozenset({"completed", "revoked"})
"""The statuses of a plan that is in force, and of one that has come to its end. https://hl7.org/fhir/R4/valueset-request-status.html"""
DECLINED = "declined"
CONSENT_KIND = f"{SYSTEM}consent-kind"
GIVEN = frozenset({"active", "inactive"})
"""The statuses of a consent that was given. https://hl7.org/fhir/R4/valueset-consent-state-codes.html"""
UNHELD = frozenset({"cancelled", "entered-in-error"})
"""The statuses of a meeting that is not to be."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the plan: its number, when it was made, and its status."""

    number: int
    made: Moment
    status: str


@dataclass(frozen=True, slots=True)
class Kept:
    """`versions` are the plan's, the oldest first; `beside` what it refers to and what refers to it; `behalf` says for a role
    (`PractitionerRole/[id]`) on behalf of which unit somebody has it.
    """

    plan: Json
    versions: Sequence[Version]
    beside: Sequence[Json] = ()
    behalf: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where the plan stands."""
        return own_reference(self.plan)

    @property
    def is_part(self) -> bool:
        """Whether it is a part of another plan, which is coordinated and followed up there."""
        return bool(self.plan.get("partOf"))

    def of(self, type: str) -> Iterator[Json]:
        """What there is of a type."""
        return (it for it in self.beside if it["resourceType"] == type)

    def meetings(self) -> Iterator[Json]:
        """The meetings that are to be, or were."""
        return (it for it in self.of("Appointment") if it["status"] not in UNHELD)

    def consents(self) -> Iterator[Json]:
        """The consents to the plan that were given, also those that no longer hold; what else a plan rests on, as a block, is none."""
        for one in self.of("Consent"):
            if one["status"] in GIVEN and code_in(one.get("category", ()), CONSENT_KIND) == "sip":
                yield one

    def offer(self) -> Mapping[str, Any]:
        """What the plan says of its offer."""
        return next(map(parts_in, extensions(self.plan, "offer")), {})

    def in_force(self) -> Version | None:
        """The version by which it came into force, and when: as it was written, or, where it was so from its first version, when it
        says that it was made. None where it never was.
        """
        found = next((it for it in self.versions if self._is_in_force(it)), None)
        if found is None or found is not self.versions[0]:
            return found
        period = self.plan.get("period", {})
        made = moment_of(self.plan.get("created")) or moment_of(period.get("start")) or found.made
        return Version(found.number, made, found.status)

    def _is_in_force(self, version: Version) -> bool:
        """A plan that comes from elsewhere when it is over was in force, unless it was declined."""
        from_elsewhere = version is self.versions[0] and version.status in OVER
        return version.status in IN_FORCE or (from_elsewhere and self.closing_reason != DECLINED)

    @property
    def closing_reason(self) -> str:
        """The code of why it has come to its end; "" where nobody has said."""
        told = (value_of(it) for it in extensions(self.plan, "closing-reason"))
        return next((coding["code"] for one in told for coding in one.get("coding", ()) if "code" in coding), "")

    def revisions(self) -> Iterator[Version]:
        """The version by which it came into force, and those in force after it."""
        first = self.in_force()
        if first is not None:
            yield first
            yield from (it for it in self.versions if it.number > first.number and it.status in IN_FORCE)

    def over_since(self) -> Moment | None:
        """When it came to its end: as that was written, or, where it was over from its first version, with the last day of its period.
        None for one that has not.
        """
        over = [*takewhile(lambda it: it.status in OVER, reversed(self.versions))]
        if not over:
            return None
        first = over[-1]
        ended = last_of(self.plan.get("period", {}).get("end", "")) if first is self.versions[0] else None
        return ended or first.made

    def is_over(self, now: Moment) -> bool:
        """Whether it had come to its end by a moment."""
        over = self.over_since()
        return over is not None and over <= now

    def version_at(self, now: Moment) -> Version | None:
        """The version in force that stands at a moment."""
        return next((it for it in reversed([*self.revisions()]) if it.made <= now), None)


def is_follow_up(meeting: Json, first: Version | None) -> bool:
    """Whether a meeting is about a plan that is in force already."""
    start = moment_of(meeting.get("start"))
    return first is not None and start is not None and start >= first.made


def held(meeting: Json) -> Moment | None:
    """When a meeting that was held ended."""
    ended = moment_of(meeting.get("end")) or moment_of(meeting.get("start"))
    return ended if meeting["status"] == "fulfilled" else None
