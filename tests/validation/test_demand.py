"""What is of a category is held to the profile that is demanded of it, whether it claims it or not; a draft is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.definitions import read
from fhir_server.validation.demand import Demand, demands
from fhir_server.validation.profile import load_profiles
from fhir_server.validation.validate import Validator
from tests.builders import a_care_plan, issue_keys

INERA = "https://fhir.inera.se/CodeSystem/typeofcareplan-cs"
VALIDATOR = Validator(load_profiles())


def of_kind(code, system=INERA, **members):
    return a_care_plan(
        category=[{"text": "x"}, {"coding": [{"code": "y"}, {"system": system, "code": code}]}], **members
    )


def broken(plan):
    return {issue.source.rpartition("/")[2] for issue in VALIDATOR.issues(plan) if issue.blocks}


@pytest.mark.parametrize(
    ("code", "profile"),
    [("SIP", "sip#sip-1"), ("SPU", "discharge-plan#CarePlan.encounter"), ("GP", None), ("VP", None)],
)
def test_a_plan_of_a_category_keeps_to_its_profile_without_claiming_it(code, profile):
    found = broken(of_kind(code))

    assert ({profile} <= found) if profile else found == set()


@pytest.mark.parametrize("status", ["active", "on-hold", "completed", "revoked", "unknown"])
def test_in_every_status_but_those_exempt(status):
    assert broken(of_kind("SIP", status=status))


@pytest.mark.parametrize("status", ["draft", "entered-in-error"])
def test_a_draft_may_be_as_unfinished_as_it_is(status):
    assert set() == broken(of_kind("SIP", status=status))


def test_a_draft_that_claims_the_profile_is_held_to_it():
    claimed = {"profile": ["https://fhir-care-plan-server.example/StructureDefinition/sip"]}

    assert {"coordinated-plan#CarePlan.title"} == broken(of_kind("SIP", status="draft", meta=claimed))


def test_a_code_of_another_system_demands_nothing():
    assert set() == broken(of_kind("SIP", system="urn:other"))


def test_two_profiles_of_ours_are_demanded():
    found = {demand.canonical.rpartition("/")[2] for _, one in read("profiles") for demand in demands(one)}

    assert {"sip", "discharge-plan"} == found


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["coding", "system", "code", "status", "category"]), inner)
        ),
    )
)
def test_no_shape_stops_it(value):
    demand = Demand("urn:p", "s", "c", frozenset({"draft"}))

    assert demand.is_made_of({"category": value, "status": value}) in {True, False}


@pytest.mark.anyio
@pytest.mark.parametrize(("status", "answered"), [("active", 422), ("draft", 201)])
async def test_a_server_demands_it_of_whoever_writes(api, status, answered):
    answer = await api.post("CarePlan", json=of_kind("SIP", status=status))

    assert answered == answer.status_code
    if answered == 422:
        assert "profile-constraint" in issue_keys(answer.json())
