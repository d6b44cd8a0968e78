"""A message of a case is sent by the parties whose it is; where nobody has said which party a unit is, it is sent."""

import pytest

from tests.builders import a_bundle, a_patient, an_entry, issue_keys
from tests.process.case_house import a_case, a_message, a_stay, at
from tests.register import a_row

pytestmark = pytest.mark.anyio

WARD, SOCIAL, CLINIC, MIXED, UNSAID, REHAB = (
    f"Organization/{it}" for it in ("ward", "social", "clinic", "mixed", "unsaid", "rehab")
)
SERVICES = (("social", "sol"), ("clinic", "primary-care"), ("mixed", "psychiatry"), ("mixed", "inpatient"), ("rehab", "rehab"))  # fmt: skip
REFUSED, SENT = (409, ["case-sender"]), (201, [])


@pytest.fixture
async def case(api):
    """A person in the ward, of which the register has no row; a clinic, and two commissions."""
    units = [{"resourceType": "Organization", "id": it.partition("/")[2], "name": "Enheten"} for it in (WARD, SOCIAL, CLINIC, MIXED, UNSAID, REHAB)]  # fmt: skip
    rows = [a_row(f"{unit}-{service}", service, unit=unit) for unit, service in SERVICES]
    doctor = {"resourceType": "Practitioner", "id": "doctor"}
    roles = [
        {"resourceType": "PractitionerRole", "id": id, "organization": at(unit), "practitioner": at("Practitioner/doctor")}
        for id, unit in (("at-ward", WARD), ("at-clinic", CLINIC))
    ]  # fmt: skip
    told = [a_message("inskrivning", "02 12:00", id="notice", sender=at(WARD))]
    stay = a_stay(serviceProvider=at(WARD))
    for one in (a_patient(id="p1"), *units, *rows, doctor, *roles, a_case(), stay, *told):
        answer = await api.put(f"{one['resourceType']}/{one['id']}", json=one)
        assert answer.status_code == 201, answer.text
    return api


async def sent(api, code, sender, when="09 10:00", **members):
    told = {"sender": at(sender)} if sender else {}
    answer = await api.post("Communication", json=a_message(code, when, **told, **members))
    return answer.status_code, issue_keys(answer.json()) if answer.status_code >= 400 else []


@pytest.mark.parametrize(
    ("code", "sender", "outcome"),
    [
        pytest.param("utskrivningsklar", WARD, SENT, id="the ward of the stay, of which the register says nothing"),
        pytest.param("oppenvard-insats", WARD, REFUSED, id="what is open care's to say"),
        pytest.param("utskrivningsklar", SOCIAL, REFUSED, id="the municipality declares nobody discharge-ready"),
        pytest.param("planering", SOCIAL, SENT, id="the municipality plans"),
        pytest.param("fast-vardkontakt", CLINIC, SENT, id="open care names the contact"),
        pytest.param("fast-vardkontakt", MIXED, SENT, id="a unit of two kinds is both: open care"),
        pytest.param("utskrivningsklar", MIXED, SENT, id="a unit of two kinds is both: inpatient care"),
        pytest.param("vardbegaran", MIXED, REFUSED, id="but no third"),
        pytest.param("utskrivningsklar", UNSAID, SENT, id="a unit without a row is not judged"),
        pytest.param("utskrivningsklar", REHAB, SENT, id="a service that either may run says nothing"),
        pytest.param("utskrivningsklar", "", SENT, id="nor is a message judged that names nobody"),
        pytest.param("fast-vardkontakt", "PractitionerRole/at-clinic", SENT, id="a commission is its unit's"),
        pytest.param("fast-vardkontakt", "PractitionerRole/at-ward", REFUSED, id="at the ward it is the ward's"),
        pytest.param("fast-vardkontakt", "Practitioner/doctor", SENT, id="a person is of all the own units"),
        pytest.param("vardbegaran", "Practitioner/doctor", REFUSED, id="and of no other"),
        pytest.param("fast-vardkontakt", "HealthcareService/social-sol", REFUSED, id="a service is its unit's"),
        pytest.param("utskrivningsklar", "Patient/p1", REFUSED, id="the person is no party"),
        pytest.param("utskrivningsklar", "Organization/nowhere", SENT, id="of what is not here nothing is known"),
    ],
)
async def test_who_sends_what(case, code, sender, outcome):
    assert outcome == await sent(case, code, sender, "02 13:00")


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        pytest.param({}, REFUSED, id="a row that counts"),
        pytest.param({"active": False}, SENT, id="one that does not"),
        pytest.param({"validity": {"start": "2026-03-01"}}, SENT, id="one that counts later"),
        pytest.param({"validity": {"end": "2026-02-09"}}, REFUSED, id="one that counts to the end of that day"),
    ],
)
async def test_a_row_says_what_its_unit_is_while_it_counts(case, told, outcome):
    assert (await case.put("HealthcareService/later", json=a_row("later", "sol", unit="unsaid", **told))).is_success
    assert outcome == await sent(case, "utskrivningsklar", UNSAID)


async def test_the_refusal_names_the_parties_in_both_languages_and_the_paragraph(case):
    message = a_message("utskrivningsklar", "09 10:00", sender=at(SOCIAL))
    english = (await case.post("Communication", json=message)).json()["issue"][0]
    swedish = (await case.post("Communication", json=message, headers={"Accept-Language": "sv"})).json()["issue"][0]

    assert english["details"]["text"].startswith("'utskrivningsklar' is sent by: inpatient. ")
    assert english["details"]["text"].endswith("the sender is: municipality.")
    assert swedish["details"]["text"].endswith("är avsändaren: municipality.")
    assert ("3 kap. 1 § lagen (2017:612)", ["Communication.sender"]) == (
        english["diagnostics"],
        english["expression"],
    )


async def test_what_was_sent_stays_sent_though_the_register_says_otherwise_since(case):
    ready = a_message("utskrivningsklar", "09 10:00", id="ready", sender=at(UNSAID))
    assert (await case.put("Communication/ready", json=ready)).status_code == 201
    await case.put("HealthcareService/now", json=a_row("now", "sol", unit="unsaid"))

    received = {**ready, "received": "2026-02-09T11:00:00+01:00"}
    assert (await case.put("Communication/ready", json=received)).status_code == 200
    anothers = await case.put("Communication/ready", json={**ready, "sender": at(SOCIAL)})
    assert (409, ["case-sender"]) == (anothers.status_code, issue_keys(anothers.json()))
    assert (409, ["case-sender"]) == await sent(case, "hemgang", UNSAID, "10 10:00")


@pytest.mark.parametrize(("service", "status"), [("sol", 409), ("primary-care", 200)])
async def test_a_row_that_comes_with_the_message_counts(case, service, status):
    row = a_row("new", service, unit="unsaid")
    message = a_message("fast-vardkontakt", "09 10:00", sender=at(UNSAID))
    entries = [an_entry("POST", "Communication", message), an_entry("PUT", "HealthcareService/new", row)]

    assert status == (await case.post("", json=a_bundle(*entries))).status_code


async def test_who_took_over_the_person_sends_as_inpatient_care(case):
    row = a_row("other", "primary-care", unit="unsaid")
    assert (await case.put("HealthcareService/other", json=row)).status_code == 201
    assert REFUSED == await sent(case, "utskrivningsklar", UNSAID)

    moved = a_stay("moved", serviceProvider=at(UNSAID), period={"start": "2026-02-05T08:00:00+01:00"})
    assert (await case.put("Encounter/moved", json=moved)).status_code == 201
    assert SENT == await sent(case, "utskrivningsklar", UNSAID)
