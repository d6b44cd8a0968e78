"""What somebody else answered is recorded by named staff, who say so."""

from typing import Any

import pytest

from fhir_server.fhir.canonical import structure
from tests.access.abuse.told import keys

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]
Json = dict[str, Any]


def a_report(**members: Any) -> Json:
    """A response about A, to a form that is not kept here."""
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "questionnaire": "https://example.org/form",
        "subject": {"reference": "Patient/a"},
        **members,
    }


def recorded(by: str = "PractitionerRole/cr1", means: str = "orally") -> list[Json]:
    return [
        {"url": structure("means"), "valueCode": means},
        {"url": structure("recorded-by"), "valueReference": {"reference": by}},
    ]


async def test_somebody_elses_answer_is_recorded_by_whoever_writes_it(api, as_staff, as_citizen, world):
    spoken = {"source": {"reference": "Patient/a"}}
    roles = [place for place in world if place.startswith("PractitionerRole/")]
    own, other = (next(place for place in roles if place.endswith(name)) for name in ("r1", "k1"))
    for members, status in (
        ({}, 201),
        ({**spoken, "extension": recorded(own)}, 201),
        ({**spoken, "extension": recorded(own, "in-writing")}, 201),
        (spoken, 422),
        ({**spoken, "extension": recorded(own)[:1]}, 422),
        ({**spoken, "extension": recorded(own)[1:]}, 422),
        ({**spoken, "extension": recorded(other)}, 422),
        ({**spoken, "extension": recorded(own, "digitally")}, 422),
        ({"author": {"reference": own}}, 201),
        ({"author": {"reference": other}}, 422),
    ):
        answer = await api.post("QuestionnaireResponse", json=a_report(**members), headers=as_staff("r1"))
        assert status == answer.status_code, (members, answer.text)
        if status == 422:
            assert ["response-unrecorded"] == keys(answer)
    assert 201 == (await api.post("QuestionnaireResponse", json=a_report(**spoken), headers=as_citizen())).status_code


async def test_a_recorded_answer_may_be_kept_as_it_is_and_not_changed_unrecorded(api, as_staff, world):
    own = next(place for place in world if place.startswith("PractitionerRole/") and place.endswith("r1"))
    made = a_report(source={"reference": "Patient/a"}, extension=recorded(own))
    answer = await api.post("QuestionnaireResponse", json=made, headers=as_staff("r1"))
    stored = answer.json()
    place, bare = f"QuestionnaireResponse/{stored['id']}", {k: v for k, v in stored.items() if k != "extension"}
    kept = await api.put(place, json={**bare, "language": "sv"}, headers=as_staff("r1"))
    assert 200 == kept.status_code, kept.text
    changed = {**kept.json(), "status": "amended"}
    refused = await api.put(place, json=changed, headers=as_staff("r1"))
    assert (422, ["response-unrecorded"]) == (refused.status_code, keys(refused))
    told = {**changed, "extension": recorded(own)}
    assert 200 == (await api.put(place, json=told, headers=as_staff("r1"))).status_code
