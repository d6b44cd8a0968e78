"""What a case may go through, as values: the states, what may happen in each, where it leads, and what is due by when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fhir_server.process.clock import Term

STANDS, RENEWED = "stands", "renewed"
"""What a correction does to the clock: it counts from the first sending, or from the correction."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """`code` is due within `term` of `after`, by the paragraph `source`."""

    code: str
    after: str
    term: Term
    source: str


@dataclass(frozen=True, slots=True)
class Action:
    """What may happen: `transitions` gives for each state that it may happen in the state after it. `clocks` are the moments it
    tells, the first what it is known by; `takes_back` the codes of what it may take back; `before` those that it is to have
    come before; `ends` what it is the end of. `senders` are the parties that may send it, none of them: any; `staff` those on
    whose assessment it rests. `source` is the paragraph that orders it, `home_care` what it tells the home care to do.
    """

    code: str
    title: str
    is_message: bool
    transitions: Mapping[str, str]
    clocks: tuple[str, ...]
    takes_back: frozenset[str]
    before: frozenset[str]
    ends: str
    senders: frozenset[str]
    staff: frozenset[str]
    source: str
    home_care: str


@dataclass(frozen=True, slots=True)
class Workflow:
    """What a case may go through. `states` are codes of `state_system`; `actions` stand by their codes; `corrections` says for each reason of a correction what it does
    to the clock (STANDS, RENEWED) and why.
    """

    state_system: str
    states: tuple[str, ...]
    initial: str
    terminal: frozenset[str]
    actions: Mapping[str, Action]
    deadlines: tuple[Deadline, ...]
    corrections: Mapping[str, tuple[str, str]]
    lasting: frozenset[str]

    def deadlines_of(self, code: str) -> tuple[Deadline, ...]:
        """By when what has this code is due: by the latest of those that have started."""
        return tuple(one for one in self.deadlines if one.code == code)

    @property
    def terms(self) -> Mapping[str, Term]:
        """How long there is for what has a deadline, by its code; of several the one that stands last."""
        return {one.code: one.term for one in self.deadlines}

    def due_before(self, code: str) -> Iterable[Action]:
        """What is to be done before this happens."""
        return (one for one in self.actions.values() if code in one.before)

    def allowed(self, state: str, going: Iterable[str] = ()) -> tuple[str, ...]:
        """The codes of what may happen in a state while this is going on, in the definition's order."""
        return tuple(
            one.code
            for one in self.actions.values()
            if state in one.transitions and (not one.ends or one.ends in going) and one.code not in going
        )
