"""https://hl7.org/fhir/R4/fhirpatch.html"""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.definitions import r4
from fhir_server.fhir.outcome import Invalid, Refusal, TooLarge, Unreadable
from fhir_server.fhir.patch.bounds import MOST_OPERATIONS
from fhir_server.fhir.patch.path_patch import apply_path_patch
from fhir_server.fhir.patch.place import Spot
from tests.fhir.patch.anything import JSON, check_applies_or_refuses
from tests.validation.made import full
from tests.validation.seeds import NAMES, seed


def part(name: str, **value: Any) -> dict[str, Any]:
    return {"name": name, **value}


def operation(type: str, path: str, *parts: dict[str, Any]) -> dict[str, Any]:
    told = [part("type", valueCode=type), part("path", valueString=path)]
    return {"name": "operation", "part": [*told, *parts]}


def named(name: str) -> dict[str, Any]:
    return part("name", valueString=name)


def value(**content: Any) -> dict[str, Any]:
    return part("value", **content)


def at(name: str, place: int) -> dict[str, Any]:
    return part(name, valueInteger=place)


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": list(operations)}


def patient(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **members}


def identifiers(*values: int) -> list[dict[str, Any]]:
    return [{"system": "http://example.org", "value": f"value {number}"} for number in values]


def moves(*places: tuple[int, int]) -> list[dict[str, Any]]:
    return [
        operation("move", "Patient.identifier", at("source", one), at("destination", other)) for one, other in places
    ]


CONTACT = {"name": {"text": "a name"}, "gender": "male"}

