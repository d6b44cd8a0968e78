"""Who acted, as an entry keeps it: JSON, encoded once a token, from which the agents of an AuditEvent are made.

`Agent` is what stop 3 tells of a caller. HSA-ids and the like stand as they are; a name is there for the reader alone, and no
entry is found by it.
"""

from functools import lru_cache

import msgspec

from fhir_server.fhir.naming import folded, system_of


class Agent(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """The caller of a call. `who` is `anonymous` where no token was asked. `user` is an identifier of the system `system`
    (HSA-id, personal identity number); `fhir_user` a reference that the token gives (`Practitioner/1`). `commission`, `unit`
    and `provider` are HSA-ids. `token` is its id (jti), `network` the address that the call came from, `acts_for` the
    reference to the person for whom the user acts, as a guardian or a proxy. `names` are made by `text`.
    """

    who: str = ""
    client: str = ""
    user: str = ""
    system: str = ""
    fhir_user: str = ""
    name: str = ""
    role: str = ""
    acts_for: str = ""
    commission: str = ""
    unit: str = ""
    provider: str = ""
    token: str = ""
    network: str = ""
    names: tuple[str, ...] = ()

    def text(self) -> str:
        """The JSON that an entry keeps, with what entries are found by: references as they stand, identifiers as `named`."""
        hsa = [(system_of("hsa-id"), value) for value in (self.commission, self.unit, self.provider) if value]
        told = [*(pair for pair in (("", self.client), (self.system, self.user)) if pair[1]), *hsa]
        references = [reference for reference in (self.fhir_user, self.acts_for) if reference]
        names = {*references, *(named(*pair) for pair in told), *(named(None, value) for _, value in told)}
        return msgspec.json.encode(msgspec.structs.replace(self, names=tuple(sorted(names)))).decode()


def named(system: str | None, value: str) -> str:
    """An identifier as it stands among the names of an agent, its system in the preferred form; None: of whatever system."""
    return f"*|{value}" if system is None else f"{folded(system)}|{value}"


_agents = msgspec.json.Decoder(Agent)


@lru_cache(10_000)
def agent_of(text: str) -> Agent:
    """The agent that an entry's JSON tells of; nobody where it is none, as in a row that was tampered with."""
    try:
        return _agents.decode(text)
    except msgspec.DecodeError:
        return Agent()
