from typing import Any

import pytest

from fhir_server.fhir.definitions import CORE, BadDefinition
from fhir_server.validation.profile import ACCEPTED, Profiles, load_profiles
from fhir_server.validation.validate import Validator
from tests.validation.profiled import OURS, SETS, element, extension, kind, patient, profile, value_set

SWEDISH = "http://hl7.se/fhir/ig/base/StructureDefinition/SEBasePatient"
NAMED = profile("named", "Patient", element("Patient.name", min=1))


def accepting(*canonicals: str, id: str = "swedish") -> dict[str, Any]:
    others = [{"url": ACCEPTED, "valueCanonical": canonical} for canonical in canonicals]
    return profile(id, "Patient", element("Patient.gender", min=1), extension=others)


def issues(resource: Any, *definitions: dict[str, Any], demanded: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    found = Validator(Profiles(definitions)).issues(resource, profiles=demanded)
    return [(issue.severity, issue.expression, issue.key) for issue in found if issue.source != "dom-6"]


def claiming(*canonicals: str, **more: Any) -> dict[str, Any]:
    return patient(meta={"profile": list(canonicals)}, **more)


MISSING_NAME = ("error", "Patient.name", "profile-missing")
MISSING_GENDER = ("error", "Patient.gender", "profile-missing")


def test_a_resource_is_held_to_the_profiles_that_it_claims() -> None:
    assert [] == issues(patient(active=True), NAMED)
    assert [MISSING_NAME] == issues(claiming(f"{OURS}named"), NAMED)
    assert [MISSING_NAME] == issues(claiming(f"{OURS}named|1.0"), NAMED)
    assert [] == issues(claiming(f"{OURS}named", name=[{"text": "A"}]), NAMED)


@pytest.mark.parametrize("claim", [f"{OURS}named|2.0", f"{OURS}other", "urn:x", f"{CORE}vitalsigns"])
def test_a_profile_that_is_not_known_is_a_warning_at_its_claim_and_base_r4_decides(claim: str) -> None:
    unknown = ("warning", "Patient.meta.profile[0]", "profile-unknown")
    assert [unknown] == issues(claiming(claim), NAMED)
    assert [MISSING_NAME, ("warning", "Patient.meta.profile[0]", "profile-unknown")] == issues(
        claiming(claim, f"{OURS}named"), NAMED
    )
    assert claim not in str([issue.as_json() for issue in Validator().issues(claiming(claim))])


@pytest.mark.parametrize(
    "claim", [f"{CORE}Patient", f"{CORE}DomainResource", f"{CORE}Resource", f"{CORE}Patient|4.0.1"]
)
def test_the_type_itself_may_be_claimed(claim: str) -> None:
    assert [] == issues(claiming(claim), NAMED)


@pytest.mark.parametrize("claim", [f"{CORE}Observation", f"{OURS}weight"])
def test_a_profile_of_another_type_cannot_be_claimed(claim: str) -> None:
    other = ("error", "Patient.meta.profile[0]", "profile-other-type")
    assert [other] == issues(claiming(claim), NAMED, profile("weight", "Observation"))


def test_what_is_demanded_is_held_to_beside_what_is_claimed() -> None:
    gendered = profile("gendered", "Patient", element("Patient.gender", min=1))
    assert [MISSING_GENDER] == issues(patient(), NAMED, gendered, demanded=(f"{OURS}gendered",))
    both = issues(claiming(f"{OURS}named"), NAMED, gendered, demanded=(f"{OURS}gendered|1.0",))
    assert [MISSING_NAME, MISSING_GENDER] == both
    once = issues(claiming(f"{OURS}named"), NAMED, demanded=(f"{OURS}named",))
    assert [MISSING_NAME] == once
    with pytest.raises(KeyError):
        issues(patient(), NAMED, demanded=(f"{OURS}other",))


def test_a_profile_and_its_base_both_claimed_are_told_once() -> None:
    derived = profile("derived", "Patient", element("Patient.gender", min=1), base=f"{OURS}named")
    claimed = claiming(f"{OURS}named", f"{OURS}derived")
    assert [MISSING_NAME, MISSING_GENDER] == sorted(issues(claimed, NAMED, derived), reverse=True)


@pytest.mark.parametrize("claim", [SWEDISH, f"{SWEDISH}|1.1.0", f"{OURS}swedish"])
def test_another_canonical_of_a_profile_is_accepted(claim: str) -> None:
    assert [MISSING_GENDER] == issues(claiming(claim), accepting(SWEDISH))
    assert [] == issues(claiming(claim, gender="female"), accepting(SWEDISH))


def test_another_canonical_with_a_version_means_that_version() -> None:
    definition = accepting(f"{SWEDISH}|1.1.0")
    assert [MISSING_GENDER] == issues(claiming(f"{SWEDISH}|1.1.0"), definition)
    for claim in (SWEDISH, f"{SWEDISH}|1.2.0"):
        assert ["profile-unknown"] == [key for _, _, key in issues(claiming(claim), definition)]


def test_a_canonical_means_one_profile() -> None:
    Profiles([accepting(SWEDISH), NAMED])
    with pytest.raises(BadDefinition, match="two profiles have this canonical"):
        Profiles([NAMED, NAMED])
    with pytest.raises(BadDefinition, match="names another profile too"):
        Profiles([accepting(SWEDISH), accepting(SWEDISH, id="other")])
    with pytest.raises(BadDefinition, match="names another profile too"):
        Profiles([NAMED, accepting(f"{OURS}named")])


def test_a_claim_is_kept_in_what_stands_in_another_resource() -> None:
    inner = claiming(f"{OURS}named")
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": inner}]}
    assert [("error", "Bundle.entry[0].resource.name", "profile-missing")] == issues(bundle, NAMED)
    outer = patient(contained=[{**inner, "id": "a"}], link=[{"other": {"reference": "#a"}, "type": "seealso"}])
    assert [("error", "Patient.contained[0].name", "profile-missing")] == issues(outer, NAMED)
    inner["name"] = [{"text": "A"}]
    assert [] == issues(bundle, NAMED)


@pytest.mark.parametrize("meta", [{"profile": f"{OURS}named"}, {"profile": [1, None, {}]}, {"profile": []}, [], "x"])
def test_a_claim_of_the_wrong_shape_is_no_claim_and_told_by_base_r4(meta: Any) -> None:
    keys = [key for _, _, key in issues(patient(meta=meta), NAMED)]
    assert keys
    assert [] == [key for key in keys if key.startswith("profile")]


BASELESS = profile("baseless", "Patient", base=f"{OURS}nowhere")
CIRCLE = profile("a", "Patient", base=f"{OURS}b"), profile("b", "Patient", base=f"{OURS}a")


@pytest.mark.parametrize(
    ("definitions", "why"),
    [
        ([BASELESS], r"/baseless: its base .*/nowhere is not here"),
        (CIRCLE, "it is based on itself"),
        ([NAMED, profile("odd", "Observation", base=f"{OURS}named")], "it is about Observation, its base about Patient"),
        ([profile("p", "Patient", element("Patient.nickname", min=1))], r"Patient\.nickname: R4 has no such element"),
        ([profile("p", "Patient", element("Patient.name", type=[kind("Period")]))], "the element has no type Period"),
        ([profile("p", "Patient", element("Patient.name", type=[kind("HumanName", f"{OURS}x")]))], "no profile .*/x is"),
        (
            [profile("p", "Observation", element("Observation.subject", type=[kind("Reference", to=(f"{OURS}x",))]))],
            "no profile .*/x is here",
        ),
        ([profile("p", "Patient", element("Patient.birthDate", minValueQuantity={"value": 1}))], "minValueQuantity .* not read"),
        (
            [profile("p", "Patient", element("Patient.link.other", type=[{"code": "Reference", "aggregation": ["contained"]}]))],
            r"Patient\.link\.other: type\.aggregation is not read",
        ),
        ([extension("x", contextInvariant=["true"])], "contextInvariant is not read"),
        ([extension("x", context=[{"type": "fhirpath", "expression": "Patient"}])], "fhirpath is not read"),
        ([{"resourceType": "StructureDefinition", "id": "bare", "derivation": "constraint", "type": "Patient"}], "bare: it has no url"),
        ([value_set("v", include=[{"valueSet": [f"{SETS}w"]}])], "/v: no value set"),
    ],
)  # fmt: skip
def test_a_definition_that_cannot_be_kept_is_refused_by_its_name(definitions: Any, why: str) -> None:
    with pytest.raises(BadDefinition, match=why):
        Profiles(definitions).check()
    Profiles([NAMED, value_set("v", include=[{"system": "urn:x"}])]).check()


def test_the_profiles_on_resources_are_listed_and_found() -> None:
    profiles = Profiles([NAMED, accepting(SWEDISH), extension("x"), profile("n", "HumanName")])
    assert (f"{OURS}named", f"{OURS}swedish") == profiles.canonicals
    for canonical in (f"{OURS}named", f"{OURS}named|1.0", SWEDISH, f"{CORE}Patient", f"{CORE}SimpleQuantity"):
        assert profiles.has(canonical)
    for canonical in (f"{OURS}named|2.0", f"{OURS}nowhere", f"{CORE}Nothing", "", "|1.0"):
        assert not profiles.has(canonical)


def test_what_is_shipped_can_be_kept() -> None:
    profiles = load_profiles()
    profiles.check()
    assert ACCEPTED in {profile.canonical for profile in profiles.own}
