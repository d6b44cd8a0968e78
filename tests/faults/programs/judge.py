"""The judgement: what was told, held against what stands. It gives a sentence for each thing that cannot be.

Nothing here has met a server: `test_judge.py` plants each of the faults.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from tests.faults.programs import trail
from tests.faults.programs.allowed import amiss
from tests.faults.programs.case import Case, Findings, fresh, named
from tests.faults.programs.evidence import Evidence, Search, Version
from tests.faults.programs.generate import urn_of
from tests.faults.programs.told import METHODS, Told
from tests.faults.programs.write import (
    KINDS,
    Json,
    Place,
    Write,
    bare,
    identifiers_of,
    made_of,
    people_of,
)


def judged(told: Sequence[Told], evidence: Evidence) -> list[str]:
    """Everything that is wrong, a sentence each; the tokens in it (`program.caller.step.part`) say which program it was."""
    case = Case(told, evidence)
    return [finding for question in QUESTIONS for finding in question(case)]


# ------------------------------------------------------------------------------------------------ histories


def histories_are_gapless(case: Case) -> Findings:
    """1..n, newest first, each later than the one before, deletions in place; each entry as its resource says."""
    for place, versions in case.evidence.histories.items():
        if [it.number for it in versions] != list(range(len(versions), 0, -1)) or not versions:
            yield f"{named(place)}: the history has the versions {[it.number for it in versions]}"
        for newer, older in pairwise(versions):
            if not newer.updated > older.updated:
                yield f"{named(place, newer)}: not later than the one before ({older.updated}, {newer.updated})"
            if not (newer.text or older.text):
                yield f"{named(place, newer)}: deleted, and deleted before"
        for version in versions:
            yield from _entry_is_true(place, version)


def _entry_is_true(place: Place, version: Version) -> Findings:
    resource, deleted = version.resource, version.method == "DELETE"
    if deleted != (not resource) or (deleted and version.number == 1):
        yield f"{named(place, version)}: {version.method} left {'nothing' if not resource else 'a resource'}"
    if resource:
        said = (
            resource["resourceType"],
            resource["id"],
            resource["meta"]["versionId"],
            resource["meta"]["lastUpdated"],
        )
        if said != (*place, str(version.number), version.updated):
            yield f"{named(place, version)}: the resource says {said}"
    status = "204" if deleted else "201" if version.number == 1 else "200"
    if status != version.status:
        yield f"{named(place, version)}: {version.method} was answered {version.status}"


def reads_show_the_last_version(case: Case) -> Findings:
    for place, versions in case.evidence.histories.items():
        read = case.evidence.reads[place]
        if not versions:
            yield f"{named(place)}: was told of, and is not there (a read says {read.status})"
        elif (read.status, read.version or versions[0].number, read.text) != (
            200 if versions[0].text else 410,
            versions[0].number,
            versions[0].text,
        ):
            yield f"{named(place, versions[0])}: a read says {read.status}, version {read.version}, or another text"


def versions_stem_from_writes(case: Case) -> Findings:
    """Each version is what one write that was sent makes of the version before: nothing from nowhere, nothing lost."""
    for place, versions in case.histories.items():
        for before, version in pairwise([None, *versions.values()]):
            if version.text:
                yield from _stems(case, place, version, before.resource if before else {}, fresh(version, before))


def _stems(case: Case, place: Place, version: Version, before: Json, tokens: set[str]) -> Findings:
    writers = [case.by_token[token].write for token in tokens if token in case.by_token]
    if len(tokens) != 1 or len(writers) != 1:
        yield f"{named(place, version)}: the tokens new in it are {sorted(tokens)}"
        return
    (write,) = writers
    if METHODS[write.interaction] != version.method or write.place not in {None, place} or write.type != place[0]:
        yield f"{named(place, version)}: a {version.method}, made by {write}"
    elif write.interaction == "patch" and not before:
        yield f"{named(place, version)}: a patch of nothing, {write.token}"
    elif not _is(case, made_of(write, before), version.resource, write):
        yield f"{named(place, version)}: {write.token} ({write.interaction}) made something else of the version before"


def _is(case: Case, expected: Json, actual: Json, write: Write) -> bool:
    """Whether the resource is the one expected, its reference to a patient resolved where one was sent that is none yet."""
    anchor = KINDS[write.type].anchor
    if write.interaction == "patch" or not write.about.startswith(("urn:", "Patient?")):
        return expected == bare(actual)
    pointed = actual[anchor]["reference"]
    return expected == bare(actual) | {anchor: expected[anchor]} and pointed in _patients(case, write)


def _patients(case: Case, write: Write) -> set[str]:
    """What a reference in a transaction may have come to mean: the Patients that carry the person it is about."""
    person = write.about.rpartition("|")[2]
    if write.about.startswith("urn:"):
        (person,) = {
            it.person for it in case.by_token[write.token].step.writes if it.person and urn_of(it) == write.about
        }
    return {f"Patient/{id}" for type, id in case.histories if type == "Patient" and person in case.carried[type, id]}


def no_write_is_done_twice(case: Case) -> Findings:
    for token, versions in case.made.items():
        if len(versions) > 1:
            yield f"{token}: made {', '.join(named(*it) for it in versions)}"


# ------------------------------------------------------------------------------------------------ what was told


def acknowledged_writes_stand(case: Case) -> Findings:
    """At the version that the answer named, byte for byte as it was answered, and under the write's own token."""
    for it in case.told:
        if it.wrote and it.write.interaction != "delete":
            made = [(place, version.number) for place, version in case.made.get(it.write.token, ())]
            if made != [(it.place, it.version)]:
                yield f"{it.write.token}: acknowledged as {it.place} version {it.version}, and stands at {made}"
        if it.acknowledged and it.place and it.version:
            yield from _stands(it, case.version(it.place, it.version))


