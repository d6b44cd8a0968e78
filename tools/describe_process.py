"""Writes the tables in `docs/process.md`: the discharge and the SIP, as `profiles/PlanDefinition-….json` have them.

    python -m tools.describe_process

A test keeps the page as the definition has it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from fhir_server.fhir.definitions import by_canonical
from fhir_server.process.addressing.recipients import services_of
from fhir_server.process.definition import CLOCK, EVENT, MESSAGE, REASON, SIP, load_workflow
from fhir_server.process.workflow import Action, Deadline, Workflow
from fhir_server.process.worklist.definition import OPEN, PERSON, STAFF, UNIT, WORKLIST, Worklist, load_worklists

NOTHING = "\u2013"
PAGE = Path(__file__).parent.parent / "docs/process.md"


def main() -> None:
    """Puts the tables in their places."""
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def with_tables(text: str) -> str:
    """The page with the tables of today."""
    for name, lines in (
        ("states", _states(load_workflow())),
        ("events", _events(load_workflow())),
        ("deadlines", _due()),
        ("corrections", _reasons()),
        ("told", _told()),
        ("worklists", _worklists()),
        ("sip-states", _states(load_workflow(SIP))),
        ("sip-events", _sip_events()),
    ):
        before, begins, rest = text.partition(f"<!-- {name} -->\n")
        _, ends, after = rest.partition(f"<!-- /{name} -->\n")
        text = f"{before}{begins}\n" + "\n".join(lines) + f"\n\n{ends}{after}"
    return text


def _states(workflow: Workflow) -> Iterator[str]:
    """Each state, and what leads on from it."""
    yield "| state | svenska | means | leads on |"
    yield "|---|---|---|---|"
    actions = workflow.actions.values()
    for one in by_canonical()[workflow.state_system]["concept"]:
        state = one["code"]
        on = [f"`{it.code}` → {it.transitions[state]}" for it in actions if it.transitions.get(state, state) != state]
        back = [f"`{it.code}` → as it was" for it in actions if state in it.transitions and _undoes(it, workflow)]
        yield f"| `{state}` | {one['display']} | {one['definition']} | {'; '.join([*on, *back]) or 'nothing'} |"


def _undoes(action: Action, workflow: Workflow) -> bool:
    """Whether it is for taking back something particular: what takes back any message may come in nearly every state."""
    messages = {code for code, one in workflow.actions.items() if one.is_message and not one.takes_back}
    return bool(action.takes_back) and not action.takes_back >= messages


def _events(workflow: Workflow) -> Iterator[str]:
    """Each event: in which states it may happen, what it tells, and who sends it."""
    yield "| event | svenska | may happen in | leads to | tells (clocks) | sent by | paragraph |"
    yield "|---|---|---|---|---|---|---|"
    for one in workflow.actions.values():
        who = ", ".join([*sorted(one.senders), *(f"by assessment of a {it}" for it in sorted(one.staff))])
        told = ", ".join(f"{it} ({_does(it)})" for it in one.clocks)
        cells = (f"`{one.code}`", one.title, ", ".join(one.transitions), _leads(one), told, who, one.source)
        yield f"| {' | '.join(cell or NOTHING for cell in cells)} |"


def _sip_events() -> Iterator[str]:
    """Each thing that happens to a SIP, what it is read out of, and where it leads."""
    yield "| event | svenska | is | leads to | paragraph |"
    yield "|---|---|---|---|---|"
    told = {one["code"]: one["definition"] for system in (MESSAGE, EVENT) for one in by_canonical()[system]["concept"]}
    for one in load_workflow(SIP).actions.values():
        cells = (f"`{one.code}`", one.title, told[one.code], _leads(one), one.source)
        yield f"| {' | '.join(cell or NOTHING for cell in cells)} |"


def _leads(action: Action) -> str:
    if action.takes_back:
        return "as if what it names had not been"
    return ", ".join(dict.fromkeys(to for state, to in action.transitions.items() if to != state))


def _does(clock: str) -> str:
    (found,) = (it for it in by_canonical()[CLOCK]["concept"] if it["code"] == clock)
    return str(_property(found, "does"))


def _due() -> Iterator[str]:
    """What is due by when; and what is to come before what."""
    yield "| what | is due | paragraph |"
    yield "|---|---|---|"
    for one in load_workflow().deadlines:
        yield f"| `{one.code}` | {_length(one)} `{one.after}` | {one.source} |"
    for action in load_workflow().actions.values():
        if action.before:
            before = ", ".join(f"`{it}`" for it in load_workflow().actions if it in action.before)
            yield f"| `{action.code}` | before {before} | {action.source} |"


def _told() -> Iterator[str]:
    """Each message that services are told of."""
    yield "| message | svenska | services that are told |"
    yield "|---|---|---|"
    for one in by_canonical()[MESSAGE]["concept"]:
        if told := services_of(one["code"]):
            yield f"| `{one['code']}` | {one['display']} | {', '.join(f'`{it}`' for it in told)} |"


def _length(deadline: Deadline) -> str:
    hours, days = deadline.term.hours, deadline.term.days
    if hours is not None:
        return f"{hours} hours after"
    return f"{days} days after" if days else "the same day as"


def _reasons() -> Iterator[str]:
    """What a correction does to the clock, by its reason."""
    yield "| reason | svenska | the clock | why |"
    yield "|---|---|---|---|"
    for one in by_canonical()[REASON]["concept"]:
        yield f"| `{one['code']}` | {one['display']} | {_property(one, 'clock')} | {one['definition']} |"


def _property(concept: Mapping[str, object], name: str) -> object:
    found = concept["property"]
    assert isinstance(found, list)
    return next(it["valueCode"] for it in found if it["code"] == name)


def _worklists() -> Iterator[str]:
    """Each list of a unit, and which Tasks are in it by its properties."""
    yield "| list | svenska | holds | Tasks |"
    yield "|---|---|---|---|"
    for one in by_canonical()[WORKLIST]["concept"]:
        kind = load_worklists()[one["code"]]
        tasks = _tasks(kind) if kind.holds_tasks else NOTHING
        yield f"| `{one['code']}` | {one['display']} | {one['definition']} | {tasks} |"


def _tasks(kind: Worklist) -> str:
    code = f"`{kind.task}`" if kind.task else "of any code"
    statuses = "open" if kind.statuses == frozenset(OPEN) else ", ".join(sorted(kind.statuses))
    return f"{code}, {statuses}, of the {_OWNERS[kind.owner]}"


_OWNERS = {UNIT: "unit itself", PERSON: "person who asks", STAFF: "unit or its staff"}


if __name__ == "__main__":
    main()
