"""The SMART client `fhirclient`, whose models are R4's and strict, as its users use it.

It has no patch, no HEAD and no POST of a form, and takes a 304 for a fault. What it searches for stands in
test_fhirclient_search.py. A header it can only say for all that its session asks.
"""

import json

import pytest
from fhirclient.models.bundle import Bundle
from fhirclient.models.careplan import CarePlan
from fhirclient.models.fhirelementfactory import FHIRElementFactory
from fhirclient.models.fhirreference import FHIRReference
from fhirclient.models.operationoutcome import OperationOutcome
from fhirclient.models.parameters import Parameters
from fhirclient.models.patient import Patient
from fhirclient.server import FHIRNotFoundException
from requests import HTTPError

from tests.builders import a_bundle, a_care_plan, an_entry
from tests.clients.asking import SYSTEM, a_story, an_identifier
from tests.stories.story import load_stories


@pytest.fixture
def patient(server, number):
    return Patient(Patient({"resourceType": "Patient", "identifier": an_identifier(number)}).create(server))


def made(server, patient, **members):
    """A plan of the patient's, as the server answered its creation."""
    reference = {"reference": f"Patient/{patient.id}"}
    return CarePlan(CarePlan(a_care_plan(**{"subject": reference, "status": "draft"} | members)).create(server))


@pytest.fixture
def plan(server, patient, number):
    return made(server, patient, title="Bo kvar hemma", identifier=an_identifier(number))


@pytest.fixture
def plans(server, patient):
    return [made(server, patient, title=f"Plan {n}") for n in range(5)]


def status_of(refused) -> int:
    return refused.value.response.status_code


# ------------------------------------------------------------------------------------------------ the server itself


def test_the_server_is_ready_without_a_token_and_says_what_it_can(smart, server):
    assert smart.prepare()
    assert "4.0.1" == server.capabilityStatement.fhirVersion

    assert server.request_json("metadata") == server.capabilityStatement.as_json()
    kinds = {kind.type: kind for kind in server.capabilityStatement.rest[0].resource}
    assert "patch" in {interaction.code for interaction in kinds["CarePlan"].interaction}


# ------------------------------------------------------------------------------------------------ read and write


def test_a_plan_is_created_and_read(server, plan):
    read = CarePlan.read(plan.id, server)

    assert ("Bo kvar hemma", "1") == (read.title, read.meta.versionId)
    assert plan.as_json() == read.as_json()
    assert read.meta.lastUpdated.datetime.tzinfo is not None


def test_a_plan_is_updated_and_its_versions_stay(server, plan):
    plan.status = "active"
    plan.update(server)
    plan.delete(server)

    assert "draft" == CarePlan.read_from(f"CarePlan/{plan.id}/_history/1", server).status
    assert "active" == CarePlan.read_from(f"CarePlan/{plan.id}/_history/2", server).status
    history = Bundle.read_from(f"CarePlan/{plan.id}/_history", server)
    assert ["DELETE", "PUT", "POST"] == [entry.request.method for entry in history.entry]
    assert ("history", 3) == (history.type, history.total)


def test_a_plan_that_was_read_is_changed_where_it_came_from(server, plan):
    read = CarePlan.read(plan.id, server)
    read.title = None
    read.update()

    assert CarePlan.read(plan.id, server).title is None


def test_a_plan_is_made_under_an_id_that_the_client_chooses(server, patient, number):
    plan = CarePlan(a_care_plan(id=number, subject={"reference": f"Patient/{patient.id}"}))

    assert "1" == plan.update(server)["meta"]["versionId"]
    assert number == CarePlan.read(number, server).id


def test_a_plan_is_deleted(server, plan):
    assert plan.delete(server) is None

    with pytest.raises(HTTPError) as refused:
        CarePlan.read(plan.id, server)
    assert 410 == status_of(refused)
    with pytest.raises(FHIRNotFoundException):
        CarePlan.read("none", server)


def test_a_plan_is_read_in_part_and_still_has_what_its_model_demands(server, plan):
    for part in ("_elements=title", "_summary=true", "_summary=text", "_summary=data"):
        read = CarePlan.read_from(f"CarePlan/{plan.id}?{part}", server)
        assert ("SUBSETTED", "draft") == (read.meta.tag[0].code, read.status), part


def test_a_reference_leads_to_what_it_names(smart, plan, patient, server):
    read = CarePlan.read(plan.id, server)
    assert patient.as_json() == read.subject.resolved(Patient).as_json()
    smart.patient_id = patient.id
    smart.prepare()

    assert patient.as_json() == smart.patient.as_json()


# ------------------------------------------------------------------------------------------------ conditions


def test_an_update_of_the_version_that_is_current_is_made_and_of_another_refused(server, plan):
    server.session.headers["If-Match"] = 'W/"1"'
    plan.status = "active"
    assert "2" == plan.update(server)["meta"]["versionId"]

    with pytest.raises(HTTPError) as refused:
        plan.update(server)
    assert 412 == status_of(refused)


