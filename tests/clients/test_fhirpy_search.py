"""fhirpy, as its users use it: the ways to a search's results, and operations, by both of its clients.

What it can ask for stands in test_fhirpy_vocabulary.py. A search by POST fhirpy can only say with its parameters in the
address: a body it sends as JSON.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from fhirpy.base.exceptions import MultipleResourcesFound, OperationOutcome, ResourceNotFound

from tests.builders import SIP
from tests.clients.asking import SYSTEM, a_person, a_plan, a_story, answered, every
from tests.stories.story import load_stories

pytestmark = pytest.mark.anyio


@pytest.fixture
async def patient(client, number):
    return await answered(a_person(client, number).save())


@pytest.fixture
async def plans(client, patient):
    """Five plans of one patient: the last is active, the others are drafts."""
    made = [a_plan(client, patient, title=f"Plan {n}") for n in range(5)]
    made[-1]["status"] = "active"
    for plan in made:
        await answered(plan.save())
        await asyncio.sleep(0.002)  # each its own millisecond, to be told apart by
    return made


@pytest.fixture
def found(client, patient):
    return client.resources("CarePlan").search(patient=patient.id)


def ids(plans):
    return [plan.id for plan in plans]


# ------------------------------------------------------------------------------------------------ search


async def test_plans_are_searched_paged_and_counted(plans, found):
    assert set(ids(plans)) == set(ids(await answered(found.limit(2).fetch_all())))
    assert 5 == len(await every(found.limit(2)))
    assert 2 == len(await answered(found.limit(2).fetch()))
    assert 5 == await answered(found.count())


async def test_plans_come_in_the_order_that_is_asked_for(plans, found):
    newest = await every(found.sort("-_lastUpdated").limit(2))

    assert ids(reversed(plans)) == ids(newest)
    assert plans[-1].id == (await answered(found.sort("-_lastUpdated").first())).id
    assert plans[-1].id == (await answered(found.sort("status", "_lastUpdated").first())).id


async def test_one_is_got_and_none_or_several_are_said_to_be_so(plans, found):
    assert plans[-1].id == (await answered(found.search(status="active").get())).id

    with pytest.raises(ResourceNotFound):
        await answered(found.search(status="revoked").get())
    with pytest.raises(MultipleResourcesFound):
        await answered(found.search(status="draft").get())
    assert await answered(found.search(status="revoked").first()) is None


async def test_what_is_asked_for_decides_what_is_found(client, patient, plans, found):
    narrowed = {
        "one of several values": found.search(status="active,revoked"),
        "a token and its system": found.search(status="active", category=f"{SIP['coding'][0]['system']}|SIP"),
        "all but a value": found.search(status__not="draft"),
        "an id": found.search(_id=plans[-1].id),
        "a resource": client.resources("CarePlan").search(subject=patient, status="active"),
        "what is newer": found.search(_lastUpdated__gt=plans[-2]["meta"]["lastUpdated"]),
    }
    for asked, search in narrowed.items():
        assert [plans[-1].id] == ids(await answered(search.fetch())), asked

    assert 0 == await answered(found.search(category__missing=True).count())
    assert 5 == await answered(found.search(category__missing=False).count())
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert 5 == await answered(found.search(_lastUpdated__lt=tomorrow).count())


async def test_a_part_of_each_is_found(plans, found):
    part = await answered(found.elements("title").first())
    assert "Plan" == part["title"][:4]
    assert ("SUBSETTED", None) == (part["meta"]["tag"][0]["code"], part.get("category"))
    bundle = await answered(found.search(_summary="count").fetch_raw())

    assert (5, None) == (bundle["total"], bundle.get("entry"))


async def test_a_bundle_is_had_as_it_came(plans, found):
    bundle = await answered(found.limit(2).fetch_raw())

    assert ("searchset", 5, 2) == (bundle["type"], bundle["total"], len(bundle["entry"]))
    assert {"self", "next"} <= {link["relation"] for link in bundle["link"]}


async def test_a_search_goes_by_post(client, patient, plans):
    asked = client.resources("CarePlan").execute("_search", params={"patient": patient.id, "status": "active"})

    assert [plans[-1].id] == [entry["resource"]["id"] for entry in (await answered(asked))["entry"]]


async def test_a_condition_may_be_a_chain(client, patient, plans, number):
    theirs = client.resources("CarePlan").search(patient__identifier=f"{SYSTEM}|{number}", status="active")
    found, made = await answered(theirs.get_or_create(a_plan(client, patient, title="Another")))
    assert (plans[-1].id, False) == (found.id, made)
    changed, made = await answered(theirs.update(a_plan(client, patient, status="active", title="Changed")))
    assert (plans[-1].id, "Changed", False) == (changed.id, changed["title"], made)

    people = client.resources("Patient").search(identifier=f"{SYSTEM}|{number}")
    assert patient.id == (await answered(people.has("CarePlan", "patient", status="active").get())).id
    assert (None, 204) == await answered(theirs.delete())
    with pytest.raises(ResourceNotFound):
        await answered(people.has("CarePlan", "patient", status="active").get())


async def test_an_unknown_parameter_is_refused_unless_the_caller_is_lenient(connect, plans, found, patient):
    with pytest.raises(OperationOutcome, match="colour"):
        await answered(found.search(colour="red").fetch())

    lenient = connect({"Prefer": "handling=lenient"}).resources("CarePlan").search(patient=patient.id, colour="red")
    assert 5 == len(await answered(lenient.fetch()))


# ------------------------------------------------------------------------------------------------ operations


async def test_a_plan_is_validated_before_it_is_sent(client, patient):
    plan = a_plan(client, patient)
    assert await answered(plan.is_valid())
    plan["status"] = "actve"

    assert not await answered(plan.is_valid())
    with pytest.raises(OperationOutcome, match=r"CarePlan\.status"):
        await answered(plan.is_valid(raise_exception=True))
    said = await answered(client.resources("CarePlan").execute("$validate", data=plan.serialize()))
    assert [["CarePlan.status"]] == [issue["expression"] for issue in said["issue"] if issue["severity"] == "error"]


async def test_tags_are_added_read_and_taken_away(plans):
    (plan, *_) = plans
    tag = {"system": SYSTEM, "code": "urgent"}
    body = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [tag]}}]}
    await answered(plan.execute("$meta-add", data=body))

    read = await answered(plan.execute("$meta", method="get"))
    assert [tag] == read["parameter"][0]["valueMeta"]["tag"]
    left = await answered(plan.to_reference().execute("$meta-delete", data=body))
    assert "tag" not in left["parameter"][0]["valueMeta"]


@pytest.mark.parametrize("method", ["get", "post"])
async def test_everything_of_a_patient_is_read_page_by_page(client, patient, plans, method):
    bundle = await answered(patient.execute("$everything", method=method, params={"_count": 4}))
    (following,) = (link["url"] for link in bundle["link"] if link["relation"] == "next")
    rest = await answered(client.execute(following, method="get"))

    shown = [entry["resource"]["id"] for page in (bundle, rest) for entry in page["entry"]]
    assert [patient.id, *sorted(ids(plans))] == shown


# ------------------------------------------------------------------------------------------------ errors, stories


async def test_what_is_wrong_is_said_in_swedish_to_who_prefers_it(connect, patient):
    swedish = connect({"Accept-Language": "sv"})

    with pytest.raises(OperationOutcome) as refused:
        await answered(a_plan(swedish, patient, status="actve").save())
    (issue,) = refused.value.resource["issue"]
    assert ["CarePlan.status"] == issue["expression"]
    assert "Koden" in issue["details"]["text"]


@pytest.mark.parametrize("name", load_stories())
async def test_a_story_is_written_whole_and_its_plan_leads_to_its_person(client, name):
    story = a_story(name)
    bundle = client.resource("Bundle", **story)
    await answered(bundle.save())
    assert {"200", "201"} >= {entry["response"]["status"][:3] for entry in bundle["entry"]}
    assert len(story["entry"]) == len(bundle["entry"])

    (written,) = (entry["resource"] for entry in story["entry"] if entry["resource"]["resourceType"] == "Patient")
    for address in (url for entry in story["entry"] if (url := entry["request"]["url"]).startswith("CarePlan/")):
        plan = await answered(client.reference(reference=address).to_resource())
        person = await answered(plan["subject"].to_resource())
        assert written["identifier"][0]["value"] == person["identifier"][0]["value"]
        assert plan.id in ids(await answered(client.resources("CarePlan").search(patient=person.id).fetch()))
