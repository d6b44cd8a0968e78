"""Random small worlds of people, units, teams, consents, blocks and plans; and who may see what in them, read from the rules
by brute force: resource by resource, with no query and no index.

What stands here is written from the text of the rules (`security/Parameters-access-rules.json`), not from the code that
compiles them: a mistake of the one shows against the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

OURS = "https://fhir-care-plan-server.example"
HSA = "urn:oid:1.2.752.29.4.19"
RESERVE = "http://electronichealth.se/identifier/nationelltReservnummer"
"""National reserve numbers: a world needs nobody's personal identity number."""
DOCUMENTED_BY = f"{OURS}/StructureDefinition/documented-by"
PROVIDERS = ("SE2321000016-A001", "SE2120000001-B001", "SE2120000002-B002")
"""A region and two municipalities, by HSA-id."""
CLINICAL = ("CarePlan", "Goal", "Task", "Communication", "Observation", "Encounter", "EpisodeOfCare")
ALL = (*CLINICAL, "CareTeam", "Consent", "Patient", "Provenance", "RelatedPerson")
SHARED = {"lvod-care", "lvod-social"}
SERVICES = {"primary-care": True, "hsl": True, "sol": False, "home-care": False}
"""What a unit may answer for, and whether that is health care."""
MODES = ("who-blocks", "no-consent", "inner-block")
Resource = dict[str, Any]
SYSTEM: dict[str, Any] = dict.fromkeys(("employee", "unit", "commission", "provider", "purpose", "acr"))
"""The claims that a token of nobody in particular goes without."""


@dataclass(frozen=True)
class Person:
    """Somebody who calls: of staff the HSA-ids and, by the same names, the references. `ward` is the id of the Patient for whom a
    citizen acts.
    """

    kind: str
    number: str = ""
    patient: str = ""
    commission: str = ""
    unit: str = ""
    provider: str = ""
    references: frozenset[str] = frozenset()
    organizations: frozenset[str] = frozenset()
    own_provider: str = ""
    health_care: bool = False
    ward: str = ""


@dataclass(frozen=True)
class Emergency:
    """Somebody asks for emergency access to a patient."""

    person: Person
    mode: str
    patient: str

    @property
    def is_given(self) -> bool:
        """By 3 kap. 5 and 6 §§ to providers of health care alone."""
        return self.person.health_care or self.mode == "inner-block"


@dataclass
class World:
    """What there is, by type and id, with a prefix of its own so that many worlds stand beside each other."""

    name: str
    resources: list[Resource] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    emergencies: list[Emergency] = field(default_factory=list)

    def of(self, type: str) -> Iterator[Resource]:
        return (one for one in self.resources if one["resourceType"] == type)


def a_world(seed: int) -> World:
    """The world of a seed, always the same."""
    random, world = Random(seed), World(f"w{seed}")
    units = _directory(world, random)
    for number in range(3):
        patient = f"{world.name}-p{number}"
        world.resources.append(
            {"resourceType": "Patient", "id": patient, **_numbered(RESERVE, f"{world.name}-{number}")}
        )
        world.people.append(Person("citizen", f"{world.name}-{number}", patient))
        _team(world, random, patient, units)
        for _ in range(random.randrange(3)):
            _consent(world, random, patient, units)
        for type in CLINICAL:
            for place in range(random.randrange(1, 3)):
                _clinical(world, random, patient, type, place, units)
        _cases(world, random, patient)
    _emergencies(world, random)
    _family(world, random)
    return world


def _emergencies(world: World, random: Random) -> None:
    """Of staff every other asks for one or two."""
    patients = [one.patient for one in world.people if one.kind == "citizen"]
    for person in world.people:
        if person.kind == "staff":
            for _ in range(random.choice([0, 0, 1, 2])):
                one = Emergency(person, random.choice(MODES), random.choice(patients))
                world.emergencies.append(one)
                if one.mode == "inner-block":
                    _block(world, one)


