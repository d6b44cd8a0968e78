"""What the definitions make of this process: parameters, profiles, rules, the statement and its promises."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fhir_server import __version__
from fhir_server.access.anchor import FILE as ANCHORS
from fhir_server.access.decide import Law
from fhir_server.access.emergency import Terms, load_terms
from fhir_server.access.mapping import ClaimMapping, load_mappings
from fhir_server.access.moves import KINDS, load_moves
from fhir_server.access.need import load_needs
from fhir_server.access.protection import load_protection
from fhir_server.access.rate import load_proportions
from fhir_server.access.relative import Relationships, load_relationships
from fhir_server.access.rules import load_rules
from fhir_server.assembly.authority import authorization_server
from fhir_server.assembly.outside import NotStarted
from fhir_server.audit.account import public_bodies
from fhir_server.audit.retention import Retention, load_retention
from fhir_server.fhir import definitions
from fhir_server.fhir.codec import encode
from fhir_server.fhir.definitions import BadDefinition
from fhir_server.fhir.naming import naming_systems
from fhir_server.http.routes import Promises
from fhir_server.http.smart import AuthorizationServer, Configuration, smart_configuration, smart_security
from fhir_server.interactions.queries import QUERIES
from fhir_server.interactions.shelve import shelve
from fhir_server.interactions.table import TABLE
from fhir_server.process.addressing.party import load_parties
from fhir_server.process.definition import WORKFLOWS, load_workflow
from fhir_server.process.policy import Policies, load_policies
from fhir_server.process.worklist.definition import Worklist, load_worklists
from fhir_server.search.extract import Extractor
from fhir_server.search.parameter import Parameters, load_parameters
from fhir_server.settings import Settings
from fhir_server.storage.shelf import Shelf
from fhir_server.validation.profile import Profiles, load_profiles

STATEMENT = "CapabilityStatement-care-plan-server.json"


CLAIMS = "ConceptMap-claims-"
"""What the files of `security/` begin with that say what an issuer's claims mean."""


def lay_definitions(settings: Settings) -> None:
    """Lays a deployment's own definitions over the shipped ones, before anything is read; NotStarted where they cannot be."""
    try:
        definitions.lay_over(Path(settings.definitions) if settings.definitions else None)
    except BadDefinition as error:
        raise NotStarted(f"FHIR_SERVER_DEFINITIONS: {error}.") from error


def check_definitions() -> None:
    """Raises NotStarted where the definitions promise what nobody built, do not compile, or cannot be served themselves."""
    settings = Settings()
    statement = statement_of(settings)
    refuse_boasts(promises_of(statement))
    shelf_of(statement, Extractor(search_parameters(all_compiled=True), settings.base))
    compiled_profiles()
    sound_workflows()
    sound_parties()
    sound_worklists()
    discharge_policies()
    load_law()
    emergency_terms()
    relationships()
    discovered()
    _claim_mappings()


def search_parameters(*, all_compiled: bool = False) -> Parameters:
    """The search parameters; NotStarted where they cannot be used. A start compiles HL7's when they are first asked for."""
    try:
        parameters = load_parameters()
        if all_compiled:
            parameters.check()
    except BadDefinition as error:
        raise NotStarted(f"search/{error}") from error
    return parameters


def compiled_profiles() -> Profiles:
    """The profiles, all compiled; NotStarted where one cannot be used."""
    try:
        profiles = load_profiles()
        profiles.check()
    except BadDefinition as error:
        raise NotStarted(f"profiles/: {error}") from error
    return profiles


def sound_workflows() -> None:
    """What a case and a plan may go through; NotStarted where a state cannot be reached, or something waits for what cannot happen."""
    for canonical in WORKFLOWS:
        try:
            load_workflow(canonical)
        except BadDefinition as error:
            raise NotStarted(f"profiles/PlanDefinition-{canonical.rpartition('/')[2]}.json: {error}") from error


def sound_parties() -> None:
    """Which party a unit is by its services; NotStarted where a service names what is no party."""
    try:
        load_parties()
    except BadDefinition as error:
        raise NotStarted(f"profiles/CodeSystem-service.json: {error}") from error


