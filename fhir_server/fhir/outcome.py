"""The refusals: one closed family, each with its status, its issue code and the paragraph it rests on.

Refusal
├── Unreadable             400  the request cannot be understood at all
│   └── BadParameter       400  a search or operation parameter is unknown, malformed or not allowed here
├── Unauthorized           401  no access token, or none that is accepted
├── Forbidden              403  the caller is known and may not, whatever the data
│   └── WeaklyAuthenticated 403 the caller has to sign in with a higher level of assurance
├── NoSuchInteraction      404  nothing answers at this address
├── NotFound               404  no such resource, or none that this caller may know of
├── NotAllowed             405  the address exists, the method does not apply to it
├── NotAcceptable          406  no representation that the caller accepts
├── TooSlow                408  the body did not come in time
├── Conflict               409  the write cannot be reconciled with what is stored
├── Gone                   410  it was here and was deleted
├── Stale                  412  the version named is not the current one
├── Ambiguous              412  a condition that must match one matched several
├── TooLarge               413  more than the server takes in one request
├── UnsupportedMedia       415  the body is of a media type that is not understood
├── Invalid                422  the content breaks FHIR's rules: every issue is named
├── Unversioned            428  the write does not say which version it replaces, and this server asks for it
├── Throttled              429  the caller calls more often than this server lets it
└── Unavailable            503  the store is away; nothing was written; try again

`http/errors.py` alone turns a refusal into a response. https://hl7.org/fhir/R4/operationoutcome.html
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from msgspec import Struct

from fhir_server.fhir.canonical import OURS
from fhir_server.fhir.wording import MESSAGES

HTTP = "https://hl7.org/fhir/R4/http.html"
RFC6750 = "https://www.rfc-editor.org/rfc/rfc6750"
NOTHING_SAID: Mapping[str, Any] = MappingProxyType({})


class Issue(Struct, frozen=True):
    """One thing that is wrong, or worth knowing: a member of OperationOutcome.issue.

    `key` names the message in `wording.MESSAGES`, `said` fills its gaps, `expression` is a FHIRPath from the
    resource's root (empty where nothing in a resource is meant), `source` is the paragraph or constraint.
    A value taken from a resource never goes into `said`: it could be somebody's name.
    """

    code: str
    key: str
    expression: str = ""
    said: Mapping[str, Any] = NOTHING_SAID
    severity: str = "error"
    source: str = ""

    @property
    def blocks(self) -> bool:
        """Whether a write that has this issue is refused."""
        return self.severity in {"error", "fatal"}

    def text(self, language: str = "en") -> str:
        """The message in a language: `sv`, or English for every other."""
        english, swedish = MESSAGES[self.key]
        return (swedish if language == "sv" else english).format_map(self.said)

    def as_json(self, language: str = "en") -> dict[str, Any]:
        """The issue as a member of OperationOutcome.issue."""
        issue: dict[str, Any] = {
            "severity": self.severity,
            "code": self.code,
            "details": {"coding": [{"system": ISSUE_KEYS, "code": self.key}], "text": self.text(language)},
        }
        if self.source:
            issue["diagnostics"] = self.source
        if self.expression:
            issue["expression"] = [self.expression]
        return issue


class _Unknown(dict[str, str]):
    """What a gap is filled with where nobody knows what was said."""

    def __missing__(self, key: str) -> str:
        return "…"


def words_of(key: str, language: str = "en") -> str:
    """The message of a key as it is told of long afterwards, when what filled its gaps is not known; "" of no key."""
    english, swedish = MESSAGES.get(key, ("", ""))
    return (swedish if language == "sv" else english).format_map(_Unknown())


LONGEST_NAME = 64
"""So much of a name is said back to the caller."""


def repeated(name: str) -> str:
    """The beginning of a name that a client made up, as it may be said again: no mark-up, no end of a line, no number, which could be
    somebody's.
    """
    return "".join(it if it.isascii() and (it.isalpha() or it in "_-.:$[]") else "?" for it in name[:LONGEST_NAME])


ISSUE_KEYS = f"{OURS}/CodeSystem/issue"


def outcome(issues: Iterable[Issue], language: str = "en") -> dict[str, Any]:
    """An OperationOutcome of these issues, at least one; its text in the language asked for."""
    return {"resourceType": "OperationOutcome", "issue": [issue.as_json(language) for issue in issues]}


class Refusal(Exception):
    """The server will not do what was asked, and says why in one or more issues."""

    status: ClassVar[int]
    code: ClassVar[str]
    spec: ClassVar[str]

    def __init__(self, *issues: Issue) -> None:
        super().__init__(", ".join(issue.key for issue in issues))
        self.issues = issues

    @classmethod
    def because(cls, key: str, expression: str = "", **said: Any) -> "Refusal":
        """The refusal with one issue: a key of `wording.MESSAGES` and what fills its gaps."""
        return cls(Issue(cls.code, key, expression, said, source=cls.spec))

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers that go with the refusal."""
        return {}


class Unreadable(Refusal):
    """The request cannot be understood at all."""

    status, code, spec = 400, "structure", "https://hl7.org/fhir/R4/json.html"


class BadParameter(Unreadable):
    """A parameter is unknown, malformed or not allowed here."""

    status, code, spec = 400, "invalid", "https://hl7.org/fhir/R4/search.html#errors"


