"""What the operators see of a request: one line, two measures. No address, no parameter, no id of anybody."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram
from structlog.typing import FilteringBoundLogger


@dataclass(slots=True)
class Observed:
    """One request as it is being answered."""

    request_id: str
    started: float
    interaction: str = "none"
    type: str = ""


@dataclass(slots=True)
class Observer:
    """Counts requests, times them and writes one line for each."""

    registry: CollectorRegistry
    log: FilteringBoundLogger
    write_line: Callable[[str], None]
    timer: Callable[[], float]
    _requests: Callable[..., Counter] = field(init=False)
    _seconds: Callable[..., Histogram] = field(init=False)

    def __post_init__(self) -> None:
        labels = ("interaction", "type", "status")
        requests = Counter("fhir_requests", "Requests answered.", labels, registry=self.registry)
        seconds = Histogram("fhir_request_seconds", "Time to answer.", labels[:1], registry=self.registry)
        # looking a child up by its labels costs more than counting: there are a few hundred of them at the most
        self._requests, self._seconds = cache(requests.labels), cache(seconds.labels)

    def begun(self, request_id: str) -> Observed:
        """A request has come in."""
        return Observed(request_id, self.timer())

    def answered(self, seen: Observed, status: int) -> None:
        """The request has its answer."""
        seconds = self.timer() - seen.started
        self._requests(seen.interaction, seen.type, str(status)).inc()
        self._seconds(seen.interaction).observe(seconds)
        self.write_line(
            f"request={seen.request_id} interaction={seen.interaction} type={seen.type or '-'} status={status} "
            f"ms={seconds * 1000:.1f}\n"
        )

    def fault(self, seen: Observed, error: Exception) -> None:
        """A fault of ours: where it arose, without the values it met there (they may be somebody's)."""
        self.log.error("fault", request=seen.request_id, kind=type(error).__name__, at=_places(error))


def _places(error: Exception) -> list[str]:
    places, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_qualname}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places[-8:]
