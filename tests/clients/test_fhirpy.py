"""fhirpy, as its users use it: reading and writing, by both of its clients.

It can say all of these; a history of its own it has not, and asks for one by its path.
"""

from typing import Literal

import pytest
from fhirpy.base.exceptions import MultipleResourcesFound, OperationOutcome, ResourceNotFound
from pydantic import BaseModel

from tests.builders import a_bundle, an_entry
from tests.clients.asking import SYSTEM, a_person, a_plan, an_identifier, answered

pytestmark = pytest.mark.anyio


@pytest.fixture
async def patient(client, number):
    return await answered(a_person(client, number).save())


@pytest.fixture
async def plan(client, patient, number):
    plan = a_plan(client, patient, title="Bo kvar hemma", identifier=an_identifier(number))
    return await answered(plan.save())


async def read(client, plan):
    return await answered(client.reference("CarePlan", plan.id).to_resource())


# ------------------------------------------------------------------------------------------------ read


async def test_a_plan_is_created_and_read(client, patient):
    plan = a_plan(client, patient, title="Bo kvar hemma")
    await answered(plan.create())

    assert "Bo kvar hemma" == (await read(client, plan))["title"]
    assert "1" == (await answered(client.get("CarePlan", plan.id)))["meta"]["versionId"]


async def test_a_plan_is_refreshed_only_where_it_was_changed(client, plan):
    """fhirpy sends If-None-Match with the bare version."""
    await answered(plan.refresh())
    assert "1" == plan["meta"]["versionId"]
    await answered(client.reference("CarePlan", plan.id).patch(title="Bo kvar"))
    await answered(plan.refresh())

    assert ("2", "Bo kvar") == (plan["meta"]["versionId"], plan["title"])


async def test_a_version_is_read_and_so_is_the_history(client, plan):
    plan["status"] = "active"
    await answered(plan.update())
    await answered(plan.delete())

    first = await answered(client.execute(f"CarePlan/{plan.id}/_history/1", method="get"))
    assert "draft" == first["status"]
    history = await answered(plan.execute("_history", method="get"))
    assert ["DELETE", "PUT", "POST"] == [entry["request"]["method"] for entry in history["entry"]]
    paged = await answered(plan.execute("_history", method="get", params={"_count": 1}))
    assert (3, 1) == (paged["total"], len(paged["entry"]))


async def test_a_head_says_whether_there_is_a_plan(client, plan):
    assert await answered(client.execute(f"CarePlan/{plan.id}", method="head")) is None
    with pytest.raises(ResourceNotFound):
        await answered(client.execute("CarePlan/none", method="head"))


async def test_a_plan_is_read_in_part(client, plan):
    part = await answered(client.execute(f"CarePlan/{plan.id}", method="get", params={"_elements": "title"}))
    assert ("Bo kvar hemma", None) == (part["title"], part.get("identifier"))
    summary = await answered(client.execute(f"CarePlan/{plan.id}", method="get", params={"_summary": "text"}))

    assert "title" not in summary
    for subset in (part, summary):
        assert "SUBSETTED" == subset["meta"]["tag"][0]["code"]


async def test_the_capability_statement_is_read(client):
    statement = await answered(client.execute("metadata", method="get"))

    assert ("CapabilityStatement", "4.0.1") == (statement["resourceType"], statement["fhirVersion"])


# ------------------------------------------------------------------------------------------------ create, update


async def test_a_plan_is_updated(client, plan):
    plan["status"] = "active"
    await answered(plan.save())

    assert "active" == (await read(client, plan))["status"]
    assert "2" == plan["meta"]["versionId"]


async def test_a_plan_is_made_under_an_id_that_the_client_chooses(client, patient, number):
    plan = a_plan(client, patient, id=number)
    await answered(plan.update())

    assert (number, "1") == (plan.id, (await read(client, plan))["meta"]["versionId"])