CASES = {
    "nothing to do": (patient(birthDate="1920-01-01"), [], patient(birthDate="1920-01-01")),
    "replace a primitive": (
        patient(birthDate="1920-01-01"),
        [operation("replace", "Patient.birthDate", value(valueDate="1930-01-01"))],
        patient(birthDate="1930-01-01"),
    ),
    "delete a primitive": (patient(birthDate="1920-01-01"), [operation("delete", "Patient.birthDate")], patient()),
    "add a primitive": (
        patient(),
        [operation("add", "Patient", named("birthDate"), value(valueDate="1930-01-01"))],
        patient(birthDate="1930-01-01"),
    ),
    "replace a nested primitive": (
        patient(contact=[CONTACT]),
        [operation("replace", "Patient.contact[0].gender", value(valueCode="female"))],
        patient(contact=[{**CONTACT, "gender": "female"}]),
    ),
    "replace one nested deeper": (
        patient(contact=[CONTACT]),
        [operation("replace", "Patient.contact[0].name.text", value(valueString="the name"))],
        patient(contact=[{"name": {"text": "the name"}, "gender": "male"}]),
    ),
    "delete a nested primitive": (
        patient(contact=[CONTACT]),
        [operation("delete", "Patient.contact[0].gender")],
        patient(contact=[{"name": {"text": "a name"}}]),
    ),
    "delete the last thing in an element": (
        patient(contact=[CONTACT]),
        [operation("delete", "Patient.contact[0].name.text")],
        patient(contact=[{"gender": "male"}]),
    ),
    "delete the last thing there is": (
        patient(active=True, contact=[{"name": {"text": "a name"}}]),
        [operation("delete", "Patient.contact.name.text")],
        patient(active=True),
    ),
    "add a nested primitive": (
        patient(contact=[{"name": {"text": "a name"}}]),
        [operation("add", "Patient.contact[0]", named("gender"), value(valueCode="male"))],
        patient(contact=[CONTACT]),
    ),
    "add a datatype": (
        patient(),
        [operation("add", "Patient", named("maritalStatus"), value(valueCodeableConcept={"text": "married"}))],
        patient(maritalStatus={"text": "married"}),
    ),
    "replace a datatype with its id": (
        patient(maritalStatus={"id": "1", "text": "married"}),
        [operation("replace", "Patient.maritalStatus", value(valueCodeableConcept={"id": "2", "text": "not married"}))],
        patient(maritalStatus={"id": "2", "text": "not married"}),
    ),
    "delete a datatype": (
        patient(maritalStatus={"text": "married"}),
        [operation("delete", "Patient.maritalStatus")],
        patient(),
    ),
    "add an anonymous type": (
        patient(),
        [operation("add", "Patient", named("contact"), value(part=[part("name", valueHumanName={"text": "a name"})]))],
        patient(contact=[{"name": {"text": "a name"}}]),
    ),
    "delete an anonymous type": (patient(contact=[CONTACT]), [operation("delete", "Patient.contact[0]")], patient()),
    "change what is in a list": (
        patient(identifier=identifiers(1, 2)),
        [
            operation("replace", "Patient.identifier[0].value", value(valueString="value 2")),
            operation("replace", "Patient.identifier[1].value", value(valueString="value 1")),
        ],
        patient(identifier=identifiers(2, 1)),
    ),
    "add at the end of a list": (
        patient(identifier=identifiers(1, 2)),
        [operation("add", "Patient", named("identifier"), value(valueIdentifier=identifiers(3)[0]))],
        patient(identifier=identifiers(1, 2, 3)),
    ),
    "add the first of a list": (
        patient(),
        [operation("add", "Patient", named("identifier"), value(valueIdentifier=identifiers(3)[0]))],
        patient(identifier=identifiers(3)),
    ),
    **{
        f"insert in a list at {place}": (
            patient(identifier=identifiers(1, 2)),
            [operation("insert", "Patient.identifier", at("index", place), value(valueIdentifier=identifiers(3)[0]))],
            patient(identifier=identifiers(*after)),
        )
        for place, after in enumerate([(3, 1, 2), (1, 3, 2), (1, 2, 3)])
    },
    **{
        f"delete from a list at {place}": (
            patient(identifier=identifiers(1, 2, 3)),
            [operation("delete", f"Patient.identifier[{place}]")],
            patient(identifier=identifiers(*after)),
        )
        for place, after in enumerate([(2, 3), (1, 3), (1, 2)])
    },
    **{
        f"move {places}": (
            patient(identifier=identifiers(1, 2, 3, 4)),
            moves(*places),
            patient(identifier=identifiers(*after)),
        )
        for places, after in {
            ((3, 1),): (1, 4, 2, 3),
            ((3, 0),): (4, 1, 2, 3),
            ((3, 2),): (1, 2, 4, 3),
            ((0, 3),): (2, 3, 4, 1),
            ((1, 0), (2, 1)): (2, 3, 1, 4),
            ((3, 0), (3, 1), (3, 2)): (4, 3, 2, 1),
        }.items()
    },
    "replace the narrative by a string": (
        patient(text={"status": "generated", "div": "<div>a</div>"}, name=[{"family": "Chalmers"}]),
        [
            operation("replace", "Patient.text.div", value(valueString="<div>b</div>")),
            operation("replace", "Patient.name[0].family", value(valueString="Chalmers1")),
        ],
        patient(text={"status": "generated", "div": "<div>b</div>"}, name=[{"family": "Chalmers1"}]),
    ),
}
"""The published test cases for R4, and what they leave open."""


@pytest.mark.parametrize("name", CASES)
def test_the_published_cases_come_out_as_they_say(name):
    before, operations, after = CASES[name]
    kept = deepcopy((before, operations))

    assert encode(after) == encode(apply_path_patch(before, patch(*operations)))
    assert kept == (before, operations)


def refused_with(before: dict[str, Any], *operations: dict[str, Any]) -> tuple[type[Refusal], str, str]:
    with pytest.raises(Refusal) as refused:
        apply_path_patch(before, patch(*operations))
    (issue,) = refused.value.issues
    assert "{" not in issue.text("en") + issue.text("sv")
    return type(refused.value), issue.key, issue.expression


FIRST = "Parameters.parameter[0]"


