"""A response is held to its questionnaire: each refusal beside a response that differs in one thing and is right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.validation.answers import answer_issues

CODES = {("s", "a"), ("s", "b")}
OPTIONS = [
    {"valueCoding": {"system": "s", "code": "x", "display": "Ex"}},
    {"valueCoding": {"system": "s", "code": "y"}},
]
FORM = {
    "resourceType": "Questionnaire",
    "item": [
        {"linkId": "needs", "type": "boolean", "required": True},
        {
            "linkId": "help",
            "type": "group",
            "item": [
                {
                    "linkId": "what",
                    "type": "choice",
                    "answerOption": OPTIONS,
                    "required": True,
                    "enableWhen": [{"question": "needs", "operator": "=", "answerBoolean": True}],
                },
                {"linkId": "note", "type": "string", "repeats": True},
            ],
        },
        {"linkId": "visit", "type": "group", "repeats": True, "item": [{"linkId": "day", "type": "date"}]},
        {"linkId": "set", "type": "choice", "answerValueSet": "http://x/vs|1"},
        {"linkId": "open", "type": "open-choice", "answerOption": OPTIONS},
        {"linkId": "words", "type": "display", "required": True},
        {"linkId": "parent", "type": "integer", "item": [{"linkId": "child", "type": "text"}]},
    ],
}


def item(link, *values, items=(), kind="valueString", **more):
    answer = [{kind: it} for it in values]
    return {
        "linkId": link,
        **({"answer": answer} if answer else {}),
        **({"item": list(items)} if items else {}),
        **more,
    }


NEEDS, NO_NEED = (item("needs", it, kind="valueBoolean") for it in (True, False))
X, OTHER = {"system": "s", "code": "x"}, {"system": "s", "code": "z"}
WHAT = item("help", items=[item("what", X, kind="valueCoding")])


def issues(*items, status="completed"):
    response = {"resourceType": "QuestionnaireResponse", "status": status, "item": list(items)}
    found = answer_issues(
        response, FORM, lambda canonical, *coding: None if canonical != "http://x/vs" else coding in CODES
    )
    return [(one.key, one.expression.removeprefix("QuestionnaireResponse.")) for one in found]


RIGHT = {
    "without-need": [NO_NEED],
    "with-need": [NEEDS, WHAT],
    "twice-in-words": [NO_NEED, item("help", items=[item("note", "a", "b")])],
    "a-group-again": [NO_NEED, item("visit", items=[item("day", "2026-03-02", kind="valueDate")]), item("visit")],
    "of-the-set": [NO_NEED, item("set", {"system": "s", "code": "a"}, kind="valueCoding")],
    "in-own-words": [NO_NEED, item("open", "eget")],
    "one-of-the-open": [NO_NEED, item("open", X, kind="valueCoding")],
    "below-an-answer": [
        NO_NEED,
        {"linkId": "parent", "answer": [{"valueInteger": 1, "item": [item("child", "text")]}]},
    ],
    "with-other-words": [NEEDS, item("help", items=[item("what", {**X, "display": "Annat"}, kind="valueCoding")])],
}
WRONG = {
    "unanswered": ([], ("form-unanswered", "QuestionnaireResponse")),
    "needed-and-not-told": ([NEEDS, item("help", items=[item("note", "a")])], ("form-unanswered", "item[1]")),
    "unknown": ([NO_NEED, item("none", "a")], ("form-unknown-item", "item[1].linkId")),
    "in-another-place": ([NO_NEED, item("note", "a")], ("form-unknown-item", "item[1].linkId")),
    "a-question-twice": ([NO_NEED, NO_NEED], ("form-item-twice", "item[0]")),
    "several-answers": ([item("needs", True, False, kind="valueBoolean")], ("form-one-answer", "item[0].answer")),
    "of-another-kind": ([item("needs", "ja")], ("form-answer-kind", "item[0].answer[0]")),
    "none-of-the-options": ([NEEDS, item("help", items=[item("what", OTHER, kind="valueCoding")])], ("form-answer-option", "item[1].item[0].answer[0].valueCoding")),
    "out-of-the-set": ([NO_NEED, item("set", OTHER, kind="valueCoding")], ("form-answer-option", "item[1].answer[0].valueCoding")),
    "an-answered-group": ([NO_NEED, item("visit", "a")], ("form-no-question", "item[1].answer")),
    "a-choice-in-words": ([NO_NEED, item("set", "a")], ("form-answer-kind", "item[1].answer[0]")),
}  # fmt: skip


@pytest.mark.parametrize("items", RIGHT.values(), ids=RIGHT)
def test_what_answers_what_was_asked_is_right(items):
    assert [] == issues(*items)


@pytest.mark.parametrize(("items", "told"), WRONG.values(), ids=WRONG)
def test_what_does_not_is_told_with_its_place(items, told):
    assert told in issues(*items)


def test_what_is_not_done_may_lack_answers_and_no_more():
    assert [] == issues(NEEDS, status="in-progress")
    assert [("form-unknown-item", "item[0].linkId")] == issues(item("none", "a"), status="in-progress")


ENABLED = [
    ("exists", {"answerBoolean": True}, [1], True),
    ("exists", {"answerBoolean": False}, [1], False),
    ("exists", {"answerBoolean": False}, [], True),
    ("!=", {"answerInteger": 2}, [1], True),
    ("!=", {"answerInteger": 1}, [1], False),
    (">", {"answerInteger": 1}, [1], False),
    (">=", {"answerInteger": 1}, [1], True),
    ("<", {"answerInteger": 2}, [1], True),
    ("<=", {"answerInteger": 0}, [1], False),
    (">", {"answerDate": "2026-01-01"}, [1], False),
]


@pytest.mark.parametrize(("operator", "wanted", "given_", "asked"), ENABLED)
def test_a_question_is_asked_by_what_was_answered(operator, wanted, given_, asked):
    when = {"question": "first", "operator": operator, **wanted}
    form = {"item": [{"linkId": "first", "type": "integer"}, {"linkId": "then", "type": "string", "required": True, "enableWhen": [when]}]}  # fmt: skip
    response = {"status": "completed", "item": [item("first", *given_, kind="valueInteger")]}
    assert asked == bool(answer_issues(response, form, lambda *_: None))


@pytest.mark.parametrize(("behaviour", "asked"), [("all", False), ("any", True)])
def test_of_several_conditions_all_or_any_must_hold(behaviour, asked):
    when = [{"question": "first", "operator": "=", "answerInteger": it} for it in (1, 2)]
    then = {"linkId": "then", "type": "string", "required": True, "enableWhen": when, "enableBehavior": behaviour}
    response = {"status": "completed", "item": [item("first", 1, kind="valueInteger")]}
    form = {"item": [{"linkId": "first", "type": "integer"}, then]}
    assert asked == bool(answer_issues(response, form, lambda *_: None))


LINKS = st.sampled_from(
    ["needs", "help", "what", "note", "visit", "day", "set", "open", "words", "parent", "child", "none"]
)
VALUES = st.one_of(
    st.booleans().map(lambda it: {"valueBoolean": it}),
    st.text(max_size=3).map(lambda it: {"valueString": it}),
    st.integers(0, 2).map(lambda it: {"valueInteger": it}),
    st.sampled_from([X, OTHER, {"display": "utan kod"}]).map(lambda it: {"valueCoding": it}),
    st.just({"extension": [{"url": "http://x", "valueString": "a"}]}),
)
ITEMS = st.recursive(
    st.builds(lambda link, values: {"linkId": link, **({"answer": values} if values else {})}, LINKS, st.lists(VALUES, max_size=2)),
    lambda inner: st.builds(lambda link, items: {"linkId": link, "item": items}, LINKS, st.lists(inner, min_size=1, max_size=3)),
    max_leaves=8,
)  # fmt: skip


@given(st.lists(ITEMS, max_size=4), st.sampled_from(["completed", "in-progress"]))
def test_no_valid_response_breaks_the_judgement_and_finishing_one_never_tells_less(items, status):
    found = issues(*items, status=status)
    assert set(found) <= set(issues(*items, status="completed"))
