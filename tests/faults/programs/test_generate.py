"""Programs are made by their seed, and leave nothing out."""

from tests.faults.programs.generate import program
from tests.faults.programs.write import JSON_PATCH, MERGE_PATCH, PATH_PATCH


def test_one_seed_makes_one_program():
    assert program("p", "a seed") == program("p", "a seed")
    assert program("p", "a seed") != program("p", "another seed")


def test_programs_do_everything():
    steps = [step for number in range(20) for steps in program(f"p{number}", f"{number}").callers for step in steps]
    done = {(step.kind, it.interaction, it.conditional, it.form) for step in steps for it in step.writes}

    for kind in ("alone", "batch", "transaction"):
        assert {(kind, "create", conditional, "") for conditional in (True, False)} <= done
        assert {(kind, "update", conditional, "") for conditional in (True, False)} <= done
        assert {(kind, "patch", False, form) for form in (JSON_PATCH, MERGE_PATCH, PATH_PATCH)} <= done
        assert {(kind, "delete", False, "")} <= done
    abouts = {it.about.partition(":")[0].partition("|")[0] for step in steps for it in step.writes}
    assert {"urn", "Patient?identifier=urn"} <= abouts
    assert {"", "seen", "wrong"} == {it.guard for step in steps for it in step.writes}
