"""What the server itself writes beside what its caller does: teams, Tasks. What the caller may write does not bound it."""

from fhir_server.access.relation import relations
from fhir_server.interactions.call import Server
from fhir_server.interactions.draft import draft
from fhir_server.interactions.stays import Json
from fhir_server.interactions.validity import refuse_invalid
from fhir_server.search.query import Everything
from fhir_server.storage.store import Put


def own_put(resource: Json, server: Server) -> Put:
    """The change that stores a resource: a new one (it has no version; Invalid), or the next version of one that was read."""
    type, content, version = resource["resourceType"], server.content, resource.get("meta", {}).get("versionId")
    if version is None:
        refuse_invalid(content.validator.issues(resource))
    id = resource.get("id") or server.new_id(type)
    index = content.extractor.index(resource)
    patients = content.anchors.of(type, id, index)
    return Put(
        type,
        id,
        draft(resource, id),
        index,
        patients,
        relations(resource, id, patients, server.base),
        method="POST" if version is None else "PUT",
        absent=version is None,
        present=version is not None,
        version=None if version is None else int(version),
        rereads=version is not None,
        reach=Everything(),
    )
