"""What a plan in force lacks. It stops nobody, and is worth knowing; each with what it rests on."""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_server.fhir.reference import own_reference
from fhir_server.process.clock import last_of
from fhir_server.process.event import Moment
from fhir_server.process.flag import Flag
from fhir_server.process.sip.kept import Kept, is_follow_up
from fhir_server.process.sip.split import COORDINATOR, PERTAINS_TO_GOAL
from fhir_server.process.telling import code_in, moment_of, place_in

Json = Mapping[str, Any]
HSL = "16 kap. 4 § hälso- och sjukvårdslagen (2017:30), 10 kap. 8 § socialtjänstlagen (2025:400)"
TERMBANK = "Socialstyrelsens termbank: samordnad individuell plan"

NO_CONSENT, NO_COORDINATOR, NO_RESPONSIBLE = "no-consent", "no-coordinator", "no-responsible"
NO_GOAL, NO_FOLLOW_UP, PERIOD_OVER = "no-goal", "no-follow-up", "period-over"
GAPS = {
    NO_CONSENT: HSL,
    NO_RESPONSIBLE: HSL,
    NO_COORDINATOR: "",
    NO_GOAL: TERMBANK,
    NO_FOLLOW_UP: TERMBANK,
    PERIOD_OVER: "",
}
"""The codes of what may be lacking, each with its paragraph or its source; "" for what is practice."""

_FIXED_CONTACT, _COORDINATING = (COORDINATOR["coding"][0][name] for name in ("system", "code"))
_DROPPED = frozenset({"revoked", "entered-in-error", "draft"})


def gaps(kept: Kept, now: Moment) -> Iterator[Flag]:
    """What is lacking at a moment at which the plan is in force. A part of another plan is coordinated and followed up with that."""
    if kept.version_at(now) is None or kept.is_over(now):
        return
    if not any(_holds(one, now) for one in kept.consents()):
        yield _gap(NO_CONSENT)
    if not any(team.get("managingOrganization") for team in kept.of("CareTeam")):
        yield _gap(NO_RESPONSIBLE)
    if not kept.is_part and not any(coordinators(kept, now)):
        yield _gap(NO_COORDINATOR)
    yield from (_gap(NO_GOAL, own_reference(one)) for one in kept.of("ServiceRequest") if _is_aimless(one, now))
    if not kept.is_part and not any(_is_told_of(one, kept, now) for one in kept.meetings()):
        yield _gap(NO_FOLLOW_UP)
    ends = last_of(kept.plan.get("period", {}).get("end", ""))
    if ends is not None and ends < now:
        yield _gap(PERIOD_OVER)


def coordinators(kept: Kept, now: Moment) -> Iterator[str]:
    """Who coordinates the plan at a moment, by where they stand."""
    for team in kept.of("CareTeam"):
        for one in team.get("participant", ()):
            if code_in(one.get("role", ()), _FIXED_CONTACT) == _COORDINATING and _covers(one.get("period", {}), now):
                yield place_in(one.get("member", {}))


def _gap(code: str, about: str = "") -> Flag:
    return Flag(code, "", about, GAPS[code])


def _holds(consent: Json, now: Moment) -> bool:
    """Whether a consent holds at a moment; one that was withdrawn held until its end, where that is told."""
    period, given = consent.get("provision", {}).get("period", {}), moment_of(consent.get("dateTime"))
    kept = consent["status"] == "active" or "end" in period
    return kept and given is not None and given <= now and _covers(period, now)


def _covers(period: Json, now: Moment) -> bool:
    start, end = moment_of(period.get("start")), last_of(period.get("end", ""))
    return (start is None or start <= now) and (end is None or now <= end)


def _is_aimless(request: Json, now: Moment) -> bool:
    if request["status"] in _DROPPED or (moment_of(request.get("authoredOn")) or 0) > now:
        return False
    return all(one["url"] != PERTAINS_TO_GOAL for one in request.get("extension", ()))


def _is_told_of(meeting: Json, kept: Kept, now: Moment) -> bool:
    return is_follow_up(meeting, kept.in_force()) and (moment_of(meeting.get("created")) or 0) <= now
