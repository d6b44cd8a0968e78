"""Faults, planted in what an honest server left and told."""

from collections.abc import Callable
from dataclasses import replace

from tests.faults.programs.evidence import Evidence, Read, Version
from tests.faults.programs.told import Told
from tests.faults.programs.write import Place, Step, Write

Planted = Callable[[list[Told], Evidence], tuple[list[Told], Evidence]]


def in_history(place: Place, change: Callable[[tuple[Version, ...]], tuple[Version, ...]]) -> Planted:
    """A fault in one history, which reads show as well."""

    def plant(told, evidence):
        versions = change(evidence.histories[place])
        read = (
            Read(200, versions[0].number, versions[0].text) if versions and versions[0].text else Read(410, None, b"")
        )
        histories, reads = evidence.histories | {place: versions}, evidence.reads | {place: read}
        return told, replace(evidence, histories=histories, reads=reads)

    return plant


def in_version(place: Place, number: int, /, **members) -> Planted:
    return in_history(place, lambda own: tuple(replace(it, **members) if it.number == number else it for it in own))


def rewritten(place: Place, number: int, old: bytes, new: bytes) -> Planted:
    def change(own):
        return tuple(replace(it, text=it.text.replace(old, new)) if it.number == number else it for it in own)

    return in_history(place, change)


def told_otherwise(token: str, **members) -> Planted:
    def plant(told, evidence):
        return [replace(it, **members) if it.write.token == token else it for it in told], evidence

    return plant


def asked_otherwise(token: str, **members) -> Planted:
    return _sent(token, lambda write: (replace(write, **members),))


def never_sent(token: str) -> Planted:
    return _sent(token, lambda _: ())


def _sent(token: str, change: Callable[[Write], tuple[Write, ...]]) -> Planted:
    def changed(write: Write) -> tuple[Write, ...]:
        return change(write) if write.token == token else (write,)

    def in_step(step: Step) -> Step:
        return replace(step, writes=tuple(it for write in step.writes for it in changed(write)))

    def plant(told, evidence):
        return [replace(it, write=own, step=in_step(it.step)) for it in told for own in changed(it.write)], evidence

    return plant


def with_evidence(change: Callable[[Evidence], dict]) -> Planted:
    return lambda told, evidence: (told, replace(evidence, **change(evidence)))


def with_twin(place: Place, twin: Place) -> Planted:
    """The same resource under another id."""

    def change(evidence):
        old, new = (f'"id":"{it[1]}"'.encode() for it in (place, twin))
        versions = tuple(replace(it, text=it.text.replace(old, new)) for it in evidence.histories[place])
        read = Read(200, versions[0].number, versions[0].text)
        return {"histories": evidence.histories | {twin: versions}, "reads": evidence.reads | {twin: read}}

    return with_evidence(change)


def no_longer_answered(told: list[Told], evidence: Evidence) -> tuple[list[Told], Evidence]:
    return [Told(it.write, it.step) for it in told], evidence


def both(*planted: Planted) -> Planted:
    def plant(told, evidence):
        for one in planted:
            told, evidence = one(told, evidence)
        return told, evidence

    return plant
