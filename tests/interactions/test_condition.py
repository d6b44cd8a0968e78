"""One person is one Patient, whoever writes first; and who is known is told to nobody who may not see it."""

from dataclasses import replace

import pytest
from msgspec import structs

from fhir_server.access.decide import OpenAccess
from fhir_server.fhir.codec import decode
from fhir_server.fhir.outcome import NotFound, Stale
from fhir_server.interactions.call import Address, Call
from fhir_server.interactions.commit import perform
from fhir_server.interactions.preconditions import Preconditions
from fhir_server.search.query import Identity, Without
from fhir_server.storage.store import SYSTEM_GRANTS, Grant
from tests.builders import PERSONNUMMER, TEST_PERSON, a_bundle, a_care_plan, a_patient, an_entry

pytestmark = pytest.mark.anyio

BY_NUMBER = f"identifier={PERSONNUMMER}|{TEST_PERSON}"
PAIRS = (("identifier", f"{PERSONNUMMER}|{TEST_PERSON}"),)


ALL_BUT_HIDDEN = Grant(Without(Identity(frozenset({"hidden"}))), "TREAT", "all-but-hidden")
"""Of a caller who may not see the Patient `hidden`."""


@pytest.fixture
def narrowed(assembly):
    return replace(assembly.server, access=OpenAccess(ALL_BUT_HIDDEN))


def a_create(**members):
    return Call(
        Address("create", "Patient"), body=a_patient(**members), preconditions=Preconditions(none_exist=BY_NUMBER)
    )


def an_update(**preconditions):
    return Call(
        Address("update", "Patient"),
        parameters=PAIRS,
        body=a_patient(active=True),
        preconditions=Preconditions(**preconditions),
    )


async def known(narrowed, id):
    """A server that knows the person under an id."""
    everyone = replace(narrowed, access=OpenAccess())
    await perform(Call(Address("update", "Patient", id), body=a_patient(id=id)), everyone)
    return narrowed


async def patients(server):
    return [stored async for stored in server.store.resources(SYSTEM_GRANTS["reindex"]) if stored.type == "Patient"]


@pytest.mark.parametrize("ask", [a_create, an_update])
async def test_a_person_unknown_known_and_hidden_are_answered_alike(narrowed, ask):
    unknown = await perform(ask(), narrowed)
    visible = await perform(ask(), narrowed)

    (made,) = await patients(narrowed)
    assert (200, b"", None, None) == (unknown.status, unknown.text, unknown.version, unknown.updated)
    assert f"Patient/{made.id}" == unknown.location
    assert [(it.status, it.text, it.location, it.preferable) for it in (unknown,)] == [
        (it.status, it.text, it.location, it.preferable) for it in (visible,)
    ]


@pytest.mark.parametrize("ask", [a_create, an_update])
async def test_a_hidden_person_is_told_by_place_alone_and_nothing_is_written(narrowed, ask):
    server = await known(narrowed, "hidden")

    answer = await perform(ask(), server)
    assert (200, b"", None, "Patient/hidden") == (answer.status, answer.text, answer.version, answer.location)
    assert [("hidden", 1)] == [(stored.id, stored.version) for stored in await patients(server)]
    with pytest.raises(NotFound):
        await perform(Call(Address("read", "Patient", "hidden")), server)


async def test_a_person_who_may_be_seen_is_updated(narrowed):
    server = await known(narrowed, "seen")

    await perform(an_update(), server)
    (stored,) = await patients(server)
    assert (2, True) == (stored.version, decode(stored.text)["active"])


async def test_a_version_that_is_demanded_tells_nothing_either(narrowed):
    server = await known(narrowed, "hidden")
    with pytest.raises(Stale):
        await perform(an_update(match=1), server)
    with pytest.raises(Stale):
        await perform(
            structs.replace(
                an_update(match=1),
                parameters=(("identifier", f"{PERSONNUMMER}|196101182803"),),
            ),
            server,
        )


async def test_the_look_up_is_audited_with_the_patient(narrowed):
    server = await known(narrowed, "hidden")
    await perform(a_create(), server)

    (_, entry) = (await server.store.entries(SYSTEM_GRANTS["reindex"]))[-1]
    assert ("create", "hidden", "hidden") == (entry.interaction, entry.id, entry.patient)


async def test_a_transaction_meets_a_hidden_person_by_place_alone(narrowed):
    server = await known(narrowed, "hidden")
    bundle = a_bundle(an_entry("POST", "Patient", a_patient(), ifNoneExist=BY_NUMBER))

    answer = decode((await perform(Call(Address("transaction"), body=bundle), server)).text)
    (entry,) = answer["entry"]
    assert {"response": {"status": "200 OK", "location": f"{server.base}/Patient/hidden"}} == entry


async def test_who_sees_everyone_is_told_whether_the_person_was_known(api):
    made = await api.post("Patient", json=a_patient(), headers={"If-None-Exist": BY_NUMBER})
    found = await api.post("Patient", json=a_patient(), headers={"If-None-Exist": BY_NUMBER})

    assert (201, 200) == (made.status_code, found.status_code)
    assert made.json() == found.json()


async def test_by_another_identifier_a_hidden_person_does_not_stand_in_the_way(narrowed):
    regional = {"identifier": [{"system": "urn:of-a-region", "value": "7"}]}
    everyone = replace(narrowed, access=OpenAccess())
    await perform(Call(Address("update", "Patient", "hidden"), body=a_patient(id="hidden", **regional)), everyone)

    ask = structs.replace(a_create(**regional), preconditions=Preconditions(none_exist="identifier=urn:of-a-region|7"))
    answer = await perform(ask, narrowed)
    assert 201 == answer.status
    assert 2 == len(await patients(narrowed))


async def test_a_condition_looks_past_no_hop_that_its_caller_may_not_see(narrowed):
    """Judged in the commit as it was looked up: the plan may be seen, the person by whom it is asked for may not."""
    server = await known(narrowed, "hidden")
    everyone = replace(narrowed, access=OpenAccess())
    of_hidden = a_care_plan(id="plan", subject={"reference": "Patient/hidden"})
    await perform(Call(Address("update", "CarePlan", "plan"), body=of_hidden), everyone)
    by_person = Preconditions(none_exist=f"patient:Patient.{BY_NUMBER}")
    create = Call(Address("create", "CarePlan"), body=a_care_plan(), preconditions=by_person)

    assert 200 == (await perform(create, everyone)).status
    assert 201 == (await perform(create, server)).status


async def test_the_id_of_a_patient_tells_no_time(assembly):
    made = [assembly.server.new_id(type) for type in ("Patient", "CarePlan")]

    assert ["4", "7"] == [id[14] for id in made]
