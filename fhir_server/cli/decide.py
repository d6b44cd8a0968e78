"""`fhir-server decide`: rule by rule, whether a caller may do something to a resource."""

import asyncio
from collections.abc import Iterator
from typing import Annotated

import typer

from fhir_server.access.explain import Explained
from fhir_server.assembly.deciding import Decision, Wish
from fhir_server.assembly.deciding import decide as decision_on
from fhir_server.assembly.outside import NotStarted
from fhir_server.cli.registering import Database, show_table
from fhir_server.cli.serve import settings_with, stopped
from fhir_server.fhir.definitions import r4
from fhir_server.fhir.outcome import Refusal
from fhir_server.storage.store import Unopened


def decide(  # noqa: PLR0913, PLR0917  # each is an option
    type: Annotated[str, typer.Option(help="The type of the resource.")],
    interaction: Annotated[str, typer.Option(help="read, search-type, update, …")] = "read",
    id: Annotated[str, typer.Option(help="Which resource; else it is told of the type.")] = "",
    token: Annotated[str, typer.Option(help="The access token of whoever calls.")] = "",
    staff: Annotated[str, typer.Option(help="HSA-id of a member of staff.")] = "",
    commission: Annotated[str, typer.Option(help="HSA-id of the commission.")] = "",
    unit: Annotated[str, typer.Option(help="HSA-id of the unit.")] = "",
    provider: Annotated[str, typer.Option(help="HSA-id of the provider.")] = "",
    purpose: Annotated[str, typer.Option(help="What the commission is for.")] = "TREAT",
    role: Annotated[list[str] | None, typer.Option(help="A role of the member of staff.")] = None,
    citizen: Annotated[str, typer.Option(help="The id of the Patient that a citizen is.")] = "",
    scope: Annotated[str, typer.Option(help="SMART scopes; those of the token stand in it.")] = "",
    database: Database = None,
) -> None:
    """Say rule by rule whether somebody may do something; the audit tells that it was asked."""
    if [bool(token), bool(staff), bool(citizen)].count(True) != 1:
        raise stopped(
            "Say who calls, in one way: --token, --staff (with --commission, --unit, --provider) or --citizen."
        )
    if bool(token) == bool(scope):
        raise stopped("--scope goes with --staff and --citizen; a token has its own.")
    if type not in r4().resource_types:
        raise stopped(f"{type} is no type of R4.")
    callers = (token, staff, commission, unit, provider, purpose, tuple(role or ()), citizen, scope)
    decision = _decided(Wish(interaction, type, id, *callers), database)
    show_table(("RULE", "EFFECT", "SPEAKS OF THE CALLER", "ABOUT THIS", "HOLDS"), list(map(_row, decision.explained)))
    for line in _verdict(decision, id):
        typer.echo(line)


def _decided(wish: Wish, database: str | None) -> Decision:
    try:
        return asyncio.run(decision_on(settings_with(database=database, access="smart"), wish))
    except (NotStarted, Unopened) as refusal:
        raise stopped(str(refusal)) from None
    except Refusal as refusal:
        raise stopped(f"The caller is not let in ({refusal.status}): {refusal.issues[0].text()}") from None


def _row(one: Explained) -> tuple[str, ...]:
    effect = "permits" if one.rule.permits else "forbids"
    return one.rule.id, effect, _said(one.speaks), _said(one.is_about), _said(one.holds)


def _said(answer: bool | None) -> str:
    return "-" if answer is None else "yes" if answer else "no"


def _verdict(decision: Decision, id: str) -> Iterator[str]:
    if decision.refusal is not None:
        yield f"Refused, whatever the data (403): {decision.refusal.issues[0].text()}"
    elif not id:
        yield "Permitted, where a rule that permits holds and none that forbids, as far as the scopes reach."
    elif decision.reached:
        yield "Permitted."
    else:
        yield "Refused, as if it were not there (404)."
        if decision.by_rules:
            yield "The rules permit it; the scopes do not reach it."
