"""Each write of a caller who is known leaves a Provenance, which is seen by who sees what it is about."""

import json
from collections.abc import AsyncIterator

import pytest

from fhir_server.assembly import Assembly
from fhir_server.fhir.naming import system_of
from tests.access.abuse.conftest import as_citizen, as_staff, as_system, hsa, world
from tests.access.abuse.told import a_goal, bundled, found, keys
from tests.access.house import smart

__all__ = ["as_citizen", "as_staff", "as_system", "world"]
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]


@pytest.fixture
async def assembly(settings) -> AsyncIterator[Assembly]:
    async with smart(settings) as house:
        yield house


async def told_of(api, bearer, place: str) -> list[dict]:
    """What is told of the origin of a resource."""
    answer = await api.get("Provenance", params={"target": place, "_sort": "recorded"}, headers=bearer)
    assert 200 == answer.status_code, answer.text
    return [it["resource"] for it in answer.json().get("entry", ())]


def targets(provenance: dict) -> list[str]:
    return [it["reference"] for it in provenance["target"]]


def activity(provenance: dict) -> str:
    return provenance["activity"]["coding"][0]["code"]


async def test_what_staff_make_change_and_delete_says_who_it_was_and_for_whom(api, as_staff):
    staff = as_staff("r1")
    made = (await api.post("Goal", json=a_goal("a"), headers=staff)).json()
    place = f"Goal/{made['id']}"
    await api.put(place, json=made | {"description": {"text": "gå"}}, headers={**staff, "If-Match": 'W/"1"'})
    await api.delete(place, headers={**staff, "If-Match": 'W/"2"'})

    first, second, third = await told_of(api, staff, place)

    assert ["CREATE", "UPDATE", "DELETE"] == [activity(it) for it in (first, second, third)]
    assert [
        [f"{place}/_history/1", "Patient/a"],
        [f"{place}/_history/2", "Patient/a"],
        [f"{place}/_history/3", "Patient/a"],
    ] == [targets(it) for it in (first, second, third)]
    (agent,) = first["agent"]
    number = system_of("hsa-id")
    assert {"identifier": {"system": number, "value": hsa("r1")}} == agent["who"]
    assert {"identifier": {"system": number, "value": "SE2321000016-A001"}} == agent["onBehalfOf"]


async def test_what_one_transaction_writes_of_one_patient_shares_one(api, as_staff, as_system):
    before = len(await told_of(api, as_system, "Patient/a"))
    two = bundled(("POST", "Goal", a_goal("a")), ("POST", "Goal", a_goal("a")))
    assert 200 == (await api.post("", json=two, headers=as_staff("r1"))).status_code

    provenances = await told_of(api, as_system, "Patient/a")

    assert before + 1 == len(provenances)
    assert ["Goal", "Goal", "Patient"] == [target.split("/")[0] for target in targets(provenances[-1])]


async def test_who_does_not_see_what_it_is_about_does_not_see_it(api, as_staff, as_citizen):
    made = (await api.post("Goal", json=a_goal("a"), headers=as_staff("r1"))).json()
    place = f"Goal/{made['id']}"

    assert 1 == len(await told_of(api, as_staff("r1"), place))
    assert 1 == len(await told_of(api, as_citizen("a"), place))
    assert [] == await told_of(api, as_staff("k2"), place)
    assert [] == await told_of(api, as_citizen("b"), place)
    assert (
        found(await api.get(f"Goal?_id={made['id']}&_revinclude=Provenance:target", headers=as_citizen("b"))) == set()
    )


async def test_what_is_refused_leaves_none(api, as_staff, as_system):
    before = await told_of(api, as_system, "Patient/a")

    refused = await api.post("Goal", json=a_goal("a"), headers=as_staff("k2"))

    assert 404 == refused.status_code
    assert before == await told_of(api, as_system, "Patient/a")


async def test_what_a_caller_says_of_the_origin_is_kept_and_who_called_stands_beside_it(api, as_staff):
    said = {
        "resourceType": "Provenance",
        "occurredDateTime": "2026-11-01",
        "reason": [{"text": "ringde in"}],
        "agent": [{"who": {"display": "avdelning 3"}}],
    }
    header = {**as_staff("r1"), "X-Provenance": json.dumps(said)}
    made = (await api.post("Goal", json=a_goal("a"), headers=header)).json()

    (provenance,) = await told_of(api, as_staff("r1"), f"Goal/{made['id']}")

    assert ("2026-11-01", [{"text": "ringde in"}]) == (provenance["occurredDateTime"], provenance["reason"])
    assert [{"display": "avdelning 3"}, {"identifier": {"system": system_of("hsa-id"), "value": hsa("r1")}}] == [
        it["who"] for it in provenance["agent"]
    ]


@pytest.mark.parametrize(
    ("said", "status", "key"),
    [
        ("[]", 400, "provenance-header"),
        ('{"resourceType": "Goal"}', 400, "provenance-header"),
        ('{"resourceType": "Provenance", "nonsense": 1}', 422, "unknown-element"),
        ('{"resourceType": "Provenance", "agent": [{"who": {"reference": "Patient/b"}}]}', 422, "patient-other"),
        ('{"resourceType": "Provenance", "entity": [{"role": "source", "what": {"reference": "Goal/b-goal"}}]}', 422, "reference-unseen"),
    ],
    ids=["no object", "another type", "not valid", "another patient", "what is not seen"],
)  # fmt: skip
async def test_what_cannot_be_kept_of_it_refuses_the_write(api, as_staff, said, status, key):
    refused = await api.post("Goal", json=a_goal("a"), headers={**as_staff("r1"), "X-Provenance": said})
    assert (status, [key]) == (refused.status_code, keys(refused))

    sound = '{"resourceType": "Provenance", "reason": [{"text": "ringde in"}]}'
    made = await api.post("Goal", json=a_goal("a"), headers={**as_staff("r1"), "X-Provenance": sound})
    assert 201 == made.status_code
