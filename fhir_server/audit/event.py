"""One audit entry: a lean row, written in the Commit of what it tells, rendered as an AuditEvent when it is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from fhir_server.storage.store import Entry


@dataclass(frozen=True, slots=True)
class Occasion:
    """Who calls, when (milliseconds since 1970), under which rule and for which purpose: the same for all entries of one
    call. `agent` is JSON; `asked` the parameters, which an entry of a search keeps word for word.
    """

    at: int
    agent: str
    rule: str
    purpose: str
    request_id: str
    asked: Sequence[tuple[str, str]] = ()


def entry(
    occasion: Occasion,
    interaction: str,
    status: int,
    *,
    type: str = "",
    id: str = "",
    version: int = 0,
    patient: str = "",
) -> Entry:
    """The entry that says what became of a call (`status`, as the caller was answered), and whom it concerned."""
    return Entry(
        occasion.at,
        occasion.agent,
        interaction,
        status,
        type,
        id,
        version,
        patient,
        occasion.rule,
        occasion.purpose,
        occasion.request_id,
        urlencode(occasion.asked),
    )
