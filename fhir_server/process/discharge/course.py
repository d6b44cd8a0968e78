"""Where its events leave a case: the state, and the moments that clocks run from."""

from dataclasses import dataclass
from typing import TypeAlias

from fhir_server.process.discharge.flag import Flag

Moment: TypeAlias = int
"""Milliseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Course:
    """A moment is None where it has not come, or has been taken back. `admitted` is the stay's beginning, `assessed` when the
    physician judged that efforts may be needed (the admission, unless it was later); `notified` when the admission notice
    in force was sent, `ready` the discharge-ready notice in force, `contact` the appointment of the fixed contact. `calls` are
    the calls to planning in force, `readiness` what open care has said of its efforts and when, `leaves` the times on leave
    (None: still away), all in order; `since` is when the state began, `informed` when the units were told of the homecoming. `planned` says whether there is to
    be a SIP; None where nobody has said. `flags` are what was broken, late, or counted anew.
    """

    state: str = ""
    admitted: Moment | None = None
    assessed: Moment | None = None
    notified: Moment | None = None
    estimated: str = ""
    contact: Moment | None = None
    ready: Moment | None = None
    calls: tuple[Moment, ...] = ()
    planned: bool | None = None
    readiness: tuple[tuple[Moment, str], ...] = ()
    leaves: tuple[tuple[Moment, Moment | None], ...] = ()
    discharged: Moment | None = None
    died: Moment | None = None
    informed: Moment | None = None
    flags: tuple[Flag, ...] = ()
    since: Moment | None = None
