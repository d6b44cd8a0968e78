"""Which elements a path leads to, and which paths a patch may have."""

import pytest

from fhir_server.fhir.outcome import Invalid, Refusal, Unreadable
from fhir_server.fhir.patch.bounds import Steps
from fhir_server.fhir.patch.locate import Locator

PATIENT = {
    "resourceType": "Patient",
    "active": True,
    "birthDate": "1912-12-12",
    "name": [
        {"use": "official", "family": "Tolvansson", "given": ["Tolvan", "T"], "period": {"start": "2020-01-01"}},
        {"use": "usual", "given": ["Tolle"]},
    ],
    "telecom": [{"system": "phone", "value": "1", "rank": 1}, {"system": "email", "value": "2", "rank": 2}],
    "multipleBirthInteger": 2,
    "_gender": {"extension": [{"url": "http://example.org/x", "valueCode": "unknown"}]},
    "extension": [
        {"url": "http://example.org/a", "valueString": "a"},
        {"url": "http://example.org/b", "valueQuantity": {"value": 3, "unit": "kg"}},
    ],
    "contact": [{"name": {"text": "x"}}],
    "contained": [{"resourceType": "Organization", "id": "o", "active": False}, {"resourceType": "Basic", "id": "b"}],
}
SEVERAL = object()


def located(path, resource=PATIENT):
    """The value of the one element, None, or that there are several."""
    try:
        spot = Locator(resource, "here", Steps()).one_or_none(path)
    except Invalid:
        return SEVERAL
    return None if spot is None else spot.value


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Patient", PATIENT),
        ("%resource", PATIENT),
        ("$this", PATIENT),
        ("Patient.birthDate", "1912-12-12"),
        ("birthDate", "1912-12-12"),
        ("DomainResource.active", True),
        ("Resource.active", True),
        ("Patient.`active`", True),
        ("Patient.name", SEVERAL),
        ("Patient.name.given", SEVERAL),
        ("Patient.name[1].given", "Tolle"),
        ("Patient.name.given[1]", "T"),
        ("Patient.name.given[2]", "Tolle"),
        ("Patient.name.given[3]", None),
        ("Patient.name.family", "Tolvansson"),
        ("Patient.name.first().use", "official"),
        ("Patient.name.last().use", "usual"),
        ("Patient.contact.single().name.text", "x"),
        ("Patient.name.single()", SEVERAL),
        ("Patient.photo.single()", None),
        ("Patient.photo.first()", None),
        ("Patient.photo.last().url", None),
        ("Patient.multipleBirth", 2),
        ("Patient.multipleBirth.ofType(integer)", 2),
        ("Patient.multipleBirth.ofType(FHIR.integer)", 2),
        ("Patient.multipleBirth.as(boolean)", None),
        ("(Patient.multipleBirth as integer)", 2),
        ("Patient.extension('http://example.org/a').value", "a"),
        ("Patient.extension('http://example.org/c').value", None),
        ("Patient.extension[1].value.value", 3),
        ("Patient.extension.value.ofType(string)", "a"),
        ("Patient.gender.extension.value", "unknown"),
        ("Patient.gender.extension('http://example.org/x').value", "unknown"),
        ("Patient.contained[0].active", False),
        ("Patient.contained.active", False),
        ("Patient.contained.ofType(Organization).active", False),
        ("Patient.contained[1].active", None),
        ("Patient.contained.id", SEVERAL),
    ],
)
def test_a_path_goes_down_from_the_resource(path, found):
    assert found is located(path) or found == located(path)


