"""Who calls, in our own words, whichever issuer's claims told it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from fhir_server.access.issuer import Issuer
from fhir_server.access.mapping import BadClaim
from fhir_server.access.token import Claims
from fhir_server.fhir.outcome import Forbidden, Unauthorized, WeaklyAuthenticated

STAFF_LEVEL = 3
"""The level of assurance that staff sign in with, at least."""
_Words: TypeAlias = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. Text that was not told is "".

    `kind` is citizen, staff or system. `person` is a citizen's personal identity number, or the HSA-id of staff; `commission`,
    `unit` and `provider` are HSA-ids. `purpose` is a code of v3-ActReason, "" where the issuer's word for it is not known.
    `patient` is the Patient of the launch context. `scopes` is the text of the scopes granted. `level` is the level of assurance,
    0 where none is known. `expires` is in ms since 1970.
    """

    kind: str
    issuer: str
    client: str
    token_id: str
    expires: int
    scopes: str = ""
    person: str = field(default="", repr=False)
    commission: str = ""
    unit: str = ""
    provider: str = ""
    purpose: str = ""
    roles: tuple[str, ...] = ()
    patient: str = field(default="", repr=False)
    fhir_user: str = field(default="", repr=False)
    level: int = 0


def caller_of(claims: Claims) -> Caller:
    """The caller that verified claims tell of, as their issuer maps them.

    Unauthorized where something is missing or not in its form. Forbidden where the issuer speaks for somebody it may not speak
    for; WeaklyAuthenticated where staff have signed in below level 3.
    """
    issuer = claims.issuer
    try:
        words = issuer.claims.translate(claims.values)
        caller = _caller(claims, words)
    except BadClaim as bad:
        raise Unauthorized.over(f"claim-{bad}", "token-claim", name=str(bad)) from None
    _refuse_foreign(caller, issuer)
    if caller.kind == "staff" and caller.level < STAFF_LEVEL:
        refusal = WeaklyAuthenticated.because("weakly-authenticated", limit=STAFF_LEVEL)
        raise WeaklyAuthenticated(*refusal.issues, acr_values=issuer.claims.acr_values(STAFF_LEVEL))
    return caller


def _caller(claims: Claims, words: _Words) -> Caller:
    kind = _kind(claims, words)
    return Caller(
        kind=kind,
        issuer=claims.issuer.url,
        client=_needed(words, "client"),
        token_id=claims.id,
        expires=claims.expires,
        scopes=" ".join(words.get("scope", ())),
        person=_one(words, {"staff": "employee", "citizen": "citizen"}.get(kind, "")),
        commission=_one(words, "commission"),
        unit=_one(words, "unit"),
        provider=_needed(words, "provider") if kind == "staff" else _one(words, "provider"),
        purpose=claims.issuer.claims.purposes.get(_one(words, "purpose"), ""),
        roles=words.get("role", ()),
        patient=_one(words, "patient"),
        fhir_user=_one(words, "fhir-user"),
        level=claims.issuer.claims.levels.get(_one(words, "level"), 0),
    )


def _kind(claims: Claims, words: _Words) -> str:
    """Staff are known by their HSA-id, also where a personal number stands beside it. Who is neither staff nor a citizen is a
    system only where it speaks for itself (https://www.rfc-editor.org/rfc/rfc9068#section-2.2): else a person's token whose
    person was left out would open what a system may.
    """
    if words.get("employee"):
        return "staff"
    if words.get("citizen"):
        return "citizen"
    if claims.subject == _needed(words, "client"):
        return "system"
    raise BadClaim("employee")


def _one(words: _Words, word: str) -> str:
    found = words.get(word, ())
    if len(found) > 1:
        raise BadClaim(word)
    return found[0] if found else ""


def _needed(words: _Words, word: str) -> str:
    found = _one(words, word)
    if not found:
        raise BadClaim(word)
    return found


def _refuse_foreign(caller: Caller, issuer: Issuer) -> None:
    if caller.kind not in issuer.kinds:
        raise Forbidden.because("issuer-kind", kind=caller.kind)
    if caller.provider and not issuer.speaks_for(caller.provider):
        raise Forbidden.because("issuer-organization", name="provider")
    staff = caller.person if caller.kind == "staff" else ""
    for name, hsa_id in (("unit", caller.unit), ("commission", caller.commission), ("employee", staff)):
        if hsa_id and not issuer.may_name(hsa_id):
            raise Forbidden.because("issuer-organization", name=name)
