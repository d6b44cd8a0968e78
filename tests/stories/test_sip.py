"""The SIP story tells what the law wants of a plan: HSL (2017:30) 16 kap. 4 §, SoL (2025:400) 10 kap. 8-9 §§."""

from datetime import date

from tests.stories.story import Story, moment


def test_the_plan_is_an_active_sip(sip: Story) -> None:
    plan = sip.only("CarePlan")

    assert plan["category"][0]["coding"][0] == {
        "system": "https://fhir.inera.se/CodeSystem/typeofcareplan-cs",
        "code": "SIP",
    }
    assert plan["status"] == "active"


def test_the_person_says_what_matters_in_their_own_words(sip: Story) -> None:
    own = [goal for goal in sip.all("Goal") if sip.at(goal["expressedBy"]) == sip.only("Patient")]

    assert own
    assert all(goal["description"]["text"].startswith("Jag vill") for goal in own)


def test_every_need_has_a_goal_and_every_goal_an_action(sip: Story) -> None:
    plan = sip.only("CarePlan")
    needs = [sip.at(need)["id"] for need in plan["addresses"]]
    aimed_at = {sip.at(need)["id"] for goal in sip.all("Goal") for need in goal["addresses"]}
    worked_at = {sip.at(request["extension"][0]["valueReference"])["id"] for request in sip.all("ServiceRequest")}

    assert set(needs) == aimed_at
    assert {sip.at(goal)["id"] for goal in plan["goal"]} == worked_at


def test_both_huvudman_answer_for_actions_and_others_take_some(sip: Story) -> None:
    owners = [sip.at(task["owner"]) for task in sip.all("Task")]
    staff = {sip.huvudman(owner) for owner in owners if owner["resourceType"] == "PractitionerRole"}
    others = {owner["resourceType"] for owner in owners} - {"PractitionerRole"}

    assert {"Region Exempel", "Björkviks kommun"} == staff
    assert {"RelatedPerson", "Patient"} == others


def test_one_huvudman_has_the_overall_responsibility(sip: Story) -> None:
    (responsible,) = sip.only("CareTeam")["managingOrganization"]

    assert sip.huvudman(sip.at(responsible)) == sip.at(responsible)["name"]


def test_the_named_coordinator_is_the_plan_s_author_and_belongs_to_that_huvudman(sip: Story) -> None:
    coordinator = sip.at(sip.participant("4")["member"])
    (responsible,) = sip.only("CareTeam")["managingOrganization"]

    assert coordinator == sip.at(sip.only("CarePlan")["author"])
    assert sip.huvudman(coordinator) == sip.at(responsible)["name"]


def test_consent_comes_before_the_call_and_says_what_it_leaves_out(sip: Story) -> None:
    consent = sip.only("Consent")
    (left_out,) = consent["provision"]["provision"]

    assert moment(consent["dateTime"]) < moment(sip.message("kallelse-sip")["sent"])
    assert consent["provision"]["type"] == "permit"
    assert left_out["type"] == "deny"
    assert left_out["code"][0]["text"]


def test_consent_lasts_for_a_time_and_reaches_everyone_the_plan_names(sip: Story) -> None:
    provision = sip.only("Consent")["provision"]
    allowed = [sip.at(actor["reference"]) for actor in provision["actor"]]

    assert date.fromisoformat(provision["period"]["end"]) > sip.now.date()
    assert all(sip.unit(sip.at(one["member"])) in allowed for one in sip.only("CareTeam")["participant"])


def test_the_plan_has_a_day_of_follow_up_to_which_the_person_is_asked(sip: Story) -> None:
    activities = [sip.at(activity["reference"]) for activity in sip.only("CarePlan")["activity"]]
    (follow_up,) = [one for one in activities if one["resourceType"] == "Appointment"]
    asked = [sip.at(one["actor"]) for one in follow_up["participant"] if not one["actor"]["reference"].startswith("#")]

    assert moment(follow_up["start"]) > sip.now
    assert sip.only("Patient") in asked


def test_an_answer_names_the_message_it_answers(sip: Story) -> None:
    (answer,) = [message for message in sip.all("Communication") if "inResponseTo" in message]
    (question,) = [sip.at(reference) for reference in answer["inResponseTo"]]

    assert moment(question["sent"]) < moment(answer["sent"])
    assert [sip.at(one) for one in question["recipient"]] == [sip.unit(sip.at(answer["sender"]))]


def test_decimals_keep_the_precision_they_were_measured_with(sip: Story) -> None:
    first, second = (weight["valueQuantity"]["value"] for weight in sip.all("Observation"))

    assert str(first) == "78.50"
    assert str(second) == "80.00"