def test_nothing_can_be_added_to_what_is_not_there():
    """Published as "Operation on missing element"."""
    add_end = operation(
        "add", "Patient.identifier.where(use = 'official').period", named("end"), value(valueDate="2021-12-01")
    )
    there = patient(identifier=[{"use": "official", "period": {"start": "2020"}}])

    assert "2021-12-01" == apply_path_patch(there, patch(add_end))["identifier"][0]["period"]["end"]
    missing = patient(identifier=[{"use": "official", "value": "123"}])
    assert (Invalid, "patch-path-nothing", FIRST) == refused_with(missing, add_end)


def test_an_operation_works_on_what_the_one_before_left():
    add_gender = operation("add", "Patient.contact[1]", named("gender"), value(valueCode="male"))
    one_more = operation("add", "Patient", named("contact"), value(part=[part("name", valueHumanName={"text": "x"})]))
    patched = apply_path_patch(patient(contact=[CONTACT]), patch(one_more, add_gender))
    assert {"name": {"text": "x"}, "gender": "male"} == patched["contact"][1]
    assert (Invalid, "patch-path-nothing", FIRST) == refused_with(patient(contact=[CONTACT]), add_gender, one_more)


def test_deleting_what_is_not_there_is_no_error():
    assert patient(active=True) == apply_path_patch(
        patient(active=True), patch(operation("delete", "Patient.birthDate"))
    )
    assert (Unreadable, "unknown-element", FIRST) == refused_with(patient(), operation("delete", "Patient.birthday"))


@pytest.mark.parametrize("type", ["delete", "replace", "add"])
def test_a_path_that_leads_to_several_elements_is_refused(type):
    parts = {"delete": (), "replace": (value(valueIdentifier={"value": "x"}),)}
    parts["add"] = (named("value"), value(valueString="x"))

    refused = refused_with(patient(identifier=identifiers(1, 2)), operation(type, "Patient.identifier", *parts[type]))
    assert (Invalid, "patch-path-several", FIRST) == refused


def test_a_single_member_of_a_list_needs_no_number():
    patched = apply_path_patch(patient(identifier=identifiers(1)), patch(operation("delete", "Patient.identifier")))

    assert patient() == patched


@pytest.mark.parametrize("type", ["delete", "replace"])
def test_the_resource_itself_is_no_element(type):
    parts = (value(resource=patient()),) if type == "replace" else ()

    assert (Invalid, "patch-root", FIRST) == refused_with(patient(), operation(type, "Patient", *parts))


def test_what_does_not_repeat_is_added_once():
    add_birth = operation("add", "Patient", named("birthDate"), value(valueDate="1930-01-01"))

    assert (Invalid, "patch-there-already", FIRST) == refused_with(patient(birthDate="1920-01-01"), add_birth)
    beside = patient(_birthDate={"extension": [{"url": "http://example.org/x", "valueString": "x"}]})
    assert (Invalid, "patch-there-already", FIRST) == refused_with(beside, add_birth)


@pytest.mark.parametrize("place", [2, 3, 99])
def test_what_is_inserted_or_moved_stays_within_the_list(place):
    before = patient(identifier=identifiers(1, 2))
    new = value(valueIdentifier=identifiers(3)[0])

    if place > 2:
        refused = refused_with(before, operation("insert", "Patient.identifier", at("index", place), new))
        assert (Invalid, "patch-beyond", FIRST) == refused
    assert (Invalid, "patch-beyond", FIRST) == refused_with(before, *moves((0, place)))
    assert (Invalid, "patch-beyond", FIRST) == refused_with(before, *moves((place, 0)))


def test_only_a_list_is_inserted_into():
    insert = operation("insert", "Patient.birthDate", at("index", 0), value(valueDate="1930-01-01"))
    assert (Invalid, "patch-no-list", FIRST) == refused_with(patient(birthDate="1920-01-01"), insert)

    first = operation("insert", "Patient.identifier", at("index", 0), value(valueIdentifier=identifiers(3)[0]))
    assert (Invalid, "patch-path-nothing", FIRST) == refused_with(patient(), first)
    assert (Unreadable, "patch-path", FIRST) == refused_with(
        patient(), operation("insert", "Patient.identifier[0]", at("index", 0), value(valueString="x"))
    )


