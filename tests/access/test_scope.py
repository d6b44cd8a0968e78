"""https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html"""

from collections.abc import Iterable
from contextlib import suppress
from itertools import combinations, product
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from fhir_server.access.permission import LETTERS
from fhir_server.access.scope import LONGEST, MOST, MOST_CONDITIONS, BadScope, Scopes, parse_scopes
from fhir_server.fhir.definitions import r4
from fhir_server.fhir.wording import MESSAGES
from fhir_server.search.extract import Extractor
from fhir_server.search.match import Candidate, matches
from fhir_server.search.parameter import APART
from fhir_server.search.query import Everything, Some, Token
from tests.search.reading import BASE, PARAMETERS, PARSER

EXTRACTOR = Extractor(PARAMETERS, BASE)


def read(text: str) -> Scopes:
    return parse_scopes(text, PARSER)


def reason(text: str) -> str:
    """The key of why scopes are refused, which is told in both languages."""
    with pytest.raises(BadScope) as refused:
        read(text)
    english, swedish = (words.format_map(refused.value.said) for words in MESSAGES[refused.value.key])
    assert english == str(refused.value)
    assert swedish
    return refused.value.key


# ------------------------------------------------------------------------------------------------ what is understood


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("patient/CarePlan.r", "r"),
        ("patient/CarePlan.rs", "rs"),
        ("patient/CarePlan.cruds", "cruds"),
        ("patient/CarePlan.cd", "cd"),
        ("patient/*.rs", "rs"),
        ("patient/CarePlan.read", "rs"),
        ("patient/CarePlan.write", "cud"),
        ("patient/CarePlan.*", "cruds"),
        ("patient/*.*", "cruds"),
        ("patient/CarePlan.r patient/CarePlan.u", "ru"),
        ("patient/Task.cruds patient/CarePlan.s", "s"),
        ("user/CarePlan.rs", "rs"),
        ("system/CarePlan.rs", "rs"),
        ("patient/Task.cruds", ""),
        ("openid fhirUser launch/patient", ""),
        ("", ""),
    ],
)
def test_a_scope_allows_its_letters_on_its_type_and_no_others(text, letters):
    scopes = read(text)

    assert letters == "".join(letter for letter in LETTERS if scopes.allows("CarePlan", letter))
    for letter in LETTERS:
        assert scopes.criterion("CarePlan", letter) == (Everything() if letter in letters else Some(()))
        assert scopes.allows("CarePlan", letter) == ("CarePlan" in scopes.types(letter))


def test_a_scope_for_every_type_is_for_all_that_r4_has():
    assert r4().resource_types == read("user/*.r user/Task.u").types("r")
    assert {"Task"} == read("user/*.r user/Task.u").types("u")
    assert frozenset() == read("user/*.r user/Task.u").types("d")


@pytest.mark.parametrize(
    ("text", "context"),
    [("patient/Task.r", "patient"), ("user/Task.r", "user"), ("system/Task.r", "system"), ("openid", ""), ("", "")],
)
def test_the_context_is_that_of_the_scopes_for_resources(text, context):
    assert context == read(text).context


def test_scopes_are_sorted_by_what_they_are_about():
    scopes = read(
        "openid fhirUser profile offline_access online_access launch launch/patient launch/encounter "
        "launch/relatedperson?role=https://x.example/friend patients commission urn:x:y https://id.example/scopes/health"
    )

    assert {"openid", "fhirUser", "profile", "offline_access", "online_access"} == scopes.login
    assert {
        "launch",
        "launch/patient",
        "launch/encounter",
        "launch/relatedperson?role=https://x.example/friend",
    } == scopes.launch
    assert {"patients", "commission", "urn:x:y", "https://id.example/scopes/health"} == scopes.unknown
    assert () == scopes.permissions


def test_what_is_unknown_gives_nothing():
    scopes = read("user_impersonation CarePlan.read */*.read encounter/Task.r p%D0%B0tient/Patient.rs")

    assert 5 == len(scopes.unknown)
    assert [] == [letter for letter in LETTERS if scopes.types(letter)]