def _block(world: World, emergency: Emergency) -> None:
    """The other unit of the same provider has closed what it wrote: that is what the emergency is about."""
    (unit,) = (it for it in emergency.person.references if it.startswith("Organization/"))
    stem, _, number = unit.rpartition("-u")
    id = f"{emergency.patient}-s{len(world.resources)}"
    world.resources.append(
        {
            **_a_consent(id, emergency.patient, "inner-block"),
            "organization": [{"reference": f"{stem}-u{1 - int(number)}"}],
            "provision": {"type": "deny"},
        }
    )


OLD, YOUNG = 13, 12
"""In years: a child of 12 has a guardian who reads, one of 13 has none."""
PROTECTED = {"system": "http://hl7.se/fhir/ig/base/CodeSystem/SecurityLabel", "code": "sekretessmarkering"}


def _family(world: World, random: Random) -> None:
    """The first patient is a relative of another, who is a child of twelve or thirteen; now and then the identity of one is protected."""
    first, *others = world.of("Patient")
    patient = random.choice(others)
    patient["birthDate"] = _born(random.choice([YOUNG, OLD]), random)
    kinds = random.choices([["GUARD"], ["GUARD", "POWATT"], ["MTH"]], (5, 2, 1))[0]
    system = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
    relative = {
        "resourceType": "RelatedPerson",
        "id": f"{patient['id']}-r",
        "identifier": first["identifier"],
        "active": random.random() < 0.9,
        "patient": {"reference": f"Patient/{patient['id']}"},
        "relationship": [{"coding": [{"system": system, "code": kind}]} for kind in kinds],
        **_period(random),
    }
    world.resources.append(relative)
    if "GUARD" in kinds:  # who never was a guardian is refused whatever it asks
        world.people.append(Person("citizen", _number(first), ward=patient["id"]))
    if random.random() < 0.1:
        random.choice([first, patient])["meta"] = {"security": [PROTECTED]}


def _born(age: int, random: Random) -> str:
    """The day that somebody was born who had a birthday some days ago, so that no test comes near one."""
    return (date.today() - timedelta(days=age * 366 + random.randrange(10, 300))).isoformat()  # noqa: DTZ011  # days away


def _numbered(system: str, value: str) -> Resource:
    return {"identifier": [{"system": system, "value": value}]}


def _directory(world: World, random: Random) -> list[str]:
    """Providers, two units of each with what it answers for, and a nurse with a commission in each unit."""
    units = []
    for place, hsa in enumerate(PROVIDERS):
        provider = f"{world.name}-v{place}"
        own = hsa.replace("-", f"-{world.name.upper()}")
        world.resources.append({"resourceType": "Organization", "id": provider, **_numbered(HSA, own)})
        for number in range(2):
            unit, nurse, commission = (f"{provider}-{kind}{number}" for kind in ("u", "n", "c"))
            ids = [f"{own}{kind}{number}" for kind in ("U", "N", "C")]
            world.resources += [
                {"resourceType": "Organization", "id": unit, **_numbered(HSA, ids[0])},
                {"resourceType": "Practitioner", "id": nurse, **_numbered(HSA, ids[1])},
                {"resourceType": "PractitionerRole", "id": commission, **_numbered(HSA, ids[2])},
                _service(unit, service := random.choice(list(SERVICES))),
            ]
            references = {f"Organization/{unit}", f"Practitioner/{nurse}", f"PractitionerRole/{commission}"}
            organizations = {f"Organization/{unit}", f"Organization/{provider}"}
            world.people.append(
                Person(
                    "staff", ids[1], "", ids[2], ids[0], own,
                    frozenset(references), frozenset(organizations), f"Organization/{provider}",
                    SERVICES[service],
                )
            )  # fmt: skip
            units.append(f"Organization/{unit}")
    return units


def _service(unit: str, code: str) -> Resource:
    coding = {"system": f"{OURS}/CodeSystem/service", "code": code}
    return {
        "resourceType": "HealthcareService",
        "id": f"{unit}-s",
        "active": True,
        "providedBy": {"reference": f"Organization/{unit}"},
        "type": [{"coding": [coding]}],
    }


def _actor(random: Random, units: list[str]) -> str:
    """A unit, or its nurse, or the commission there."""
    unit = random.choice(units)
    stem, _, number = unit.removeprefix("Organization/").rpartition("-u")
    return random.choice([unit, f"Practitioner/{stem}-n{number}", f"PractitionerRole/{stem}-c{number}"])


