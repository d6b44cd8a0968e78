"""Section G, what a store has a part in: numbers of every size, and depth within what may be read."""

import pytest

from tests.access.abuse.told import found, keys

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]
JSON = {"Content-Type": "application/fhir+json"}


def an_observation(value: str, members: str = "") -> str:
    return (
        '{"resourceType": "Observation", "status": "final", "code": {"text": "vikt"}, "subject": {"reference": "Patient/a"}, '
        f'"valueQuantity": {{"value": {value}, "unit": "kg"}}{members}}}'
    )


def deep(levels: int) -> str:
    """Members of extensions that make so many levels of JSON."""
    within = levels // 2 - 1
    opened = '{"url": "urn:t:x", "extension": [' * within
    return f', "extension": [{opened}{{"url": "urn:t:x", "valueString": "x"}}{"]}" * within}]'


async def test_g_03_what_is_as_deep_as_may_be_is_stored_and_what_is_deeper_is_refused(api, as_system):
    for levels, status in ((62, 201), (66, 400), (120, 400), (220, 400)):
        body = an_observation("1", deep(levels))
        answer = await api.post("Observation", content=body, headers={**as_system, **JSON})
        assert (levels, status) == (levels, answer.status_code)
        if status == 201:
            again = await api.get(f"Observation/{answer.json()['id']}", headers=as_system)
            assert answer.content == again.content


REFUSED = ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e-999", "01", "1.", ".5", "+1", "0x10", "1" * 5_000]
KEPT = ["0.10", "1.0", "1.00", "1e2", "1E+2", "-0", "-0.0", "9223372036854775807", "9223372036854775808"]
KEPT += ["18446744073709551616", "-9223372036854775809", "1e400", "123456789012345678901234567890.5", "0." + "1" * 300]


async def test_g_05_a_number_beyond_any_measurement_is_refused(api, as_system):
    for value in REFUSED:
        answer = await api.post("Observation", content=an_observation(value), headers={**as_system, **JSON})
        assert (value[:20], 400) == (value[:20], answer.status_code)
        assert keys(answer)[0] in {"not-json", "number-out-of-range"}
    for value in ("9223372036854775808", "-2147483649", "1.0", "1e2"):
        whole = an_observation("1").replace('"valueQuantity": {"value": 1, "unit": "kg"}', f'"valueInteger": {value}')
        answer = await api.post("Observation", content=whole, headers={**as_system, **JSON})
        assert (422, ["value-integer"]) == (answer.status_code, keys(answer))


async def test_g_06_a_number_is_kept_as_it_was_written(api, as_system):
    for value in KEPT:
        body = an_observation(value)
        made = await api.post("Observation", content=body, headers={**as_system, **JSON})
        assert (value[:20], 201) == (value[:20], made.status_code)
        read = await api.get(f"Observation/{made.json()['id']}", headers=as_system)
        assert f'"value":{value},"unit"' in read.text
        assert f'"value":{value},"unit"' in made.text
    kilograms = await api.get("Observation?value-quantity=0.10||kg", headers=as_system)
    assert 1 <= len(found(kilograms))
