"""The judgement finds nothing in what an honest server leaves, and each fault that is planted there."""

from dataclasses import replace

import pytest
from msgspec import structs

from tests.faults.programs.evidence import Read, Search
from tests.faults.programs.generate import urn_of
from tests.faults.programs.honest import Honest
from tests.faults.programs.judge import judged
from tests.faults.programs.planting import (
    asked_otherwise,
    both,
    in_history,
    in_version,
    never_sent,
    no_longer_answered,
    rewritten,
    told_otherwise,
    with_evidence,
    with_twin,
)
from tests.faults.programs.trail import unmatched
from tests.faults.programs.write import (
    JSON_PATCH,
    MERGE_PATCH,
    PATH_PATCH,
    PEOPLE,
    TOKENS,
    Place,
    Write,
)

TASK, PLAN, TEAM = ("Task", "t"), ("CarePlan", "c"), ("CareTeam", "g")
PERSON = ("Patient", "of-person")


def a_write(token: str, interaction: str = "update", place: Place = TASK, **members) -> Write:
    about = "" if place[0] == "Patient" else "Patient/p"
    return Write(token, interaction, *place, **{"about": about, **members})


MADE = a_write("person", "create", ("Patient", ""), person="x")
CHANGED = a_write("person-changed", "update", ("Patient", ""), person="x")
WHOLE = (CHANGED, a_write("plan", place=PLAN, about=urn_of(CHANGED)), a_write("gone", "delete", TEAM))
LOST_WHOLE = (a_write("plan-2", place=PLAN), a_write("task-6", place=TASK), a_write("team-gone", "delete", TEAM))
AGAIN = a_write("task-again", met=4, match=4)


def a_story() -> Honest:
    """Something of everything: what was told, what was not, what was never done."""
    server = Honest()
    server.do(a_write("task"))
    for token, form in (("json", JSON_PATCH), ("merge", MERGE_PATCH)):
        server.do(a_write(token, "patch", form=form))
    server.do(a_write("deleted", "delete"))
    server.do(AGAIN)
    server.refuse(a_write("stale", met=4, match=4), 412, "stale")
    server.do(a_write("team", place=TEAM), a_write("path", "patch", form=PATH_PATCH), kind="batch")
    server.do(MADE)
    server.do(a_write("same-person", "create", ("Patient", ""), person="x"))
    server.do(*WHOLE, kind="transaction")
    server.do(a_write("team-back", place=TEAM), answered=False)
    server.do(*LOST_WHOLE, kind="transaction", answered=False)
    server.forget(a_write("never", place=PLAN), a_write("never-either"), kind="transaction")
    server.forget(a_write("never-deleted", "delete"))
    return server


def test_what_an_honest_server_did_is_in_order():
    server = a_story()

    assert [] == judged(server.told, server.evidence)
    assert [7, 2, 4, 2] == [len(server.histories[place]) for place in (TASK, PLAN, TEAM, PERSON)]


# ------------------------------------------------------------------------------------------------ planted faults

