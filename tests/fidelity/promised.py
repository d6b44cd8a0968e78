"""What the CapabilityStatement promises of each type that is kept: the codes of its interactions."""

from fhir_server.assembly.defined import STATEMENT
from fhir_server.fhir.definitions import read
from fhir_server.interactions.shelve import CONFORMANCE

PROMISED = {
    kind["type"]: {interaction["code"] for interaction in kind["interaction"]}
    for kind in dict(read("capability"))[STATEMENT]["rest"][0]["resource"]
    if kind["type"] not in CONFORMANCE
}
