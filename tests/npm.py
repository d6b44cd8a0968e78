"""Packages that tests want and that are never kept beside the code: npm fetches each once, into a folder that is passed over
by git, and it must be the very one that was pinned. An environment variable may name it where it lies on the disk.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

FETCHED_WITHIN = 300
"""Seconds for npm to fetch 19 MB."""


@dataclass(frozen=True)
class Package:
    """A package of npm's: `named` is the variable that names its file; without it, `mark` and `lost` say what a run went without."""

    name: str
    version: str
    sha256: str
    named: str
    mark: str
    lost: str

    @property
    def file(self) -> str:
        return f"{self.name}-{self.version}.tgz"


def packed(package: Package, folder: Path) -> bytes:
    """The package as it was published, which is kept in the folder. Skips the test, loudly, where it cannot be had."""
    if named := os.environ.get(package.named):
        return _verified(package, Path(named))
    kept = folder / package.file
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of one run fetch it once
        if not kept.exists():
            _fetch(package, kept)
    return _verified(package, kept)


def _verified(package: Package, path: Path) -> bytes:
    content = path.read_bytes()
    own = hashlib.sha256(content).hexdigest()
    assert package.sha256 == own, f"{path.name} is not {package.name} {package.version} as it was published"
    return content


def _fetch(package: Package, kept: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        _leave_out(package, "npm is not on this machine")
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        _run(package, npm, folder)
        (fetched,) = Path(folder).glob("*.tgz")
        _verified(package, fetched)
        fetched.replace(kept)


def _run(package: Package, npm: str, folder: str) -> None:
    command = [
        npm,
        "pack",
        f"{package.name}@{package.version}",
        "--pack-destination",
        folder,
        "--cache",
        f"{folder}/npm",
    ]
    options = ["--ignore-scripts", "--fetch-retries=1"]
    try:
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=FETCHED_WITHIN)
    except subprocess.TimeoutExpired:
        _leave_out(package, f"npm did not fetch {package.name} within {FETCHED_WITHIN} s")
    if done.returncode:
        code = re.search(r"^npm \S+ code (\w+)$", done.stderr, re.MULTILINE)
        _leave_out(package, f"npm could not fetch {package.name} ({code[1] if code else done.returncode})")


def _leave_out(package: Package, why: str) -> None:
    pytest.skip(f"{package.mark}: {why} and {package.named} names no {package.file}, so {package.lost}")


def left_out(reporter: pytest.TerminalReporter, *marks: str) -> list[str]:
    """What a run's closing lines say of what it went without: the reasons of skipped tests that begin with a mark."""
    reasons = {str(report.longrepr[2]).removeprefix("Skipped: ") for report in reporter.stats.get("skipped", ())}
    return sorted(reason for reason in reasons if reason.startswith(marks))
