"""fhirpy's whole vocabulary of searches, by both of its clients: its call, what it says by it, and what is found.

`include(recursive=True)` and `elements(exclude=True)` say what R4 does not know, and are refused.
"""

from datetime import UTC, date, datetime
from urllib.parse import unquote_plus

import pytest
from fhirpy.base.exceptions import OperationOutcome
from fhirpy.base.searchset import Raw

from tests.clients.asking import answered, every
from tests.clients.vocabulary import LOINC, UCUM, keep, places

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module", autouse=True)
def _kept(base):
    keep(base)


def said(search) -> str:
    """What a search says, below the base."""
    return unquote_plus(str(search).partition(" ")[2].removesuffix(">"))


def ids(resources) -> str:
    return " ".join(one.id for one in resources)


GENDERS = "http://hl7.org/fhir/ValueSet/administrative-gender"
MR = "http://terminology.hl7.org/CodeSystem/v2-0203|MR|17"

FOUND = [
    # strings
    (lambda of: of("Patient").search(name="oberg"), "Patient?name=oberg", "a"),
    (lambda of: of("Patient").search(given="as"), "Patient?given=as", "a c"),
    (lambda of: of("Patient").search(family__exact="Ek"), "Patient?family:exact=Ek", "c"),
    (lambda of: of("Patient").search(family__exact="ek"), "Patient?family:exact=ek", ""),
    (lambda of: of("Patient").search(family__contains="r"), "Patient?family:contains=r", "a b"),
    # tokens
    (lambda of: of("Patient").search(active=True), "Patient?active=true", "a"),
    (lambda of: of("Patient").search(identifier="urn:x|17"), "Patient?identifier=urn:x|17", "a"),
    (lambda of: of("Patient").search(phone="070-1740605"), "Patient?phone=070-1740605", "a"),
    (lambda of: of("Patient").search(gender__not="male"), "Patient?gender:not=male", "a c"),
    (lambda of: of("Patient").search(gender__in=GENDERS), f"Patient?gender:in={GENDERS}", "a b c"),
    (lambda of: of("Patient").search(gender__not_in=GENDERS), f"Patient?gender:not-in={GENDERS}", ""),
    (lambda of: of("Patient").search(identifier__of_type=MR), f"Patient?identifier:of-type={MR}", "a"),
    (lambda of: of("CarePlan").search(category__text="samordnad"), "CarePlan?category:text=samordnad", "plan-a"),
    # one of several, and all of several
    (lambda of: of("Patient").search(gender="female,male"), "Patient?gender=female,male", "a b c"),
    (lambda of: of("CarePlan").search(category="SIP,hem"), "CarePlan?category=SIP,hem", "part-a plan-a plan-b"),
    (lambda of: of("CarePlan").search(category=["SIP", "hem"]), "CarePlan?category=SIP&category=hem", "plan-a"),
    (lambda of: of("CarePlan").search(category="SIP").search(status="active"), "CarePlan?category=SIP&status=active", "plan-a"),
    (lambda of: of("CarePlan").search(status__not=["draft", "revoked"]), "CarePlan?status:not=draft&status:not=revoked", "plan-a"),
    # missing
    (lambda of: of("Patient").search(birthdate__missing=True), "Patient?birthdate:missing=true", "c"),
    (lambda of: of("Patient").search(birthdate__missing=False), "Patient?birthdate:missing=false", "a b"),
    (lambda of: of("CarePlan").search(care_team__missing=True), "CarePlan?care-team:missing=true", "part-a plan-b"),
    # dates
    (lambda of: of("Patient").search(birthdate=date(1990, 2, 22)), "Patient?birthdate=1990-02-22", "b"),
    (lambda of: of("Patient").search(birthdate__lt=date(1960, 1, 1)), "Patient?birthdate=lt1960-01-01", "a"),
    (lambda of: of("CarePlan").search(date="2026-03"), "CarePlan?date=2026-03", "plan-a"),
    (lambda of: of("CarePlan").search(date__eq="2025"), "CarePlan?date=eq2025", "plan-b"),
    (lambda of: of("CarePlan").search(date__ne="2026-03"), "CarePlan?date=ne2026-03", "part-a plan-b"),
    (lambda of: of("CarePlan").search(date__gt="2026-03-15"), "CarePlan?date=gt2026-03-15", "part-a plan-a"),
    (lambda of: of("CarePlan").search(date__ge="2026-04"), "CarePlan?date=ge2026-04", "part-a"),
    (lambda of: of("CarePlan").search(date__lt="2026"), "CarePlan?date=lt2026", "plan-b"),
    (lambda of: of("CarePlan").search(date__le="2026-03"), "CarePlan?date=le2026-03", "plan-a plan-b"),
    (lambda of: of("CarePlan").search(date__sa="2026-03-31"), "CarePlan?date=sa2026-03-31", "part-a"),
    (lambda of: of("CarePlan").search(date__eb="2026"), "CarePlan?date=eb2026", "plan-b"),
    (lambda of: of("CarePlan").search(date__ap="2026-03"), "CarePlan?date=ap2026-03", "part-a plan-a"),
    (lambda of: of("CarePlan").search(date__ge="2026-03-01", date__lt="2026-04"), "CarePlan?date=ge2026-03-01&date=lt2026-04", "plan-a"),
    (lambda of: of("Patient").search(_lastUpdated__gt=datetime(2020, 1, 1, tzinfo=UTC)), "Patient?_lastUpdated=gt2020-01-01T00:00:00Z", "a b c"),
    # numbers, addresses, composites, words, expressions
    (lambda of: of("Observation").search(value_quantity__gt=60), "Observation?value-quantity=gt60", "heavy"),
    (lambda of: of("Observation").search(value_quantity=f"54.5|{UCUM}|kg"), f"Observation?value-quantity=54.5|{UCUM}|kg", "light"),
    (lambda of: of("Observation").search(code_value_quantity=f"{LOINC}|29463-7$lt60"), f"Observation?code-value-quantity={LOINC}|29463-7$lt60", "light"),
    (lambda of: of("Measure").search(url__below="https://plans.example/"), "Measure?url:below=https://plans.example/", "m"),
    (lambda of: of("Measure").search(url__above="https://plans.example/measures/m/1"), "Measure?url:above=https://plans.example/measures/m/1", "m"),
    (lambda of: of("CarePlan").search(_content="samordnad plan"), "CarePlan?_content=samordnad plan", "plan-a"),
    (lambda of: of("Patient").search(_filter='family co "e" and gender eq female'), 'Patient?_filter=family co "e" and gender eq female', "a c"),
    # references
    (lambda of: of("CarePlan").search(subject="Patient/a"), "CarePlan?subject=Patient/a", "part-a plan-a"),
    (lambda of: of("CarePlan").search(subject__Patient="a"), "CarePlan?subject:Patient=a", "part-a plan-a"),
    (lambda of: of("CarePlan").search(Raw(**{"subject:identifier": "urn:x|b"})), "CarePlan?subject:identifier=urn:x|b", "plan-b"),
    # chains
    (lambda of: of("CarePlan").search(patient__gender="female"), "CarePlan?patient.gender=female", "part-a plan-a"),
    (lambda of: of("CarePlan").search(patient__birthdate__ge="1980"), "CarePlan?patient.birthdate=ge1980", "plan-b"),
    (lambda of: of("CarePlan").search(subject__Patient__name="zorn"), "CarePlan?subject:Patient.name=zorn", "plan-b"),
    (lambda of: of("CarePlan").search(care_team__participant__Organization__name="hemtj"), "CarePlan?care-team.participant:Organization.name=hemtj", "plan-a"),
    (
        lambda of: of("CarePlan").search(care_team__participant__Organization__partof__name__contains="kommun"),
        "CarePlan?care-team.participant:Organization.partof.name:contains=kommun",
        "plan-a",
    ),
    (
        lambda of: of("Task").search(based_on__CarePlan__patient__general_practitioner__Organization__name__exact="Hemtjänsten"),
        "Task?based-on:CarePlan.patient.general-practitioner:Organization.name:exact=Hemtjänsten",
        "ready",
    ),
    # what points here
    (lambda of: of("Patient").has("CarePlan", "patient", status="active"), "Patient?_has:CarePlan:patient:status=active", "a"),
    (lambda of: of("Patient").has("CarePlan", "patient", status__not="active"), "Patient?_has:CarePlan:patient:status:not=active", "a b"),
    (lambda of: of("Patient").has("Observation", "patient", value_quantity__gt=60), "Patient?_has:Observation:patient:value-quantity=gt60", "b"),
    (lambda of: of("Patient").has("CarePlan", "patient", "Task", "based-on", status="ready"), "Patient?_has:CarePlan:patient:_has:Task:based-on:status=ready", "a"),
    (
        lambda of: of("Organization").has("CareTeam", "participant", "CarePlan", "care-team", patient__gender="female"),
        "Organization?_has:CareTeam:participant:_has:CarePlan:care-team:patient.gender=female",
        "home",
    ),
    (
        lambda of: of("Observation").search(Raw(**{"patient._has:CarePlan:patient:status": "active"})),
        "Observation?patient._has:CarePlan:patient:status=active",
        "light",
    ),
    # order
    (lambda of: of("Patient").sort("family"), "Patient?_sort=family", "c b a"),
    (lambda of: of("Patient").sort("-birthdate"), "Patient?_sort=-birthdate", "b a c"),
    (lambda of: of("Patient").sort("gender", "-family"), "Patient?_sort=gender,-family", "a c b"),
    (lambda of: of("Observation").sort("-value-quantity"), "Observation?_sort=-value-quantity", "heavy light"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "says", "found"), FOUND, ids=[says for _, says, _ in FOUND])
