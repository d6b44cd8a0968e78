"""Who calls, told from claims that were verified."""

from dataclasses import replace

import pytest

from fhir_server.access.caller import Caller, caller_of
from fhir_server.access.mapping import load_mapping
from fhir_server.access.token import Claims
from fhir_server.fhir.outcome import Forbidden, Unauthorized, WeaklyAuthenticated
from tests.builders import TEST_PERSON
from tests.tokens import ISSUER, MUNICIPALITY, NOW, REGION, a_token, a_verifier, an_issuer, the_claims

CITIZEN = {
    "employee": None,
    "commission": None,
    "unit": None,
    "provider": None,
    "purpose": None,
    "citizen": TEST_PERSON,
}
SYSTEM = {"employee": None, "commission": None, "unit": None, "provider": None, "acr": None, "sub": "planner"}


def told(issuer=None, **claims) -> Claims:
    values = the_claims(**claims)
    return Claims(issuer or an_issuer(), values["jti"], values["sub"], values["exp"] * 1000, values)


def test_staff_are_told_with_all_that_a_decision_needs():
    claims = told(role=["SJ", "BM"], patient="p1", fhirUser="Practitioner/sara")

    assert Caller(
        kind="staff",
        issuer=ISSUER,
        client="planner",
        token_id="token-1",
        expires=(NOW + 300) * 1000,
        scopes="user/CarePlan.rs",
        person="SE2321000016-1003",
        commission="SE2321000016-C1",
        unit="SE2321000016-U1",
        provider=REGION,
        purpose="TREAT",
        roles=("SJ", "BM"),
        patient="p1",
        fhir_user="Practitioner/sara",
        level=3,
    ) == caller_of(claims)


@pytest.mark.anyio
async def test_a_token_becomes_a_caller():
    assert "staff" == caller_of(await a_verifier().verify(a_token())).kind


def test_a_citizen_is_known_by_the_personal_identity_number():
    caller = caller_of(told(**CITIZEN))

    assert ("citizen", TEST_PERSON, "") == (caller.kind, caller.person, caller.provider)


def test_staff_whose_personal_number_is_told_too_are_staff():
    caller = caller_of(told(citizen=TEST_PERSON))

    assert ("staff", "SE2321000016-1003") == (caller.kind, caller.person)


def test_a_system_speaks_for_itself():
    caller = caller_of(told(**SYSTEM))

    assert ("system", "planner", "", 0) == (caller.kind, caller.client, caller.person, caller.level)


@pytest.mark.parametrize("left_out", ["employee", "citizen"])
def test_a_persons_token_whose_person_was_left_out_is_no_systems(left_out):
    claims = {**(CITIZEN if left_out == "citizen" else {}), left_out: None}

    with pytest.raises(Unauthorized):
        caller_of(told(**claims))
    assert "system" == caller_of(told(**{**claims, "sub": "planner"})).kind


@pytest.mark.parametrize("claim", ["client_id", "provider"])
@pytest.mark.parametrize("value", [None, "", [], 1, {"$ne": ""}, ["a", "b"]], ids=str)
def test_staff_without_what_staff_need_are_refused(claim, value):
    with pytest.raises(Unauthorized) as refused:
        caller_of(told(**{claim: value}))
    assert "token-claim" == refused.value.issues[0].key
    assert caller_of(told())


@pytest.mark.parametrize("claim", ["employee", "unit", "commission", "purpose", "patient", "fhirUser", "acr"])
@pytest.mark.parametrize("value", [["SE2321000016-1", "SE2321000016-2"], 1, {"$ne": ""}], ids=str)
def test_what_is_one_thing_is_not_told_as_several(claim, value):
    with pytest.raises(Unauthorized) as refused:
        caller_of(told(**{claim: value}))
    assert refused.value.reason.startswith("claim-")
    assert caller_of(told(**{claim: [the_claims().get(claim, "x")]}))


@pytest.mark.parametrize("purpose", ["Vård och behandling", "treat", "TREATMENT", "", None])
def test_a_18_a_purpose_that_the_mapping_does_not_have_is_none(purpose):
    assert "" == caller_of(told(purpose=purpose)).purpose
    assert "TREAT" == caller_of(told(purpose="TREAT")).purpose


