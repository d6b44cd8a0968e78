"""Who has to do with a patient: what a CareTeam and a Consent say."""

import pytest

from fhir_server.access.relation import relations
from fhir_server.fhir.instant import BEGINNING, END, span

BASE = "https://plans.example/fhir"
UNIT, STAFF = "Organization/unit", "Practitioner/sara"


def rows(resource: dict) -> set[tuple]:
    found = relations(resource, "x", ("p1",), BASE)
    assert {"p1"} >= {row.patient for row in found}
    assert {f"{resource['resourceType']}/x"} >= {row.source for row in found}
    return {(row.actor, row.kind, row.start, row.end) for row in found}


def a_team(**members) -> dict:
    participant = {"member": {"reference": STAFF}, "onBehalfOf": {"reference": UNIT}}
    return {"resourceType": "CareTeam", "status": "active", "participant": [participant], **members}


def a_consent(*provisions: dict, **members) -> dict:
    return {"resourceType": "Consent", "status": "active", "provision": {"provision": list(provisions)}, **members}


def a_provision(kind: str, actor: str = UNIT, **members) -> dict:
    return {"type": kind, "actor": [{"reference": {"reference": actor}}], **members}


def test_the_members_of_a_team_and_those_they_act_for_are_related_without_end():
    assert {(STAFF, "care-team", BEGINNING, END), (UNIT, "care-team", BEGINNING, END)} == rows(a_team())


@pytest.mark.parametrize("status", ["proposed", "suspended", "inactive", "entered-in-error", None])
def test_a_team_that_is_not_active_relates_nobody(status):
    assert set() == rows(a_team(status=status))


def test_a_membership_lasts_no_longer_than_its_own_period_and_the_teams():
    participant = {"member": {"reference": STAFF}, "period": {"start": "2026-03-05", "end": "2026-12-31"}}
    team = a_team(participant=[participant], period={"start": "2026-03-02", "end": "2026-06-01"})

    last = span("2026-06-01")[1]
    assert {(STAFF, "care-team", span("2026-03-05")[0], last), (STAFF, "left", last + 1, END)} == rows(team)


def test_a_member_without_a_reference_is_nobody_to_relate():
    assert set() == rows(a_team(participant=[{"member": {"display": "någon"}}]))


def test_a_consent_lets_in_and_keeps_out():
    consent = a_consent(a_provision("permit"), a_provision("deny", STAFF))

    assert {(UNIT, "consent", BEGINNING, END), (STAFF, "block", BEGINNING, END)} == rows(consent)


def test_what_is_kept_from_somebody_in_part_does_not_keep_them_out():
    part = a_provision("deny", code=[{"text": "ekonomi"}])

    assert set() == rows(a_consent(part))
    assert {(UNIT, "block", BEGINNING, END)} == rows(a_consent(a_provision("deny")))


def test_a_withdrawn_consent_relates_nobody():
    assert set() == rows(a_consent(a_provision("permit"), status="inactive"))


@pytest.mark.parametrize(
    ("reference", "actor"),
    [
        ("Organization/unit", UNIT),
        ("Organization/unit/_history/2", UNIT),
        (f"{BASE}/Organization/unit", UNIT),
        ("https://elsewhere.example/fhir/Organization/unit", "https://elsewhere.example/fhir/Organization/unit"),
    ],
)
def test_an_actor_is_named_as_search_names_it_however_it_is_referred_to(reference, actor):
    assert {(actor, "consent", BEGINNING, END)} == rows(a_consent(a_provision("permit", reference)))
    code = {"system": "https://fhir-care-plan-server.example/CodeSystem/consent-kind", "code": "inner-block"}
    block = a_consent(category=[{"coding": [code]}], organization=[{"reference": reference}])
    assert {(actor, "inner-block", BEGINNING, END)} == rows(block)


CASE = {"coding": [{"system": "https://fhir-care-plan-server.example/CodeSystem/care-team", "code": "discharge-case"}]}


def test_the_parties_of_a_discharge_case_are_told_from_a_team_that_cares():
    assert {"case"} == {kind for _, kind, *_ in rows(a_team(category=[CASE]))}
    assert {"care-team"} == {kind for _, kind, *_ in rows(a_team(category=[{"text": "Vårdteam"}]))}


@pytest.mark.parametrize("kind", ["inner-block", "outer-block"])
def test_a_block_closes_what_its_organization_has_documented_also_where_it_speaks_of_a_part(kind):
    code = {"system": "https://fhir-care-plan-server.example/CodeSystem/consent-kind", "code": kind}
    provision = {"type": "deny", "code": [{"text": "psykiatri"}], "period": {"start": "2026-03-05"}}
    block = a_consent(category=[{"coding": [code]}], organization=[{"reference": UNIT}], provision=provision)

    assert {(UNIT, kind, span("2026-03-05")[0], END)} == rows(block)
    assert set() == rows({**block, "status": "inactive"})
