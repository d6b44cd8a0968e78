"""A server in a process of its own, as a user starts it."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from typer.testing import CliRunner

from fhir_server.cli import main

GREETING = "FHIR base: "
TOKEN = "Token: "


class Running:
    """A started server: its FHIR base, its process, and what it wrote to stderr."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self.log = log
        self.base = self._told(GREETING)

    @property
    def root(self) -> str:
        return self.base.removesuffix("/fhir")

    @cached_property
    def token(self) -> str:
        """The token that a demo prints beneath its greeting."""
        return self._told(TOKEN)

    @property
    def bearer(self) -> dict[str, str]:
        """The header of a call with that token."""
        return {"Authorization": f"Bearer {self.token}"}

    def kill(self) -> None:
        """SIGKILL to the server and its workers."""
        os.killpg(self.process.pid, signal.SIGKILL)

    def _told(self, label: str) -> str:
        """The rest of the next line that begins so."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(label):
                return line.removeprefix(label).strip()
        raise AssertionError(f"the server did not start: {self.log.read_text()}")


def environment_with(said: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that is started: this one's and what is said. Python may keep what it has compiled, else
    half of each of a thousand starts is spent on compiling.
    """
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **said}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "fhir_server", *arguments]


@contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[Running]:
    """`fhir-server ARGUMENTS…` on a free port, until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "stderr"
        with log.open("w") as errors:
            process = subprocess.Popen(
                command(*arguments, "--port", "0"),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=environment_with(environment),
                process_group=0,
            )
        try:
            yield Running(process, log)
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(30)
            assert process.stdout is not None
            process.stdout.close()


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The end of `fhir-server ARGUMENTS…`, with what it wrote."""
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, check=False, timeout=120, env=environment_with(environment)
    )


def run_here(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same in this very process, for commands that end by themselves: many of them are run in the time of one start."""
    done = CliRunner().invoke(main, list(arguments), env=environment)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)
