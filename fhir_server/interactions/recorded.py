"""An answer that somebody else gave, orally or on paper: it is recorded by named staff, who say so.

It rests on the same two extensions as an approval that is not digital: `means` and `recorded-by`.
https://hl7.org/fhir/R4/questionnaireresponse-definitions.html#QuestionnaireResponse.source
"""

from collections.abc import Sequence

from fhir_server.fhir.codec import decode
from fhir_server.fhir.outcome import Invalid
from fhir_server.interactions.afterwards import Afterwards
from fhir_server.interactions.call import Call, Server
from fhir_server.interactions.forms import RESPONSE
from fhir_server.interactions.parties import own_places, place_at, records
from fhir_server.interactions.pointing import replaced_by
from fhir_server.interactions.stays import Json
from fhir_server.storage.store import Change, Grant, Put

ANSWERED = ("source", "author")
"""Who answered, and who wrote the answers down."""
JUDGED = (*ANSWERED, "item", "status")
"""What a later version may leave as it is without being judged again."""
SIGNED_IN = frozenset({"staff", "citizen"})
"""Who answers for what it writes; a system passes on what others have said."""


async def refuse_unrecorded(
    changes: Sequence[Change], afterwards: Afterwards, call: Call, grant: Grant, server: Server
) -> None:
    """Raises Invalid for a response that names somebody else as who answered, or as who wrote it down, and does not say how it was given
    and that its writer recorded it. A version that leaves the answers as they were is not asked.
    """
    written = [one for one in changes if isinstance(one, Put) and one.type == RESPONSE]
    if not written or call.caller.free or call.caller.standing.kind not in SIGNED_IN:
        return
    own = {one async for one in own_places(call.caller.standing, server)}
    for change in written:
        made = afterwards.made(f"{RESPONSE}/{change.id}") or {}
        strange = [name for name in ANSWERED if name in made and place_at(made[name], server) not in own]
        if not strange or records(made, call.caller.standing, server):
            continue
        before = await replaced_by(change, grant, server) if change.present else None
        if before is None or _answers_differ(decode(before.text), made):
            raise Invalid.because("response-unrecorded", f"{RESPONSE}.{strange[0]}")


def _answers_differ(before: Json, after: Json) -> bool:
    return any(before.get(name) != after.get(name) for name in JUDGED)
