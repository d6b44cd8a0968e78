"""For how long what is kept is kept, by class: the audit, records, messages (`security/Parameters-retention.json`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from fhir_server.fhir.definitions import BadDefinition, parts_of, r4, read

FILE = "Parameters-retention.json"
AUDIT = "audit"
LEAST: Mapping[str, int] = {"record": 10, "message": 0, AUDIT: 5}
"""The classes there are, and for how many years each is kept at the least, whatever a deployment says: 3 kap. 17 §
patientdatalagen (2008:355); 4 kap. 9 § HSLF-FS 2016:40. Of messages alone no law says it."""
_PARTS = {"code", "years", "on", "reason", "source"}


@dataclass(frozen=True, slots=True)
class Retention:
    """A class: it is kept for so many years from the last that was written, and then may be destroyed."""

    code: str
    years: int
    types: frozenset[str]
    reason: str
    source: str

    def ends(self, last: int) -> int:
        """The moment until which it is kept that was written last at a moment; both in milliseconds since 1970."""
        then = datetime.fromtimestamp(last // 1000, UTC)
        try:
            end = then.replace(year=then.year + self.years)
        except ValueError:  # the 29th of February
            end = then.replace(year=then.year + self.years, month=3, day=1)
        return int(end.timestamp()) * 1000 + last % 1000


@cache
def load_retention() -> Mapping[str, Retention]:
    """The classes of `security/` by their codes, read once. BadDefinition."""
    return retention_of(dict(read("security"))[FILE])


def retention_of(definition: Mapping[str, Any]) -> Mapping[str, Retention]:
    """The classes of a definition. BadDefinition where they are not those there are, where one is kept for less than it must be,
    and for a type that there is not, or that stands twice.
    """
    found = [_class(row) for row in definition["parameter"]]
    if sorted(one.code for one in found) != sorted(LEAST):
        raise BadDefinition(f"{FILE}: the classes are {', '.join(sorted(LEAST))}, each of them once")
    _refuse_types(found)
    return {one.code: one for one in found}


def _class(row: Mapping[str, Any]) -> Retention:
    told = parts_of(row) if "part" in row else {}
    if row["name"] != "class" or told.keys() != _PARTS or not all(told["reason"] + told["source"]):
        raise BadDefinition(f"{FILE}: a row is a class, and has {', '.join(sorted(_PARTS))}")
    code, years = told["code"][0], told["years"][0]
    if years < LEAST.get(code, 0):
        raise BadDefinition(f"{FILE}: {code} is kept for {LEAST[code]} years at the least")
    return Retention(code, years, frozenset(told["on"]), told["reason"][0], told["source"][0])


def _refuse_types(found: Sequence[Retention]) -> None:
    types = [type for one in found for type in one.types]
    for type in types:
        if type not in r4().resource_types:
            raise BadDefinition(f"{FILE}: {type} is no type of R4")
        if types.count(type) > 1:
            raise BadDefinition(f"{FILE}: {type} is of two classes")


def kept_until(written: Mapping[str, int], classes: Mapping[str, Retention]) -> Mapping[str, int]:
    """By class the moment until which it is kept, of what was written last at these moments by type; of a type that is in no
    class nothing says for how long.
    """
    last = {
        one.code: max(moments)
        for one in classes.values()
        if (moments := [moment for type, moment in written.items() if type in one.types])
    }
    return {code: classes[code].ends(moment) for code, moment in last.items()}
