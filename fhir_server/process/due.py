"""What is due: by whom, until when, whether it is done, and whether it is late."""

from dataclasses import dataclass

from fhir_server.process.event import Moment


@dataclass(frozen=True, slots=True)
class Due:
    """What is due, by its code: in a discharge that of a message, and `by` a party of the workflow; in a plan `by` is where whoever it is
    of stands (`Type/id`), and `about` what it is about. `until` is None where no moment ends the term: a fixed contact is due before
    the discharge, whenever that is. `paragraph` orders it.
    """

    code: str
    by: str
    since: Moment
    until: Moment | None
    done: Moment | None
    paragraph: str
    about: str = ""

    def is_late(self, now: Moment) -> bool:
        """Whether it was done after its time, or has not been done though its time is past."""
        return self.until is not None and (now if self.done is None else self.done) > self.until