def test_what_was_asked_in_the_first_version_is_told_in_it():
    asked = read("patient/*.read patient/Task.* patient/Goal.write patient/CarePlan.rs patient/Flag.cruds")

    assert "patient/*.read patient/CarePlan.rs patient/Flag.cruds patient/Goal.write patient/Task.*" == str(asked)


def test_the_canonical_form_is_one_for_all_spellings():
    text = "user/CarePlan.rs?status=active&category=b%2Ca&category=a,b,c user/CarePlan.rs?category=a,b&status=active openid openid"

    assert "openid user/CarePlan.rs?category=a,b&status=active" == str(read(text))


# ------------------------------------------------------------------------------------------------ what is refused

REFUSED = [
    # B-13: order and repetition
    ("b-13", "patient/Task.cduxs", "patient/Task.cruds", "scope-letters"),
    ("b-13", "patient/Task.srduc", "patient/Task.cruds", "scope-letters"),
    ("b-13", "patient/Task.sr", "patient/Task.rs", "scope-letters"),
    ("b-13", "patient/Task.rr", "patient/Task.r", "scope-letters"),
    ("b-13", "patient/Task.crudss", "patient/Task.cruds", "scope-letters"),
    ("b-13", "patient/Task.readwrite", "patient/Task.read", "scope-letters"),
    ("b-13", "patient/Task.x", "patient/Task.r", "scope-letters"),
    ("b-13", "patient/Task.R", "patient/Task.r", "scope-form"),
    ("b-13", "patient/Task.", "patient/Task.r", "scope-form"),
    ("b-13", "patient/Task", "patient/Task.r", "scope-form"),
    ("b-13", "patient/Task.r.s", "patient/Task.rs", "scope-form"),
    # B-12: contexts
    ("b-12", "patient/Task.r system/Task.r", "system/Goal.r system/Task.r", "scope-mixed"),
    ("b-12", "patient/Task.r user/Task.r", "patient/Task.r patient/Task.s", "scope-mixed"),
    ("b-12", "user/Task.r system/Task.r", "user/Task.r openid", "scope-mixed"),
    ("b-12", "user/*.read system/Task.r", "user/*.read user/Task.r", "scope-mixed"),
    # B-11: other spellings
    ("b-11", "system:Patient.read", "system/Patient.read", "scope-form"),
    ("b-11", "system:Patient.rs", "system/Patient.rs", "scope-form"),
    ("b-11", "system.Patient.read", "system/Patient.read", "scope-form"),
    ("b-11", "patient%2FPatient.rs", "patient/Patient.rs", "scope-form"),
    ("b-11", "patient%2fPatient.rs", "patient/Patient.rs", "scope-form"),
    ("b-11", "patient%252fPatient.rs", "patient/Patient.rs", "scope-form"),
    ("b-11", "%70atient/Patient.rs", "patient/Patient.rs", "scope-form"),
    ("b-11", "patient/Patient%2ers", "patient/Patient.rs", "scope-form"),
    ("b-11", "Patient.read", "patient/Patient.read", "scope-form"),
    ("b-11", "patient//Patient.rs", "patient/Patient.rs", "scope-form"),
    ("b-11", "patient/../system/Patient.rs", "patient/Patient.rs", "scope-form"),
    ("b-11", "Patient/Patient.rs", "patient/Patient.rs", "scope-form"),
    ("b-11", "SYSTEM/Patient.rs", "system/Patient.rs", "scope-form"),
    ("b-11", "patient/patient.rs", "patient/Patient.rs", "scope-type"),
    ("b-11", "patient/PATIENT.rs", "patient/Patient.rs", "scope-type"),
    ("b-11", "patient/Resource.rs", "patient/*.rs", "scope-type"),
    ("b-11", "patient/Sjukdom.rs", "patient/Condition.rs", "scope-type"),
    ("b-11", "patient/**.rs", "patient/*.rs", "scope-form"),
    ("b-11", "p\u0430tient/Patient.rs", "patient/Patient.rs", "scope-characters"),
    ("b-11", "patient/\uff30atient.rs", "patient/Patient.rs", "scope-characters"),
    ("b-11", "patient\u2215Patient.rs", "patient/Patient.rs", "scope-characters"),
    ("b-11", "patient/Patient.r\u200bs", "patient/Patient.rs", "scope-characters"),
    ("b-11", "patient/Patient.rs\n", "patient/Patient.rs", "scope-characters"),
    ("b-11", "patient/Patient.rs\tsystem/*.cruds", "patient/Patient.rs", "scope-characters"),
    ("b-11", "patient/Patient.rs\x00", "patient/Patient.rs", "scope-characters"),
    ("b-11", "patient/Patient.rs\u00a0openid", "patient/Patient.rs openid", "scope-characters"),
    ("b-11", '"patient/Patient.rs"', "patient/Patient.rs", "scope-characters"),
    ("b-11", "patient/Patient.rs\\", "patient/Patient.rs", "scope-characters"),
    ("b-11", "openid  fhirUser", "openid fhirUser", "scope-characters"),
    ("b-11", " openid", "openid", "scope-characters"),
    ("b-11", "openid ", "openid", "scope-characters"),
    ("b-11", "launch/Patient", "launch/patient", "scope-launch"),
    ("b-11", "launch%2Fpatient", "launch/patient", "scope-launch"),
    ("b-11", "Launch", "launch", "scope-launch"),
    ("b-11", "launch/sjukdom", "launch/condition", "scope-launch"),
    ("b-11", "launch?role=x", "launch/patient?role=x", "scope-launch"),
    ("b-11", "launch/patient?role=", "launch/patient?role=x", "scope-launch"),
    ("b-11", "launch/patient?rolle=x", "launch/patient?role=x", "scope-launch"),
    ("b-11", "launch/patient?role=x&role=y", "launch/patient?role=x", "scope-launch"),
    # C-18: queries
    ("c-18", "patient/CarePlan.rs?category:not=a", "patient/CarePlan.rs?category=a", "scope-parameter"),
    ("c-18", "patient/CarePlan.rs?category%3Anot=a", "patient/CarePlan.rs?category=a", "scope-parameter"),
    ("c-18", "patient/CarePlan.rs?category:missing=true", "patient/CarePlan.rs?category=true", "scope-parameter"),
    (
        "c-18",
        "patient/CarePlan.rs?category:in=http://x/vs",
        "patient/CarePlan.rs?category=http://x/vs",
        "scope-parameter",
    ),
    ("c-18", "patient/CarePlan.rs?subject:Patient=1", "patient/CarePlan.rs?subject=Patient/1", "scope-parameter"),
    ("c-18", "patient/CarePlan.rs?subject.name=a", "patient/CarePlan.rs?subject=Patient/1", "scope-parameter"),
    (
        "c-18",
        "patient/CarePlan.rs?care-team-participant=Practitioner/1",
        "patient/CarePlan.rs?care-team=CareTeam/1",
        "scope-parameter",
    ),
    (
        "c-18",
        "patient/Patient.rs?_has:CarePlan:patient:status=active",
        "patient/Patient.rs?active=true",
        "scope-parameter",
    ),
    ("c-18", "patient/Patient.rs?_has=a", "patient/Patient.rs?_tag=a", "scope-parameter"),
    ("c-18", "patient/CarePlan.rs?_include=CarePlan:subject", "patient/CarePlan.rs?_id=a", "scope-parameter"),
    ("c-18", "patient/CarePlan.rs?_revinclude=Task:based-on", "patient/CarePlan.rs?_id=a", "scope-parameter"),
    ("c-18", "patient/CarePlan.rs?_count=1", "patient/CarePlan.rs?_id=1", "scope-parameter"),
    ("c-18", "patient/CarePlan.rs?_summary=true", "patient/CarePlan.rs?_id=true", "scope-parameter"),
    (
        "c-18",
        "patient/CarePlan.rs?_filter=status%20eq%20active",
        "patient/CarePlan.rs?status=active",
        "scope-parameter",
    ),
    ("c-18", "patient/CarePlan.rs?_list=1", "patient/CarePlan.rs?_id=1", "scope-parameter"),
    ("c-18", "patient/CarePlan.rs?_text=a", "patient/CarePlan.rs?_tag=a", "scope-parameter"),
    ("c-18", "patient/CarePlan.rs?_content=a", "patient/CarePlan.rs?_tag=a", "scope-parameter"),
    ("c-18", "patient/CarePlan.rs?nosuch=a", "patient/CarePlan.rs?status=active", "scope-parameter"),
    ("c-18", "patient/CarePlan.rs?Status=active", "patient/CarePlan.rs?status=active", "scope-parameter"),
    (
        "c-18",
        "patient/CarePlan.rs?status=active&nosuch=a",
        "patient/CarePlan.rs?status=active&_tag=a",
        "scope-parameter",
    ),
    ("c-18", "patient/Task.rs?category=a", "patient/CarePlan.rs?category=a", "scope-parameter"),
    ("c-18", "patient/*.rs?category=a", "patient/*.rs?_tag=a", "scope-any-type"),
    ("c-18", "patient/*.rs?_id=a", "patient/*.rs?_security=a", "scope-any-type"),
    ("c-18", "patient/*.rs?_tag:not=a", "patient/*.rs?_tag=a", "scope-any-type"),
    ("c-18", "patient/CarePlan.rs?", "patient/CarePlan.rs", "scope-query"),
    ("c-18", "patient/CarePlan.rs?status", "patient/CarePlan.rs?status=active", "scope-query"),
    ("c-18", "patient/CarePlan.rs?status=", "patient/CarePlan.rs?status=active", "scope-query"),
    ("c-18", "patient/CarePlan.rs?=active", "patient/CarePlan.rs?status=active", "scope-query"),
    ("c-18", "patient/CarePlan.rs?&status=active", "patient/CarePlan.rs?status=active", "scope-query"),
    ("c-18", "patient/CarePlan.rs?status=active&", "patient/CarePlan.rs?status=active", "scope-query"),
    ("c-18", "patient/CarePlan.rs?category=%zz", "patient/CarePlan.rs?category=%7a", "scope-query"),
    ("c-18", "patient/CarePlan.rs?category=%C3", "patient/CarePlan.rs?category=%C3%A4", "scope-query"),
    ("c-18", "patient/CarePlan.rs?category=a%00", "patient/CarePlan.rs?category=a%20", "scope-query"),
    ("c-18", "patient/CarePlan.rs?category=a%0Ab", "patient/CarePlan.rs?category=a%20b", "scope-query"),
    ("c-18", "patient/CarePlan.rs?category=a+b", "patient/CarePlan.rs?category=a%2Bb", "scope-query"),
    ("c-18", "patient/CarePlan.rs?category=a,", "patient/CarePlan.rs?category=a,b", "scope-value"),
    ("c-18", "patient/CarePlan.rs?category=b,a%5C", "patient/CarePlan.rs?category=b,a%5C,c", "scope-value"),
    ("c-18", "patient/CarePlan.rs?category=a|b|c", "patient/CarePlan.rs?category=a|b", "scope-value"),
    ("c-18", "patient/CarePlan.rs?date=spring", "patient/CarePlan.rs?date=2026-03", "scope-value"),
    ("c-18", "patient/CarePlan.rs?status=nosuch|a|b", "patient/CarePlan.rs?status=active", "scope-value"),
    ("c-18", "patient/*.rs?_lastUpdated=today", "patient/*.rs?_lastUpdated=ge2026", "scope-value"),
]


