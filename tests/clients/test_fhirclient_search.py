"""fhirclient's whole vocabulary of searches: what it is given, what it says by it, and what is found.

What it says in a form older than R4 is refused: `$gt` and its kin (written `>`), `$asc` and `$desc`. `perform` it calls
deprecated itself; the `search` of an instance asks for `id`. Where it has no word of its own, R4's name of a parameter is a key.
Its `include` wants an element that has the parameter's name and names one resource; several (`careTeam`) it does not take.
"""

import pytest
from fhirclient.models.careplan import CarePlan
from fhirclient.models.measure import Measure
from fhirclient.models.observation import Observation
from fhirclient.models.organization import Organization
from fhirclient.models.patient import Patient
from fhirclient.models.task import Task
from requests import HTTPError

from tests.clients.vocabulary import LOINC, UCUM, keep, places


@pytest.fixture(scope="module", autouse=True)
def _kept(base):
    keep(base)


def ids(resources):
    return " ".join(resource.id for resource in resources)


FOUND = [
    # strings, tokens
    (Patient, {"name": "oberg"}, "name=oberg", "a"),
    (Patient, {"family": {"$exact": "Ek"}}, "family:exact=Ek", "c"),
    (Patient, {"family": {"$exact": "ek"}}, "family:exact=ek", ""),
    (Patient, {"family:contains": "r"}, "family:contains=r", "a b"),
    (Patient, {"active": "true"}, "active=true", "a"),
    (Patient, {"gender:not": "male"}, "gender:not=male", "a c"),
    (Patient, {"identifier": "urn:x|17"}, "identifier=urn%3Ax%7C17", "a"),
    (CarePlan, {"category": {"$text": "samordnad plan"}}, "category:text=samordnad+plan", "plan-a"),
    (CarePlan, {"_id": "plan-a"}, "_id=plan-a", "plan-a"),
    # one of several, and all of several
    (Patient, {"gender": {"$or": ["female", "male"]}}, "gender=female,male", "a b c"),
    (CarePlan, {"category": {"$and": ["SIP", "hem"]}}, "category=SIP&category=hem", "plan-a"),
    (CarePlan, {"category": "SIP", "status": "active"}, "category=SIP&status=active", "plan-a"),
    # missing
    (Patient, {"birthdate": {"$missing": "true"}}, "birthdate:missing=true", "c"),
    (Patient, {"birthdate": {"$null": "false"}}, "birthdate:missing=false", "a b"),
    # dates
    (CarePlan, {"date": "2026-03"}, "date=2026-03", "plan-a"),
    (CarePlan, {"date": "ne2026-03"}, "date=ne2026-03", "part-a plan-b"),
    (CarePlan, {"date": "gt2026-03-15"}, "date=gt2026-03-15", "part-a plan-a"),
    (CarePlan, {"date": "sa2026-03-31"}, "date=sa2026-03-31", "part-a"),
    (CarePlan, {"date": "eb2026"}, "date=eb2026", "plan-b"),
    (CarePlan, {"date": {"$and": ["ge2026-03-01", "lt2026-04"]}}, "date=ge2026-03-01&date=lt2026-04", "plan-a"),
    (CarePlan, {"_lastUpdated": {"$and": ["gt2020", "lt9999"]}}, "_lastUpdated=gt2020&_lastUpdated=lt9999", "part-a plan-a plan-b"),
    # quantities, composites, addresses, expressions
    (Observation, {"value-quantity": f"lt60|{UCUM}|kg"}, "value-quantity=lt60%7Chttp%3A%2F%2Funitsofmeasure.org%7Ckg", "light"),
    (Observation, {"code-value-quantity": f"{LOINC}|29463-7$gt60"}, "code-value-quantity=http%3A%2F%2Floinc.org%7C29463-7%24gt60", "heavy"),
    (Measure, {"url:below": "https://plans.example/"}, "url:below=https%3A%2F%2Fplans.example%2F", "m"),
    (Patient, {"_filter": 'family co "e" and gender eq female'}, "_filter=family+co+%22e%22+and+gender+eq+female", "a c"),
    # references, chains
    (CarePlan, {"subject": {"$type": "Patient", "name": "zorn"}}, "subject:Patient.name=zorn", "plan-b"),
    (CarePlan, {"patient": {"birthdate": "ge1980", "gender": "male"}}, "patient.birthdate=ge1980&patient.gender=male", "plan-b"),
    (CarePlan, {"patient": {"family": {"$exact": "Öberg"}}}, "patient.family:exact=%C3%96berg", "part-a plan-a"),
    (
        CarePlan,
        {"care-team": {"participant:Organization": {"partof": {"name": "björkvik"}}}},
        "care-team.participant:Organization.partof.name=bj%C3%B6rkvik",
        "plan-a",
    ),
    (Task, {"based-on": {"$type": "CarePlan", "patient": {"gender": {"$or": ["female", "other"]}}}}, "based-on:CarePlan.patient.gender=female,other", "ready"),
    # what points here
    (Patient, {"_has:CarePlan:patient:status": "active"}, "_has:CarePlan:patient:status=active", "a"),
    (Patient, {"_has:CarePlan:patient:_has:Task:based-on:status": "ready"}, "_has:CarePlan:patient:_has:Task:based-on:status=ready", "a"),
    (Organization, {"_has:CareTeam:participant:patient": {"name": "öberg"}}, "_has:CareTeam:participant:patient.name=%C3%B6berg", "home"),
    # order
    (Patient, {"_sort": "-birthdate"}, "_sort=-birthdate", "b a c"),
    (Patient, {"_sort": "gender,-family"}, "_sort=gender,-family", "a c b"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "given", "says", "found"), FOUND, ids=[says for _, _, says, _ in FOUND])