# ------------------------------------------------------------------------------------------------ choices and types


@pytest.mark.parametrize(
    ("given", "after"),
    [
        ({"valueBoolean": True}, {"deceasedBoolean": True}),
        ({"valueDateTime": "2026-03-02"}, {"deceasedDateTime": "2026-03-02"}),
        ({"valueDate": "2026-03-02"}, {"deceasedDateTime": "2026-03-02"}),
    ],
)
def test_a_choice_is_named_without_its_type_and_takes_the_type_of_the_value(given, after):
    add_death = operation("add", "Patient", named("deceased"), value(**given))
    replace_death = operation("replace", "Patient.deceased", value(**given))

    assert patient(**after) == apply_path_patch(patient(), patch(add_death))
    other = patient(deceasedBoolean=False, _deceasedBoolean={"id": "x"}, active=True)
    patched = apply_path_patch(other, patch(replace_death))
    assert patient(**after, active=True) == patched
    assert ["resourceType", *after, "active"] == list(patched)
    assert patient(active=True) == apply_path_patch(other, patch(operation("delete", "Patient.deceased")))


def test_a_choice_is_narrowed_by_its_type():
    birth = patient(multipleBirthInteger=2)
    for narrowed in ("multipleBirth.ofType(integer)", "multipleBirth.as(integer)", "(multipleBirth as integer)"):
        to_three = operation("replace", f"Patient.{narrowed}".replace("Patient.(", "(Patient."), value(valueInteger=3))
        assert patient(multipleBirthInteger=3) == apply_path_patch(birth, patch(to_three))
    to_true = operation("replace", "Patient.multipleBirth.ofType(boolean)", value(valueBoolean=True))
    assert (Invalid, "patch-path-nothing", FIRST) == refused_with(birth, to_true)


@pytest.mark.parametrize(
    ("name", "given", "fits"),
    [
        ("gender", {"valueCode": "male"}, True),
        ("gender", {"valueString": "male"}, True),
        ("gender", {"valueBoolean": True}, False),
        ("gender", {"valueDate": "2026"}, False),
        ("gender", {"valueUri": "urn:x"}, False),
        ("active", {"valueBoolean": True}, True),
        ("active", {"valueString": "true"}, False),
        ("birthDate", {"valueDateTime": "2026-03-02"}, True),
        ("birthDate", {"valueString": "2026-03-02"}, False),
        ("name", {"valueHumanName": {"text": "x"}}, True),
        ("name", {"valueAddress": {"text": "x"}}, False),
        ("name", {"part": [{"name": "text", "valueString": "x"}]}, True),
        ("contact", {"valueHumanName": {"text": "x"}}, False),
        ("birthDate", {"part": [{"name": "x", "valueString": "x"}]}, False),
        ("deceased", {"part": [{"name": "x", "valueString": "x"}]}, False),
        ("contained", {"resource": {"resourceType": "Basic"}}, True),
        ("contained", {"valueString": "x"}, False),
        ("name", {"resource": {"resourceType": "Basic"}}, False),
    ],
)
def test_the_type_of_the_value_must_be_right_for_its_place(name, given, fits):
    add_it = operation("add", "Patient", named(name), value(**given))

    if fits:
        assert name in apply_path_patch(patient(), patch(add_it))
    else:
        assert (Invalid, "patch-type-differs", FIRST) == refused_with(patient(), add_it)


def test_a_quantity_may_be_given_for_one_of_its_kinds_and_comes_as_what_the_element_is():
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/1"}}
    onset = operation("add", "Condition", named("onset"), value(valueQuantity={"value": 3}))

    assert {"value": 3} == apply_path_patch(condition, patch(onset))["onsetAge"]