_PERIODS = (
    {},
    {"start": "2020-01-01"},
    {"end": "2021-01-01"},
    {"start": "2020-01-01", "end": "2999-01-01"},
    {"start": "2990-01-01"},
)


def _period(random: Random) -> Resource:
    chosen = random.choices(_PERIODS, (6, 2, 1, 2, 1))[0]
    return {"period": dict(chosen)} if chosen else {}


def _in_force(holder: Resource) -> bool:
    period = holder.get("period", {})
    return period.get("start", "0") < "2026" and period.get("end", "9") > "2027"


def _team(world: World, random: Random, patient: str, units: list[str]) -> None:
    for place in range(random.randrange(1, 3)):
        code = random.choice(["sip-team", "discharge-case"])
        members = [
            {"member": {"reference": _actor(random, units)}, **_period(random)} for _ in range(random.randrange(1, 5))
        ]
        world.resources.append(
            {
                "resourceType": "CareTeam",
                "id": f"{patient}-t{place}",
                "status": random.choices(["active", "inactive"], (5, 1))[0],
                "category": [{"coding": [{"system": f"{OURS}/CodeSystem/care-team", "code": code}]}],
                "subject": {"reference": f"Patient/{patient}"},
                **_period(random),
                "participant": members,
                "managingOrganization": [{"reference": units[0]}],
            }
        )


def _a_consent(id: str, patient: str, kind: str, status: str = "active") -> Resource:
    return {
        "resourceType": "Consent",
        "id": id,
        "status": status,
        "scope": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]
        },
        "category": [{"coding": [{"system": f"{OURS}/CodeSystem/consent-kind", "code": kind}]}],
        "patient": {"reference": f"Patient/{patient}"},
        "policyRule": {"text": "en provning"},
        "dateTime": "2025-01-01",
    }


def _consent(world: World, random: Random, patient: str, units: list[str]) -> None:
    place = len(world.resources)
    kind = random.choice(["sip", "sip", "inner-block", "outer-block"])
    unit = random.choice(units)
    organization = random.choice([unit, unit.rpartition("-u")[0]])
    consent = _a_consent(f"{patient}-s{place}", patient, kind, random.choices(["active", "inactive"], (5, 1))[0])
    if kind == "sip":
        actor = {"role": {"text": "part"}, "reference": {"reference": organization}}
        kept_out = {"role": {"text": "part"}, "reference": {"reference": random.choice(units)}}
        provision = {"type": "permit", **_period(random), "actor": [actor]}
        if random.random() < 0.3:
            provision["provision"] = [{"type": "deny", "actor": [kept_out]}]
    else:
        consent["organization"] = [{"reference": organization}]
        provision = {"type": "deny", **_period(random)}
    world.resources.append({**consent, "provision": provision})


def _clinical(world: World, random: Random, patient: str, type: str, place: int, units: list[str]) -> None:
    unit = random.choice(units)
    marks = [] if random.random() < 0.1 else [unit.rpartition("-u")[0], unit]
    basis = random.choice(["", "lvod-care", "lvod-social", "lvod-2-6", "pdl-provider"])
    labels = [{"system": f"{OURS}/CodeSystem/sharing-basis", "code": basis}] if basis else []
    if random.random() < 0.07:
        labels.append({"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"})
    meta: Resource = {"tag": [{"system": "urn:x-test:world", "code": world.name}]}
    if labels:
        meta["security"] = labels
    if marks:
        meta["extension"] = [{"url": DOCUMENTED_BY, "valueReference": {"reference": one}} for one in marks]
    subject = {"reference": f"Patient/{patient}"}
    body = {
        "CarePlan": {"status": "active", "intent": "plan", "subject": subject},
        "Goal": {"lifecycleStatus": "active", "description": {"text": "gå ut"}, "subject": subject},
        "Task": {
            "status": "requested", "intent": "order", "for": subject,
            "owner": {"reference": _actor(random, units)}, "requester": {"reference": _actor(random, units)},
        },
        "Communication": {
            "status": "completed", "subject": subject, "sender": {"reference": _actor(random, units)},
            "recipient": [{"reference": _actor(random, units)}],
        },
        "Observation": {"status": "final", "code": {"text": "vikt"}, "subject": subject},
        "Encounter": {
            "status": "in-progress", "subject": subject,
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        },
        "EpisodeOfCare": {"status": "active", "patient": subject},
    }[type]  # fmt: skip
    world.resources.append({"resourceType": type, "id": f"{patient}-{type.lower()}{place}", "meta": meta, **body})


