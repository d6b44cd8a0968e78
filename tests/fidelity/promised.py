"""What the CapabilityStatement promises of each type: the codes of its interactions."""

from fhir_server.assembly import STATEMENT
from fhir_server.fhir.definitions import read

PROMISED = {
    kind["type"]: {interaction["code"] for interaction in kind["interaction"]}
    for kind in dict(read("capability"))[STATEMENT]["rest"][0]["resource"]
}
