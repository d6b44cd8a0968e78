"""What a search may not ask: 400, the parameter by its name and what is allowed; beside each a twin that is understood.

https://hl7.org/fhir/R4/search.html#errors
"""

import pytest

from tests.builders import a_patient, issue_keys

pytestmark = pytest.mark.anyio

PREFIXES = "[eq|ne|gt|lt|ge|le|sa|eb|ap]"
INCLUDED = "[type]:[reference] or [type]:[reference]:[target type]; known references of the type: "
OF_A_PLAN = "activity-reference, based-on, care-team,"

REFUSED = [
    ("Patient?colour=female", "Patient?gender=female", "'colour'", "birthdate"),
    ("Patient?$where=1", "Patient?active=true", "'$where'", "birthdate"),
    ("Patient?{'$gt':''}=1", "Patient?active=true", "'??$gt?:???'", "birthdate"),
    ("Patient?name:colour=ek", "Patient?name:exact=ek", "'name'", ":missing, :exact, :contains"),
    ("CarePlan?status:exact=active", "CarePlan?status:not=active", "'status'", ":missing, :not, :in, :not-in"),
    ("CarePlan?subject:Goal=1", "CarePlan?subject:Group=1", "'subject'", ":missing, :identifier, :[type]"),
    ("Patient?_count:exact=1", "Patient?_count=1", "'_count'", "Allowed: -"),
    ("Patient?gender:missing=perhaps", "Patient?gender:missing=true", "'gender:missing'", "true|false"),
    ("Patient?active=perhaps", "Patient?active=true", "'active'", "true|false"),
    ("Patient?_id=a/b", "Patient?_id=a", "'_id'", "Expected: id"),
    ("Patient?family:contains=.*", "Patient?family:contains=.*a", "'family'", "Expected: text"),
    # prefixes, dates, numbers
    ("Patient?birthdate=xx1950", "Patient?birthdate=ge1950", "'birthdate'", PREFIXES),
    ("Patient?birthdate=1950-13", "Patient?birthdate=1950-12", "'birthdate'", f"{PREFIXES}YYYY-MM-DDThh:mm:ss+hh:mm"),
    ("Patient?birthdate=1950-02-30", "Patient?birthdate=1950-02-28", "'birthdate'", "YYYY-MM-DD"),
    ("Patient?birthdate=ge", "Patient?birthdate=ge1950", "'birthdate'", "YYYY-MM-DD"),
    ("Patient?_lastUpdated=soon", "Patient?_lastUpdated=gt2026", "'_lastUpdated'", PREFIXES),
    ("Observation?value-quantity=much", "Observation?value-quantity=5", "'value-quantity'", f"{PREFIXES}number"),
    ("Observation?value-quantity=xx5", "Observation?value-quantity=gt5", "'value-quantity'", PREFIXES),
    ("Observation?value-quantity=5e", "Observation?value-quantity=5e1", "'value-quantity'", "number"),
    ("Observation?value-quantity=5|kg", "Observation?value-quantity=5||kg", "'value-quantity'", "[|system|code]"),
    ("Observation?code-value-quantity=a", "Observation?code-value-quantity=a$5", "'code-value-quantity'", "token$quantity"),
    # the shape of the answer
    ("Patient?_count=-1", "Patient?_count=1", "'_count'", "0..1000"),
    ("Patient?_count=1.5", "Patient?_count=15", "'_count'", "0..1000"),
    ("Patient?_count=", "Patient?_count=0", "'_count'", "0..1000"),
    ("Patient?_sort=colour", "Patient?_sort=gender", "'_sort'", "|birthdate|"),
    ("CarePlan?_sort=subject", "CarePlan?_sort=status", "'_sort'", "|status"),
    ("Patient?_sort=family:desc", "Patient?_sort=-family", "'_sort'", "[-]"),
    ("Patient?_sort=", "Patient?_sort=_id", "'_sort'", "[-]_id|_lastUpdated|"),
    ("?_type=CarePlan,Task&_sort=status", "?_type=CarePlan,Task&_sort=_id", "'_sort'", "[-]_id|_lastUpdated."),
    ("?_type=Colour", "?_type=CarePlan", "'_type'", "CarePlan, CareTeam"),
    ("Patient?_total=some", "Patient?_total=none", "'_total'", "none|estimate|accurate"),
    ("Patient?_summary=some", "Patient?_summary=data", "'_summary'", "true, text, data, count, false"),
    ("Patient?_elements=-gender", "Patient?_elements=gender", "'_elements'", "name,name"),
    ("Patient?_page=edited", "Patient?_page=", "'_page'", "Follow the links of a Bundle unchanged"),
    # includes
    ("CarePlan?_include=CarePlan:colour", "CarePlan?_include=CarePlan:subject", "'_include'", INCLUDED + OF_A_PLAN),
    ("CarePlan?_include=CarePlan:status", "CarePlan?_include=CarePlan:*", "'_include'", INCLUDED + OF_A_PLAN),
    ("CarePlan?_include=CarePlan", "CarePlan?_include=*", "'_include'", INCLUDED + OF_A_PLAN),
    ("CarePlan?_include=CarePlan:subject:Goal", "CarePlan?_include=CarePlan:subject:Group", "'_include'", OF_A_PLAN),
    ("CarePlan?_include=Colour:subject", "CarePlan?_include=Task:subject", "'_include'", INCLUDED + "-"),
    ("CarePlan?_revinclude=Task:colour", "CarePlan?_revinclude=Task:focus", "'_revinclude'", "based-on, documented-by, encounter, focus"),
    ("CarePlan?_include:recurse=Task:focus", "CarePlan?_include:iterate=Task:focus", "'_include'", ":iterate"),
    # chains, expressions
    ("Patient?gender.name=x", "Patient?organization.name=x", "'gender'", "is no reference"),
    ("Patient?_has:CarePlan=a", "Patient?_has:CarePlan:patient:_id=a", "_has", "_has:[type]:[reference]:[parameter]=[value]"),
    ("Patient?_has:Task:colour:_id=a", "Patient?_has:Task:patient:_id=a", "'colour'", "Task that may name a Patient"),
    ("Patient?_filter=name eq", "Patient?_filter=name eq ek", "_filter", "at character 8. Expected: a value"),
    ("Patient?_filter=name is ek", "Patient?_filter=name sw ek", "_filter", "at character 6"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "understood", "names", "allows"), REFUSED, ids=[row[0] for row in REFUSED])
