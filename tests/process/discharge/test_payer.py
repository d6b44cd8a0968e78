"""Which municipality is liable (5:2)."""

from dataclasses import replace
from datetime import date

from fhir_server.process.discharge.payer import Placement, payer_of
from fhir_server.process.policy import load_policies

LAW = load_policies().statute


def test_the_municipality_of_folkbokforing_pays_unless_another_has_placed_the_person():
    placed = Placement("Organization/granne", date(2026, 1, 1), date(2026, 6, 30), "korttidsboende")

    def who(on: date, policy=LAW) -> tuple[str, str, str]:
        found = payer_of("Organization/hemma", [placed], on, policy)
        return found.municipality, found.reasoning.key, found.reason

    assert ("Organization/granne", "payer-placing", "korttidsboende") == who(date(2026, 6, 30))
    assert ("Organization/hemma", "payer-registered", "") == who(date(2026, 7, 1))
    assert ("Organization/hemma", "payer-registered", "") == who(date(2025, 12, 31))
    assert ("Organization/hemma", "payer-registered", "") == who(date(2026, 6, 30), replace(LAW, payer="registered"))


def test_of_several_placements_the_latest_counts():
    placements = [
        Placement("Organization/a", date(2026, 1, 1), None, ""),
        Placement("Organization/b", date(2026, 2, 1), None, ""),
    ]

    assert ("Organization/a", "Organization/b") == tuple(
        payer_of("Organization/hemma", placements, on, LAW).municipality for on in (date(2026, 1, 31), date(2026, 2, 1))
    )
