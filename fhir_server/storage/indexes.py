"""What both stores say of an index that cannot be trusted yet."""

from fhir_server.fhir.outcome import Issue, Unavailable


def incomplete() -> Unavailable:
    """The refusal of a search while the index is being made: never a smaller or a wider list instead."""
    return Unavailable(Issue("incomplete", "index-incomplete", source=Unavailable.spec))