class Unauthorized(Refusal):
    """No access token, or none that is accepted. `reason` is for the audit alone: what is told says less."""

    status, code, spec = 401, "login", f"{RFC6750}#section-3.1"

    def __init__(self, *issues: Issue, reason: str = "") -> None:
        super().__init__(*issues)
        self.reason = reason or issues[0].key

    @classmethod
    def over(cls, reason: str, key: str = "token-invalid", **said: Any) -> "Unauthorized":
        """The refusal of a token: why, for the audit, and what the caller is told of it."""
        return cls(Issue(cls.code, key, said=said, source=cls.spec), reason=reason)

    @property
    def headers(self) -> Mapping[str, str]:
        """RFC 6750 §3: who brought no token is told how to bring one, and of no error."""
        brought = self.issues[0].key != "no-token"
        return {"WWW-Authenticate": 'Bearer error="invalid_token"' if brought else "Bearer"}


class Forbidden(Refusal):
    """The caller is known and may not, whatever the data. What hangs on the data is NotFound."""

    status, code, spec = 403, "forbidden", f"{RFC6750}#section-3.1"

    @property
    def headers(self) -> Mapping[str, str]:
        """RFC 6750 §3.1: another token, with more in it, could do."""
        return {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}


class WeaklyAuthenticated(Forbidden):
    """The caller has to sign in with a higher level of assurance: one of `acr_values`."""

    spec = "https://www.rfc-editor.org/rfc/rfc9470#section-3"

    def __init__(self, *issues: Issue, acr_values: Iterable[str] = ()) -> None:
        super().__init__(*issues)
        self.acr_values = tuple(acr_values)

    @property
    def headers(self) -> Mapping[str, str]:
        """RFC 9470 §3: which levels would do. Its status is 401; ours is 403, since the token itself is accepted."""
        told = f', acr_values="{" ".join(self.acr_values)}"' if self.acr_values else ""
        return {"WWW-Authenticate": f'Bearer error="insufficient_user_authentication"{told}'}


class NoSuchInteraction(Refusal):
    """Nothing answers at this address."""

    status, code, spec = 404, "not-supported", f"{HTTP}#summary"


class NotFound(Refusal):
    """There is no such resource, or none that this caller may know of: the two read alike."""

    status, code, spec = 404, "not-found", f"{HTTP}#read"


class NotAllowed(Refusal):
    """The address exists; the method does not apply to it."""

    status, code, spec = 405, "not-supported", f"{HTTP}#summary"

    def __init__(self, *issues: Issue, allow: Iterable[str] = ()) -> None:
        super().__init__(*issues)
        self.allow = tuple(allow)

    @property
    def headers(self) -> Mapping[str, str]:
        """RFC 9110 §15.5.6: a 405 names what is allowed."""
        return {"Allow": ", ".join(self.allow)}


class NotAcceptable(Refusal):
    """No representation that the caller accepts."""

    status, code, spec = 406, "not-supported", f"{HTTP}#mime-type"


class TooSlow(Refusal):
    """The body did not come in time."""

    status, code, spec = 408, "timeout", "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.9"

    @property
    def headers(self) -> Mapping[str, str]:
        """RFC 9110 §15.5.9: what is still on its way is waited for no more."""
        return {"Connection": "close"}


class Conflict(Refusal):
    """The write cannot be reconciled with what is stored."""

    status, code, spec = 409, "conflict", f"{HTTP}#concurrency"


class Gone(Refusal):
    """It was here and was deleted."""

    status, code, spec = 410, "deleted", f"{HTTP}#delete"


class Stale(Refusal):
    """The version named is not the current one."""

    status, code, spec = 412, "conflict", f"{HTTP}#concurrency"


class Ambiguous(Refusal):
    """A condition that must match one resource matched several."""

    status, code, spec = 412, "multiple-matches", f"{HTTP}#cond-update"


class TooLarge(Refusal):
    """More than the server takes in one request."""

    status, code, spec = 413, "too-long", "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.14"

    @property
    def headers(self) -> Mapping[str, str]:
        """RFC 9110 §15.5.14: the rest is not read."""
        return {"Connection": "close"}


class UnsupportedMedia(Refusal):
    """The body is of a media type that is not understood."""

    status, code, spec = 415, "not-supported", f"{HTTP}#mime-type"


class Invalid(Refusal):
    """The content breaks FHIR's rules: every issue is named."""

    status, code, spec = 422, "invalid", "https://hl7.org/fhir/R4/validation.html"


class Unversioned(Refusal):
    """The write does not say which version it replaces, and this server asks for it."""

    status, code, spec = 428, "required", f"{HTTP}#concurrency"


class Throttled(Refusal):
    """The caller calls more often than this server lets it; `retry_after` in seconds."""

    status, code, spec = 429, "throttled", "https://www.rfc-editor.org/rfc/rfc6585#section-4"

    def __init__(self, *issues: Issue, retry_after: int = 1) -> None:
        super().__init__(*issues)
        self.retry_after = retry_after

    @property
    def headers(self) -> Mapping[str, str]:
        """RFC 9110 §10.2.3: when to try again, in seconds."""
        return {"Retry-After": str(self.retry_after)}


class Unavailable(Refusal):
    """The store is away, or what is asked is not ready; nothing was written."""

    status, code, spec = 503, "transient", "https://www.rfc-editor.org/rfc/rfc9110#section-15.6.4"
    retry_after = 5

    @property
    def headers(self) -> Mapping[str, str]:
        """RFC 9110 §10.2.3: when to try again, in seconds."""
        return {"Retry-After": str(self.retry_after)}
