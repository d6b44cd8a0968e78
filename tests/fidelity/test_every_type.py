"""Every element of every type of R4, in and out."""

import pytest

from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.definitions import r4
from tests.fidelity.promised import PROMISED
from tests.fidelity.sending import JSON, text_of, timeless
from tests.fidelity.whole import whole

pytestmark = pytest.mark.anyio
WRITTEN = sorted(kind for kind, interactions in PROMISED.items() if "update" in interactions)
OTHERS = sorted(r4().resource_types - set(WRITTEN))
NEVER_WHOLE = {"FamilyMemberHistory", "MolecularSequence", "StructureDefinition"}
"""Types whose rules want particular values: their instances are refused, and go no further than the codec."""


@pytest.mark.parametrize(
    "variant", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)]
)
async def test_an_instance_of_each_type_that_is_promised_comes_back(api, variant):
    for kind in WRITTEN:
        text = text_of(whole(kind, variant), "whole")
        answer = await api.put(f"{kind}/whole", content=text, headers=JSON)
        assert 201 == answer.status_code, answer.text

        assert timeless(text) == timeless((await api.get(f"{kind}/whole")).content), kind


@pytest.mark.slow
async def test_an_instance_of_each_other_type_comes_back_inside_another_resource(api):
    refused = set()
    for kind in OTHERS:
        inner = {name: value for name, value in whole(kind).items() if name not in {"contained", "meta"}}
        basic = {"resourceType": "Basic", "contained": [inner], "code": {"text": "x"}, "subject": {"reference": "#x"}}
        text = text_of(basic, kind)
        answer = await api.put(f"Basic/{kind}", content=text, headers=JSON)
        if 422 == answer.status_code:
            refused.add(kind)
        else:
            assert timeless(text) == timeless((await api.get(f"Basic/{kind}")).content), kind

    assert NEVER_WHOLE == refused


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(r4().resource_types))
def test_an_instance_of_any_type_comes_back_from_the_codec(kind):
    text = encode(whole(kind))

    assert text == encode(decode(text))


@pytest.mark.parametrize("kind", ["CarePlan", "Patient", "Task"])
def test_an_instance_has_most_of_its_types_elements(kind):
    """So that the tests above say something."""
    instance = whole(kind)

    names = [name for name, element in r4().elements(kind).items() if not element.choice]
    assert len(names) - 3 <= len([name for name in names if name in instance])
    assert b",null]" in encode(instance)