FAULTS = {
    # histories
    "a version is skipped": (in_version(TASK, 3, number=9), "has the versions [7, 6, 5, 4, 9, 2, 1]"),
    "a version is lost in the middle": (in_history(TASK, lambda own: own[:3] + own[4:]), "has the versions"),
    "the order is turned": (in_history(TASK, lambda own: own[::-1]), "has the versions"),
    "two versions of one moment": (
        in_history(PLAN, lambda own: (replace(own[0], updated=own[1].updated), own[1])),
        "not later than the one before",
    ),
    "a text that says another number": (
        rewritten(TASK, 2, b'"versionId":"2"', b'"versionId":"3"'),
        "the resource says",
    ),
    "a deletion that kept its text": (
        in_history(TASK, lambda own: (*own[:3], replace(own[3], text=own[4].text), *own[4:])),
        "DELETE left a resource",
    ),
    "a version without a text": (in_version(TASK, 5, text=b""), "PUT left nothing"),
    "a status that was another": (in_version(TASK, 1, status="200"), "was answered 200"),
    "an older version is read": (
        with_evidence(lambda it: {"reads": it.reads | {TASK: Read(200, 5, it.histories[TASK][2].text)}}),
        "a read says 200, version 5",
    ),
    "what is deleted is read": (
        with_evidence(lambda it: {"reads": it.reads | {TEAM: Read(200, 3, it.histories[TEAM][1].text)}}),
        "a read says 200",
    ),
    "what is there is gone": (
        with_evidence(lambda it: {"reads": it.reads | {TASK: Read(410, None, b"")}}),
        "a read says 410",
    ),
    # writes and versions
    "a version from nowhere": (never_sent("json"), "the tokens new in it are ['json']"),
    "a patch is lost under the next one": (
        rewritten(TASK, 3, b"," + b'{"system":"urn:example:token","value":"json"}', b""),
        "merge (patch) made something else of the version before",
    ),
    "a write that lost something": (rewritten(TASK, 1, b'"intent":"order"', b'"intent":"plan"'), "task (update) made"),
    "a patch audited and numbered as an update": (in_version(TASK, 2, method="PUT"), "a PUT, made by"),
    "a create that was sent again": (with_twin(PERSON, ("Patient", "twin")), "person: made Patient"),
    "a reference that was not resolved": (
        rewritten(PLAN, 1, b"Patient/of-person", urn_of(CHANGED).encode()),
        "plan (update) made something else",
    ),
    # what was told
    "an acknowledged version is lost at the end": (
        in_history(PERSON, lambda own: own[1:]),
        "person-changed: version 2 of ('Patient', 'of-person') was acknowledged, and is not there",
    ),
    "an acknowledged resource is lost": (in_history(PERSON, lambda own: ()), "is not there (a read says 410)"),
    "a version is not what was answered": (
        told_otherwise("task", text=b"{}"),
        "task: version 1 of ('Task', 't') is not what was answered",
    ),
    "a version of another's": (told_otherwise("json", version=3), "json: acknowledged as ('Task', 't') version 3"),
    "a deletion that is none": (told_otherwise("deleted", version=5), "deleted: version 5 of"),
    "made, and told as changed": (told_otherwise("task", status=200), "task: answered 200 for version 1"),
    "found, and not the one": (asked_otherwise("same-person", person="y"), "which is not y"),
    "written over another than the one named": (
        asked_otherwise("task-again", match=3),
        "task-again: If-Match 3 made version 5",
    ),
    "a version that was there before": (asked_otherwise("task-again", met=5), "after version 5 was acknowledged"),
    "a refused write that was done": (
        told_otherwise("json", status=412, keys=("stale",)),
        "json: answered 412, and made",
    ),
    "a write that was never sent": (told_otherwise("json", status=0), "json: answered 0, and made"),
    "a fault of the server": (told_otherwise("stale", status=500, keys=("internal",)), "500 internal: no such refusal"),
    "two of one person": (told_otherwise("stale", keys=("several-match",)), "several-match: another reason"),
    "not found, and it was there": (
        both(
            told_otherwise("stale", status=404, keys=("not-found",)),
            asked_otherwise("stale", interaction="delete"),
        ),
        "version 4 was acknowledged before",
    ),
    "stale, and it was not": (
        asked_otherwise("stale", met=7, match=7),
        "every version named was current all the while",
    ),
    # across resources
    "a person is doubled": (with_twin(PERSON, ("Patient", "twin")), "x: lives 2 times"),
    "half a transaction": (
        both(no_longer_answered, in_history(PLAN, lambda own: own[1:])),
        "the transaction made ['task-6'], and not ['plan-2']",
    ),
    "an index that lost a resource": (
        with_evidence(lambda it: {"searches": (replace(it.searches[0], ids=frozenset()),)}),
        "[] and not ['t']",
    ),
    "an index that kept what is gone": (
        with_evidence(lambda it: {"searches": (Search("Task", (((TOKENS, "json"),),), frozenset({"t"})),)}),
        "['t'] and not []",
    ),
    "an index that finds a person twice": (
        with_evidence(
            lambda it: {"searches": (Search("Patient", (((PEOPLE, "x"),),), frozenset({"of-person", "b"})),)}
        ),
        "['b', 'of-person'] and not ['of-person']",
    ),
    # audit and outbox
    "a version without an entry": (
        with_evidence(lambda it: {"entries": it.entries[1:]}),
        "('Task', 't', 1): there, with 0 entries and 1 notices",
    ),
    "a version with two entries": (
        with_evidence(lambda it: {"entries": (it.entries[0], *it.entries)}),
        "there, with 2 entries and 1 notices",
    ),
    "a version without a notice": (
        with_evidence(lambda it: {"notices": it.notices[1:]}),
        "there, with 1 entries and 0 notices",
    ),
    "a notice of nothing": (
        in_history(TASK, lambda own: own[1:]),
        "('Task', 't', 7): not there, with 1 entries and 1 notices",
    ),
    "an entry that says something else": (
        with_evidence(lambda it: {"entries": (structs.replace(it.entries[0], interaction="patch"), *it.entries[1:])}),
        "a PUT, audited as patch",
    ),
    "an entry under another request": (
        with_evidence(lambda it: {"entries": (structs.replace(it.entries[0], request="request 2"), *it.entries[1:])}),
        "task: acknowledged, and in the audit 0 times",
    ),
    "a refused request that wrote": (
        with_evidence(lambda it: {"entries": (*it.entries, structs.replace(it.entries[3], request="request 6"))}),
        "['stale']: 0 writes acknowledged, and 1 audited",
    ),
    "a transaction in two requests": (
        with_evidence(lambda it: {"entries": (*it.entries[:-1], structs.replace(it.entries[-1], request="another"))}),
        "which is no step that was sent, or one of them done twice",
    ),
    "a deletion that nobody sent": (never_sent("team-gone"), "delete CareTeam/g version 4: one request"),
    "a deletion done twice": (
        with_evidence(
            lambda it: {
                "entries": (
                    *it.entries,
                    *(structs.replace(it.entries[3], request=f"stray {number}") for number in range(2)),
                )
            }
        ),
        "delete Task/t version 4: one request",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault):
    plant, sentence = FAULTS[fault]
    server = a_story()

    findings = judged(*plant(server.told, server.evidence))

    assert any(sentence in finding for finding in findings), findings


def test_each_chooses_another_where_that_serves_them_all():
    assert [] == unmatched({"a": [1, 2], "b": [1], "c": [3]})
    assert ["c"] == unmatched({"a": [1, 2], "b": [1], "c": [1, 2]})
