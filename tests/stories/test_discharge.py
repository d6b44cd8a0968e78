"""The discharge story keeps the clocks and the contents of lag (2017:612), chapter and paragraph as named in each test."""

from datetime import date, timedelta

from tests.stories.story import Story, moment

ENVELOPE = {
    "meta",
    "resourceType",
    "id",
    "identifier",
    "status",
    "category",
    "encounter",
    "sent",
    "received",
    "recipient",
    "sender",
}
"""What a message carries besides its content: which message, of which stay, from whom, to whom, when."""


def estimated(message: dict) -> str:
    """The estimated time of discharge that a message tells."""
    (extension,) = message["payload"][-1]["extension"]
    assert extension["url"].endswith("/estimated-discharge")
    return extension["valueDateTime"]


def test_the_stay_is_one_of_inpatient_care_and_belongs_to_the_case(discharge: Story) -> None:
    stay = discharge.only("Encounter")

    assert stay["class"]["code"] == "IMP"
    assert [discharge.only("EpisodeOfCare")] == [discharge.at(case) for case in stay["episodeOfCare"]]
    assert [discharge.only("CareTeam")] == [discharge.at(team) for team in discharge.only("EpisodeOfCare")["team"]]


def test_every_message_names_the_stay(discharge: Story) -> None:
    stay = discharge.only("Encounter")

    assert all(stay == discharge.at(message["encounter"]) for message in discharge.all("Communication"))


def test_the_notice_of_admission_is_sent_within_24_hours(discharge: Story) -> None:
    """2 kap. 1 §."""
    admitted = moment(discharge.only("Encounter")["period"]["start"])
    sent = moment(discharge.message("inskrivning")["sent"])

    assert admitted <= sent <= admitted + timedelta(hours=24)


def test_the_notice_of_admission_carries_its_four_facts_and_nothing_else(discharge: Story) -> None:
    """2 kap. 2 §: name, personnummer, address of folkbokföring, estimated time of discharge."""
    notice, patient = discharge.message("inskrivning"), discharge.only("Patient")
    home, name = patient["address"][0], patient["name"][0]
    address, time = notice["payload"]

    assert ENVELOPE | {"subject", "payload"} == notice.keys()
    assert " ".join([*name["given"], name["family"]]) == notice["subject"]["display"]
    assert patient["identifier"][0]["value"] == notice["subject"]["identifier"]["value"]
    assert {"contentString": f"Folkbokföringsadress: {home['line'][0]}, {home['postalCode']} {home['city']}"} == address
    assert {"extension", "contentString"} == time.keys()
    assert date.fromisoformat(estimated(notice)) > moment(notice["sent"]).date()


def test_the_notice_of_admission_reaches_social_services_municipal_care_and_open_care(discharge: Story) -> None:
    """2 kap. 1 §, 3 §."""
    social, nursing, open_care = (discharge.at(unit) for unit in discharge.message("inskrivning")["recipient"])

    assert social["type"][0]["text"].startswith("Socialtjänst")
    assert nursing["type"][0]["text"] == "Kommunal hälso- och sjukvård"
    assert open_care["type"][0]["text"] == "Vårdcentral"


def test_a_changed_estimate_goes_to_the_units_that_got_the_notice(discharge: Story) -> None:
    """2 kap. 4 §."""
    notice, change = discharge.message("inskrivning"), discharge.message("inskrivning-andring")
    (now,) = discharge.only("Encounter")["extension"]

    assert notice["recipient"] == change["recipient"]
    assert estimated(notice) != estimated(change)
    assert now["valueDateTime"] == estimated(change)


def test_only_what_the_statute_orders_is_sent_before_consent(discharge: Story) -> None:
    consent = moment(discharge.only("Consent")["dateTime"])
    early = [one for one in discharge.all("Communication") if moment(one["sent"]) < consent]

    assert [discharge.message("inskrivning")] == early


def test_the_fast_vardkontakt_is_appointed_by_open_care_before_the_discharge(discharge: Story) -> None:
    """2 kap. 5 §."""
    appointed = discharge.message("fast-vardkontakt")
    contact = discharge.participant("1")

    assert discharge.unit(discharge.at(contact["member"])) == discharge.at(appointed["sender"])
    assert moment(appointed["sent"]).date() < date.fromisoformat(estimated(discharge.message("inskrivning-andring")))
    assert contact["period"]["start"] == appointed["sent"][:10]


def test_the_treating_physician_gives_notice_that_the_patient_is_discharge_ready(discharge: Story) -> None:
    """1 kap. 3 § 5, 3 kap. 1 §."""
    ready, notice = discharge.message("utskrivningsklar"), discharge.message("inskrivning")
    sender = discharge.at(ready["sender"])

    assert sender["code"][0]["text"].startswith("Läkare")
    assert discharge.unit(sender) == discharge.at(notice["sender"])
    assert moment(notice["sent"]) < moment(ready["sent"])
    assert notice["recipient"] == ready["recipient"]


def test_the_fast_vardkontakt_calls_to_planning_within_three_days(discharge: Story) -> None:
    """4 kap. 3 §."""
    ready, call = discharge.message("utskrivningsklar"), discharge.message("kallelse-sip")
    days = (moment(call["sent"]).date() - moment(ready["sent"]).date()).days

    assert discharge.at(discharge.participant("1")["member"]) == discharge.at(call["sender"])
    assert 0 <= days <= 3
    assert discharge.only("Appointment") == discharge.at(call["about"][0])


def test_open_care_says_whether_its_efforts_are_available(discharge: Story) -> None:
    """5 kap. 5 §: otherwise the municipality cannot become liable."""
    answer = discharge.message("oppenvard-insats")

    assert answer["topic"]["coding"][0]["code"] == "available"
    assert discharge.at(answer["sender"])["name"] == "Björkviks vårdcentral"


def test_the_plan_is_a_discharge_plan_of_the_stay(discharge: Story) -> None:
    plan = discharge.only("CarePlan")

    assert plan["category"][0]["coding"][0]["code"] == "SPU"
    assert discharge.only("Encounter") == discharge.at(plan["encounter"])
    assert discharge.only("CareTeam") == discharge.at(plan["careTeam"][0])


def test_the_information_at_discharge_is_due_the_same_day(discharge: Story) -> None:
    """3 kap. 2 §."""
    (task,) = [task for task in discharge.all("Task") if task["id"] == "utskrivning-lakemedel"]

    assert task["restriction"]["period"]["end"] == estimated(discharge.message("inskrivning-andring"))


def test_the_case_s_parties_are_the_units_that_were_told_and_their_people(discharge: Story) -> None:
    members = [discharge.at(one["member"]) for one in discharge.only("CareTeam")["participant"]]
    told = [discharge.at(unit) for unit in discharge.message("inskrivning")["recipient"]]

    assert all(unit in members for unit in told)