def _cases(world: World, random: Random, patient: str) -> None:
    """Most episodes have a team, and most stays are of an episode: each of any of the patient's."""
    teams, episodes, stays = (
        [one for one in world.of(type) if _patient(one) == patient]
        for type in ("CareTeam", "EpisodeOfCare", "Encounter")
    )
    for of, member, to in ((episodes, "team", teams), (stays, "episodeOfCare", episodes)):
        for one in of:
            if random.random() < 0.8:
                one[member] = [{"reference": place_of(random.choice(to))}]


def place_of(resource: Resource) -> str:
    """`Type/id`."""
    return f"{resource['resourceType']}/{resource['id']}"


# ------------------------------------------------------------------------------------ who may see what


def may_see(person: Person, resource: Resource, world: World) -> bool:
    """Whether the rules let somebody read a resource."""
    type = resource["resourceType"]
    if type not in ALL:
        return True
    if person.kind == "citizen":
        return (
            _is_theirs(person, _patient(resource), world)
            and not _labelled(resource, {"lvod-2-6"})
            and not _is_very_restricted(resource)
        )
    if _is_very_restricted(resource) or _is_closed(person, resource, world):
        return False
    return any(_permitted(person, resource, world))


def _is_theirs(person: Person, patient: str, world: World) -> bool:
    """Whether it is about a citizen who asks, or about the child of the guardian who does."""
    if not person.ward:
        return patient == person.patient
    return patient == person.ward and _has_guardian(person, world)


def _has_guardian(person: Person, world: World) -> bool:
    """Whether a relation in force makes a person the guardian of a ward under thirteen, the identity of neither protected."""
    (child,) = (one for one in world.of("Patient") if one["id"] == person.ward)
    both = [child, *(one for one in world.of("Patient") if _number(one) == person.number)]
    years = (date.today() - date.fromisoformat(child.get("birthDate", "1900-01-01"))).days / 365.25  # noqa: DTZ011
    return (
        years < OLD
        and not any(PROTECTED in one.get("meta", {}).get("security", ()) for one in both)
        and any(
            one["active"] and _in_force(one) and _number(one) == person.number and _patient(one) == person.ward
            for one in world.of("RelatedPerson")
        )
    )


def _number(resource: Resource) -> str:
    return str(resource["identifier"][0]["value"])


def _permitted(person: Person, resource: Resource, world: World) -> Iterator[bool]:
    type, patient = resource["resourceType"], _patient(resource)
    modes = _emergency_modes(person, patient, world)
    yield type == "Patient" and not modes.isdisjoint({"no-consent", "inner-block"})
    yield "no-consent" in modes and _labelled(resource, SHARED)
    yield (
        "inner-block" in modes
        and person.own_provider in _marks(resource)
        and _is_inner_blocked(person, resource, world)
    )
    team = _is_related(person, patient, world, "sip-team")
    case = _is_related(person, patient, world, "discharge-case")
    yield team and type in {"CareTeam", "Consent", "Patient"}
    yield team and person.own_provider in _marks(resource)
    yield (
        type in {"CarePlan", "Goal", "Task", "Communication"}
        and person.own_provider in _marks(resource)
        and _has_left(person, patient, world)
    )
    yield team and _has_consent(person, patient, world) and _labelled(resource, SHARED)
    yield type == "Communication" and _names(resource, person, "sender", "recipient")
    yield type == "Task" and _names(resource, person, "owner", "requester")
    yield case and type == "Patient"
    yield case and any(_is_member(person, team) for team in _teams_of(resource, world))


def _patient(resource: Resource) -> str:
    if resource["resourceType"] == "Patient":
        return str(resource["id"])
    targets = (it for it in resource.get("target", ()) if _reference(it).startswith("Patient/"))
    named = next((resource[name] for name in ("subject", "for", "patient") if name in resource), next(targets, None))
    return _reference(named).split("/")[1] if named else ""


