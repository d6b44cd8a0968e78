"""A document split into resources: the plan, its team, goals, needs and actions, the consent, the meetings.

Each is held to its profile in `profiles/`; whoever has an action, or takes part, is in the team and may know of the plan.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from fhir_server.fhir.canonical import OURS, structure
from fhir_server.fhir.reference import own_reference
from fhir_server.process.sip.document import Document
from fhir_server.process.sip.name import SELF, Name
from fhir_server.process.sip.when import Span
from fhir_server.process.sip.word import Action, Agreed, Excluded, Goal, legal_bases
from fhir_server.process.telling import PLAN_TYPES

Json = dict[str, Any]

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
SIP: Json = {
    "coding": [{"system": PLAN_TYPES, "code": "SIP"}],
    "text": "Samordnad individuell plan",
}
SIP_TEAM: Json = {"coding": [{"system": f"{OURS}/CodeSystem/care-team", "code": "sip-team"}], "text": "SIP-team"}
COORDINATOR: Json = {
    "coding": [
        {
            "system": "https://terminologitjansten.inera.se/inera-kodverksforvaltning/kodverk/kv_typ_av_fast_kontakt",
            "code": "4",
            "display": "fast vårdkontakt med övergripande samordningsansvar",
        }
    ],
    "text": "Samordnare",
}
FULFILL: Json = {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]}
RECIPIENT: Json = {"coding": [{"system": f"{TERMINOLOGY}v3-ParticipationType", "code": "IRCP"}]}
URIS = "urn:ietf:rfc:3986"
"""The system of identifiers that are URIs: https://hl7.org/fhir/R4/datatypes.html#Identifier"""
PERTAINS_TO_GOAL = "http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal"
BASES = ("hsl-16-4", "sol-10-8")
"""What a SIP rests on where the document does not say."""
MEETS = frozenset({"PractitionerRole", "Practitioner", "RelatedPerson"})
"""Those who come to a meeting: https://hl7.org/fhir/R4/appointment-definitions.html#Appointment.participant.actor"""


@dataclass(frozen=True, slots=True)
class Found:
    """Who was meant by a name: `reference` is Type/[id], `display` what a unit or a member of staff is called."""

    reference: str
    display: str = ""

    @property
    def type(self) -> str:
        """The type of resource."""
        return self.reference.partition("/")[0]

    @property
    def as_json(self) -> Json:
        """A Reference."""
        return {"reference": self.reference, **({"display": self.display} if self.display else {})}


def split(
    document: Document, found: Mapping[Name, Found], new_id: Callable[[str], str], now: datetime
) -> tuple[Json, ...]:
    """The resources of a sound document, the CarePlan first, each with its id; `found` are all whom it names, `now` is by
    Stockholm's clocks.
    """
    return _Splitting(document, found, new_id, now).resources()


