"""The Questionnaires that are kept here, by their canonicals, and the responses that are held to them wherever they are written.

They are found under the system grant `process`: what is asked is nobody's secret. A response to a questionnaire that is not kept here is
stored as it is.
"""

from collections.abc import Iterable, Sequence

from fhir_server.fhir.codec import decode
from fhir_server.fhir.outcome import Invalid, Issue
from fhir_server.interactions.afterwards import Afterwards
from fhir_server.interactions.call import Server
from fhir_server.interactions.stays import Json, all_found, naming
from fhir_server.search.values.escape import escaped
from fhir_server.storage.store import Change, Put
from fhir_server.validation.answers import answer_issues

RESPONSE = "QuestionnaireResponse"


async def refuse_misanswered(changes: Sequence[Change], afterwards: Afterwards, server: Server) -> None:
    """Raises Invalid, with every issue, for a response that does not answer its questionnaire, which may be written beside it."""
    answered = [one for one in changes if isinstance(one, Put) and one.type == RESPONSE]
    beside = [it for place in afterwards.places("Questionnaire") if (it := afterwards.made(place)) is not None]
    for change in answered or ():
        made = afterwards.made(f"{RESPONSE}/{change.id}")
        if made is not None and (found := await form_issues(made, server, beside)):
            raise Invalid(*found)


async def form_issues(response: Json, server: Server, beside: Iterable[Json] = ()) -> tuple[Issue, ...]:
    """What keeps a valid response from answering its questionnaire; none where that is not kept here, and is not among those beside."""
    form = await form_of(response.get("questionnaire", ""), server, beside)
    return () if form is None else answer_issues(response, form, lambda *coding: _has(server, *coding))


async def form_of(canonical: str, server: Server, beside: Iterable[Json] = ()) -> Json | None:
    """The questionnaire of a canonical, of the version that it names, else of the one that was last changed."""
    url, _, version = canonical.partition("|")
    if not url:
        return None
    stored = await all_found(naming("Questionnaire", "url", escaped(url), server), server)
    kept = [decode(one.text) for one in sorted(stored, key=lambda one: one.updated)]
    fitting = [one for one in (*kept, *beside) if one.get("url") == url and version in {"", one.get("version")}]
    return fitting[-1] if fitting else None


def _has(server: Server, canonical: str, system: str, code: str) -> bool | None:
    codes = server.content.terminology.codes(canonical)
    return None if codes is None else codes.has(system, code)