def test_anonymous_types_are_given_part_by_part_as_deep_as_they_are():
    activity = value(
        part=[
            part("progress", valueAnnotation={"text": "one"}),
            part("progress", valueAnnotation={"text": "two"}),
            part(
                "detail",
                part=[
                    part("status", valueCode="scheduled"),
                    part("scheduled", valuePeriod={"start": "2026"}),
                    part("goal", valueReference={"reference": "Goal/1"}),
                ],
            ),
        ]
    )
    plan = {"resourceType": "CarePlan"}

    patched = apply_path_patch(plan, patch(operation("add", "CarePlan", named("activity"), activity)))
    assert [
        {
            "progress": [{"text": "one"}, {"text": "two"}],
            "detail": {"status": "scheduled", "scheduledPeriod": {"start": "2026"}, "goal": [{"reference": "Goal/1"}]},
        }
    ] == patched["activity"]


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        ([part("prognosis", valueString="x")], "unknown-element"),
        ([part("progress, 191212121212", valueString="x")], "unknown-member"),
        ([part("detail", valueString="x")], "patch-type-differs"),
        ([part("detail", part=[part("status", valueCode="a"), part("status", valueCode="b")])], "patch-there-already"),
    ],
)
def test_parts_that_the_type_does_not_have_are_refused(parts, key):
    add_it = operation("add", "CarePlan", named("activity"), value(part=parts))

    refused = refused_with({"resourceType": "CarePlan"}, add_it)
    assert (key, FIRST) == refused[1:]


# ------------------------------------------------------------------------------------------------ beside primitives

BESIDE = {"extension": [{"url": "http://example.org/x", "valueString": "x"}]}


def test_a_replaced_primitive_loses_what_stood_beside_it_and_brings_its_own():
    before = patient(birthDate="1920", _birthDate=BESIDE)

    bare = operation("replace", "Patient.birthDate", value(valueDate="1930"))
    assert patient(birthDate="1930") == apply_path_patch(before, patch(bare))
    own = operation("replace", "Patient.birthDate", value(valueDate="1930", _valueDate={"id": "y"}))
    assert patient(birthDate="1930", _birthDate={"id": "y"}) == apply_path_patch(before, patch(own))
    unknown = operation("replace", "Patient.birthDate", value(_valueDate=BESIDE))
    assert patient(_birthDate=BESIDE) == apply_path_patch(before, patch(unknown))


def test_a_deleted_primitive_takes_along_what_stands_beside_it():
    before = patient(birthDate="1920", _birthDate=BESIDE)

    assert patient() == apply_path_patch(before, patch(operation("delete", "Patient.birthDate")))


GIVEN = {"given": ["a", None, "c"], "_given": [None, BESIDE, None]}


@pytest.mark.parametrize(
    ("change", "after"),
    [
        (
            operation("insert", "Patient.name.given", at("index", 1), value(valueString="b")),
            {"given": ["a", "b", None, "c"], "_given": [None, None, BESIDE, None]},
        ),
        (operation("delete", "Patient.name.given[1]"), {"given": ["a", "c"]}),
        (operation("delete", "Patient.name.given[0]"), {"given": [None, "c"], "_given": [BESIDE, None]}),
        (
            operation("move", "Patient.name.given", at("source", 1), at("destination", 2)),
            {"given": ["a", "c", None], "_given": [None, None, BESIDE]},
        ),
        (
            operation("add", "Patient.name", named("given"), value(valueString="d")),
            {"given": ["a", None, "c", "d"], "_given": [None, BESIDE, None, None]},
        ),
        (
            operation("replace", "Patient.name.given[0]", value(valueString="A", _valueString={"id": "1"})),
            {"given": ["A", None, "c"], "_given": [{"id": "1"}, BESIDE, None]},
        ),
        (
            operation("replace", "Patient.name.given[1]", value(valueString="b")),
            {"given": ["a", "b", "c"]},
        ),
        (
            operation("delete", "Patient.name.given[1].extension[0]"),
            {"given": ["a", "c"]},
        ),
    ],
)
def test_a_list_of_primitives_and_what_stands_beside_it_stay_in_step(change, after):
    assert patient(name=[after]) == apply_path_patch(patient(name=[GIVEN]), patch(change))


