"""What the authorization server refuses, and why: in OAuth's words to apps, in the reader's language on a page.

https://www.rfc-editor.org/rfc/rfc6749#section-5.2 https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
"""

import re
from collections.abc import Mapping
from typing import Any

WHY: Mapping[str, tuple[str, str, str]] = {
    "repeated": (
        "invalid_request",
        "A parameter stands twice, or the form cannot be read.",
        "En parameter står två gånger, eller formuläret går inte att läsa.",
    ),
    "missing": ("invalid_request", "The parameter {name} is missing.", "Parametern {name} saknas."),
    "client": ("invalid_request", "No active app of that client_id.", "Det finns ingen aktiv app med det client_id:t."),
    "redirect": (
        "invalid_request",
        "The redirect_uri is none that the app has registered, to the letter.",
        "redirect_uri är ingen av dem som appen har registrerat, bokstav för bokstav.",
    ),
    "csrf": (
        "invalid_request",
        "The page is too old, or was not sent from here. Begin anew in the app.",
        "Sidan är för gammal eller skickades inte härifrån. Börja om i appen.",
    ),
    "person": ("invalid_request", "There is no such person.", "Personen finns inte."),
    "target": ("invalid_request", "aud must be {base}.", "aud ska vara {base}."),
    "challenge": (
        "invalid_request",
        "A code_challenge of the method S256 is needed.",
        "En code_challenge med metoden S256 behövs.",
    ),
    "launch": (
        "invalid_request",
        "The launch is not known, used, too old, another app's or another person's; scope launch and parameter launch go together.",
        "Starten är okänd, använd, för gammal, en annan apps eller en annan persons; scope launch och parametern launch hör ihop.",
    ),
    "request-object": ("request_not_supported", "Request objects are not taken.", "Request-objekt tas inte emot."),
    "response-type": ("unsupported_response_type", "response_type must be code.", "response_type ska vara code."),
    "no-prompt": (
        "interaction_required",
        "Nobody is let in without having been asked.",
        "Ingen släpps in utan att ha tillfrågats.",
    ),
    "denied": ("access_denied", "It was not approved.", "Det godkändes inte."),
    "no-patient": (
        "access_denied",
        "No patient was chosen that this person may see.",
        "Ingen patient valdes som personen får se.",
    ),
    "scope": ("invalid_scope", "The scopes cannot be used: {why}", "Scopen går inte att använda: {why}"),
    "scope-none": ("invalid_scope", "At least one scope is needed.", "Minst ett scope behövs."),
    "scope-wide": (
        "invalid_scope",
        "The scopes are more than was registered or granted.",
        "Scopen är mer än vad som registrerats eller beviljats.",
    ),
    "grant-type": (
        "unsupported_grant_type",
        "grant_type must be authorization_code, refresh_token or client_credentials.",
        "grant_type ska vara authorization_code, refresh_token eller client_credentials.",
    ),
    "not-for-client": (
        "unauthorized_client",
        "The app is not registered for this.",
        "Appen är inte registrerad för detta.",
    ),
    "proof": ("invalid_client", "The app has not shown that it is who it says.", "Appen har inte visat vem den är."),
    "code": (
        "invalid_grant",
        "The code is not known, used, too old, or another app's.",
        "Koden är okänd, använd, för gammal eller en annan apps.",
    ),
    "verifier": (
        "invalid_grant",
        "The code_verifier is not that of the code_challenge.",
        "code_verifier hör inte till code_challenge.",
    ),
    "refresh": (
        "invalid_grant",
        "The refresh token is not known, used, revoked, too old, or another app's.",
        "Refresh-token är okänd, använd, återkallad, för gammal eller en annan apps.",
    ),
    "bearer": ("invalid_token", "An access token is needed.", "En åtkomsttoken behövs."),
    "not-yours": ("unauthorized_client", "The token is another app's.", "Token är en annan apps."),
    "away": (
        "temporarily_unavailable",
        "The database is away. Try again.",
        "Databasen är borta just nu. Försök igen.",
    ),
    "development": (
        "invalid_request",
        "A development token is asked for with JSON, from this machine and by no page of another origin.",
        "En utvecklingstoken begärs med JSON, från denna dator och inte av en sida från annat ursprung.",
    ),
    "nobody": (
        "invalid_request",
        "Nobody fits: check --patient and --unit, and that the stories are loaded.",
        "Ingen passar: kontrollera --patient och --unit, och att berättelserna är inlästa.",
    ),
    "expires": ("invalid_request", "expires: 1 to {most} seconds.", "expires: 1 till {most} sekunder."),
}
"""By its key: the error that it is to an app, what is said of it in English and in Swedish."""

_STATUS = {"invalid_client": 401, "invalid_token": 401, "temporarily_unavailable": 503}
_NOT_TOLD = re.compile(r"[^\x20-\x21\x23-\x5B\x5D-\x7E]")


class Refused(Exception):
    """A request is refused for the reason that a key of WHY names; `said` fills its gaps, and never with what came in."""

    def __init__(self, key: str, **said: Any) -> None:
        super().__init__(key)
        self.key, self.said = key, said

    @property
    def error(self) -> str:
        """In OAuth's words."""
        return WHY[self.key][0]

    @property
    def status(self) -> int:
        """Of an answer that is no redirect."""
        return _STATUS.get(self.error, 400)

    def text(self, language: str) -> str:
        """In the reader's language."""
        return WHY[self.key][2 if language == "sv" else 1].format_map(self.said)

    @property
    def description(self) -> str:
        """For an app: in the characters that OAuth lets stand there."""
        return _NOT_TOLD.sub("'", self.text("en"))


class Returned(Exception):
    """A request is refused, and the app is told so where it asked to be answered."""

    def __init__(self, why: Refused, redirect_uri: str, state: str) -> None:
        super().__init__(why.key)
        self.why, self.redirect_uri, self.state = why, redirect_uri, state