def test_a_search_finds_what_it_says_on_one_page_on_many_and_counted(server, model, given, says, found):
    search = model.where(given)
    assert f"{model.resource_type}?{says}" == search.construct()

    assert found == ids(search.perform_resources_iter(server))
    assert found == ids(model.where(given | {"_count": "1"}).perform_resources_iter(server))
    (counted,) = model.where(given | {"_summary": "count"}).perform_iter(server)
    assert (len(found.split()), None) == (counted.total, counted.entry)


PLAN = {"_id": "plan-a"}
ALONG = [
    (CarePlan.where(PLAN).include("subject"), "_include=CarePlan:subject", "Patient/a"),
    (CarePlan.where(PLAN).include("focus", Task, reverse=True), "_revinclude=Task:focus", ""),
    (CarePlan.where({"_id": "plan-b"}).include("focus", Task, reverse=True), "_revinclude=Task:focus", "Task/done"),
    (Task.where({"_id": "done"}).include("focus").include("owner"), "_include=Task:focus&_include=Task:owner", "CarePlan/plan-b"),
    (Patient.where({"_id": "a"}).include("subject", CarePlan, reverse=True).include("subject", Observation, reverse=True),
     "_revinclude=CarePlan:subject&_revinclude=Observation:subject", "CarePlan/part-a CarePlan/plan-a Observation/light"),
    (CarePlan.where(PLAN | {"_include": "*"}), "_include=%2A", "CareTeam/team Patient/a"),
    (CarePlan.where(PLAN | {"_include": "CarePlan:care-team", "_include:iterate": "CareTeam:participant"}),
     "_include=CarePlan%3Acare-team&_include:iterate=CareTeam%3Aparticipant", "CareTeam/team Organization/home"),
]  # fmt: skip


@pytest.mark.parametrize(("search", "says", "along"), ALONG, ids=[says for _, says, _ in ALONG])
def test_what_comes_along_is_shown_beside_the_match(server, search, says, along):
    (bundle,) = search.perform_iter(server)

    assert search.construct().endswith(f"&{says}")
    shown = places(bundle.as_json()["entry"])
    assert (1, along.split()) == (len(shown["match"]), sorted(shown["include"]))
    assert 1 == bundle.total


def test_a_search_is_walked_page_by_page_with_what_comes_along(server):
    pages = list(CarePlan.where({"_count": "2", "_sort": "-date"}).include("subject").perform_iter(server))

    shown = [places(page.as_json()["entry"]) for page in pages]
    assert [["CarePlan/part-a", "CarePlan/plan-a"], ["CarePlan/plan-b"]] == [page["match"] for page in shown]
    assert [["Patient/a"], ["Patient/b"]] == [page["include"] for page in shown]
    assert [3, None] == [page.total for page in pages]


@pytest.mark.parametrize(("total", "expected"), [("accurate", 3), ("estimate", 3), ("none", None)])
def test_a_total_is_said_as_asked(server, total, expected):
    (page, *_) = Patient.where({"_total": total, "_count": "1"}).perform_iter(server)

    assert (expected, 1) == (page.total, len(page.entry))


def test_a_part_of_each_is_found(server):
    found = list(CarePlan.where({"_elements": "period"}).perform_resources_iter(server))

    assert [("SUBSETTED", None, True)] * 3 == [(it.meta.tag[0].code, it.category, bool(it.period)) for it in found]


@pytest.mark.parametrize(
    ("wrong", "right", "named"),
    [
        ({"date": {"$gt": "2026-03-15"}}, {"date": "gt2026-03-15"}, "date"),
        ({"status": {"$desc": "x"}}, {"_sort": "-status"}, "desc"),
        ({"colour": "red"}, {"status": "active"}, "colour"),
        ({"_include": "CarePlan:colour"}, {"_include": "CarePlan:subject"}, "_include"),
    ],
)
def test_what_is_not_r4_is_refused_and_named(server, wrong, right, named):
    list(CarePlan.where(right).perform_iter(server))

    with pytest.raises(HTTPError) as refused:
        list(CarePlan.where(wrong).perform_iter(server))
    assert 400 == refused.value.response.status_code
    assert named in refused.value.response.json()["issue"][0]["details"]["text"]
