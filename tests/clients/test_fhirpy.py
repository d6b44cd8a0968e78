"""fhirpy, as its users use it, against a server of its own."""

from collections.abc import Iterator

import pytest
from fhirpy import AsyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

from tests.builders import PERSONNUMMER, SIP, TEST_PERSON
from tests.servers import serving

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with serving("serve", "--access", "open", "--database", "sqlite:///:memory:") as server:
        yield server.base


@pytest.fixture
def client(base: str) -> AsyncFHIRClient:
    return AsyncFHIRClient(base)


@pytest.fixture
async def patient(client):
    patient = client.resource("Patient", identifier=[{"system": PERSONNUMMER, "value": TEST_PERSON}])
    await patient.save()
    return patient


def a_plan(client, patient, **members):
    return client.resource(
        "CarePlan", status="draft", intent="plan", category=[SIP], subject=patient.to_reference(), **members
    )


async def test_a_plan_is_created_and_read(client, patient):
    plan = a_plan(client, patient, title="Bo kvar hemma")
    await plan.save()

    read = await client.reference("CarePlan", plan.id).to_resource()
    assert "Bo kvar hemma" == read["title"]
    assert "1" == read["meta"]["versionId"]


async def test_a_plan_is_updated(client, patient):
    plan = a_plan(client, patient)
    await plan.save()
    plan["status"] = "active"
    await plan.save()

    assert "active" == (await client.reference("CarePlan", plan.id).to_resource())["status"]
    assert "2" == plan["meta"]["versionId"]


async def test_plans_are_searched_paged_and_counted(client, patient):
    plans = [a_plan(client, patient, title=f"Plan {number}") for number in range(5)]
    for plan in plans:
        await plan.save()
    found = client.resources("CarePlan").search(patient=patient.id, status="draft")

    assert {plan.id for plan in plans} == {plan.id for plan in await found.limit(2).fetch_all()}
    assert 2 == len(await found.limit(2).fetch())
    assert 5 == await found.count()
    assert plans[0].id in {plan.id async for plan in found.limit(2)}


async def test_a_plan_is_deleted(client, patient):
    plan = a_plan(client, patient)
    await plan.save()
    await plan.delete()

    with pytest.raises(ResourceNotFound):
        await client.reference("CarePlan", plan.id).to_resource()


async def test_a_transaction_is_saved(client):
    bundle = client.resource(
        "Bundle",
        type="transaction",
        entry=[{"resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}}],
    )
    await bundle.save()

    assert "transaction-response" == bundle["type"]


async def test_a_bad_plan_raises_an_outcome_that_names_what_is_wrong(client, patient):
    plan = a_plan(client, patient)
    plan["status"] = "actve"

    with pytest.raises(OperationOutcome) as refused:
        await plan.save()
    assert "CarePlan.status" in str(refused.value)
