"""Care plans of about 3 KB, each unlike the others: dates, ids, references, codes and texts differ."""

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from string import Template
from typing import Any

from fhir_server.fhir.codec import decode

PLAN = Template(re.sub(r"\n\s*", "", Path(__file__).with_name("plan.template").read_text()))
SUMMER_TIME = timezone(timedelta(hours=2))
DAY_ZERO = datetime(2025, 4, 1, 8, tzinfo=SUMMER_TIME)
SAID = """hemtjänsten kommer varje morgon och hjälper till med påklädning frukost läkemedel samt träning i trappan
fysioterapeuten går med till brevlådan distriktssköterskan följer upp såret på torsdag dottern är med vid mötet"""
CATEGORIES = ("physiotherapy", "nursing", "dietary", "safety", "behavioral")
STATUSES = ("active", "draft", "on-hold")


def plan_text(number: int, patients: int = 1000) -> bytes:
    """The compact JSON of plan `number`, of one of so many patients; the same for the same number."""
    random = Random(number)
    return PLAN.substitute(_days(random), **_words(random), **_numbers(random, number, patients)).encode()


def plan(number: int, patients: int = 1000) -> dict[str, Any]:
    """The plan as the codec decodes it."""
    resource: dict[str, Any] = decode(plan_text(number, patients))
    return resource


def _days(random: Random) -> dict[str, str]:
    agreed = DAY_ZERO + timedelta(minutes=random.randrange(365 * 24 * 60))
    first, second = (agreed + timedelta(seconds=random.randrange(40 * 24 * 60 * 60)) for _ in range(2))
    end = agreed + timedelta(days=random.randrange(60, 200))
    moments = {name: moment.isoformat() for name, moment in (("time", agreed), ("first", first), ("second", second))}
    days = {name: moment.date().isoformat() for name, moment in (("agreed", agreed), ("end", end))}
    return {**moments, **days}


def _words(random: Random) -> dict[str, str]:
    lengths = {"text": 18, "goal": 8, "note": 26}
    sentences = {name: " ".join(random.choices(SAID.split(), k=length)) for name, length in lengths.items()}
    return {name: f"{sentence.capitalize()}." for name, sentence in sentences.items()}


def _numbers(random: Random, number: int, patients: int) -> dict[str, Any]:
    return {
        "number": number,
        "patient": number % patients,
        "author": random.randrange(300),
        "other": random.randrange(300),
        "code": random.choice(("229070002", "226029000", "385767005", "91251008")),
        "category": random.choice(CATEGORIES),
        "status": random.choice(STATUSES),
        "metres": f"{random.randrange(50, 900)}.0",
        "times": random.randrange(8, 60),
    }
