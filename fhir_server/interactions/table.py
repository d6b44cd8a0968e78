"""The table: from an interaction's code to what does it."""

from collections.abc import Mapping
from types import MappingProxyType

from fhir_server.interactions.bundle import batch, transaction
from fhir_server.interactions.call import Interaction
from fhir_server.interactions.capabilities import capabilities
from fhir_server.interactions.create import create
from fhir_server.interactions.delete import delete
from fhir_server.interactions.history import history
from fhir_server.interactions.operations.access_log import access_log
from fhir_server.interactions.operations.acknowledge import acknowledge
from fhir_server.interactions.operations.addressees import addressees
from fhir_server.interactions.operations.approve import approve
from fhir_server.interactions.operations.emergency_access import emergency_access
from fhir_server.interactions.operations.everything import everything
from fhir_server.interactions.operations.expand import expand
from fhir_server.interactions.operations.extract import extract
from fhir_server.interactions.operations.forward import forward
from fhir_server.interactions.operations.lookup import lookup
from fhir_server.interactions.operations.merge import merge
from fhir_server.interactions.operations.meta import meta, meta_add, meta_delete
from fhir_server.interactions.operations.notify_admission import notify_admission
from fhir_server.interactions.operations.patientkontrakt import patientkontrakt
from fhir_server.interactions.operations.populate import populate
from fhir_server.interactions.operations.process import process
from fhir_server.interactions.operations.request_sip import request_sip
from fhir_server.interactions.operations.thread import thread
from fhir_server.interactions.operations.translate import translate
from fhir_server.interactions.operations.validate import validate
from fhir_server.interactions.operations.validate_code import validate_code
from fhir_server.interactions.operations.why import why
from fhir_server.interactions.operations.worklist import worklist
from fhir_server.interactions.operations.write_sip import write_sip
from fhir_server.interactions.patch import patch
from fhir_server.interactions.read import read
from fhir_server.interactions.search import search
from fhir_server.interactions.search_system import search_system
from fhir_server.interactions.update import update
from fhir_server.interactions.vread import vread

TABLE: Mapping[str, Interaction] = MappingProxyType(
    {
        "capabilities": capabilities,
        "read": read,
        "vread": vread,
        "create": create,
        "update": update,
        "patch": patch,
        "delete": delete,
        "history-instance": history,
        "history-type": history,
        "history-system": history,
        "search-type": search,
        "search-system": search_system,
        "batch": batch,
        "transaction": transaction,
        "$validate": validate,
        "$meta": meta,
        "$meta-add": meta_add,
        "$meta-delete": meta_delete,
        "$access-log": access_log,
        "$everything": everything,
        "$patientkontrakt": patientkontrakt,
        "$populate": populate,
        "$extract": extract,
        "$merge": merge,
        "$process": process,
        "$worklist": worklist,
        "$expand": expand,
        "$validate-code": validate_code,
        "$lookup": lookup,
        "$translate": translate,
        "$write-sip": write_sip,
        "$approve": approve,
        "$emergency-access": emergency_access,
        "$why": why,
        "$addressees": addressees,
        "$notify-admission": notify_admission,
        "$acknowledge": acknowledge,
        "$forward": forward,
        "$thread": thread,
        "$request-sip": request_sip,
    }
)
"""Codes of https://hl7.org/fhir/R4/valueset-type-restful-interaction.html and ...system-restful-interaction.html; an
operation stands under its name with the `$`."""
