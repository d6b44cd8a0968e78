"""Patches: from a resource and a patch to a new resource. Nothing that is handed in is changed.

Three formats, each a function of its own. What they raise are refusals alone, whatever the patch: Unreadable (400) for one
that is not of its format, Invalid (422) for one that cannot be applied to this resource, TooLarge (413) for one that asks
for too much. What comes out is JSON as the codec reads it, and not yet validated.

https://hl7.org/fhir/R4/http.html#patch
"""

from fhir_server.fhir.patch.json_patch import apply_json_patch
from fhir_server.fhir.patch.merge import apply_merge_patch
from fhir_server.fhir.patch.narrative import without_stale_narrative
from fhir_server.fhir.patch.path_patch import apply_path_patch

__all__ = ["apply_json_patch", "apply_merge_patch", "apply_path_patch", "without_stale_narrative"]