async def test_an_update_of_the_version_that_is_current_is_made_and_of_another_refused(connect, client, plan):
    current = connect({"If-Match": 'W/"1"'})
    await answered(current.resource("CarePlan", **plan | {"status": "active"}).save())

    with pytest.raises(MultipleResourcesFound):  # fhirpy's name for every 412
        await answered(current.resource("CarePlan", **plan | {"status": "revoked"}).save())
    assert "active" == (await read(client, plan))["status"]


async def test_a_person_is_got_or_created_once(client, number):
    people = client.resources("Patient").search(identifier=f"{SYSTEM}|{number}")
    made, created = await answered(people.get_or_create(a_person(client, number)))
    found, again = await answered(people.get_or_create(a_person(client, number)))
    by_keyword = await answered(a_person(client, number).create(identifier=f"{SYSTEM}|{number}"))

    assert (True, False) == (created, again)
    assert made.id == found.id == by_keyword.id
    assert 1 == await answered(people.count())


async def test_a_person_is_created_by_if_none_exist_once(connect, client, number):
    careful = connect({"If-None-Exist": f"identifier={SYSTEM}|{number}"})
    made = await answered(a_person(careful, number).save())

    assert made.id == (await answered(a_person(careful, number).save())).id
    await answered(a_person(client, number).save())
    with pytest.raises(MultipleResourcesFound):
        await answered(a_person(careful, number).save())


async def test_a_person_is_updated_by_what_it_matches(client, number):
    people = client.resources("Patient").search(identifier=f"{SYSTEM}|{number}")
    _, created = await answered(people.update(a_person(client, number, gender="female")))
    changed, again = await answered(people.update(a_person(client, number, gender="male")))

    assert (True, False) == (created, again)
    assert ("2", "male") == (changed["meta"]["versionId"], changed["gender"])
    await answered(a_person(client, number).save())
    with pytest.raises(MultipleResourcesFound):
        await answered(people.update(a_person(client, number)))


class Person(BaseModel):
    """A model of the user's own; fhirpy takes any that names its resourceType."""

    resourceType: Literal["Patient"] = "Patient"  # noqa: N815  # the member's name in FHIR
    id: str | None = None
    gender: str | None = None
    identifier: list[dict[str, str]] = []


async def test_a_model_of_the_users_own_is_written_and_read(connect, number):
    client = connect(dump_resource=lambda model: model.model_dump(exclude_none=True))
    made = await answered(client.create(Person(identifier=an_identifier(number))))
    await answered(client.update(made.model_copy(update={"gender": "other"})))

    assert "other" == (await answered(client.get(Person, made.id))).gender
    (found,) = await answered(client.resources(Person).search(identifier=f"{SYSTEM}|{number}").fetch())
    assert (Person, made.id) == (type(found), found.id)
    await answered(client.patch(found, gender="unknown"))
    await answered(client.delete(found))
    with pytest.raises(ResourceNotFound):
        await answered(client.get(found))


async def test_nothing_comes_back_from_a_write_where_that_is_preferred(connect, patient):
    brief = connect({"Prefer": "return=minimal"})
    plan = await answered(a_plan(brief, patient).save())

    assert plan.id is None
    assert 1 == await answered(brief.resources("CarePlan").search(patient=patient.id).count())


# ------------------------------------------------------------------------------------------------ patch


async def test_a_plan_is_patched_by_its_members(client, plan):
    await answered(plan.patch(status="active", title=None))
    assert ("active", None) == (plan["status"], plan.get("title"))
    plan["description"], plan["status"] = "Två mål", "revoked"
    await answered(plan.save(fields=["description"]))
    assert ("active", "Två mål") == (plan["status"], plan["description"])
    await answered(client.patch("CarePlan", plan.id, status="completed"))
    await answered(client.reference("CarePlan", plan.id).patch(language="sv"))

    stored = await read(client, plan)
    assert ("completed", "sv", "5") == (stored["status"], stored["language"], stored["meta"]["versionId"])