def sound_worklists() -> Mapping[str, Worklist]:
    """What a unit's staff look at; NotStarted where a list says what nobody reads."""
    try:
        return load_worklists()
    except BadDefinition as error:
        raise NotStarted(f"profiles/CodeSystem-worklist.json: {error}") from error


def discharge_policies() -> Policies:
    """By which rules discharges are settled; NotStarted where a row names what there is not, or two contradict each other."""
    try:
        return load_policies()
    except BadDefinition as error:
        raise NotStarted(f"profiles/{error}") from error


def load_law() -> Law:
    """What interactions need and what the rules say; NotStarted where an interaction is left out, or a row names what there is not."""
    try:
        load_proportions()
        public_bodies()  # a row of theirs that is wrong refuses the start, not the first who asks
        load_retention()
        for kind in KINDS:
            load_moves(kind)
        return Law(load_needs(TABLE.keys()), load_rules(), load_protection())
    except BadDefinition as error:
        raise NotStarted(f"security/{error}") from error


def emergency_terms() -> Terms:
    """On what terms emergency access is given; NotStarted where they are not whole, or reach further than they may."""
    try:
        return load_terms()
    except BadDefinition as error:
        raise NotStarted(f"security/{error}") from error


def relationships() -> Relationships:
    """What makes somebody a guardian or a proxy; NotStarted where a row names what there is not."""
    try:
        return load_relationships(load_protection().labels)
    except BadDefinition as error:
        raise NotStarted(f"security/{error}") from error


def retention() -> Mapping[str, Retention]:
    """For how long what is kept is kept; NotStarted where a class is missing, or is kept for less than it must be."""
    try:
        return load_retention()
    except BadDefinition as error:
        raise NotStarted(f"security/{error}") from error


def discovered(server: AuthorizationServer | None = None) -> Configuration:
    """What apps are told of SMART, and of who gives out the tokens; NotStarted where it rests on what there is not."""
    try:
        return smart_configuration(server)
    except BadDefinition as error:
        raise NotStarted(f"security/{error}") from error


def _claim_mappings() -> Mapping[str, ClaimMapping]:
    """What issuers call things; NotStarted where a mapping cannot be used."""
    try:
        return load_mappings()
    except BadDefinition as error:
        raise NotStarted(f"security/{error}") from error


@cache
def index_version() -> str:
    """Which definitions an index is made by: those of `search/`, the table of anchors, and the forms of systems."""
    anchors = [one for one in definitions.read("security") if one[0] == ANCHORS]
    made_by = [*definitions.read("search"), *anchors, *naming_systems()]
    return hashlib.sha256(encode(made_by)).hexdigest()


def statement_of(settings: Settings) -> dict[str, Any]:
    """The CapabilityStatement of the definitions, and the facts of this process: nothing else is added."""
    promised = dict(definitions.read("capability"))[STATEMENT]
    rest = dict(promised["rest"][0])
    if settings.authorize:
        rest["security"] = smart_security(authorization_server(settings.root))
    return promised | {
        "software": promised["software"] | {"version": __version__},
        "implementation": promised["implementation"] | {"url": settings.base},
        "rest": [rest],
    }


def shelf_of(statement: dict[str, Any], extractor: Extractor) -> Shelf:
    """All definitions as they stand, the CapabilityStatement as this process tells it; NotStarted for one that is not sound."""
    found = {f"{folder}/{name}": read for folder in definitions.FOLDERS for name, read in definitions.read(folder)}
    try:
        return shelve((found | {f"capability/{STATEMENT}": statement}).items(), extractor)
    except BadDefinition as error:
        raise NotStarted(str(error)) from error


def promises_of(statement: dict[str, Any]) -> Promises:
    """What the statement promises; NotStarted where an operation or a compartment has no definition beside it."""
    try:
        return Promises(statement, definitions.by_canonical())
    except KeyError as missing:
        raise NotStarted(f"{STATEMENT} promises what no folder defines: {missing}.") from None


def refuse_boasts(promises: Promises) -> None:
    """Raises NotStarted where the CapabilityStatement promises an interaction or a named query that nobody built."""
    boasts = sorted(promises.interactions - TABLE.keys())
    boasts += [f"{type}?_query={name}" for type, name in sorted(promises.queries) if name not in QUERIES.get(type, ())]
    if boasts:
        raise NotStarted(f"{STATEMENT} promises what nobody built: {', '.join(boasts)}.")