def _stands(it: Told, version: Version | None) -> Findings:
    if version is None:
        yield f"{it.write.token}: version {it.version} of {it.place} was acknowledged, and is not there"
    elif version.text != it.text:
        yield f"{it.write.token}: version {it.version} of {it.place} is not what was answered"
    elif it.status != 204 and (it.status == 201) != (it.version == 1) and not it.found:
        yield f"{it.write.token}: answered {it.status} for version {it.version}"
    elif it.found and it.write.person not in people_of(version.resource):
        yield f"{it.write.token}: found {it.place}, which is not {it.write.person}"


def acknowledged_versions_follow(case: Case) -> Findings:
    """What was written under If-Match is the next version, and what was sent later is a later one."""
    for it in case.told:
        if not it.wrote or it.version is None:
            continue
        again = it.write.interaction == "delete"  # what is deleted already stays as it is
        if it.write.match is not None and it.version - it.write.match not in ({0, 1} if again else {1}):
            yield f"{it.write.token}: If-Match {it.write.match} made version {it.version}"
        if it.write.id and it.write.met is not None and not it.version >= it.write.met + (not again):
            yield f"{it.write.token}: version {it.version}, after version {it.write.met} was acknowledged"


def refused_writes_left_nothing(case: Case) -> Findings:
    for it in case.told:
        if not (it.wrote or it.unknown) and it.write.token in case.made:
            places = ", ".join(named(*made) for made in case.made[it.write.token])
            yield f"{it.write.token}: answered {it.status}, and made {places}, though refused as {it.keys}"


def answers_are_in_order(case: Case) -> Findings:
    """No other answer than the ones that the interaction has, and no refusal that was not true."""
    for it in case.told:
        if why := amiss(it):
            yield f"{it.write.token} ({it.step.kind}, {it.write.interaction}): {it.status} {' '.join(it.keys)}: {why}"
        guarded = [write for write in _refused_together(it) if write.match is not None]
        if it.keys == ("stale",) and all(_stayed_current(case, write) for write in guarded):
            yield f"{it.write.token}: refused as stale, and every version named was current all the while"


def _refused_together(told: Told) -> tuple[Write, ...]:
    return told.step.writes if told.step.kind == "transaction" else (told.write,)


def _stayed_current(case: Case, write: Write) -> bool:
    """Whether the version in If-Match had been acknowledged before, and is the last of all."""
    last = max(case.histories.get(write.place, ()), default=0) if write.place else 0
    return 0 < last == write.match == write.met


# ------------------------------------------------------------------------------------------------ across resources


def no_person_is_doubled(case: Case) -> Findings:
    """People are made by conditional creates and updates alone: each is one living Patient at the most."""
    count = Counter(person for (type, _), resource in case.live.items() for person in people_of(resource))
    yield from (f"{person}: lives {number} times" for person, number in count.items() if number > 1)


def transactions_are_whole(case: Case) -> Findings:
    """All tokens of a transaction stand, or none: a conditional create alone may have met what was there."""
    for step in dict.fromkeys(it.step for it in case.told if it.step.kind == "transaction"):
        surely = [
            it for it in step.writes if it.interaction != "delete" and not (it.interaction == "create" and it.person)
        ]
        made = [it.token for it in step.writes if it.token in case.made]
        missing = [it.token for it in surely if it.token not in case.made]
        if made and missing:
            yield f"{made[0]}: the transaction made {made}, and not {missing}"


def searches_agree_with_reads(case: Case) -> Findings:
    for search in case.evidence.searches:
        expected = {
            id for (type, id), resource in case.live.items() if type == search.type and _meets(resource, search)
        }
        if expected != search.ids:
            yield f"{search.type} by {str(search.groups)[:200]}: {sorted(search.ids)} and not {sorted(expected)}"


def _meets(resource: Json, search: Search) -> bool:
    own = identifiers_of(resource)
    return all(not own.isdisjoint(group) for group in search.groups)


QUESTIONS: tuple[Callable[[Case], Findings], ...] = (
    histories_are_gapless,
    reads_show_the_last_version,
    versions_stem_from_writes,
    no_write_is_done_twice,
    acknowledged_writes_stand,
    acknowledged_versions_follow,
    refused_writes_left_nothing,
    answers_are_in_order,
    no_person_is_doubled,
    transactions_are_whole,
    searches_agree_with_reads,
    trail.versions_are_audited_and_told_of,
    trail.answered_requests_left_what_they_told,
    trail.unanswered_requests_are_whole,
)
