"""Writes the table of rules in `docs/privacy.md` from `security/Parameters-access-rules.json`.

python -m tools.describe_access
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from fhir_server.access.rules import Rule, load_rules

PAGE = Path(__file__).parent.parent / "docs/privacy.md"
BEGINS, ENDS = "<!-- rules -->\n", "<!-- /rules -->\n"
CONDITIONS = {
    "own": "it is about the caller",
    "team": "the person, the commission or the unit is in a team that cares for the patient now",
    "case": "the person, the commission or the unit is a party of a discharge case of the patient now",
    "consent": "the patient's consent names the provider or the unit, and is in force",
    "controlled": "it was written for the caller's own provider",
    "named": "it names the person, the commission or the unit as",
    "basis": "it is labelled as open on the basis",
    "block": "the patient has closed what its provider or unit wrote, and the caller is of another; or keeps the caller out",
    "inner-block": "an inner block closes what its unit wrote, and the caller is of another",
    "emergency": "the caller has emergency access to the patient, under this commission and at this moment, of the mode",
    "restricted": "it is labelled V (very restricted)",
    "organization": "it happened at the caller's own provider",
    "guardian": "it is about the child for whom the caller acts, who is young enough at this moment",
    "proxy": "it is, or belongs to, a plan that a consent in force of the person for whom the caller acts opens to the caller",
}
"""What each condition asks, in words."""
SHOWN = 6
"""So many types are listed; of more, how many."""


def main() -> None:
    """Puts the table in its place."""
    PAGE.write_text(with_rules(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def with_rules(text: str) -> str:
    """The page with the table of today."""
    before, _, rest = text.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    return f"{before}{BEGINS}\n{table(load_rules().rules)}\n{ENDS}{after}"


def table(rules: Iterable[Rule]) -> str:
    """The rules as a table in Markdown."""
    head = "| rule | who | may | on what | where | why | source |\n|---|---|---|---|---|---|---|\n"
    return head + "".join(f"| {' | '.join(_cells(rule))} |\n" for rule in rules)


def _cells(rule: Rule) -> Iterator[str]:
    yield f"`{rule.id}`"
    yield ", ".join(sorted(rule.callers)) + "".join(f", {role}" for role in sorted(rule.roles | rule.purposes))
    letters = "".join(letter for letter in "cruds" if letter in rule.letters)
    yield "never " * (not rule.permits) + letters + "".join(f", by `{one}` alone" for one in sorted(rule.interactions))
    types = sorted(rule.types)
    yield ", ".join(types) if len(types) <= SHOWN else f"{len(types)} types"
    yield "; ".join(_condition(name, rule) for name in rule.conditions) or "always"
    yield rule.reason
    yield rule.source


def _condition(name: str, rule: Rule) -> str:
    modes = sorted(rule.asked.modes)
    more = {"named": rule.asked.parameters, "basis": rule.asked.bases, "emergency": modes}.get(name, ())
    lifted = f", but for inner blocks of the own provider in emergency access of the mode {' or '.join(modes)}"
    return " ".join([CONDITIONS[name] + lifted * (name == "block" and bool(modes)), " or ".join(more)]).strip()


if __name__ == "__main__":
    main()
