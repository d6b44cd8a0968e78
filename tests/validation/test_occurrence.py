from typing import Any

import pytest

from fhir_server.fhir.definitions import r4
from fhir_server.validation.occurrence import MISSHAPEN, NOTHING, Occurrence, reader

EXTENDED = {"extension": [{"url": "http://example.org/x", "valueCode": "x"}]}
NAME = {"family": "A"}


def read(of: str, name: str, node: dict[str, Any]) -> list[Occurrence]:
    return reader(r4().elements(of)[name])(node)


@pytest.mark.parametrize(
    ("of", "name", "node", "expected"),
    [
        ("Patient", "name", {}, []),
        ("Patient", "name", {"name": [NAME]}, [(0, "HumanName", NAME, NAME)]),
        ("Patient", "name", {"name": NAME}, [(-1, MISSHAPEN, NAME, NOTHING)]),
        ("Patient", "name", {"name": [NAME, 1]}, [(0, "HumanName", NAME, NAME), (1, MISSHAPEN, 1, NOTHING)]),
        ("Patient", "maritalStatus", {"maritalStatus": {"text": "x"}}, [(-1, "CodeableConcept", {"text": "x"}, {"text": "x"})]),
        ("Patient", "maritalStatus", {"maritalStatus": "x"}, [(-1, MISSHAPEN, "x", NOTHING)]),
        ("Patient", "birthDate", {"birthDate": "2020"}, [(-1, "date", "2020", NOTHING)]),
        ("Patient", "birthDate", {"_birthDate": EXTENDED}, [(-1, "date", None, EXTENDED)]),
        ("Patient", "birthDate", {"birthDate": "2020", "_birthDate": EXTENDED}, [(-1, "date", "2020", EXTENDED)]),
        ("Patient", "birthDate", {"birthDate": 2020}, [(-1, MISSHAPEN, 2020, NOTHING)]),
        ("HumanName", "given", {"given": ["A", "B"]}, [(0, "string", "A", NOTHING), (1, "string", "B", NOTHING)]),
        ("HumanName", "given", {"given": [None, "B"], "_given": [EXTENDED]}, [(0, "string", None, EXTENDED), (1, "string", "B", NOTHING)]),
        ("HumanName", "given", {"given": "A"}, []),
        ("Patient", "deceased", {"deceasedBoolean": False}, [(-1, "boolean", False, NOTHING)]),
        ("Patient", "deceased", {"_deceasedDateTime": EXTENDED}, [(-1, "dateTime", None, EXTENDED)]),
        ("Patient", "deceased", {"deceased": False}, []),
        ("Patient", "contained", {"contained": [{"resourceType": "Goal"}]}, [(0, "Goal", {"resourceType": "Goal"}, {"resourceType": "Goal"})]),
        ("Patient", "contained", {"contained": [{"resourceType": "Gaol"}]}, [(0, MISSHAPEN, {"resourceType": "Gaol"}, {"resourceType": "Gaol"})]),
        ("Bundle.entry", "resource", {"resource": 1}, [(-1, MISSHAPEN, 1, NOTHING)]),
    ],
)  # fmt: skip
def test_the_values_of_an_element_are_found_with_their_places_and_types(
    of: str, name: str, node: dict[str, Any], expected: list[Any]
) -> None:
    assert expected == read(of, name, node)