@pytest.mark.parametrize(
    ("criterion", "found"),
    [
        ("use = 'official'", "Tolvansson"),
        ("use != 'usual'", "Tolvansson"),
        ("'official' = use", "Tolvansson"),
        ("$this.use = 'official'", "Tolvansson"),
        ("use = 'official' and family = 'Tolvansson'", "Tolvansson"),
        ("use = 'official' and family = 'Nilsson'", None),
        ("use = 'old' or family = 'Tolvansson'", "Tolvansson"),
        ("(use = 'usual').not()", "Tolvansson"),
        ("use.not()", None),
        ("family.exists()", "Tolvansson"),
        ("family.empty().not()", "Tolvansson"),
        ("suffix.empty()", SEVERAL),
        ("given.exists($this = 'Tolvan')", "Tolvansson"),
        ("given.where($this = 'Tolvan').exists()", "Tolvansson"),
        ("given[1] = 'T'", "Tolvansson"),
        ("given.first() = 'Tolvan'", "Tolvansson"),
        ("given = 'Tolvan'", None),
        ("period.start = @2020-01-01", "Tolvansson"),
        ("period.start > @2019-12-31", "Tolvansson"),
        ("period.start < @2019-12-31", None),
        ("family", "Tolvansson"),
        ("period.exists() and true", "Tolvansson"),
        ("%resource.active = true and family.exists()", "Tolvansson"),
    ],
)
def test_a_criterion_chooses_among_them(criterion, found):
    one_family = f"Patient.name.where({criterion}).family"

    assert (found if found is not SEVERAL else "Tolvansson") == located(one_family)
    assert (found is SEVERAL) is (located(f"Patient.name.where({criterion})") is SEVERAL)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Patient.telecom.where(rank >= 2).value", "2"),
        ("Patient.telecom.where(rank = 1).value", "1"),
        ("Patient.extension.where(url = 'http://example.org/a').value", "a"),
        ("Patient.extension.where(value = 'a').url", "http://example.org/a"),
        ("Patient.extension.where(value.value = 3).url", "http://example.org/b"),
        ("Patient.name.given.where($this = 'Tolle')", "Tolle"),
        ("Patient.contained.where(id = 'o').active", False),
        ("Patient.gender.where(extension.exists()).extension.value", "unknown"),
    ],
)
def test_numbers_choices_and_contained_resources_are_compared_as_what_they_are(path, found):
    assert found == located(path)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("Patient.name.where(", "patch-path"),
        ("", "patch-path"),
        ("Patient..name", "patch-path"),
        ("x" * 5000, "patch-path"),
        ("1", "patch-path"),
        ("Patient.name | Patient.contact", "patch-path"),
        ("Patient.name.tail()", "patch-path"),
        ("Patient.name.skip(1)", "patch-path"),
        ("Patient.name.first(1)", "patch-path"),
        ("Patient.name[active]", "patch-path"),
        ("Patient.name[-1]", "patch-path"),
        ("Patient.managingOrganization.resolve()", "patch-path"),
        ("Patient.descendants()", "patch-path"),
        ("Patient.children()", "patch-path"),
        ("Patient.name.repeat(given)", "patch-path"),
        ("%context.name", "patch-path"),
        ("Patient.multipleBirth.ofType(whole)", "patch-path"),
        ("Patient.multipleBirth is integer", "patch-path"),
        ("Patient.name.where(given.matches('(a+)+'))", "patch-path"),
        ("Patient.name.where(given & given = 'x')", "patch-path"),
        ("Patient.name.where(given | family = 'x')", "patch-path"),
        ("Patient.name.where(period = $this.period)", "patch-path"),
        ("Patient.name.where(period)", "patch-path"),
        ("Patient.name.where(given.exists('a', 'b'))", "patch-path"),
        ("Patient.name.where(resolve().exists())", "patch-path"),
        ("Patient.photo.where(url.matches('x'))", "patch-path"),
        ("CarePlan.status", "patch-path-type"),
        ("Patient.name.where(CarePlan.status = 'x')", "patch-path-type"),
        ("Patient.fullname", "unknown-element"),
        ("Patient.deceasedBoolean", "unknown-element"),
        ("Patient.photo.where(uri = 'x')", "unknown-element"),
        ("Patient.name.given.value", "unknown-element"),
        ("Patient.`191212121212`", "unknown-member"),
        ("Patient." + "x" * 100, "unknown-member"),
    ],
)
def test_what_a_patch_does_not_understand_is_refused_whatever_the_resource_holds(path, key):
    for resource in (PATIENT, {"resourceType": "Patient"}):
        with pytest.raises(Unreadable) as refused:
            located(path, resource)
        (issue,) = refused.value.issues
        assert (key, "here") == (issue.key, issue.expression)
        assert "1912" not in issue.text()


def test_a_name_that_a_contained_resource_may_have_is_no_mistake():
    assert located("Patient.contained.prognosis") is None


def test_no_refusal_repeats_a_value_out_of_a_path():
    paths = ["Patient.name.where(family = 'Tolvansson' xor true)", "Patient.identifier.where(value = '191212121212"]
    for path in paths:
        with pytest.raises(Refusal) as refused:
            located(path)
        (issue,) = refused.value.issues
        assert not {"Tolvansson", "191212121212"} & set(f"{issue.text()} {issue.text('sv')}".replace("'", " ").split())


@pytest.mark.parametrize("wrong", ["x", 7, [], ["x"], {"given": "x"}])
def test_what_has_the_wrong_shape_is_as_good_as_absent(wrong):
    for path in ("Patient.name.given", "Patient.name.where(use = 'x').given", "Patient.name.period.start"):
        assert located(path, {"resourceType": "Patient", "name": wrong}) is None
        assert located(path, {"resourceType": "Patient", "name": [wrong]}) is None
