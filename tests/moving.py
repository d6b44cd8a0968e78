"""A clock that a test moves."""

from datetime import datetime

from fhir_server.access.standing import ACTING_KEPT_MS
from fhir_server.assembly.outside import clock


class Moving:
    """The clock of the house: that of the machine, until a test moves or stops it."""

    ahead = 0
    stopped = 0

    def __call__(self) -> int:
        return self.stopped or clock() + self.ahead

    def later(self) -> None:
        """So much later that nothing is believed any more."""
        self.ahead += ACTING_KEPT_MS

    def stop(self, at: str) -> None:
        """At that very millisecond."""
        self.stopped = int(datetime.fromisoformat(at).timestamp() * 1000)
