"""What is not valid is not kept."""

from fhir_server.fhir.outcome import Invalid, Issue


def refuse_invalid(issues: tuple[Issue, ...]) -> None:
    """Raises Invalid with every issue that blocks; mere advice is for $validate."""
    if blocking := [issue for issue in issues if issue.blocks]:
        raise Invalid(*blocking)
