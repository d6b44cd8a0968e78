"""One audit entry: a lean row, written in the Commit of what it tells, rendered as an AuditEvent when it is read."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from urllib.parse import urlencode

from msgspec import Struct
from msgspec.structs import replace

from fhir_server.audit.agent import agent_of
from fhir_server.audit.coding import BREAK_GLASS
from fhir_server.storage.store import Entry, Stored


class Occasion(Struct, frozen=True):
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
    """The entry that says what became of a call (`status`, as the caller was answered), and whom it concerned. It belongs to
    the provider for which the caller acts.
    """
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
        agent_of(occasion.agent).provider.upper(),
    )


def seen_entries(about: Entry, seen: Sequence[Stored]) -> tuple[Entry, ...]:
    """One entry for the one version shown, else one for each patient among what is shown (BALP's rule for searches), each with
    the hash of what was shown of that patient.
    """
    if len(seen) == 1:
        (it,) = seen
        patient = " ".join(it.patients)
        return (replace(about, type=it.type, id=it.id, version=it.version, patient=patient, digest=_base64(it.digest)),)
    shown: dict[str, list[bytes]] = {}
    for it in seen:
        for patient in it.patients or ("",):
            shown.setdefault(patient, []).append(it.digest)
    if len(shown) > 1:
        shown.pop("", None)  # what is nobody's was shown beside what is somebody's
    return tuple(replace(about, patient=it, digest=_together(shown[it])) for it in sorted(shown)) or (about,)


def in_emergency(told: Entry, emergencies: Sequence[tuple[str, str]]) -> Entry:
    """The entry as it stands where it shows what is kept about one of these patients, to whom its caller has emergency access:
    with that purpose, and with the rules that opened by it.
    """
    shown = {*told.patient.split(), told.id if told.type == "Patient" else ""}
    rules = [ids for patient, ids in emergencies if patient in shown]
    return replace(told, purpose=BREAK_GLASS, rule=" ".join([told.rule, *rules])) if rules else told


def _together(digests: Sequence[bytes]) -> str:
    return _base64(digests[0] if len(digests) == 1 else sha256(b"".join(digests)).digest())


def _base64(digest: bytes) -> str:
    return b64encode(digest).decode()