def test_the_elements_of_a_primitive_are_reached_like_any_other():
    new = value(part=[part("url", valueUri="http://example.org/x"), part("value", valueString="x")])
    add_it = operation("add", "Patient.birthDate", named("extension"), new)
    take_it = operation("delete", "Patient.birthDate.extension('http://example.org/x')")

    with_it = apply_path_patch(patient(birthDate="1920"), patch(add_it))
    assert patient(birthDate="1920", _birthDate=BESIDE) == with_it
    assert patient(birthDate="1920") == apply_path_patch(with_it, patch(take_it))
    assert patient() == apply_path_patch(patient(_birthDate=BESIDE), patch(take_it))


# ------------------------------------------------------------------------------------------------ contained resources


def test_a_contained_resource_is_patched_as_what_it_is():
    inner = {"resourceType": "Patient", "id": "p", "active": True}
    plan = {"resourceType": "CarePlan", "contained": [{"resourceType": "Basic", "id": "b"}, inner]}
    for path in ("CarePlan.contained[1]", "CarePlan.contained.where(id = 'p')", "CarePlan.contained.ofType(Patient)"):
        change = operation("replace", f"{path}.active", value(valueBoolean=False))
        assert {**inner, "active": False} == apply_path_patch(plan, patch(change))["contained"][1]
    assert (Invalid, "patch-path-nothing", FIRST) == refused_with(
        plan, operation("replace", "CarePlan.contained[0].active", value(valueBoolean=False))
    )


# ------------------------------------------------------------------------------------------------ bounds


def test_a_patch_has_a_thousand_operations_at_most():
    nothing = operation("delete", "Patient.birthDate")

    assert patient() == apply_path_patch(patient(), patch(*[nothing] * MOST_OPERATIONS))
    with pytest.raises(TooLarge):
        apply_path_patch(patient(), patch(*[nothing] * (MOST_OPERATIONS + 1)))


@pytest.mark.parametrize(
    "path",
    [
        "Patient.name.given[300000]",
        "Patient.name.where(given = 'b').given",
        "Patient.name.where(given = 'b' or %resource.name.given.where($this = 'x').exists())",
    ],
)
def test_a_patch_that_looks_at_too_much_is_refused(path):
    small = patient(name=[{"given": ["a"] * 3}] * 3)
    large = patient(name=[{"given": ["a"] * 10}] * 2_000)

    assert small == apply_path_patch(small, patch(*[operation("delete", path)] * 20))
    with pytest.raises(TooLarge) as refused:
        apply_path_patch(large, patch(*[operation("delete", path)] * 20))
    assert "patch-too-costly" == refused.value.issues[0].key


# ------------------------------------------------------------------------------------------------ whatever the resource


def spots(spot: Spot, path: str) -> Any:
    """Every element below a spot, with a path that leads to it alone."""
    kind = "DomainResource" if spot.type == "Resource" else spot.type
    for element in r4().elements(kind).values():
        for child in spot.children(element):
            here = f"{path}.`{element.name}`" + (f"[{child.at}]" if element.many else "")
            yield here, child
            yield from spots(child, here)


def as_value(spot: Spot) -> dict[str, Any] | None:
    """The value of a spot, as a patch would give it; None for what is anonymous."""
    if spot.slot is not None and spot.slot.type == "Resource":
        return value(resource=spot.value)
    wanted = "string" if spot.type == "xhtml" else spot.type
    name = f"value{wanted[0].upper()}{wanted[1:]}"
    if name not in r4().members("Parameters.parameter"):
        return None
    pair = {name: spot.value, f"_{name}": spot.beside}
    return value(**{member: own for member, own in pair.items() if own is not None})


def every_place(resource: dict[str, Any]) -> list[tuple[str, Spot]]:
    return list(spots(Spot(resource["resourceType"], resource), resource["resourceType"]))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_replaced_by_itself_leaves_the_resource_as_it_was(name):
    resource = seed(name)
    places = every_place(resource)
    for path, spot in places:
        given = as_value(spot)
        if given is not None:
            same = patch(operation("replace", path, given))
            assert encode(resource) == encode(apply_path_patch(resource, same))
    assert places


