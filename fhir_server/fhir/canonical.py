"""Where the canonicals of the server's own definitions begin."""

OURS = "https://fhir-care-plan-server.example"


def structure(name: str) -> str:
    """The canonical of a profile, or of an extension, of ours."""
    return f"{OURS}/StructureDefinition/{name}"
