"""What a handover makes of a team: pure, for every shape of membership."""

from fhir_server.fhir.canonical import OURS
from fhir_server.process.sip.handover import (
    FIXED_CONTACT,
    begun,
    ended,
    holds_contact,
    is_fixed_contact,
    is_handover,
    succeeding,
)
from fhir_server.process.sip.split import COORDINATOR, FULFILL, SIP_TEAM
from tests.process.sip.test_team import a_team

OLD, NEW = {"reference": "PractitionerRole/old"}, {"reference": "PractitionerRole/new", "display": "Den nya"}
NURSE = {"text": "Sjuksköterska"}
AT = "2026-03-02T10:00:00.000Z"


def is_old(member):
    return member == OLD


def a_member(*roles, member=OLD, **period):
    return {"role": list(roles), "member": member, **({"period": period} if period else {})}


def test_a_handover_is_told_by_its_code():
    assert is_handover({"code": {"coding": [{"system": f"{OURS}/CodeSystem/task", "code": "handover"}]}})
    assert not is_handover({"code": FULFILL})
    assert not is_handover({})


def test_who_holds_a_contact_is_one_now_in_an_open_team():
    assert holds_contact(a_team(a_member(COORDINATOR)), is_old)
    assert not holds_contact(a_team(a_member(COORDINATOR), status="inactive"), is_old)
    assert not holds_contact(a_team(a_member(COORDINATOR, end="2026-01-01")), is_old)
    assert not holds_contact(a_team(a_member(NURSE)), is_old)
    assert not holds_contact(a_team(a_member(COORDINATOR, member=NEW)), is_old)


def test_the_contact_ends_and_what_they_are_besides_goes_on():
    other, past = a_member(COORDINATOR, member=NEW, end="2025-01-01"), a_member(COORDINATOR, end="2024-01-01")
    team = a_team(past, a_member(COORDINATOR, NURSE, start="2026-01-19"), other)
    after = ended(team, is_old, AT)

    over, stays = a_member(COORDINATOR, start="2026-01-19", end=AT), a_member(NURSE, start="2026-01-19")
    assert [past, over, stays, other] == after["participant"]
    assert ("active", False) == (after["status"], "period" in after)


def test_who_takes_over_is_the_contact_and_nothing_else_from_then_on():
    team = a_team(a_member(COORDINATOR, NURSE))

    assert {"role": [COORDINATOR], "member": NEW, "period": {"start": AT}} == begun(team, is_old, NEW, AT)


def test_a_fixed_contact_s_team_ends_with_it_and_the_next_is_of_the_same_kind():
    team = a_team(
        a_member(COORDINATOR), category=[FIXED_CONTACT], period={"start": "2026-01-19"}, id="1", name="Kontakt"
    )
    team["meta"] = {"versionId": "4", "profile": ["p"], "security": [{"code": "R"}], "extension": [{"url": "mark"}]}
    assert (True, False) == (is_fixed_contact(team), is_fixed_contact(a_team(category=[SIP_TEAM])))

    assert ("inactive", {"start": "2026-01-19", "end": AT}) == (
        ended(team, is_old, AT)["status"],
        ended(team, is_old, AT)["period"],
    )
    contact = begun(team, is_old, NEW, AT)
    assert {
        "resourceType": "CareTeam",
        "meta": {"profile": ["p"], "security": [{"code": "R"}]},
        "status": "active",
        "category": [FIXED_CONTACT],
        "name": "Kontakt",
        "period": {"start": AT},
        "participant": [contact],
    } == succeeding(team, contact)
