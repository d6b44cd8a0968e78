"""`fhir-server check`: are the definitions and examples what they claim to be?"""

from pathlib import Path
from typing import Annotated

import typer

from fhir_server.access.anchor import load_anchors
from fhir_server.assembly.defined import check_definitions
from fhir_server.assembly.outside import NotStarted
from fhir_server.cli.load import EXAMPLES, Item, items_of
from fhir_server.cli.serve import stopped
from fhir_server.fhir.definitions import FOLDERS, read
from fhir_server.validation.profile import load_profiles
from fhir_server.validation.validate import Validator

CHECKED = (*FOLDERS, *EXAMPLES)


def check(paths: Annotated[list[Path] | None, typer.Argument(help="Files and folders of FHIR JSON.")] = None) -> None:
    """Validate what is named, or all definitions and examples of the server."""
    if paths:
        items = [item for path in paths for item in items_of(path)]
    else:
        items = [Item(f"{folder}/{name}", resource) for folder in CHECKED for name, resource in read(folder)]
        try:
            check_definitions()
            load_anchors()
        except NotStarted as refusal:
            raise stopped(str(refusal)) from None
    validator = Validator(load_profiles())
    wrong = sum(_report(item, validator) for item in items)
    typer.echo(f"{len(items) - wrong} valid, {wrong} with issues.")
    if wrong:
        raise typer.Exit(1)


def _report(item: Item, validator: Validator) -> bool:
    issues = [] if item.resource is None else [issue for issue in validator.issues(item.resource) if issue.blocks]
    lines = [item.why] if item.resource is None else [f"{issue.expression} {issue.text()}" for issue in issues]
    for line in lines:
        typer.echo(f"{item.name}: {line}", err=True)
    return bool(lines)