@pytest.mark.parametrize(("bad", "good", "key"), [row[1:] for row in REFUSED if row[0] == "b-11"])
def test_b_11_another_spelling_of_a_scope_is_refused(bad, good, key):
    assert key == reason(bad)
    assert str(read(good))


@pytest.mark.parametrize(("bad", "good", "key"), [row[1:] for row in REFUSED if row[0] == "b-12"])
def test_b_12_one_token_has_one_context(bad, good, key):
    assert key == reason(bad)
    assert str(read(good))


@pytest.mark.parametrize(("bad", "good", "key"), [row[1:] for row in REFUSED if row[0] == "b-13"])
def test_b_13_the_letters_stand_in_their_order_each_once(bad, good, key):
    assert key == reason(bad)
    assert str(read(good))


def test_b_13_of_all_words_of_up_to_five_letters_the_ordered_subsets_are_taken_and_no_others():
    ordered = {"".join(some) for size in range(1, 6) for some in combinations(LETTERS, size)}
    words = {"".join(word) for size in range(1, 5) for word in product("crudsx", repeat=size)} | ordered

    for word in words - ordered:
        assert "scope-letters" == reason(f"user/Task.{word}")
    for word in ordered:
        assert [word] == [one.letters for one in read(f"user/Task.{word}").permissions]