class _Splitting:
    def __init__(
        self, document: Document, found: Mapping[Name, Found], new_id: Callable[[str], str], now: datetime
    ) -> None:
        self.document = document
        self.new_id = new_id
        self.moment = now
        assert document.person is not None
        assert document.coordinator is not None
        assert document.responsible is not None
        self.person = found[document.person]
        self.found = {**found, SELF: self.person}
        self.coordinator = found[document.coordinator]
        self.responsible = found[document.responsible]
        self.draft = document.status == "draft"
        self.plan = self._new("CarePlan", "sip")

    def resources(self) -> tuple[Json, ...]:
        needs = [self._need(text) for text in self.document.all("Behov")]
        goals = [self._goal(goal) for goal in self.document.goals]
        actions = [one for action in self.document.actions for one in self._action(action, goals)]
        team, consent = self._team(), [self._consent(agreed) for agreed in self._agreed()]
        meeting = list(self._meetings("Möte", "SIP-möte", "Möte om samordnad individuell plan"))
        follow_up = list(
            self._meetings("Uppföljning", "Uppföljning av SIP", "Uppföljning av samordnad individuell plan")
        )
        self._fill_plan(needs, goals, [*actions, *follow_up], team, [*consent, *meeting])
        return (self.plan, team, *consent, *needs, *goals, *actions, *meeting, *follow_up)

    def _new(self, type: str, profile: str, **members: Any) -> Json:
        meta = {"profile": [structure(profile)]}
        return {"resourceType": type, "id": self.new_id(type), "meta": meta, **members}

    # -------------------------------------------------------------------------------------------- the plan

    def _fill_plan(
        self, needs: list[Json], goals: list[Json], activities: list[Json], team: Json, info: list[Json]
    ) -> None:
        """The plan's members, in the order of R4; what there is nothing of is left out."""
        identifier, whole = self.document.one("Identifierare"), self.document.whole
        members = {
            "language": "sv",
            "extension": list(self._extensions()),
            "identifier": [{"system": URIS, "value": identifier}] if identifier else [],
            "partOf": [self.found[whole].as_json] if whole else [],
            "status": self.document.status,
            "intent": "plan",
            "category": [SIP],
            "title": self.document.one("Titel") or SIP["text"],
            "subject": self.person.as_json,
            "period": self._period(),
            "created": self._stamp,
            "author": self.coordinator.as_json,
            "contributor": [who.as_json for who in self._doing if who != self.person],
            "careTeam": [_at(team)],
            "addresses": [_at(need) for need in needs],
            "supportingInfo": [_at(one) for one in info],
            "goal": [_at(goal) for goal in goals],
            "activity": [{"reference": _at(one)} for one in activities],
        }
        self.plan.update({name: value for name, value in members.items() if value})

    def _extensions(self) -> Iterator[Json]:
        for code in self.document.one("Lagrum") or BASES:
            coding = {"system": f"{OURS}/CodeSystem/legal-basis", "code": code}
            yield _extension("legal-basis", valueCodeableConcept={"coding": [coding], "text": legal_bases()[code]})
        crisis = list(self._crisis_plan())
        if crisis:
            yield _extension("crisis-plan", extension=crisis)
        matters = self.document.one("Viktigt")
        if matters:
            yield _extension("what-matters", valueString=matters)

    def _crisis_plan(self) -> Iterator[Json]:
        for word, part in (("Krisplan tecken", "sign"), ("Krisplan gör", "do")):
            for text in self.document.all(word):
                yield {"url": part, "valueString": text}
        for number in self.document.all("Krisplan ring"):
            yield {"url": "ring", "valueContactPoint": {"system": "phone", "value": number}}
        for until in self.document.all("Krisplan till"):
            yield {"url": "until", "valueDate": until.isoformat()}

    def _period(self) -> Json:
        return _period(self.document.one("Från") or self.moment.date(), self.document.one("Till"))

    @property
    def _stamp(self) -> str:
        return self.moment.isoformat()

    # -------------------------------------------------------------------------------------------- who takes part

    @cached_property
    def _doing(self) -> list[Found]:
        """Those who have an action, each once, in the order they are named."""
        return list(dict.fromkeys(self.found[name] for action in self.document.actions for name in action.names))

    @cached_property
    def _roles(self) -> dict[Found, list[Json]]:
        """Those of the team, each with what they are in it."""
        roles: dict[Found, list[Json]] = {self.coordinator: [COORDINATOR]}
        for member in self.document.members:
            roles.setdefault(self.found[member.name], []).append({"text": member.role})
        for who in self._doing:
            if who != self.person:
                roles.setdefault(who, [{"text": role_of(who.type)}])
        return roles

    def _team(self) -> Json:
        period = self._period()
        return self._new(
            "CareTeam",
            "sip-team",
            status="proposed" if self.draft else "active",
            category=[SIP_TEAM],
            name="SIP-team",
            subject=self.person.as_json,
            period=period,
            participant=[
                {"role": roles, "member": who.as_json, "period": period} for who, roles in self._roles.items()
            ],
            managingOrganization=[self.responsible.as_json],
        )

    def _agreed(self) -> Iterable[Agreed]:
        return (self.document.consent,) if self.document.consent else ()

    def _consent(self, agreed: Agreed) -> Json:
        """What is said or signed is recorded by the coordinator: con-1."""
        recorded = _extension("recorded-by", valueReference=self.coordinator.as_json)
        coding = {"system": f"{OURS}/CodeSystem/consent-kind", "code": "sip"}
        denied = [self._denied(excluded) for excluded in self.document.excluded]
        return self._new(
            "Consent",
            "sip-consent",
            extension=[
                _extension("means", valueCode=agreed.means),
                *([] if agreed.means == "digitally" else [recorded]),
            ],
            status="active",
            scope={"coding": [{"system": f"{TERMINOLOGY}consentscope", "code": "patient-privacy"}]},
            category=[{"coding": [coding], "text": "Samtycke till samordnad individuell plan"}],
            patient=self.person.as_json,
            dateTime=agreed.given.isoformat(),
            performer=[self.found[agreed.by].as_json if agreed.by else self.person.as_json],
            policyRule={"text": " och ".join(legal_bases()[code] for code in BASES)},
            provision={
                "type": "permit",
                "period": _period(agreed.given, agreed.until),
                "actor": [_recipient(who) for who in self._roles],
                "purpose": [{"system": f"{TERMINOLOGY}v3-ActReason", "code": "CAREMGT"}],
                **({"provision": denied} if denied else {}),
            },
        )

    def _denied(self, excluded: Excluded) -> Json:
        """Without an actor it is denied to everybody, without a code all of it is: con-4."""
        actor = {"actor": [_recipient(self.found[excluded.name])]} if excluded.name else {}
        code = {"code": [{"text": excluded.text}]} if excluded.text else {}
        return {"type": "deny", **actor, **code}

    def _meetings(self, word: str, kind: str, description: str) -> Iterator[Json]:
        span = self.document.meeting(word)
        if span is not None:
            yield self._meeting(span, kind, description)

    def _meeting(self, span: Span, kind: str, description: str) -> Json:
        """Nobody has answered a call that lies ahead; what lies behind has been held."""
        held = span.is_over(self.moment)
        came = "accepted" if held else "needs-action"
        members = [self.person, *(who for who in self._roles if who.type in MEETS)]
        return self._new(
            "Appointment",
            "sip-meeting",
            status="fulfilled" if held else "pending",
            serviceType=[{"text": kind}],
            description=description,
            start=span.start.isoformat(),
            end=span.end.isoformat(),
            minutesDuration=span.minutes,
            created=self._stamp,
            participant=[
                {
                    "actor": who.as_json,
                    "required": "optional" if who.type == "RelatedPerson" else "required",
                    "status": came,
                }
                for who in members
            ],
        )

    # -------------------------------------------------------------------------------------------- what is wanted and done

    def _need(self, text: str) -> Json:
        return self._new(
            "Condition",
            "need",
            clinicalStatus={"coding": [{"system": f"{TERMINOLOGY}condition-clinical", "code": "active"}]},
            category=[{"text": "Behov"}],
            code={"text": text},
            subject=self.person.as_json,
            recordedDate=self.moment.date().isoformat(),
            recorder=self.coordinator.as_json,
        )

    def _goal(self, goal: Goal) -> Json:
        target = {"target": [{"dueDate": goal.due.isoformat()}]} if goal.due else {}
        return self._new(
            "Goal",
            "goal",
            lifecycleStatus="proposed" if self.draft else "active",
            description={"text": goal.text},
            subject=self.person.as_json,
            startDate=self._period()["start"],
            **target,
        )

    def _action(self, action: Action, goals: list[Json]) -> tuple[Json, Json]:
        """What is decided, and who does it: two resources, since two organizations may own them."""
        decided = self._decided(action, goals)
        return decided, self._task(action, decided)

    def _decided(self, action: Action, goals: list[Json]) -> Json:
        """It serves the goal that the line names, or the only one that there is."""
        goal = goals[action.goal - 1] if action.goal else goals[0] if len(goals) == 1 else None
        pertains = {"extension": [{"url": PERTAINS_TO_GOAL, "valueReference": _at(goal)}]} if goal else {}
        until = {"occurrencePeriod": {"end": action.due.isoformat()}} if action.due else {}
        return self._new(
            "ServiceRequest",
            "decided-action",
            **pertains,
            basedOn=[_at(self.plan)],
            status="draft" if self.draft else "active",
            intent="plan",
            code={"text": action.text},
            subject=self.person.as_json,
            **until,
            authoredOn=self._stamp,
            requester=self.coordinator.as_json,
            performer=[self.found[action.performer].as_json],
        )

    def _task(self, action: Action, decided: Json) -> Json:
        """Nobody has taken it on yet: whoever owns it says so."""
        restriction = {"restriction": {"period": {"end": action.due.isoformat()}}} if action.due else {}
        return self._new(
            "Task",
            "action",
            basedOn=[_at(self.plan)],
            status="draft" if self.draft else "requested",
            intent="plan",
            code=FULFILL,
            description=action.text,
            focus=_at(decided),
            **{"for": self.person.as_json},
            authoredOn=self._stamp,
            lastModified=self._stamp,
            requester=self.coordinator.as_json,
            owner=self.found[action.owner or action.performer].as_json,
            **restriction,
        )


def role_of(type: str) -> str:
    """What somebody who does an action is in the team, by the type that it is kept as here."""
    return "Närstående" if type == "RelatedPerson" else "Utför insats"


def _recipient(who: Found) -> Json:
    return {"role": RECIPIENT, "reference": who.as_json}


def _at(resource: Json) -> Json:
    return {"reference": own_reference(resource)}


def _extension(name: str, **value: Any) -> Json:
    return {"url": structure(name), **value}


def _period(start: date, end: date | None) -> Json:
    return {"start": start.isoformat(), **({"end": end.isoformat()} if end else {})}
