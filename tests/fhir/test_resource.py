"""Resources as typed objects, by fhir.resources."""

import subprocess
import sys

import pytest

from fhir_server.fhir.resource import typed
from tests.builders import a_care_plan
from tests.validation.seeds import NAMES, seed


def test_a_typed_plan_has_its_elements_by_name():
    plan = typed(seed("CarePlan"))

    assert "active" == plan.status
    assert "m" == plan.contained[0].target[0].detailQuantity.unit


@pytest.mark.parametrize("name", NAMES)
def test_every_type_that_the_planning_uses_can_be_typed(name):
    assert name == typed(seed(name)).get_resource_type()


def test_the_resource_stays_as_it_is():
    plan = seed("CarePlan")
    typed(plan)

    assert seed("CarePlan") == plan


def test_a_member_that_the_type_does_not_have_is_refused():
    assert typed(a_care_plan(title="rött"))
    with pytest.raises(ValueError, match="colour"):
        typed(a_care_plan(colour="rött"))


@pytest.mark.parametrize("type", ["EffectEvidenceSynthesis", "Nothing", None])
def test_a_type_without_a_model_is_refused(type):
    with pytest.raises(ValueError, match="not a valid FHIR Model"):
        typed({"resourceType": type})


def test_importing_it_does_not_import_the_models():
    said = (
        "import sys, fhir_server.fhir.resource; print([name for name in sys.modules if name.split('.')[0] == 'fhir'])"
    )

    assert "[]\n" == subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout
