"""How far a command has come, for who watches it on a terminal; elsewhere lines alone are written."""

from rich.console import Console
from rich.progress import Progress


def progress_on_stderr() -> Progress:
    """A bar that goes when it is done."""
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)
