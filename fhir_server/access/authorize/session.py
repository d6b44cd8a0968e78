"""Who is at the browser: a cookie that says nothing by itself, and forms that only our own pages can send.

There are no passwords: whoever is at the machine may be any of the synthetic people. So it is for development alone.
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hmac import compare_digest, digest
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from fhir_server.access.authorize.authority import Authority
from fhir_server.access.authorize.person import Person
from fhir_server.access.authorize.refusal import Refused
from fhir_server.access.authorize.remembered import SESSION_FOR, hashed
from fhir_server.access.authorize.wire import Fields, fields_of, form_of, needed, page, sent_on
from fhir_server.fhir.instant import SECOND

COOKIE = "fhir_server_visit"


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser, by what its cookie holds; `person` is who signed in there."""

    text: str
    person: Person | None

    @property
    def key(self) -> str:
        """The key of the session, which is no use as a cookie."""
        return hashed(self.text)

    def csrf(self, authority: Authority) -> str:
        """What a form of ours holds, and a form of another's cannot."""
        return urlsafe_b64encode(digest(authority.secret, f"form {self.text}".encode(), "sha256")).decode()

    async def sign_in_page(self, authority: Authority, request: Request, asked: str) -> Response:
        """Who are you? `asked` is what an app asked for, "" where it is the EHR that goes on."""
        people = await authority.people.all()
        answer = page(
            authority,
            request,
            "sign-in",
            staff=[one for one in people if not one.number],
            citizens=[one for one in people if one.number],
            asked=asked,
            csrf=self.csrf(authority),
        )
        return with_cookie(answer, self.text, authority)


async def visit_of(authority: Authority, request: Request) -> Visit:
    """The visit that the browser's cookie tells of, or a new one."""
    text = request.cookies.get(COOKIE, "")
    if not text:
        return Visit(authority.memory.new_text(), None)
    reference = await authority.memory.session_of(text)
    return Visit(text, await authority.people.find(reference) if reference else None)


def with_cookie(answer: Response, text: str, authority: Authority) -> Response:
    """The answer, which gives the browser its cookie: no script reads it, and no other site's form brings it."""
    answer.set_cookie(
        COOKIE,
        text,
        max_age=SESSION_FOR // SECOND,
        path="/auth",
        httponly=True,
        samesite="lax",
        secure=authority.url.startswith("https:"),
    )
    return answer


def refuse_forged_form(authority: Authority, visit: Visit, form: Fields) -> None:
    """Raises Refused for a form that none of our pages has sent from this browser."""
    if not compare_digest(visit.csrf(authority).encode(), form.get("csrf", "").encode()):
        raise Refused("csrf")


async def sign_in(authority: Authority, request: Request) -> Response:
    """Somebody is who they say: back to what an app asked for, or to the EHR. The cookie is a new one, so that nobody else
    can have set it.
    """
    form = await form_of(request)
    visit = await visit_of(authority, request)
    refuse_forged_form(authority, visit, form)
    person = await authority.people.find(needed(form, "person"))
    if person is None:
        raise Refused("person")
    await authority.memory.end_session(visit.text)
    text = await authority.memory.begin_session(person.reference)
    await authority.record("", person.reference, "$sign-in", 303)
    return with_cookie(sent_on(_onward(authority, form)), text, authority)


async def sign_out(authority: Authority, request: Request) -> Response:
    """The session ends, and with it what was given for as long as somebody is online."""
    form = await form_of(request)
    visit = await visit_of(authority, request)
    refuse_forged_form(authority, visit, form)
    await authority.memory.end_session(visit.text)
    answer = sent_on(_onward(authority, form))
    answer.delete_cookie(COOKIE, path="/auth")
    return answer


def _onward(authority: Authority, form: Fields) -> str:
    """Never to another server: what came along is read as a form, and goes on as the query of our own page."""
    asked = urlencode(fields_of(form.get("asked", "").encode("ascii", "replace")))
    return f"{authority.url}/authorize?{asked}" if asked else f"{authority.url}/ehr"
