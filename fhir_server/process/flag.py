"""What is worth knowing of a case and stops nobody: the law was broken, a message came late, a clock was set anew."""

from dataclasses import dataclass

MISSING, LATE = "missing", "late"
"""What should have come before this had not; this came after its time."""
PHONED = "registered-late"
"""It was first given by telephone, on paper or by fax, and counts from then."""
CLOCK_STANDS, CLOCK_RENEWED = "clock-stands", "clock-renewed"
"""A correction that counts from the first sending; one that counts from itself."""
OUT_OF_ORDER = "out-of-order"
"""It could not happen then, and nothing follows from it: only what was stored past the guards."""


@dataclass(frozen=True, slots=True)
class Flag:
    """`code` is one of those above; `event` the id of the event at which it showed, `about` the code of what is meant: of MISSING
    that of what has not come. `source` is the paragraph, and of a correction the reasoning.
    """

    code: str
    event: str
    about: str
    source: str = ""