@pytest.mark.parametrize(("bad", "good", "key"), [row[1:] for row in REFUSED if row[0] == "c-18"])
def test_c_18_a_query_that_is_not_understood_to_the_last_is_refused(bad, good, key):
    assert key == reason(bad)
    assert str(read(good))


def test_one_bad_scope_among_good_ones_spoils_them_all():
    assert "scope-letters" == reason("openid user/CarePlan.rs user/Task.sr launch")
    assert read("openid user/CarePlan.rs user/Task.rs launch").allows("CarePlan", "r")


def test_no_more_scopes_are_read_than_a_token_can_hold():
    most = " ".join(f"x{number}" for number in range(MOST))

    assert MOST == len(read(most).unknown)
    assert "scope-too-long" == reason(f"{most} y")
    assert read("x" * LONGEST).unknown
    assert "scope-too-long" == reason("x" * (LONGEST + 1))


def test_no_more_conditions_are_read_than_there_is_time_for():
    most = " ".join(f"user/Task.r?code={number}&status=draft" for number in range(MOST_CONDITIONS // 2))

    assert MOST_CONDITIONS // 2 == len(read(most).permissions)
    assert "scope-conditions" == reason(f"{most} user/Goal.r?_tag=a")


@pytest.mark.parametrize("value", ["196101182803", "http://x.example|Bo Ek"])
def test_a_refusal_does_not_say_back_what_a_scope_asks_for(value):
    with pytest.raises(BadScope) as refused:
        read(f"user/Patient.rs?nosuch={quote(value)}")

    assert value not in str(refused.value)
    assert read(f"user/Patient.rs?identifier={quote(value)}").permissions


HOSTILE = st.text(
    st.sampled_from("patientusersystem/*.cruds?=&%2F3a:|,\\+$ \u0430\x00CarePlanlaunchrole_tag"), max_size=40
)


@given(st.one_of(st.text(max_size=60), HOSTILE, HOSTILE.map("patient/CarePlan.rs?{}".format)))
@example("user/CarePlan.rs?category=\\")
@example("user/Observation.rs?code-value-quantity=a$b$c")
@example("\ud800")
def test_whatever_the_text_it_is_understood_or_refused_and_nothing_else(text):
    with suppress(BadScope):
        scopes = read(text)
        assert scopes == read(str(scopes))


# ------------------------------------------------------------------------------------------------ what it comes to

CATEGORIES, TAGS = "xyz", "tu"


@st.composite
def scope_texts(draw: st.DrawFn, *, most: int = 4) -> str:
    """Scopes of one context about a few types, granular or not, in both versions' words."""
    context = draw(st.sampled_from(["patient", "user"]))
    own = draw(st.lists(st.sampled_from(["openid", "launch/patient", "elsewhere"]), max_size=2, unique=True))
    return " ".join([*own, *(draw(_one(context)) for _ in range(draw(st.integers(0, most))))])


@st.composite
def _one(draw: st.DrawFn, context: str) -> str:
    type = draw(st.sampled_from(["CarePlan", "CarePlan", "Task", "*"]))
    letters = "".join(letter for letter in LETTERS if draw(st.booleans())) or "r"
    word = draw(st.sampled_from([letters, letters, "read", "write", "*"]))
    asked = [draw(_condition("_tag", TAGS)) for _ in range(draw(st.integers(0, 1)))]
    if type == "CarePlan":
        asked += [draw(_condition("category", CATEGORIES)) for _ in range(draw(st.integers(0, 2)))]
    query = "&".join(draw(st.permutations(asked)))
    return f"{context}/{type}.{word}{'?' * bool(query)}{query}"


@st.composite
def _condition(draw: st.DrawFn, name: str, values: str) -> str:
    some = draw(st.lists(st.sampled_from(values), min_size=1, max_size=len(values)))
    return f"{name}={draw(st.sampled_from([',', '%2C'])).join(some)}"


def subsets(values: str) -> Iterable[tuple[str, ...]]:
    return (some for size in range(len(values) + 1) for some in combinations(values, size))


def a_world() -> list[tuple[Candidate, set[str], set[str]]]:
    """A plan and a task of every kind there can be, each with what it has of categories and tags."""
    found = []
    for categories, tags in product(subsets(CATEGORIES), subsets(TAGS)):
        meta = {"meta": {"tag": [{"code": tag} for tag in tags]}} if tags else {}
        concepts = {"category": [{"coding": [{"code": one}]} for one in categories]} if categories else {}
        plan, task = {"resourceType": "CarePlan", **meta, **concepts}, {"resourceType": "Task", **meta}
        for resource in (plan, task):
            candidate = Candidate(resource["resourceType"], "a", 0, EXTRACTOR.index(resource))
            found.append((candidate, set(categories) if resource is plan else set(), set(tags)))
    return found


WORLD = a_world()


def reached(scopes: Scopes) -> set[tuple[str, int]]:
    """Which letters hold for which resource of the world, by what the scopes ask of the store."""
    return {
        (letter, number)
        for letter in LETTERS
        for number, (candidate, _, _) in enumerate(WORLD)
        if matches(scopes.criterion(candidate.type, letter), candidate)
    }


def read_by_hand(text: str) -> set[tuple[str, int]]:
    """The same by the letter of the text."""
    found = set()
    for scope in (one for one in text.split(" ") if "." in one):
        head, _, query = scope.partition("?")
        type, word = head.partition("/")[2].split(".")
        letters = {"read": "rs", "write": "cud", "*": "cruds"}.get(word, word)
        for number, (candidate, categories, tags) in enumerate(WORLD):
            has = {"category": categories, "_tag": tags}
            pairs = [pair.split("=") for pair in query.replace("%2C", ",").split("&") if pair]
            if type in {"*", candidate.type} and all(has[name] & set(values.split(",")) for name, values in pairs):
                found |= {(letter, number) for letter in letters}
    return found


def extras(scopes: Scopes) -> set[str]:
    return {*scopes.login, *scopes.launch, *scopes.unknown}


@given(scope_texts())
def test_scopes_reach_what_is_written_in_them_and_nothing_else(text):
    assert read_by_hand(text) == reached(read(text))


@given(scope_texts())
def test_the_canonical_form_means_the_same(text):
    scopes = read(text)

    again = read(str(scopes))
    assert scopes == again
    assert str(scopes) == str(again)
    assert reached(scopes) == reached(again)


@given(scope_texts(), scope_texts())
def test_what_is_within_reaches_no_further(one, other):
    inner, outer = read(one), read(other)

    if inner.within(outer):
        assert reached(inner) <= reached(outer)
        assert extras(inner) <= extras(outer)


@given(scope_texts(most=1), scope_texts(most=1))
def test_of_single_scopes_one_is_within_another_where_it_reaches_no_further(one, other):
    inner, outer = read(one), read(other)
    assume(inner.context in {"", outer.context})
    beyond = any(left.type == "*" for left in inner.permissions) and not any(
        right.type == "*" for right in outer.permissions
    )  # of types that the world does not have

    expected = reached(inner) <= reached(outer) and extras(inner) <= extras(outer) and not beyond
    assert expected == inner.within(outer)


@given(scope_texts(), scope_texts(), scope_texts())
def test_to_be_within_is_a_partial_order(first, second, third):
    one, two, three = map(read, (first, second, third))

    assert one.within(one)
    assert not (one.within(two) and two.within(three)) or one.within(three)
    if one.within(two) and two.within(one):
        assert reached(one) == reached(two)
        assert extras(one) == extras(two)


@given(scope_texts(), scope_texts(), scope_texts())
def test_what_is_narrowed_twice_is_still_within_each(first, second, third):
    one, two, three = map(read, (first, second, third))

    narrow = one.narrowed(two).narrowed(three)
    assert narrow.within(one)
    assert narrow.within(two)
    assert narrow.within(three)
    assert narrow == read(str(narrow))


@given(scope_texts(), scope_texts())
def test_what_is_narrowed_is_all_that_both_reach(first, second):
    one, two = read(first), read(second)

    both = reached(one) & reached(two) if one.context == two.context else set()
    assert both == reached(one.narrowed(two))
    assert extras(one) & extras(two) == extras(one.narrowed(two))
    assert not one.within(two) or one.narrowed(two) == one


@pytest.mark.parametrize(
    ("registered", "grown", "good"),
    [
        ("patient/CarePlan.rs", "patient/CarePlan.cruds", "patient/CarePlan.r"),
        ("patient/CarePlan.rs", "patient/CarePlan.rus", "patient/CarePlan.s"),
        ("patient/CarePlan.read", "patient/CarePlan.write", "patient/CarePlan.rs"),
        ("patient/CarePlan.read", "patient/CarePlan.*", "patient/CarePlan.read"),
        ("patient/CarePlan.rs", "system/CarePlan.rs", "patient/CarePlan.rs"),
        ("patient/CarePlan.rs", "user/CarePlan.rs", "patient/CarePlan.rs"),
        ("patient/CarePlan.rs", "patient/*.rs", "patient/CarePlan.rs"),
        ("patient/CarePlan.rs", "patient/Task.rs", "patient/CarePlan.rs?status=active"),
        ("patient/CarePlan.rs patient/Task.r", "patient/Task.rs", "patient/CarePlan.r patient/Task.r"),
        ("patient/*.rs", "patient/Task.u", "patient/Task.rs"),
        ("patient/CarePlan.rs?category=sip", "patient/CarePlan.rs", "patient/CarePlan.rs?category=sip"),
        ("patient/CarePlan.rs?category=sip", "patient/CarePlan.rs?category=sip,x", "patient/CarePlan.s?category=sip"),
        (
            "patient/CarePlan.rs?category=sip&status=active",
            "patient/CarePlan.rs?category=sip",
            "patient/CarePlan.rs?category=sip&status=active&_tag=a",
        ),
        ("patient/*.rs?_tag=a", "patient/CarePlan.rs", "patient/CarePlan.rs?_tag=a"),
        ("patient/*.rs?_tag=a", "patient/*.rs?_tag=b", "patient/*.rs?_tag=a"),
        ("openid patient/CarePlan.rs", "openid patient/CarePlan.rs offline_access", "openid patient/CarePlan.rs"),
        ("launch/patient", "launch/encounter", "launch/patient"),
        ("launch/patient", "launch", "launch/patient"),
        ("launch/patient", "elsewhere", ""),
        ("patient/CarePlan.rs", "p%D0%B0tient/CarePlan.rs", "patient/CarePlan.rs"),
    ],
)
def test_b_11_what_is_granted_never_grows_past_what_is_registered(registered, grown, good):
    assert not read(grown).within(read(registered))
    assert read(grown) != read(grown).narrowed(read(registered))
    assert read(good).within(read(registered))
    assert read(good) == read(good).narrowed(read(registered))


@pytest.mark.parametrize(
    ("asked", "registered", "granted"),
    [
        ("patient/*.cruds", "patient/CarePlan.rs patient/Task.ru", "patient/CarePlan.rs patient/Task.ru"),
        ("patient/*.*", "patient/CarePlan.rs", "patient/CarePlan.read"),
        ("patient/*.read", "patient/CarePlan.cruds", "patient/CarePlan.read"),
        ("patient/*.read", "patient/CarePlan.r", "patient/CarePlan.r"),
        ("patient/CarePlan.rs", "patient/*.read", "patient/CarePlan.rs"),
        ("patient/CarePlan.rs", "patient/CarePlan.r patient/CarePlan.s", "patient/CarePlan.rs"),
        ("patient/CarePlan.rs", "patient/CarePlan.rs?category=sip", "patient/CarePlan.rs?category=sip"),
        (
            "patient/CarePlan.rs?status=active",
            "patient/CarePlan.cruds?category=sip",
            "patient/CarePlan.rs?category=sip&status=active",
        ),
        ("patient/Task.rs openid fhirUser", "patient/CarePlan.rs openid", "openid"),
        ("system/CarePlan.rs", "patient/CarePlan.rs", ""),
        ("launch/patient launch x", "launch x y", "launch x"),
    ],
)
def test_what_is_asked_for_is_narrowed_to_what_is_registered(asked, registered, granted):
    assert granted == str(read(asked).narrowed(read(registered)))


def test_what_is_narrowed_to_no_resource_at_all_has_no_context():
    assert "" == read("patient/Task.r openid").narrowed(read("patient/Goal.r openid")).context
    assert "patient" == read("patient/Task.r openid").narrowed(read("patient/*.r openid")).context


# ------------------------------------------------------------------------------------------------ queries


def test_what_a_query_asks_is_what_the_same_search_would():
    scopes = read("patient/CarePlan.rs?category=http%3A%2F%2Fx.example%7Csip&status=active")

    asked = PARSER.parse("CarePlan", [("category", "http://x.example|sip"), ("status", "active")]).query.where
    assert asked == scopes.criterion("CarePlan", "r")
    assert Some(()) == scopes.criterion("CarePlan", "u")


def test_several_scopes_of_one_type_are_alternatives():
    scopes = read("patient/CarePlan.rs?category=a patient/CarePlan.r?category=b patient/*.s?_tag=c")

    assert Some((Token("category", None, "a"), Token("category", None, "b"))) == Some(
        tuple(sorted(scopes.criterion("CarePlan", "r").parts, key=str))
    )
    assert Token("_tag", None, "c") == scopes.criterion("Task", "s")


def test_a_scope_without_a_query_makes_those_with_one_idle():
    assert Everything() == read("patient/CarePlan.rs?category=a patient/*.r").criterion("CarePlan", "r")
    assert Token("category", None, "a") == read("patient/CarePlan.rs?category=a patient/*.r").criterion("CarePlan", "s")


def test_what_is_asked_of_every_type_is_asked_of_each_in_the_same_way():
    scopes = read("user/*.rs?_tag=http://x.example|a&_security=R&_lastUpdated=ge2026-01-01")

    for type in r4().resource_types - APART:  # an entry of the audit has no tag, so none is found by one
        pairs = [("_lastUpdated", "ge2026-01-01"), ("_security", "R"), ("_tag", "http://x.example|a")]
        assert PARSER.parse(type, pairs).query.where == scopes.criterion(type, "s")


def test_the_same_text_is_read_once():
    assert read("user/Task.rs?status=draft openid") is read("user/Task.rs?status=draft openid")
