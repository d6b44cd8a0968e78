"""The judgement of the audit and the outbox: every version is in both, and each request left what was told of it.

An entry of the audit names its request. So it is known which versions one transaction made, deletions too, also where the
connection broke before it was answered: such a request is a stray, and must be one of the steps that nobody knows of.
"""

from collections import Counter
from collections.abc import Sequence

from fhir_server.storage.store import Entry
from tests.faults.programs.case import Case, Findings
from tests.faults.programs.told import METHODS
from tests.faults.programs.write import Step, Write

WRITES = {("create", 201), ("update", 200), ("patch", 200), ("delete", 204)}
"""The entries of writes: a conditional create that finds something is a `create` with 200."""


def versions_are_audited_and_told_of(case: Case) -> Findings:
    """One entry and one notice for each version; a deletion may have more entries, since to delete again changes nothing."""
    versions = {(*place, number): it for place, own in case.histories.items() for number, it in own.items()}
    audited = Counter((entry.type, entry.id, entry.version) for entry in _writes(case))
    noticed = Counter((notice.type, notice.id, version) for version, notice in case.evidence.notices)
    for it in sorted({*versions, *audited, *noticed}):
        deletion = it in versions and not versions[it].text
        if it not in versions or noticed[it] != 1 or not (audited[it] == 1 or (deletion and audited[it])):
            there = "there" if it in versions else "not there"
            yield f"{it}: {there}, with {audited[it]} entries and {noticed[it]} notices"
    for entry in _writes(case):
        version = versions.get((entry.type, entry.id, entry.version))
        if version and version.method != METHODS[entry.interaction]:
            yield f"{entry.type}/{entry.id} version {entry.version}: a {version.method}, audited as {entry.interaction}"


def _writes(case: Case) -> list[Entry]:
    return [it for it in case.evidence.entries if (it.interaction, it.status) in WRITES and it.version]


def _by_request(case: Case) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in _writes(case):
        found.setdefault(entry.request, []).append(entry)
    return found


def answered_requests_left_what_they_told(case: Case) -> Findings:
    """One entry for each acknowledged write, and none for what was refused."""
    entries = _by_request(case)
    for it in case.told:
        if it.wrote:
            own = [
                entry
                for entry in entries.get(it.request, ())
                if entry.version == it.version and _fits(case, it.write, entry)
            ]
            if len(own) != 1:
                yield f"{it.write.token}: acknowledged, and in the audit {len(own)} times"
    told = Counter(it.request for it in case.told if it.wrote)
    unsure = {it.request for it in case.told if it.unknown}
    for request in {it.request for it in case.told if it.request} - unsure:
        if len(entries.get(request, ())) != told[request]:
            tokens = [it.write.token for it in case.told if it.request == request]
            yield f"{tokens}: {told[request]} writes acknowledged, and {len(entries.get(request, ()))} audited"


def unanswered_requests_are_whole(case: Case) -> Findings:
    """Each stray is what one unanswered step makes: all of a transaction, some of a batch; and no step is done twice."""
    answered = {it.request for it in case.told}
    strays = {request: entries for request, entries in _by_request(case).items() if request not in answered}
    steps = list(dict.fromkeys(it.step for it in case.told if it.unknown))
    explained = {
        request: [number for number, step in enumerate(steps) if _explains(case, step, entries)]
        for request, entries in strays.items()
    }
    for request in unmatched(explained):
        rows = [f"{it.interaction} {it.type}/{it.id} version {it.version}" for it in strays[request]]
        yield f"{', '.join(rows)}: one request, which is no step that was sent, or one of them done twice"


def _explains(case: Case, step: Step, entries: Sequence[Entry]) -> bool:
    """Whether a request with these entries can be the step. What a condition decides may be missing from a transaction."""
    fitting = [[write for write in step.writes if _fits(case, write, entry)] for entry in entries]
    done = {write.token for writes in fitting for write in writes}
    sure = {it.token for it in step.writes if not it.conditional or it.interaction in {"update", "patch"}}
    return all(len(writes) == 1 for writes in fitting) and (step.kind != "transaction" or sure <= done)


def _fits(case: Case, write: Write, entry: Entry) -> bool:
    if (write.interaction, write.type) != (entry.interaction, entry.type):
        return False
    place = (entry.type, entry.id)
    if write.interaction == "delete":
        return write.place == place or (write.conditional and write.person in case.carried.get(place, ()))
    return (place, entry.version) in [(made, version.number) for made, version in case.made.get(write.token, ())]


def unmatched(choices: dict[str, list[int]]) -> list[str]:
    """Those for whom nothing is left when each takes one of his choices and as many as can are served."""
    taken: dict[int, str] = {}

    def serve(one: str, tried: set[int]) -> bool:
        for choice in choices[one]:
            if choice not in tried:
                tried.add(choice)
                if choice not in taken or serve(taken[choice], tried):
                    taken[choice] = one
                    return True
        return False

    return [one for one in choices if not serve(one, set())]
