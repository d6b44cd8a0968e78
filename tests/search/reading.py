"""What parameters ask, as the tests read them."""

from typing import Any

import pytest

from fhir_server.fhir.outcome import BadParameter, Issue
from fhir_server.search.parameter import COMPOSITE, Parameter, load_parameters
from fhir_server.search.parse import Parser
from fhir_server.search.query import Criterion

BASE = "http://127.0.0.1:8080/fhir"
PARAMETERS = load_parameters()
PARSER = Parser(PARAMETERS, BASE)


def where(*pairs: tuple[str, str], type: str = "CarePlan") -> Criterion:
    """What parameters ask of the resources of a type."""
    return PARSER.parse(type, pairs).query.where


def refusal(*pairs: tuple[str, str], type: str = "CarePlan", **how: Any) -> Issue:
    """Why parameters are refused, said in both languages."""
    with pytest.raises(BadParameter) as refused:
        PARSER.parse(type, pairs, **how)
    (issue,) = refused.value.issues
    assert issue.text("en")
    assert issue.text("sv")
    return issue


def a_value(parameter: Parameter) -> str:
    """Some value that a parameter understands."""
    if parameter.kind == COMPOSITE:
        return "$".join(a_value(component.parameter) for component in parameter.components)
    if parameter.types == {"boolean"}:
        return "true"
    return {"date": "2026-03-02", "number": "5", "quantity": "5"}.get(parameter.kind, "x")
