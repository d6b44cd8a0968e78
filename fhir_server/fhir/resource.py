"""A resource as a typed object, for our own code and for cross-checks: the only importer of fhir.resources.

Its models are those of R4B, near enough to build from and to compare with; what R4 itself says stands in `definitions.py`.
It is no validator: it takes wrong codes, empty arrays and scripts.
"""

from typing import Any

from pydantic import BaseModel


def typed(resource: dict[str, Any]) -> BaseModel:
    """The resource, as the codec decoded it, as a model of its type. The dict stays as it is.

    Decimals keep their value and lose how they were written. ValueError where the resource does not fit its model,
    where R4B has no such type, and where nothing says which type it is.
    """
    from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415  # 0.3 s and 12 MB that no server pays for

    return get_fhir_model_class(str(resource.get("resourceType"))).model_validate(resource)