@pytest.mark.parametrize("kind", sorted(r4().resource_types))
def test_what_is_deleted_and_added_again_is_there_again(kind):
    resource = decode(encode(full(kind)))
    for path, spot in every_place(resource):
        given = as_value(spot)
        holder, _, name = path.partition("[")[0].rpartition(".") if path.endswith("]") else path.rpartition(".")
        if given is None or path.count(".") != 1:
            continue
        again = operation("add", holder, named(name.strip("`")), given)
        assert resource == apply_path_patch(resource, patch(operation("delete", path), again))


PATHS = st.sampled_from(
    [
        "Patient",
        "Patient.name",
        "Patient.name[0]",
        "Patient.name.given",
        "Patient.name.given[1]",
        "Patient.deceased",
        "Patient.name.where(use = 'official')",
        "Patient.extension.value",
        "Patient.birthDate.extension",
        "Patient.contained[0].id",
        "name",
        "Patient.name.where(",
        "%resource",
        "",
    ]
) | st.text(max_size=12)
VALUES = st.one_of(
    JSON.map(lambda own: {"valueString": own}),
    JSON.map(lambda own: {"valueHumanName": own}),
    JSON.map(lambda own: {"valueHumanName": {"given": own, "period": own}}),
    JSON.map(lambda own: {"resource": own}),
    JSON.map(lambda own: {"part": [{"name": "use", "valueCode": own}, {"name": "given", "valueString": "x"}]}),
    JSON.map(lambda own: {"valueInteger": own}),
    st.dictionaries(st.sampled_from(["valueDate", "_valueDate", "part", "id", "x"]), JSON, max_size=2),
)
PARTS = st.one_of(
    st.builds(
        lambda name, own: {"name": name, **own},
        st.sampled_from(["value", "name", "index", "source", "destination", "x"]),
        VALUES,
    ),
    st.sampled_from(["use", "given", "birthDate", "deceased", "contact", "x"]).map(named),
    st.sampled_from(["index", "source", "destination"]).flatmap(
        lambda name: st.integers(-1, 3).map(lambda place: at(name, place))
    ),
    JSON,
)
WANTED = {
    "add": ("name", "value"),
    "insert": ("index", "value"),
    "delete": (),
    "replace": ("value",),
    "move": ("source", "destination"),
}
LIKELY = {
    "name": st.sampled_from(["use", "given", "birthDate", "deceased", "contact", "extension"]).map(named),
    "value": VALUES.map(lambda own: {"name": "value", **own}),
    **{
        name: st.integers(0, 2).map(lambda place, name=name: at(name, place))
        for name in ("index", "source", "destination")
    },
}
SOUND = st.sampled_from(sorted(WANTED)).flatmap(
    lambda kind: st.tuples(PATHS, *(LIKELY[name] for name in WANTED[kind])).map(
        lambda told: operation(kind, told[0], *told[1:])
    )
)
UNSOUND = st.tuples(st.sampled_from(sorted(WANTED)), PATHS, st.lists(PARTS, max_size=3)).map(
    lambda told: operation(told[0], told[1], *told[2])
)
PEOPLE = st.sampled_from(
    [
        patient(),
        patient(name=[{"use": "official", **GIVEN}, {"given": ["x"]}], birthDate="1920", _birthDate=BESIDE),
        patient(deceasedBoolean=False, extension=BESIDE["extension"], contained=[patient(id="p")]),
    ]
)


@settings(max_examples=1500, deadline=None)
@given(PEOPLE, st.lists(SOUND | SOUND | UNSOUND | JSON, max_size=4).map(lambda own: patch(*own)) | JSON)
def test_whatever_the_patch_there_is_a_result_or_a_refusal(resource, document):
    check_applies_or_refuses(apply_path_patch, resource, document)
