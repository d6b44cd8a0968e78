"""Any JSON, and what a patch of it comes to."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.outcome import Refusal

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "0", "-", ""]), inside, max_size=3)
    ),
    max_leaves=8,
)


def check_applies_or_refuses(apply: Callable[[Any, Any], Any], resource: Any, document: Any) -> None:
    """There is a result that can be stored, or a refusal that can be told; what was handed in is as it was."""
    before = deepcopy((resource, document))
    found = applied(apply, resource, document)

    if isinstance(found, Refusal):
        assert found.status in {400, 413, 422}
        assert all("{" not in issue.text("en") + issue.text("sv") for issue in found.issues)
    else:
        assert found == decode(encode(found))
    assert before == (resource, document)


def applied(apply: Callable[[Any, Any], Any], resource: Any, document: Any) -> Any:
    """The result, or the refusal."""
    try:
        return apply(resource, document)
    except Refusal as refusal:
        return refusal