async def test_what_is_refused_is_named_with_what_is_allowed(api, asked, understood, names, allows):
    accepted, refused = await api.get(understood), await api.get(asked)
    assert (200, "searchset") == (accepted.status_code, accepted.json().get("type")), accepted.text

    assert 400 == refused.status_code
    (issue,) = refused.json()["issue"]
    assert "error" == issue["severity"]
    assert names in issue["details"]["text"]
    assert allows in issue["details"]["text"]


@pytest.mark.parametrize(
    "asked", ["Patient?_contained=true", "Patient?_containedType=container", "Patient?_query=mine"]
)
async def test_what_this_server_does_not_do_is_refused_with_the_reason_by_the_lenient_too(api, asked):
    for headers in ({}, {"Prefer": "handling=lenient"}):
        refused = await api.get(asked, headers=headers)
        assert (400, ["search-unsupported"]) == (refused.status_code, issue_keys(refused.json()))
    assert 200 == (await api.get("Patient?colour=red", headers={"Prefer": "handling=lenient"})).status_code


@pytest.mark.parametrize(
    ("refused", "accepted", "key"),
    [
        (["x"] * 10_000, ["x"] * 500, "too-many-values"),
        (["x" * 2049], ["x" * 2048], "value-too-long"),
        (["x" * 2048] * 49, ["x" * 2039] * 49, "value-too-long"),
    ],
    ids=["10,000 values", "a long value", "long values together"],
)
async def test_too_much_of_one_parameter_is_refused(api, refused, accepted, key):
    answers = [await api.post("Patient/_search", data={"name": ",".join(values)}) for values in (accepted, refused)]

    assert [200, 400] == [answer.status_code for answer in answers]
    assert [key] == issue_keys(answers[1].json())
    assert "'name'" in answers[1].json()["issue"][0]["details"]["text"]


async def test_too_many_parameters_are_refused(api):
    def many(number):
        return api.post("Patient/_search", data={"gender": ["female"] * number})

    assert 200 == (await many(500)).status_code
    refused = await many(501)
    assert (400, ["too-many-parameters"]) == (refused.status_code, issue_keys(refused.json()))


async def test_a_page_larger_than_the_largest_is_the_largest_and_shown_to_be(api):
    for asked in ("1000000000", "9" * 400, "1001"):
        answer = await api.get(f"Patient?_count={asked}")
        assert 200 == answer.status_code
        assert answer.json()["link"][0]["url"].endswith("Patient?_count=1000")


async def test_nothing_in_a_value_is_a_pattern(api):
    for id, family in (("ek", "Ek"), ("alm", "Alm"), ("aa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")):
        await api.put(f"Patient/{id}", json=a_patient(id=id, name=[{"family": family}]))

    async def found(**asked):
        answer = await api.get("Patient", params={name.replace("__", ":"): value for name, value in asked.items()})
        assert 200 == answer.status_code, answer.text
        return [entry["resource"]["id"] for entry in answer.json().get("entry", ())]

    assert ["aa", "alm"] == await found(family__contains=".*.*(a+)+$")
    assert [] == await found(family__contains="(a+)+" * 400)
    assert [] == await found(family__exact=".*")
    assert ["ek"] == await found(family__exact="Ek")
    assert [] == await found(family="_k")
    assert [] == await found(family="%k")
    assert ["ek"] == await found(family="e%")
