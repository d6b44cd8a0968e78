"""https://hl7.org/fhir/R4/http.html#patch: the narrative must not be unsafe after a patch."""

import pytest

from fhir_server.fhir.patch.narrative import without_stale_narrative


def plan(status, text_status="generated", div="<div>utkast</div>", **members):
    return {
        "resourceType": "CarePlan",
        "meta": {"versionId": "1"},
        "text": {"status": text_status, "div": div},
        "status": status,
        **members,
    }


@pytest.mark.parametrize("status", ["generated", "extensions"])
def test_a_text_made_from_the_data_goes_when_the_data_change(status):
    assert "text" not in without_stale_narrative(plan("draft", status), plan("active", status))


@pytest.mark.parametrize("status", ["additional", "empty"])
def test_a_text_that_says_something_of_its_own_stays(status):
    after = plan("active", status)

    assert after == without_stale_narrative(plan("draft", status), after)


def test_a_text_that_the_patch_wrote_anew_stays():
    after = plan("active", div="<div>aktiv</div>")

    assert after == without_stale_narrative(plan("draft"), after)


def test_a_text_stays_when_only_the_meta_changes():
    after = plan("draft") | {"meta": {"tag": [{"code": "x"}]}}

    assert after == without_stale_narrative(plan("draft"), after)


def test_without_a_text_there_is_nothing_to_do():
    before, after = {"resourceType": "Basic"}, {"resourceType": "Basic", "author": {}}

    assert after == without_stale_narrative(before, after)
