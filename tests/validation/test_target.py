from typing import Any

import pytest

from fhir_server.fhir.definitions import CORE
from tests.validation.profiled import OURS, element, kind, observation, profile, told

SUBJECT = profile(
    "p", "Observation", element("Observation.subject", type=[kind("Reference", to=(f"{CORE}Patient", f"{CORE}Group"))])
)


@pytest.mark.parametrize(
    ("subject", "keys"),
    [
        ({"reference": "Patient/1"}, []),
        ({"reference": "Group/1"}, []),
        ({"reference": "Device/1"}, ["profile-target"]),
        ({"reference": "https://example.org/fhir/Patient/1"}, []),
        ({"reference": "https://example.org/fhir/Device/1/_history/2"}, ["profile-target"]),
        ({"reference": "https://example.org/devices?id=1"}, []),
        ({"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}, []),
        ({"type": "Device", "display": "x"}, ["profile-target"]),
        ({"type": "Patient", "display": "x"}, []),
        ({"display": "x"}, []),
        ({"identifier": {"value": "1"}}, []),
    ],
)
def test_a_reference_points_at_a_type_that_is_left_as_far_as_it_tells(subject: Any, keys: list[str]) -> None:
    issues = told(observation(subject=subject), SUBJECT)
    assert [("Observation.subject", key, "p#Observation.subject") for key in keys] == issues


def test_what_several_entries_of_a_type_name_is_allowed_together() -> None:
    entries = [kind("Reference", to=(f"{CORE}Patient",)), kind("Reference", to=(f"{CORE}Group",))]
    asked = profile("p", "Observation", element("Observation.subject", type=entries))
    assert [] == told(observation(subject={"reference": "Patient/1"}), asked)
    assert [] == told(observation(subject={"reference": "Group/1"}), asked)
    assert ["profile-target"] == [key for _, key, _ in told(observation(subject={"reference": "Device/1"}), asked)]
    anything = profile("p", "Observation", element("Observation.subject", type=[*entries, kind("Reference")]))
    assert [] == told(observation(subject={"reference": "Device/1"}), anything)


PERSON = profile("person", "Patient", element("Patient.birthDate", min=1))
TO_PERSON = profile("p", "Observation", element("Observation.subject", type=[kind("Reference", to=(f"{OURS}person",))]))


def about(**inner: Any) -> dict[str, Any]:
    node = {"resourceType": "Patient", "id": "a", **inner}
    return observation(contained=[node], subject={"reference": "#a"})


def test_a_contained_resource_keeps_to_the_profile_that_points_at_it() -> None:
    assert [] == told(about(birthDate="2020"), TO_PERSON, PERSON)
    expected = ("Observation.subject", "profile-of-target", "p#Observation.subject")
    assert [expected] == told(about(gender="male"), TO_PERSON, PERSON)
    assert [] == told(observation(subject={"reference": "Patient/1"}), TO_PERSON, PERSON)
    group = observation(subject={"reference": "Group/1"})
    assert ["profile-target"] == [key for _, key, _ in told(group, TO_PERSON, PERSON)]


def test_resources_that_point_at_each_other_are_judged_and_end() -> None:
    of = "Observation.hasMember"
    round_ = profile("p", "Observation", element(of, type=[kind("Reference", to=(f"{OURS}p",))]), element("Observation.identifier", min=1))  # fmt: skip

    def ring(*identifiers: list[dict[str, str]]) -> dict[str, Any]:
        size = len(identifiers)
        nodes = [
            observation(id=f"n{place}", identifier=own, hasMember=[{"reference": f"#n{(place + 1) % size}"}])
            for place, own in enumerate(identifiers)
        ]
        nodes = [{name: value for name, value in node.items() if value} for node in nodes]
        outer = observation(identifier=[{"value": "1"}], hasMember=[{"reference": "#n0"}])
        return {**outer, "contained": nodes}

    own = [{"value": "1"}]
    assert [] == told(ring(own, own, own), round_)
    assert [("Observation.hasMember[0]", "profile-of-target")] == [it[:2] for it in told(ring(own, own, []), round_)]


def test_a_canonical_to_a_contained_resource_is_judged_by_it() -> None:
    asked = profile(
        "p",
        "QuestionnaireResponse",
        element("QuestionnaireResponse.questionnaire", type=[kind("canonical", to=(f"{OURS}q",))]),
    )
    questions = profile("q", "Questionnaire", element("Questionnaire.title", min=1))

    def answer(**inner: Any) -> dict[str, Any]:
        node = {"resourceType": "Questionnaire", "id": "q", "status": "active", **inner}
        return {"resourceType": "QuestionnaireResponse", "status": "completed", "contained": [node], "questionnaire": "#q", "source": {"reference": "#q"}}  # fmt: skip

    def issues(**inner: Any) -> list[str]:
        return [key for _, key, _ in told(answer(**inner), asked, questions) if key.startswith("profile")]

    assert [] == issues(title="x")
    assert ["profile-of-target"] == issues()


def test_a_resource_within_another_is_of_the_type_and_the_profile_asked_for() -> None:
    entry = element("Bundle.entry.resource", type=[kind("Patient", f"{OURS}person")])
    asked = profile("p", "Bundle", entry)

    def bundle(**resource: Any) -> dict[str, Any]:
        return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": resource}]}

    at = "Bundle.entry[0].resource"
    assert [] == told(bundle(resourceType="Patient", birthDate="2020"), asked, PERSON)
    assert [(f"{at}.birthDate", "profile-missing", "person#Patient.birthDate")] == told(
        bundle(resourceType="Patient"), asked, PERSON
    )
    assert [(at, "profile-type", "p#Bundle.entry.resource")] == told(bundle(resourceType="Device"), asked, PERSON)