async def test_a_patch_that_makes_a_plan_wrong_is_refused(client, plan):
    with pytest.raises(OperationOutcome, match=r"CarePlan\.status"):
        await answered(client.patch("CarePlan", plan.id, status="actve"))

    assert "1" == (await read(client, plan))["meta"]["versionId"]


@pytest.mark.filterwarnings(
    "ignore:The first arg of method patch:DeprecationWarning"  # 2.3.1's asynchronous client warns of an argument not given
)
async def test_a_plan_is_patched_by_what_it_matches(client, plan, number):
    plans = client.resources("CarePlan").search(identifier=f"{SYSTEM}|{number}")

    assert "active" == (await answered(plans.patch(status="active")))["status"]
    with pytest.raises(ResourceNotFound):
        await answered(plans.search(status="draft").patch(status="revoked"))


OTHER_PATCHES = {
    "application/json-patch+json": [{"op": "replace", "path": "/title", "value": "Bo kvar"}],
    "application/fhir+json": {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "operation",
                "part": [
                    {"name": "type", "valueCode": "replace"},
                    {"name": "path", "valueString": "CarePlan.title"},
                    {"name": "value", "valueString": "Bo kvar"},
                ],
            }
        ],
    },
}


@pytest.mark.parametrize(("media_type", "document"), OTHER_PATCHES.items(), ids=OTHER_PATCHES)
async def test_a_plan_is_patched_in_the_other_formats(connect, plan, media_type, document):
    patching = connect({"Content-Type": media_type})
    changed = await answered(patching.execute(f"CarePlan/{plan.id}", method="patch", data=document))

    assert ("Bo kvar", "2") == (changed["title"], changed["meta"]["versionId"])


# ------------------------------------------------------------------------------------------------ delete


@pytest.mark.parametrize("way", ["resource", "reference", "client"])
async def test_a_plan_is_deleted(client, plan, way):
    ways = {"resource": plan.delete, "reference": plan.to_reference().delete}
    await answered(ways.get(way, lambda: client.delete("CarePlan", plan.id))())

    with pytest.raises(ResourceNotFound):
        await read(client, plan)


async def test_a_plan_is_deleted_by_what_it_matches(client, patient, plan, number):
    plans = client.resources("CarePlan").search(identifier=f"{SYSTEM}|{number}")
    assert (None, 204) == await answered(plans.delete())
    with pytest.raises(ResourceNotFound):
        await read(client, plan)

    for _ in range(2):
        await answered(a_plan(client, patient, identifier=an_identifier(number)).save())
    with pytest.raises(MultipleResourcesFound):
        await answered(plans.delete())


# ------------------------------------------------------------------------------------------------ Bundles


@pytest.mark.parametrize("kind", ["transaction", "batch"])
async def test_a_bundle_is_written(client, number, kind):
    person = {"resourceType": "Patient", "identifier": an_identifier(number)}
    entries = [an_entry("POST", "Patient", person), an_entry("GET", f"Patient?identifier={SYSTEM}|{number}")]
    bundle = client.resource("Bundle", **a_bundle(*entries, type=kind))
    await answered(bundle.save())

    assert f"{kind}-response" == bundle["type"]
    assert ["201", "200"] == [entry["response"]["status"][:3] for entry in bundle["entry"]]


async def test_a_transaction_writes_all_or_nothing_and_a_batch_what_it_can(client, number):
    person = {"resourceType": "Patient", "identifier": an_identifier(number)}
    entries = [an_entry("POST", "Patient", person), an_entry("POST", "Patient", person | {"gender": "kvinna"})]
    people = client.resources("Patient").search(identifier=f"{SYSTEM}|{number}")

    with pytest.raises(OperationOutcome, match=r"Bundle\.entry\[1\]\.resource\.gender"):
        await answered(client.resource("Bundle", **a_bundle(*entries)).save())
    assert 0 == await answered(people.count())
    batch = await answered(client.resource("Bundle", **a_bundle(*entries, type="batch")).save())
    assert ["201", "422"] == [entry["response"]["status"][:3] for entry in batch["entry"]]
    assert 1 == await answered(people.count())