async def test_a_search_finds_what_it_says_on_one_page_on_many_and_counted(client, call, says, found):
    search = call(client.resources)

    assert says == said(search)
    assert found == ids(await answered(search.fetch()))
    assert found == ids(await every(search.limit(1)))
    assert len(found.split()) == await answered(search.count())


PLAN = "CarePlan?_id=plan-a&"
ALONG = [
    (lambda of: of.include("CarePlan", "subject"), "_include=CarePlan:subject", "Patient/a"),
    (lambda of: of.include("CarePlan", "subject", "Patient"), "_include=CarePlan:subject:Patient", "Patient/a"),
    (lambda of: of.include("CarePlan", "subject", "Group"), "_include=CarePlan:subject:Group", ""),
    (lambda of: of.include("*"), "_include=*", "CareTeam/team Patient/a"),
    (
        lambda of: of.include("CarePlan", "care-team").include("CareTeam", "participant", "Organization", iterate=True),
        "_include=CarePlan:care-team&_include:iterate=CareTeam:participant:Organization",
        "CareTeam/team Organization/home",
    ),
    (
        lambda of: of.include("CarePlan", "care-team").include("*", iterate=True),
        "_include=CarePlan:care-team&_include:iterate=*",
        "CareTeam/team Organization/home Organization/town Patient/a",
    ),
    (lambda of: of.revinclude("CarePlan", "part-of"), "_revinclude=CarePlan:part-of", "CarePlan/part-a"),
    (lambda of: of.revinclude("Task", "based-on"), "_revinclude=Task:based-on", "Task/ready"),
    (
        lambda of: of.revinclude("Task", "based-on").revinclude("Task", "part-of", iterate=True),
        "_revinclude=Task:based-on&_revinclude:iterate=Task:part-of",
        "Task/done Task/ready",
    ),
    (
        lambda of: of.revinclude("Task", "based-on").include("Task", "owner", iterate=True),
        "_revinclude=Task:based-on&_include:iterate=Task:owner",
        "Organization/home Task/ready",
    ),
]


