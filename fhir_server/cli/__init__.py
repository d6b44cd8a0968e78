"""The command line: `fhir-server COMMAND`."""

import typer

from fhir_server.assembly.defined import lay_definitions
from fhir_server.assembly.outside import NotStarted
from fhir_server.cli.audit import audit
from fhir_server.cli.backup import backup, restore
from fhir_server.cli.check import check
from fhir_server.cli.client import client
from fhir_server.cli.decide import decide
from fhir_server.cli.demo import demo
from fhir_server.cli.destroy import destroy
from fhir_server.cli.issuer import issuer
from fhir_server.cli.load import load
from fhir_server.cli.package import package
from fhir_server.cli.reindex import reindex
from fhir_server.cli.serve import serve, settings_with, stopped
from fhir_server.cli.token import token

main = typer.Typer(
    name="fhir-server",
    help="A FHIR R4 server for coordinated care planning: the SIP and discharge from hospital.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@main.callback()
def before_all() -> None:
    """A FHIR R4 server for coordinated care planning: the SIP and discharge from hospital."""
    try:
        lay_definitions(settings_with())
    except NotStarted as refusal:
        raise stopped(str(refusal)) from None


for command in (serve, demo, load, check, decide, reindex, backup, restore, package, token):
    main.command()(command)
for name, group in (("client", client), ("issuer", issuer), ("audit", audit), ("destroy", destroy)):
    main.add_typer(group, name=name)
