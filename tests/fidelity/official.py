"""HL7's own examples of R4: the package hl7.fhir.r4.examples 4.0.1 (CC0), which is fetched and never kept beside the code.

R4_EXAMPLES names the package where it lies on the disk; else npm fetches it, once, into a folder that is passed over by git.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections import defaultdict
from io import BytesIO
from pathlib import Path

import pytest

PACKAGE, VERSION = "hl7.fhir.r4.examples", "4.0.1"
SHA256 = "dce87f1b5b9341867033f7d1f544fa1b5232503f6d62813887ac6b8a8b6cb682"
NAMED = "R4_EXAMPLES"
FETCHED_WITHIN = 300
"""Seconds for npm to fetch 19 MB."""
LEFT_OUT = "NO OFFICIAL EXAMPLES"
NOT_AN_EXAMPLE = {"package.json", "ig-r4.json", ".index.json"}

Examples = dict[str, dict[str, bytes]]
"""The JSON of each example as it was written, by resource type and id."""


def examples(folder: Path) -> Examples:
    """All examples of the package, which is kept in the folder. Skips the test, loudly, where it cannot be had."""
    found: Examples = defaultdict(dict)
    with tarfile.open(fileobj=BytesIO(_package(folder))) as archive:
        for member in archive:
            name = Path(member.name).name
            if member.isfile() and name not in NOT_AN_EXAMPLE:
                kind, _, id = name.removesuffix(".json").partition("-")
                content = archive.extractfile(member)
                assert content is not None
                found[kind][id] = content.read()
    return found


def _package(folder: Path) -> bytes:
    if named := os.environ.get(NAMED):
        return _verified(Path(named))
    kept = folder / f"{PACKAGE}-{VERSION}.tgz"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of one run fetch it once
        if not kept.exists():
            _fetch(kept)
    return _verified(kept)


def _verified(path: Path) -> bytes:
    content = path.read_bytes()
    assert SHA256 == hashlib.sha256(content).hexdigest(), f"{path.name} is not {PACKAGE} {VERSION} as HL7 published it"
    return content


def _fetch(kept: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        _leave_out("npm is not on this machine")
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        _run(npm, "pack", f"{PACKAGE}@{VERSION}", "--pack-destination", folder, "--cache", f"{folder}/npm")
        (fetched,) = Path(folder).glob("*.tgz")
        _verified(fetched)
        fetched.replace(kept)


def _run(*command: str) -> None:
    options = ("--ignore-scripts", "--fetch-retries=1")
    try:
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=FETCHED_WITHIN)
    except subprocess.TimeoutExpired:
        _leave_out(f"npm did not fetch {PACKAGE} within {FETCHED_WITHIN} s")
    if done.returncode:
        code = re.search(r"^npm \S+ code (\w+)$", done.stderr, re.MULTILINE)
        _leave_out(f"npm could not fetch {PACKAGE} ({code[1] if code else done.returncode})")


def _leave_out(why: str) -> None:
    pytest.skip(
        f"{LEFT_OUT}: {why} and {NAMED} names no {PACKAGE}-{VERSION}.tgz, so none of HL7's own examples was sent to the server"
    )


def left_out(reporter: pytest.TerminalReporter) -> list[str]:
    """What a run's closing lines say of examples that it went without."""
    reasons = {str(report.longrepr[2]).removeprefix("Skipped: ") for report in reporter.stats.get("skipped", ())}
    return sorted(reason for reason in reasons if reason.startswith(LEFT_OUT))