def test_a_person_is_created_by_if_none_exist_once(server, number):
    server.session.headers["If-None-Exist"] = f"identifier={SYSTEM}|{number}"
    person = Patient({"resourceType": "Patient", "identifier": an_identifier(number)})

    assert person.create(server)["id"] == person.create(server)["id"]


def test_a_person_is_updated_and_deleted_by_what_it_matches(server, number):
    person = {"resourceType": "Patient", "identifier": an_identifier(number)}
    address = f"Patient?identifier={SYSTEM}|{number}"

    assert [201, 200] == [server.put_json(address, person | {"gender": it}).status_code for it in ("female", "male")]
    assert 204 == server.delete_json(address).status_code
    assert 0 == Bundle.read_from(address, server).total


def test_nothing_comes_back_from_a_write_where_that_is_preferred(server, patient):
    server.session.headers["Prefer"] = "return=minimal"

    assert CarePlan(a_care_plan(subject={"reference": f"Patient/{patient.id}"})).create(server) is None
    assert 1 == len(list(CarePlan.where({"patient": patient.id}).perform_iter(server)))


# ------------------------------------------------------------------------------------------------ Bundles, operations


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_a_bundle_is_written(server, number, kind):
    person = {"resourceType": "Patient", "identifier": an_identifier(number)}
    entries = [an_entry("POST", "Patient", person), an_entry("GET", f"Patient?identifier={SYSTEM}|{number}")]
    answer = Bundle(Bundle(a_bundle(*entries, type=kind)).create(server))

    assert f"{kind}-response" == answer.type
    assert ["201", "200"] == [entry.response.status[:3] for entry in answer.entry]


def test_a_transaction_writes_all_or_nothing_and_a_batch_what_it_can(server, number):
    person = {"resourceType": "Patient", "identifier": an_identifier(number)}
    entries = [an_entry("POST", "Patient", person), an_entry("POST", "Patient", person | {"gender": "kvinna"})]
    people = f"Patient?identifier={SYSTEM}|{number}"

    with pytest.raises(HTTPError) as refused:
        Bundle(a_bundle(*entries)).create(server)
    assert (422, 0) == (status_of(refused), Bundle.read_from(people, server).total)
    answer = Bundle(Bundle(a_bundle(*entries, type="batch")).create(server))
    assert ["201", "422"] == [entry.response.status[:3] for entry in answer.entry]
    assert "OperationOutcome" == answer.entry[1].response.outcome.resource_type
    assert 1 == Bundle.read_from(people, server).total


def test_a_plan_is_validated_before_it_is_sent(server, plan):
    def errors(resource):
        outcome = OperationOutcome(server.post_json("CarePlan/$validate", resource.as_json()).json())
        return [issue.expression for issue in outcome.issue if issue.severity == "error"]

    assert [] == errors(plan)
    plan.status = "actve"
    assert [["CarePlan.status"]] == errors(plan)


def test_tags_are_added_read_and_taken_away(server, plan):
    tag = {"system": SYSTEM, "code": "urgent"}
    body = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [tag]}}]}
    server.post_json(f"CarePlan/{plan.id}/$meta-add", Parameters(body).as_json())
    read = Parameters.read_from(f"CarePlan/{plan.id}/$meta", server)
    assert [tag] == [one.as_json() for one in read.parameter[0].valueMeta.tag]

    left = Parameters(server.post_json(f"CarePlan/{plan.id}/$meta-delete", Parameters(body).as_json()).json())
    assert left.parameter[0].valueMeta.tag is None


def test_everything_of_a_patient_is_read_page_by_page(server, patient, plans):
    first = Bundle.read_from(f"Patient/{patient.id}/$everything?_count=4", server)
    (following,) = (link.url for link in first.link if link.relation == "next")

    shown = [entry.resource.id for page in (first, Bundle.read_from(following, server)) for entry in page.entry]
    assert [patient.id, *sorted(plan.id for plan in plans)] == shown


# ------------------------------------------------------------------------------------------------ what its models take


def test_what_the_server_refuses_its_model_reads(server, plan):
    plan.status = "actve"
    plan.subject = FHIRReference({"reference": "Goal/1"})

    with pytest.raises(HTTPError) as refused:
        plan.update(server)
    outcome = OperationOutcome(refused.value.response.json())
    assert (422, {"CarePlan.status", "CarePlan.subject"}) == (
        status_of(refused),
        {issue.expression[0] for issue in outcome.issue},
    )


@pytest.mark.parametrize("name", load_stories())
def test_every_resource_of_a_story_is_taken_by_its_model(server, name):
    story = a_story(name)
    answer = Bundle(server.post_json(None, story).json())
    assert len(story["entry"]) == len(answer.entry)

    for entry in answer.entry:
        resource = server.request_json(entry.response.location)
        model = FHIRElementFactory.instantiate(resource["resourceType"], resource)
        assert without_what_stands_beside(resource) == model.as_json(), entry.response.location


def without_what_stands_beside(resource):
    """The models read no `_name` beside a name."""
    return json.loads(json.dumps(resource), object_hook=_named)


def _named(members):
    return {name: value for name, value in members.items() if not name.startswith("_")}