def test_a_18_ineras_words_for_a_purpose_are_purposes_of_use():
    issuer = an_issuer(claims=load_mapping("inera"))
    names = {
        "employeeHsaId": "SE2321000016-1003",
        "healthCareProviderHsaId": REGION,
        "acr": "http://id.sambi.se/loa/loa3",
        "commissionPurpose": "Vård och behandling",
    }

    assert "TREAT" == caller_of(told(issuer, **names)).purpose
    assert "HOPERAT" == caller_of(told(issuer, **{**names, "commissionPurpose": "Administration"})).purpose


def test_a_17_an_issuer_speaks_for_no_provider_but_its_own():
    issuer = an_issuer(organizations=frozenset({MUNICIPALITY}))
    own = {
        "employee": "SE2120000001-1",
        "unit": "SE2120000001-U1",
        "commission": "SE2120000001-C1",
        "provider": MUNICIPALITY,
    }

    assert MUNICIPALITY == caller_of(told(issuer, **own)).provider
    with pytest.raises(Forbidden) as refused:
        caller_of(told(issuer, **{**own, "provider": REGION}))
    assert (403, "issuer-organization") == (refused.value.status, refused.value.issues[0].key)
    assert REGION not in refused.value.issues[0].text()


@pytest.mark.parametrize(
    ("claim", "name"),
    [("unit", "unit"), ("commission", "commission"), ("employee", "employee")],
)
def test_a_17_an_issuer_does_not_name_anothers_units_and_persons_under_its_own_provider(claim, name):
    with pytest.raises(Forbidden) as refused:
        caller_of(told(**{claim: "SE2120000001-X1"}))
    assert {"name": name} == dict(refused.value.issues[0].said)
    assert caller_of(told(**{claim: "SE2321000016-X1"}))
    assert caller_of(told(an_issuer(organizations=frozenset({"*"})), **{claim: "SE2120000001-X1"}))


def test_a_17_a_system_that_acts_for_a_provider_is_held_to_its_issuers_too():
    with pytest.raises(Forbidden):
        caller_of(told(**SYSTEM | {"provider": MUNICIPALITY}))
    assert REGION == caller_of(told(**SYSTEM | {"provider": REGION})).provider


@pytest.mark.parametrize(("kind", "claims"), [("staff", {}), ("citizen", CITIZEN), ("system", SYSTEM)])
def test_a_17_an_issuer_speaks_for_callers_of_its_kinds(kind, claims):
    others = frozenset({"staff", "citizen", "system"}) - {kind}

    with pytest.raises(Forbidden) as refused:
        caller_of(told(an_issuer(kinds=others), **claims))
    assert "issuer-kind" == refused.value.issues[0].key
    assert kind == caller_of(told(an_issuer(kinds=frozenset({kind})), **claims)).kind


@pytest.mark.parametrize("acr", ["loa1", "loa2", "LOA3", "loa3 ", "3", "", None, "urn:unheard-of"])
def test_a_19_staff_below_level_3_sign_in_once_more(acr):
    with pytest.raises(WeaklyAuthenticated) as refused:
        caller_of(told(acr=acr))
    assert 403 == refused.value.status
    assert {
        "WWW-Authenticate": 'Bearer error="insufficient_user_authentication", acr_values="loa3 loa4"'
    } == refused.value.headers


@pytest.mark.parametrize(("acr", "level"), [("loa3", 3), ("loa4", 4)])
def test_a_19_staff_at_level_3_are_let_in(acr, level):
    assert level == caller_of(told(acr=acr)).level


def test_a_19_a_citizens_level_is_told_and_judged_by_policy():
    assert 2 == caller_of(told(**CITIZEN, acr="loa2")).level


def test_a_foreign_issuer_is_told_so_before_it_is_asked_to_sign_in_again():
    with pytest.raises(Forbidden) as refused:
        caller_of(told(acr="loa2", provider=MUNICIPALITY))
    assert 'Bearer error="insufficient_scope"' == refused.value.headers["WWW-Authenticate"]


def test_what_is_written_of_a_caller_names_nobody():
    caller = replace(caller_of(told(**CITIZEN)), patient="p1", fhir_user="Patient/p1")

    for secret in (TEST_PERSON, "p1"):
        assert secret not in repr(caller)
    assert "nurse-1" not in repr(told())
