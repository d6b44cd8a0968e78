"""What goes into an interaction and what comes out of it: `Call` and `Answer`, and the `Server` that it stands in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NewType, Protocol, TypeAlias

from msgspec import Struct

from fhir_server.access.anchor import Anchors
from fhir_server.access.channel import Channels
from fhir_server.access.decide import NOBODY, Access, Admitted
from fhir_server.access.emergency import Emergencies
from fhir_server.access.identity import Persons
from fhir_server.access.protection import Protection
from fhir_server.access.rate import Rates
from fhir_server.fhir.outcome import Issue, NoSuchInteraction
from fhir_server.interactions.preconditions import NONE, Preconditions
from fhir_server.search.compartment import Compartments
from fhir_server.search.extract import Extractor
from fhir_server.search.parameter import Parameters
from fhir_server.search.parse import Parser
from fhir_server.search.query import Criterion
from fhir_server.storage.store import Change, Grant, Matches, Store, Stored
from fhir_server.validation.terms import Terminology
from fhir_server.validation.validate import Validator


class Address(Struct, frozen=True):
    """Where a call goes: the interaction (`read`, `$validate`, …) and what the path names. With a `compartment` the id is that
    of the resource whose it is, and the type that of what is searched for in it.
    """

    interaction: str
    type: str = ""
    id: str = ""
    version: str = ""
    compartment: str = ""
    operates: bool = False
    """Whether it is an operation that changes what is stored."""

    @property
    def path(self) -> str:
        """The path of a search, relative to the base."""
        return f"{self.compartment}/{self.id}/{self.type or '*'}" if self.compartment else self.type


class Preference(Struct, frozen=True):
    """The Prefer header: what to return (`representation`, `minimal`, `OperationOutcome`), and whether to leave unknown
    parameters aside. https://hl7.org/fhir/R4/http.html#ops
    """

    returns: str = "representation"
    lenient: bool = False


NO_PREFERENCE = Preference()


class Call(Struct, frozen=True):
    """One request, read and understood: nothing of HTTP is left in it but its preconditions.

    `caller` is who brought the bearer token, once that is accepted. `assigned` is the id that a transaction gave to what the
    call may make, since other entries refer to it by then; `beside` are the places (`Type/id`) that it may point at unseen:
    a transaction makes them with it, or the server itself names them. `media_type` is the body's, without its parameters;
    `provenance` what X-Provenance says.
    """

    address: Address
    assigned: str = ""
    beside: frozenset[str] = frozenset()
    bearer: str = ""
    caller: Admitted = NOBODY
    parameters: tuple[tuple[str, str], ...] = ()
    body: Any = None
    media_type: str = ""
    preconditions: Preconditions = NONE
    preference: Preference = NO_PREFERENCE
    provenance: Mapping[str, Any] | None = None
    request_id: str = ""
    language: str = "en"

    @property
    def type(self) -> str:
        """The resource type of the address, or ""."""
        return self.address.type

    @property
    def id(self) -> str:
        """The id of the address, or ""."""
        return self.address.id


Shown = NewType("Shown", Stored)
"""A version as its caller is shown it: `interactions/shown.py` makes it, and answers are built from nothing else."""


class Answer(Struct, frozen=True):
    """What an interaction says: `text` is the JSON that stands for the result, `version` and `updated` (ms) make ETag and
    Last-Modified, `location` is relative to the base. `seen` are the versions whose content it shows (each is audited);
    None: it touches nobody's.
    """

    status: int
    text: bytes = b""
    version: int | None = None
    updated: int | None = None
    location: str = ""
    issues: tuple[Issue, ...] = ()
    seen: tuple[Stored, ...] | None = ()
    preferable: bool = False
    """Whether Prefer: return=… applies: the answer of a write."""


class Proposal(Struct, frozen=True):
    """What a write asks of the store, and how its result is told. Who called the interaction commits it: `commit.perform`
    alone, or a transaction together with others.
    """

    changes: tuple[Change, ...]
    tell: Callable[[tuple[Shown, ...]], Answer]
    conditions: tuple[Matches, ...] = ()


Interaction: TypeAlias = Callable[[Call, Grant, "Server"], Awaitable[Answer | Proposal]]


class Routes(Protocol):
    """Stop 1, as a Bundle's entries need it: `http/routes.py`."""

    def find(self, method: str, path: str) -> Address:
        """The address that a method and a path (relative to the base) mean. NoSuchInteraction, NotAllowed."""
        ...


@dataclass(frozen=True, slots=True)
class Content:
    """The rules that content is read by."""

    validator: Validator
    parameters: Parameters
    extractor: Extractor
    parser: Parser
    anchors: Anchors
    persons: Persons
    compartments: Compartments
    terminology: Terminology
    protection: Protection

    def within(self, address: Address) -> tuple[Criterion, ...]:
        """What an address in a compartment asks of the resources of its type; nothing where it is in none. NoSuchInteraction
        for a type that is never in such a compartment.
        """
        if not address.compartment:
            return ()
        if not self.compartments.have(address.compartment, address.type):
            raise NoSuchInteraction.because("not-in-compartment", owner=address.compartment, type=address.type)
        return (self.compartments.within(address.compartment, address.id, address.type),)


@dataclass(frozen=True, slots=True)
class Server:
    """The collaborators of every interaction. `clock` gives milliseconds since 1970, `new_id` an id never given before to a
    resource of a type, `base` the FHIR base without a slash at its end, `secret` seals page tokens; `emergencies` knows who has
    emergency access, `rates` how often somebody may call, `channels` where a subscription may have something sent; `types` are those
    that can be searched; with `asks_version` nothing is replaced without If-Match.
    """

    store: Store
    access: Access
    content: Content
    routes: Routes
    table: Mapping[str, Interaction]
    statement: Mapping[str, Any]
    clock: Callable[[], int]
    new_id: Callable[[str], str]
    base: str
    secret: bytes
    emergencies: Emergencies
    rates: Rates
    channels: Channels
    types: Sequence[str]
    asks_version: bool = False


def searched_types(statement: Mapping[str, Any]) -> Sequence[str]:
    """The types that a CapabilityStatement promises to search, in its order."""
    return [
        row["type"]
        for row in statement["rest"][0]["resource"]
        if any(one["code"] == "search-type" for one in row["interaction"])
    ]
