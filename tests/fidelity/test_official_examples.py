"""HL7's own examples of every type that the server keeps, sent and read back: they come back as they were written."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.fidelity.promised import PROMISED
from tests.fidelity.sending import JSON, as_written

pytestmark = pytest.mark.anyio
POSTED = {kind for kind, interactions in PROMISED.items() if "update" not in interactions}
"""The types that are made and never changed: the server chooses their ids."""
TOLD = '<div xmlns="http://www.w3.org/1999/xhtml">Zika</div>'


def link_every_item(questionnaire: dict[str, Any]) -> None:
    left = list(questionnaire["item"])
    for number, item in enumerate(left):
        item.setdefault("linkId", f"made-{number}")
        left += item.get("item", ())


@dataclass(frozen=True)
class Contradiction:
    """What an example says otherwise than 4.0.1: the issue's key, the element it stands at, and what mends it."""

    key: str
    element: str
    why: str
    mend: Callable[[dict[str, Any]], Any]


REFUSED = {
    "MedicationRequest/medrx0301": Contradiction(
        "reference-target",
        "performer",
        "dispenseRequest.performer is a Practitioner; its type is Reference(Organization)",
        lambda request: request["dispenseRequest"]["performer"].update(reference="Organization/f001"),
    ),
    "Observation/clinical-gender": Contradiction(
        "reference-target",
        "performer[0]",
        "performer is an Encounter; its type is Reference(Practitioner | PractitionerRole | Organization | CareTeam | "
        "Patient | RelatedPerson)",
        lambda observation: observation["performer"][0].update(reference="Patient/example"),
    ),
    "Questionnaire/qs1": Contradiction("missing", "linkId", "32 items have no linkId, which is 1..1", link_every_item),
    "Questionnaire/zika-virus-exposure-assessment": Contradiction(
        "narrative-empty",
        "div",
        "the narrative is white space alone, against txt-2",
        lambda questionnaire: questionnaire["text"].update(div=TOLD),
    ),
}
"""The examples that contradict the specification whose examples they are."""


async def send(api, kind: str, id: str, text: bytes):
    """By PUT under its own id, where it may have one."""
    if kind in POSTED:
        return await api.post(kind, content=text, headers=JSON)
    return await api.put(f"{kind}/{id}", content=text, headers=JSON)


@pytest.mark.parametrize("kind", sorted(PROMISED))
async def test_the_examples_of_a_type_come_back_as_they_were_written(api, official, kind):
    for id, text in official[kind].items():
        if f"{kind}/{id}" in REFUSED:
            continue
        answer = await send(api, kind, id, text)
        assert 201 == answer.status_code, (id, answer.text)
        stored, its = answer.content, answer.json()["id"] if kind in POSTED else id

        assert as_written(text, its) == as_written(stored), id
        for one in (f"{kind}/{its}", f"{kind}/{its}/_history/1"):
            assert stored == (await api.get(one)).content, one
        past = [f"{kind}/{its}/_history"] * ("history-instance" in PROMISED[kind])
        for listed in (*past, f"{kind}?_id={its}"):
            assert b'"resource":%b,' % stored in (await api.get(listed)).content, listed


@pytest.mark.parametrize("name", REFUSED)
async def test_an_example_that_contradicts_the_specification_is_refused_until_it_is_mended(api, official, name):
    wrong = REFUSED[name]
    kind, id = name.split("/")
    refused = await send(api, kind, id, official[kind][id])
    assert 422 == refused.status_code

    issues = refused.json()["issue"]
    said = {(issue["details"]["coding"][0]["code"], issue["expression"][0].split(".")[-1]) for issue in issues}
    assert {(wrong.key, wrong.element)} == said, wrong.why
    mended = json.loads(official[kind][id])
    wrong.mend(mended)
    assert 201 == (await send(api, kind, id, json.dumps(mended).encode())).status_code


def test_every_type_that_is_kept_has_examples(official):
    """So that the tests above say something: 331 of them, of which 9 are posted and 4 refused."""
    counted = {kind: len(official[kind]) for kind in PROMISED}

    assert 331 == sum(counted.values())
    assert {"AuditEvent"} == POSTED
    assert 9 == counted["AuditEvent"]
    assert 0 not in counted.values()
    assert len(REFUSED) == sum(id in official[kind] for kind, id in (name.split("/") for name in REFUSED))


def test_an_example_that_came_back_changed_would_be_noticed():
    written = b'{"id":"x", "meta":{"versionId":"7"}, "value":1.00, "status":"final"}'

    assert as_written(written) == as_written(b'{"id":"x","value":1.00,"status":"final","meta":{"lastUpdated":"2026"}}')
    for changed in (b"1.0,", b'"1.00",'):
        assert as_written(written) != as_written(written.replace(b"1.00,", changed))
    assert as_written(written) != as_written(b'{"id":"x","status":"final","value":1.00}')
    assert as_written(written) != as_written(written.replace(b'"7"', b'"7","tag":[]'))
    assert as_written(written, "y") == as_written(written.replace(b'"x"', b'"y"'))