@pytest.mark.parametrize(("call", "says", "along"), ALONG, ids=[says for _, says, _ in ALONG])
async def test_what_comes_along_is_shown_beside_the_match(client, call, says, along):
    search = call(client.resources("CarePlan").search(_id="plan-a"))
    bundle = await answered(search.fetch_raw())

    assert PLAN + says == said(search)
    assert {"match": ["CarePlan/plan-a"], "include": along.split()} == {
        mode: sorted(shown) for mode, shown in places(bundle["entry"]).items()
    }
    assert 1 == bundle["total"]


async def test_a_walk_through_pages_passes_over_what_comes_along(client):
    search = client.resources("CarePlan").include("CarePlan", "subject").revinclude("Task", "based-on").limit(1)

    assert "part-a plan-a plan-b" == ids(await every(search))
    assert "part-a plan-a plan-b" == ids(await answered(search.fetch_all()))


@pytest.mark.parametrize(("total", "expected"), [("accurate", 3), ("estimate", 3), ("none", None)])
async def test_a_total_is_said_as_asked(client, total, expected):
    bundle = await answered(client.resources("Patient").search(_total=total).limit(1).fetch_raw())

    assert (expected, 1) == (bundle.get("total"), len(bundle["entry"]))


async def test_the_first_of_a_chain_is_had_and_the_only_one(client):
    plans = client.resources("CarePlan").search(patient__gender="female")

    assert "plan-a" == (await answered(plans.sort("date").first())).id
    assert "plan-a" == (await answered(plans.has("Task", "based-on", status="ready").get())).id
    assert {"id", "resourceType", "meta", "status", "intent", "subject"} == set(
        await answered(plans.elements("status").first())
    )


@pytest.mark.parametrize(
    ("wrong", "right", "named"),
    [
        (lambda of: of.include("CarePlan", "subject", recursive=True), lambda of: of.include("CarePlan", "subject", iterate=True), "recursive"),
        (lambda of: of.elements("status", exclude=True), lambda of: of.elements("status"), "_elements"),
        (lambda of: of.search(status__above="active"), lambda of: of.search(status__not="active"), "above"),
        (lambda of: of.has("Task", "colour", status="ready"), lambda of: of.has("Task", "based-on", status="ready"), "colour"),
        (lambda of: of.search(patient__colour="red"), lambda of: of.search(patient__gender="female"), "colour"),
    ],
)  # fmt: skip
async def test_what_is_not_r4_is_refused_and_named(client, wrong, right, named):
    await answered(right(client.resources("CarePlan")).fetch())

    with pytest.raises(OperationOutcome, match=named):
        await answered(wrong(client.resources("CarePlan")).fetch())
