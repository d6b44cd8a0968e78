"""Who joins a SIP's team by an action, and who leaves it."""

from fhir_server.process.sip.split import COORDINATOR, FULFILL, SIP, SIP_TEAM
from fhir_server.process.sip.team import (
    BEGAN_WITH,
    CALL,
    coordinators,
    is_open_team,
    is_sip,
    joined,
    left,
    may_be_action,
)

UNIT = {"reference": "Organization/u3", "display": "Hemtjänsten"}
START, END = "2026-03-02T10:00:00.000Z", "2026-04-01T10:00:00.000Z"


def a_team(*participants, **members):
    return {
        "resourceType": "CareTeam",
        "status": "active",
        "category": [SIP_TEAM],
        "participant": list(participants),
        **members,
    }


def is_unit(member):
    return member == UNIT


def test_who_joins_is_named_as_the_action_names_it_from_then_on_and_by_which():
    (member,) = joined(a_team(), UNIT, "Organization", "Task/dusch", START)["participant"]

    assert (UNIT, {"start": START}, [{"text": "Utför insats"}]) == (member["member"], member["period"], member["role"])
    assert [{"url": BEGAN_WITH, "valueReference": {"reference": "Task/dusch"}}] == member["extension"]


def test_a_relative_is_called_one():
    relative = {"reference": "RelatedPerson/dotter"}
    (member,) = joined(a_team(), relative, "RelatedPerson", "Task/dusch", START)["participant"]

    assert [{"text": "Närstående"}] == member["role"]


def test_who_calls_to_a_plan_coordinates_it_where_nobody_does():
    alone = joined(a_team(), UNIT, "Organization", "Task/call", START, calls=True)
    (member,) = alone["participant"]
    assert ([COORDINATOR], UNIT) == (member["role"], member["member"])
    second = joined(alone, {"reference": "Organization/u1"}, "Organization", "Task/other", START, calls=True)
    assert [{"text": "Utför insats"}] == second["participant"][1]["role"]


def test_who_leaves_stays_to_be_read_and_nobody_else_is_touched():
    other = {"member": {"reference": "Organization/u1"}}
    team = joined(
        joined(a_team(other), UNIT, "Organization", "Task/a", START), other["member"], "Organization", "Task/b", START
    )

    after = left(team, is_unit, END)["participant"]

    assert [None, END, None] == [one.get("period", {}).get("end") for one in after]
    assert {"start": START, "end": END} == after[1]["period"]
    assert team["participant"][1]["period"] == {"start": START}


def test_a_membership_that_began_otherwise_or_has_ended_is_as_it_was():
    agreed = {"member": UNIT}
    ended = {**joined(a_team(), UNIT, "Organization", "Task/a", START)["participant"][0], "period": {"end": START}}
    team = a_team(agreed, ended)

    assert left(team, is_unit, END) is team


def test_what_is_a_sip_its_team_and_its_action_is_told_by_codes():
    assert is_sip({"category": [{"text": "SIP"}, SIP]})
    assert not is_sip({"category": [{"coding": [{"system": "https://plans.example", "code": "SIP"}]}]})
    assert not is_sip({})
    assert [True, True, False] == [is_open_team(a_team(status=it)) for it in ("active", "proposed", "inactive")]
    assert not is_open_team(a_team(category=[]))
    assert may_be_action({"code": CALL, "basedOn": [{"reference": "CarePlan/a"}]})
    assert may_be_action({"code": FULFILL, "basedOn": [{"reference": "CarePlan/a"}]})
    assert not may_be_action({"code": FULFILL})
    assert not may_be_action({"basedOn": [{"reference": "CarePlan/a"}]})


def test_who_coordinates_does_so_until_the_end():
    now, before = {"reference": "Practitioner/a"}, {"reference": "Practitioner/b"}
    team = a_team(
        {"role": [COORDINATOR], "member": now},
        {"role": [COORDINATOR], "member": before, "period": {"end": END}},
        {"role": [{"text": "Deltar"}], "member": UNIT},
    )

    assert [now] == coordinators(team)
