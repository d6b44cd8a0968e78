"""Fifty-nine defects, each refused with its place and its code, beside a twin that differs in that one element."""

from typing import Any, NamedTuple

import pytest

from fhir_server.validation.validate import Validator
from tests.validation.seeds import ABSENT, changed

VALIDATOR = Validator()
REPEAT = "activity.2.detail.scheduledTiming.repeat"
TIMED = "CarePlan.activity[2].detail.scheduled.repeat"
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


class Defect(NamedTuple):
    name: str
    place: str
    bad: Any
    good: Any
    expression: str
    code: str
    seed: str = "CarePlan"


DEFECTS = (
    Defect("unknown element", "colour", "red", ABSENT, "CarePlan.colour", "structure"),
    Defect("unknown nested element", "activity.2.detail.colour", "red", ABSENT, "CarePlan.activity[2].detail.colour", "structure"),
    Defect("status missing", "status", ABSENT, "active", "CarePlan.status", "required"),
    Defect("subject missing", "subject", ABSENT, {"reference": "Patient/p1"}, "CarePlan.subject", "required"),
    Defect("status misspelt", "status", "actve", "active", "CarePlan.status", "code-invalid"),
    Defect("nested status misspelt", "activity.2.detail.status", "schedulled", "scheduled", "CarePlan.activity[2].detail.status", "code-invalid"),
    Defect("identifier use misspelt", "identifier.0.use", "offical", "official", "CarePlan.identifier[0].use", "code-invalid"),
    Defect("unit of time unknown", f"{REPEAT}.periodUnit", "week", "wk", f"{TIMED}.periodUnit", "code-invalid"),
    Defect("comparator unknown", "input.0.valueQuantity.comparator", "=<", "<=", "Task.input[0].value.comparator", "code-invalid", "Task"),
    Defect("empty list", "note", [], [{"text": "x"}], "CarePlan.note", "structure"),
    Defect("empty object", "period", {}, {"start": "2024"}, "CarePlan.period", "structure"),
    Defect("empty string", "description", "", "x", "CarePlan.description", "value"),
    Defect("blank string", "description", "   ", " x ", "CarePlan.description", "value"),
    Defect("null", "description", None, "x", "CarePlan.description", "structure"),
    Defect("object for list", "careTeam", {"reference": "CareTeam/t1"}, [{"reference": "CareTeam/t1"}], "CarePlan.careTeam", "structure"),
    Defect("list for object", "subject", [{"reference": "Patient/p1"}], {"reference": "Patient/p1"}, "CarePlan.subject", "structure"),
    Defect("string for boolean", "activity.2.detail.doNotPerform", "false", False, "CarePlan.activity[2].detail.doNotPerform", "structure"),
    Defect("string for decimal", "activity.2.detail.quantity.value", "25.5", 25, "CarePlan.activity[2].detail.quantity.value", "structure"),
    Defect("string for object", "subject", "Patient/p1", {"reference": "Patient/p1"}, "CarePlan.subject", "structure"),
    Defect("object for string", "description", {"value": "x"}, "x", "CarePlan.description", "structure"),
    Defect("date in words", "created", "5 mars 2024", "2024-03-05", "CarePlan.created", "value"),
    Defect("30 February", "created", "2024-02-30", "2024-02-29", "CarePlan.created", "value"),
    Defect("time without zone", "period.start", "2024-03-05T08:00:00", "2024-03-05T08:00:00Z", "CarePlan.period.start", "value"),
    Defect("id with underscore", "id", "sip_1", "sip-1", "CarePlan.id", "value"),
    Defect("id too long", "id", "a" * 65, "a" * 64, "CarePlan.id", "value"),
    Defect("uri with space", "identifier.0.system", "http://a b", "http://a%20b", "CarePlan.identifier[0].system", "value"),
    Defect("code with space before", "category.0.coding.0.code", " 736271009", "736271009", "CarePlan.category[0].coding[0].code", "value"),
    Defect("zero for positive", f"{REPEAT}.frequency", 0, 1, f"{TIMED}.frequency", "value"),
    Defect("hour 25", f"{REPEAT}.timeOfDay.0", "25:00:00", "23:00:00", f"{TIMED}.timeOfDay[0]", "value"),
    Defect("two choices", "activity.2.detail.scheduledString", "x", ABSENT, "CarePlan.activity[2].detail.scheduled", "structure"),
    Defect("type not in choice", "activity.2.detail.productString", "x", ABSENT, "CarePlan.activity[2].detail.productString", "structure"),
    Defect("reference to wrong type", "subject.reference", "Practitioner/d1", "Group/d1", "Goal.subject", "structure", "Goal"),
    Defect("reference malformed", "encounter.reference", "Encounter e1", "Encounter/e1", "CarePlan.encounter.reference", "value"),
    Defect("ref-1: fragment unresolved", "addresses.0.reference", "#none", "Condition/c1", "CarePlan.addresses[0].reference", "not-found"),
    Defect("cpl-3: detail and reference", "activity.2.reference", {"reference": "Task/k2"}, ABSENT, "CarePlan.activity[2]", "invariant"),
    Defect("per-1: end before start", "period.end", "2024-03-04", "2024-03-06", "CarePlan.period", "invariant"),
    Defect("tim-2: period without unit", f"{REPEAT}.periodUnit", ABSENT, "wk", TIMED, "invariant"),
    Defect("qty-3: code without system", "contained.0.target.0.detailQuantity.system", ABSENT, "http://unitsofmeasure.org", "CarePlan.contained[0].target[0].detail", "invariant"),
    Defect("ext-1: neither value nor extension", "extension.0.extension", ABSENT, [{"url": "a", "valueCode": "b"}], "CarePlan.extension[0]", "invariant"),
    Defect("ext-1: value and extension", "extension.0.valueString", "x", ABSENT, "CarePlan.extension[0]", "invariant"),
    Defect("extension without url", "extension.0.url", ABSENT, "http://example.org/x", "CarePlan.extension[0].url", "required"),
    Defect("extension with two values", "extension.0.extension.1.valueString", "x", ABSENT, "CarePlan.extension[0].extension[1].value", "structure"),
    Defect("dom-2: nested contained", "contained.0.contained", [{"resourceType": "Basic", "id": "b", "code": {"text": "x"}}], ABSENT, "CarePlan.contained[0].contained", "invariant"),
    Defect("dom-3: contained unused", "goal", ABSENT, [{"reference": "#goal-1"}], "CarePlan.contained[0]", "invariant"),
    Defect("dom-4: contained with version", "contained.0.meta", {"versionId": "1"}, {"source": "x"}, "CarePlan.contained[0].meta.versionId", "invariant"),
    Defect("contained with wrong code", "contained.0.lifecycleStatus", "begun", "active", "CarePlan.contained[0].lifecycleStatus", "code-invalid"),
    Defect("contained without type", "contained.0.resourceType", ABSENT, "Goal", "CarePlan.contained[0]", "structure"),
    Defect("gol-1: detail without measure", "contained.0.target.0.measure", ABSENT, {"text": "x"}, "CarePlan.contained[0].target[0]", "invariant"),
    Defect("script in narrative", "text.div", f"<div {XHTML}><script>1</script></div>", f"<div {XHTML}><b>1</b></div>", "CarePlan.text.div", "invariant"),
    Defect("narrative unbalanced", "text.div", f"<div {XHTML}><b>1</div>", f"<div {XHTML}><b>1</b></div>", "CarePlan.text.div", "invariant"),
    Defect("unknown element beside a primitive", "_title.colour", "red", ABSENT, "CarePlan.title.colour", "structure"),
    Defect("empty object beside a primitive", "_title", {}, {"id": "x"}, "CarePlan.title", "structure"),
    Defect("lists of unequal length", "address.0._line", [{"id": "x"}], [{"id": "x"}, None], "Organization.address[0].line", "structure", "Organization"),
    Defect("_name of what is no primitive", "_subject", {"id": "x"}, ABSENT, "CarePlan.subject", "structure"),
    Defect("null among objects", "addresses", [{"reference": "Condition/c1"}, None], [{"reference": "Condition/c1"}], "CarePlan.addresses[1]", "structure"),
    Defect("unknown resource type", "resourceType", "CarePlam", "CarePlan", "", "structure"),
    Defect("modifierExtension on a datatype", "period.modifierExtension", [{"url": "x", "valueCode": "y"}], ABSENT, "CarePlan.period.modifierExtension", "structure"),
    Defect("type of R4B alone", "extension.0.extension.1.valueCodeableReference", {"concept": {"text": "x"}}, ABSENT, "CarePlan.extension[0].extension[1].valueCodeableReference", "structure"),
    Defect("note without text", "note.0.text", ABSENT, "x", "CarePlan.note[0].text", "required"),
)  # fmt: skip


def refused(resource: Any) -> list[tuple[str, str]]:
    return [(issue.expression, issue.code) for issue in VALIDATOR.issues(resource) if issue.blocks]


@pytest.mark.parametrize(
    "defect", [pytest.param(defect, id=f"{number:02}-{defect.name}") for number, defect in enumerate(DEFECTS, 1)]
)
def test_a_defect_is_refused_at_its_place_and_its_twin_is_accepted(defect: Defect) -> None:
    assert [(defect.expression, defect.code)] == refused(changed(defect.seed, defect.place, defect.bad))
    assert [] == refused(changed(defect.seed, defect.place, defect.good))


def test_there_are_fifty_nine() -> None:
    assert 59 == len(DEFECTS) == len({defect.name for defect in DEFECTS})


def test_all_defects_of_one_resource_are_told_at_once_in_the_order_of_the_document() -> None:
    plan = changed("CarePlan", "status", "actve")
    plan["period"]["start"] = "2024-13-01"
    plan["note"][0]["time"] = 12
    del plan["intent"]
    assert ["CarePlan.intent", "CarePlan.status", "CarePlan.period.start", "CarePlan.note[0].time"] == [
        issue.expression for issue in VALIDATOR.issues(plan)
    ]
