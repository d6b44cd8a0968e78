"""https://hl7.org/fhir/R4/documents.html"""

from typing import Any

import pytest

from fhir_server.fhir.canonical import structure
from fhir_server.process.contract.composition import composition
from fhir_server.process.contract.content import Content

BASE = "https://plans.example/fhir"
NOON = 1772449200000  # 2026-03-02, noon in Stockholm
PERSON = {"resourceType": "Patient", "id": "p"}
VIDEO = {"url": structure("video-link"), "valueUrl": "https://video.example/<1>"}


def told(code: str, **content: Any) -> dict[str, Any]:
    """A section of a contract that has nothing but this."""
    empty: dict[str, Any] = dict.fromkeys(
        ("plans", "goals", "actions", "teams", "appointments", "messages", "beside"), ()
    )
    made = composition(
        Content(PERSON, **(empty | {"at": NOON, "display": called} | content)), str.upper, BASE, "server"
    )
    (section,) = (one for one in made["section"] if one["code"]["coding"][0]["code"] == code)
    return section


def called(system: str, code: str) -> str:
    return {("urn:kinds", "1"): "Fast vårdkontakt"}.get((system, code), "")


def words(section: dict[str, Any]) -> str:
    return section["text"]["div"].partition('xml:lang="sv">')[2].removesuffix("</div>")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("plans", "ingen plan"),
        ("goals-and-actions", "inga mål eller insatser"),
        ("contacts", "inga kontakter"),
        ("appointments", "inga bokade tider"),
        ("messages", "inga meddelanden"),
    ],
)
def test_a_section_of_nothing_says_so(code, said):
    section = told(code)

    assert f"<p>Det finns {said} att visa.</p>" == words(section)
    assert {"text": f"Det finns {said} att visa."} == section["emptyReason"]
    assert ("entry" in section, code.upper()) == (False, section["title"])


def test_a_section_of_something_lists_it_and_says_when_there_is_more():
    plan = {"resourceType": "CarePlan", "id": "x", "status": "on-hold", "title": "Min plan"}

    assert "<p>Min plan. Vilar.</p>" == words(told("plans", plans=[plan]))
    assert [{"reference": f"{BASE}/CarePlan/x"}] == told("plans", plans=[plan])["entry"]
    assert "emptyReason" not in told("plans", plans=[plan])
    more = told("plans", plans=[plan], cut=frozenset({"plans"}))
    assert "<p>Min plan. Vilar.</p><p>Det finns mer än vad som visas här.</p>" == words(more)


def test_a_plan_says_until_when_who_coordinates_and_what_matters():
    plan = {
        "resourceType": "CarePlan",
        "id": "x",
        "status": "completed",
        "category": [{"text": "SIP"}],
        "period": {"start": "2026-02", "end": "2026-03-02"},
        "author": {"reference": "PractitionerRole/r"},
        "extension": [{"url": structure("what-matters"), "valueString": "Att bo kvar"}],
    }
    role = {
        "resourceType": "PractitionerRole",
        "id": "r",
        "practitioner": {"reference": "Practitioner/m"},
        "organization": {"display": "Vårdcentralen"},
    }
    maria = {"resourceType": "Practitioner", "id": "m", "name": [{"given": ["Maria", None], "family": "Ek"}]}

    assert (
        "<p>SIP. Avslutad. Från februari 2026 till 2 mars 2026. Samordnas av Maria Ek, Vårdcentralen. "
        "Viktigt för mig: Att bo kvar.</p>"
    ) == words(told("plans", plans=[plan], beside=[role, maria]))


def test_a_decision_and_who_carries_it_out_are_one_line_and_what_stands_alone_is_told_too():
    request = {"resourceType": "ServiceRequest", "id": "s", "status": "active", "code": {"text": "Dusch"}}
    alone = {**request, "id": "t", "code": {"text": "Tvätt"}, "performer": [{"display": "Hemtjänsten"}]}
    task = {
        "resourceType": "Task",
        "id": "s",
        "status": "accepted",
        "focus": {"reference": "ServiceRequest/s"},
        "owner": {"reference": "Patient/p"},
    }
    own = {"resourceType": "Task", "id": "u", "status": "failed", "description": "Ringa"}

    assert (
        "<p><b>Insatser</b></p><ul><li>Dusch. Ansvarar: personen själv. Tagen.</li><li>Ringa. Gick inte att göra.</li>"
        "<li>Tvätt. Ansvarar: Hemtjänsten. Beslutad.</li></ul>"
    ) == words(told("goals-and-actions", actions=[request, alone, task, own]))


def test_a_contact_has_its_own_number_or_that_of_its_unit_and_who_has_left_is_none():
    roles = [{"text": "Sjuksköterska"}]
    team = {
        "resourceType": "CareTeam",
        "id": "t",
        "category": [{"text": "Fast kontakt"}],
        "participant": [
            {"role": roles, "member": {"reference": "PractitionerRole/r", "display": "Petra"}},
            {"member": {"reference": "Organization/o"}, "period": {"end": "2026-03-02"}},
            {"role": [{"coding": [{"system": "urn:kinds", "code": "1"}]}, {"coding": [{"code": "x"}]}]},
            {"member": {"reference": "Organization/away", "display": "Borta"}, "period": {"end": "2026-03-01"}},
        ],
        "telecom": [{"system": "phone", "value": "0980-1"}],
    }
    role = {"resourceType": "PractitionerRole", "id": "r", "organization": {"reference": "Organization/o"}}
    unit = {
        "resourceType": "Organization",
        "id": "o",
        "name": "Hemsjukvården",
        "telecom": [{"system": "email", "value": "x@y.example"}, {"system": "phone", "value": "0980-2"}],
    }

    assert (
        "<p><b>Fast kontakt</b></p><ul><li>Sjuksköterska: Petra. Telefon 0980-2.</li>"
        "<li>Hemsjukvården. Telefon 0980-2.</li><li>Fast vårdkontakt.</li><li>Teamets telefon: 0980-1.</li></ul>"
    ) == words(told("contacts", teams=[team], beside=[role, unit]))


def test_a_team_of_nobody_has_its_name():
    """An empty narrative would break txt-2: https://hl7.org/fhir/R4/narrative.html#Narrative"""
    team = {"resourceType": "CareTeam", "id": "t", "name": "Teamet"}

    assert "<p>Teamet</p>" == words(told("contacts", teams=[team]))
    assert "<p>Team</p>" == words(told("contacts", teams=[{"resourceType": "CareTeam", "id": "t"}]))


def test_a_meeting_tells_when_where_with_whom_and_by_which_link():
    meeting = {
        "resourceType": "Appointment",
        "id": "m",
        "status": "booked",
        "start": "2026-03-04T10:00:00+01:00",
        "end": "2026-03-04T11:00:00+01:00",
        "contained": [{"resourceType": "Location", "id": "rum", "name": "Rummet"}],
        "participant": [
            {"actor": {"reference": "Patient/p"}},
            {"actor": {"reference": "#rum"}},
            {"type": [{"text": "utan namn"}]},
        ],
        "extension": [VIDEO],
    }

    link = "https://video.example/&lt;1&gt;"
    assert (
        "<p><b>Möten och besök</b></p><ul><li>onsdag 4 mars 2026 kl. 10.00\N{EN DASH}11.00: Bokad tid. Bokad. "
        f'Plats: Rummet. Med: personen själv. Videolänk: <a href="{link}">{link}</a></li></ul>'
    ) == words(told("appointments", appointments=[meeting]))


def test_a_message_tells_when_from_whom_to_whom_and_what():
    message = {
        "resourceType": "Communication",
        "id": "m",
        "sent": "2026-03-02T08:20:00+01:00",
        "sender": {"display": "Amir"},
        "recipient": [{"display": "Petra"}, {"reference": "Patient/p"}],
        "category": [{"coding": [{"display": "Fråga"}]}],
        "payload": [{"contentString": "Kan ni <b>komma</b>?"}, {"contentAttachment": {"title": "x"}}],
    }

    assert (
        "<p><b>Nyast först</b></p><ul><li>måndag 2 mars 2026 kl. 08.20, från Amir, till Petra; personen själv. Fråga. "
        "Kan ni &lt;b&gt;komma&lt;/b&gt;?</li></ul>"
    ) == words(told("messages", messages=[message]))
    bare = {"resourceType": "Communication", "id": "m"}
    assert "<p><b>Nyast först</b></p><ul><li>Meddelande.</li></ul>" == words(told("messages", messages=[bare]))
