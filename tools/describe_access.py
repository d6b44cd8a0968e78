"""Writes the tables in `docs/privacy.md`: the rules (`security/Parameters-access-rules.json`), and for how long what is kept.

python -m tools.describe_access
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from fhir_server.access.rules import Rule, load_rules
from fhir_server.audit.retention import LEAST, Retention, load_retention

PAGE = Path(__file__).parent.parent / "docs/privacy.md"
RULES, RETENTION = "rules", "retention"
"""Between marks of these names stand the tables."""
CONDITIONS = {
    "own": "it is about the caller",
    "doer": "it is an action (`fulfill`) whose owner is the caller",
    "team": "the person, the commission or the unit is in a team that cares for the patient now",
    "left": "the person, the commission or the unit was in a team that cares for the patient, and is no more",
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
    """Puts the tables in their places."""
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def with_tables(text: str) -> str:
    """The page with the tables of today."""
    with_rules = _filled(text, RULES, table(load_rules().rules))
    return _filled(with_rules, RETENTION, table_of_classes(load_retention().values()))


def _filled(text: str, name: str, made: str) -> str:
    before, begins, rest = text.partition(f"<!-- {name} -->\n")
    _, ends, after = rest.partition(f"<!-- /{name} -->\n")
    return f"{before}{begins}\n{made}\n{ends}{after}"


def table(rules: Iterable[Rule]) -> str:
    """The rules as a table in Markdown."""
    head = "| rule | who | may | on what | where | why | source |\n|---|---|---|---|---|---|---|\n"
    return head + "".join(f"| {' | '.join(_cells(rule))} |\n" for rule in rules)


def table_of_classes(classes: Iterable[Retention]) -> str:
    """The classes as a table in Markdown."""
    head = "| class | years | least | of what | why | source |\n|---|---|---|---|---|---|\n"
    return head + "".join(
        f"| `{one.code}` | {one.years} | {LEAST[one.code] or '-'} | {', '.join(sorted(one.types))} | {one.reason} | {one.source} |\n"
        for one in classes
    )


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
