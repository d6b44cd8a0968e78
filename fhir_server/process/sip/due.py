"""What a plan waits for: whose answer, whose approval, whose action, and the follow-up at its date."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fhir_server.fhir.reference import own_reference
from fhir_server.process.clock import day_of, end_of, last_of
from fhir_server.process.definition import TASK
from fhir_server.process.due import Due
from fhir_server.process.event import Moment
from fhir_server.process.sip.event import ANSWERED, approved, parties
from fhir_server.process.sip.gap import HSL, TERMBANK, coordinators
from fhir_server.process.sip.kept import Kept, held, is_follow_up
from fhir_server.process.telling import code_in, moment_of, place_in

Json = Mapping[str, Any]
UNANSWERED = frozenset({"needs-action", "tentative"})
"""The statuses of who has not said whether to come. https://hl7.org/fhir/R4/valueset-participationstatus.html"""
TO_COME = frozenset({"proposed", "pending", "booked", "waitlist"})
"""Those of a meeting that has not begun. https://hl7.org/fhir/R4/valueset-appointmentstatus.html"""
ASKED = frozenset({"requested", "received", "ready"})
"""Those of an action that its party has not answered. https://hl7.org/fhir/R4/valueset-task-status.html"""
TAKEN = frozenset({"accepted", "in-progress", "on-hold", "completed"})


def due(kept: Kept, now: Moment) -> tuple[Due, ...]:
    """What is due at a moment, or was, in the order of the process; of a plan that is over, what was done."""
    known = (_as_of(one, now) for one in _all(kept, now) if one.since <= now)
    return tuple(one for one in dict.fromkeys(known) if one.done is not None or not kept.is_over(now))


def _as_of(one: Due, now: Moment) -> Due:
    return replace(one, done=None) if one.done is not None and one.done > now else one


def _all(kept: Kept, now: Moment) -> Iterator[Due]:
    yield from _answer_to_offer(kept)
    for meeting in kept.meetings():
        yield from _answers_to_call(meeting)
    yield from _approvals(kept, now)
    for task in kept.of("Task"):
        if not code_in([task.get("code", {})], TASK):
            yield from _of_action(task)
    yield from _follow_ups(kept, now)


def _answer_to_offer(kept: Kept) -> Iterator[Due]:
    offer = kept.offer()
    since = moment_of(offer.get("offered"))
    if since is not None:
        given = offer.get("answer") in {"accepted", "declined"}
        done = (moment_of(offer.get("answered")) or since) if given else None
        yield Due("answer-offer", place_in(kept.plan["subject"]), since, None, done, HSL)


def _answers_to_call(meeting: Json) -> Iterator[Due]:
    """Who has not said whether to come, until the meeting begins; when somebody answered, a meeting does not tell."""
    since, until = moment_of(meeting.get("created")), moment_of(meeting.get("start"))
    if since is None or meeting["status"] not in TO_COME:
        return
    for one in meeting["participant"]:
        who = place_in(one.get("actor", {}))
        if one["status"] in UNANSWERED and not who.startswith("#"):
            yield Due("answer-call", who, since, until, None, "", own_reference(meeting))


def _approvals(kept: Kept, now: Moment) -> Iterator[Due]:
    version = kept.version_at(now)
    if version is not None:
        given = approved(kept, version.number)
        yield from (Due("approve", party, version.made, None, given.get(party), "") for party in parties(kept))


def _of_action(task: Json) -> Iterator[Due]:
    """The answer of the party that is asked, and the action itself by the end of its time."""
    since = moment_of(task.get("authoredOn"))
    if since is None or task["status"] not in ASKED | TAKEN:
        return
    who, about = place_in(task.get("owner", {})), own_reference(task)
    if task["status"] in ASKED:
        yield Due("answer-action", who, since, None, None, "", about)
    until = last_of(task.get("restriction", {}).get("period", {}).get("end", ""))
    if until is not None:
        yield Due("do-action", who, since, until, _done(task), HSL, about)


def _done(task: Json) -> Moment | None:
    if task["status"] != "completed":
        return None
    return moment_of(task.get("executionPeriod", {}).get("end")) or moment_of(task.get("lastModified"))


def _follow_ups(kept: Kept, now: Moment) -> Iterator[Due]:
    """Of a plan in force each follow-up at its date, to the end of the day; and the evaluation, once one has been held."""
    if kept.version_at(now) is None:
        return
    by = next(iter(coordinators(kept, now)), place_in(kept.plan.get("author", {})))
    meetings = sorted((it for it in kept.meetings() if is_follow_up(it, kept.in_force())), key=_start)
    for one in meetings:
        since = moment_of(one.get("created")) or _start(one)
        yield Due("follow-up", by, since, end_of(day_of(_start(one))), held(one), TERMBANK, own_reference(one))
    ended = [(_start(one), at) for one in meetings if (at := held(one)) is not None and at <= now]
    if ended:
        start, end = ended[-1]
        yield Due("evaluate", by, end, None, _evaluated(kept, start), TERMBANK)


def _start(meeting: Json) -> Moment:
    return moment_of(meeting.get("start")) or 0


def _evaluated(kept: Kept, since: Moment) -> Moment | None:
    """When somebody first evaluated the plan at that follow-up, or after it."""
    told = (moment_of(one.get("authored")) for one in kept.of("QuestionnaireResponse") if one["status"] in ANSWERED)
    return min((at for at in told if at is not None and at >= since), default=None)