def patient_of(resource: Resource) -> str:
    """The reference to whom a clinical resource is about."""
    return f"Patient/{_patient(resource)}"


def _reference(value: Resource) -> str:
    return str(value["reference"])


def _teams_of(resource: Resource, world: World) -> Iterator[Resource]:
    """The team itself; that of an episode of care; of a stay those of its episodes."""
    if resource["resourceType"] == "CareTeam":
        yield resource
    for type, member in (("CareTeam", "team"), ("EpisodeOfCare", "episodeOfCare")):
        pointed = {_reference(it) for it in resource.get(member, ())}
        for one in world.of(type):
            if place_of(one) in pointed:
                yield from _teams_of(one, world)


def _is_member(person: Person, team: Resource) -> bool:
    """Whether a team names somebody, at whatever time."""
    return any(_reference(it["member"]) in person.references for it in team["participant"])


def _names(resource: Resource, person: Person, *members: str) -> bool:
    values = [resource[member] for member in members]
    flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return any(_reference(one) in person.references for one in flat)


def _is_related(person: Person, patient: str, world: World, category: str) -> bool:
    return any(
        team["status"] == "active"
        and team["category"][0]["coding"][0]["code"] == category
        and _patient(team) == patient
        and _in_force(team)
        and any(_reference(it["member"]) in person.references and _in_force(it) for it in team["participant"])
        for team in world.of("CareTeam")
    )


def _has_left(person: Person, patient: str, world: World) -> bool:
    """Whether a membership in a team of the patient has ended, the team's own time counted in."""
    return any(
        team["status"] == "active"
        and team["category"][0]["coding"][0]["code"] == "sip-team"
        and _patient(team) == patient
        and any(
            _reference(it["member"]) in person.references
            and min(one.get("period", {}).get("end", "9") for one in (it, team)) < "2026"
            for it in team["participant"]
        )
        for team in world.of("CareTeam")
    )


def _consents(patient: str, world: World) -> Iterator[tuple[str, Resource]]:
    for consent in world.of("Consent"):
        if consent["status"] == "active" and _patient(consent) == patient and _in_force(consent["provision"]):
            yield consent["category"][0]["coding"][0]["code"], consent


def _has_consent(person: Person, patient: str, world: World) -> bool:
    return any(
        kind == "sip"
        and any(_reference(it["reference"]) in person.organizations for it in consent["provision"]["actor"])
        for kind, consent in _consents(patient, world)
    )


def _emergency_modes(person: Person, patient: str, world: World) -> set[str]:
    return {it.mode for it in world.emergencies if it.person == person and it.patient == patient and it.is_given}


def _is_inner_blocked(person: Person, resource: Resource, world: World) -> bool:
    """Whether an inner block of an organization that is not the person's own unit closes it."""
    return any(
        not _marks(resource).isdisjoint({_reference(it) for it in consent["organization"]} - person.organizations)
        for kind, consent in _consents(_patient(resource), world)
        if kind == "inner-block"
    )


def _is_closed(person: Person, resource: Resource, world: World) -> bool:
    patient = _patient(resource)
    lifted = "inner-block" in _emergency_modes(person, patient, world) and person.own_provider in _marks(resource)
    for kind, consent in _consents(patient, world):
        if kind == "inner-block" and lifted:
            continue
        if kind == "sip":
            denied = [it for inner in consent["provision"].get("provision", ()) for it in inner["actor"]]
            if any(_reference(it["reference"]) in person.organizations | person.references for it in denied):
                return True
        elif not person.organizations.isdisjoint(map(_reference, consent["organization"])):
            continue
        elif not set(map(_reference, consent["organization"])).isdisjoint(_marks(resource)):
            return True
    return False


def _marks(resource: Resource) -> set[str]:
    return {_reference(it["valueReference"]) for it in resource.get("meta", {}).get("extension", ())}


def _labels(resource: Resource) -> set[str]:
    return {label["code"] for label in resource.get("meta", {}).get("security", ())}


def _labelled(resource: Resource, codes: set[str]) -> bool:
    return not codes.isdisjoint(_labels(resource))


def _is_very_restricted(resource: Resource) -> bool:
    return "V" in _labels(resource)
