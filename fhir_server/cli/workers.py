"""Several processes on one port: each serves the listener that was bound before they parted."""

import os
import signal
from collections.abc import Callable

POLITELY = (signal.SIGINT, signal.SIGTERM)


def in_processes(count: int, work: Callable[[int], None]) -> int:
    """Runs the work (told its number, from 0) in so many processes, until all have ended; the worst of their exit codes.

    A signal to stop is handed on to each. Where one ends by itself the others are stopped too: whoever keeps the server
    running starts it anew, whole.
    """
    children = {_part(number, work) for number in range(count)}

    def hand_on(number: int, _: object) -> None:
        for child in children:
            os.kill(child, number)

    for number in POLITELY:
        signal.signal(number, hand_on)
    worst = 0
    while children:
        child, status = os.wait()
        children.discard(child)
        worst = max(worst, _code(status))
        hand_on(signal.SIGTERM, None)
    return worst


def _code(status: int) -> int:
    """A process that the signal met before it could listen to it has stopped as it was told."""
    code = os.waitstatus_to_exitcode(status)
    return 0 if -code in POLITELY else abs(code)


def _part(number: int, work: Callable[[int], None]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work(number)
        code = 0
    finally:
        os._exit(code)
