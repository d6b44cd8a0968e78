"""The file of a backup: in its place only when it is whole, its owner's alone, and known when it is damaged."""

import json
import stat
from contextlib import suppress
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.storage.archive import MANIFEST, Unarchived, beside, new_archive, opened

MADE = "2026-03-02T10:00:00.000Z"
BYTES = bytes(range(256)) * 40


def write(target: Path, *, store: str = "SQLite", schema: int = 1) -> Path:
    with new_archive(target) as archive:
        with archive.member("a") as member:
            member.write(BYTES[:5000])
            member.write(BYTES[5000:])
        with archive.member("empty"):
            pass
        archive.seal(store, schema, MADE, {"resources": 7})
    return target


def read(path: Path, name: str = "a") -> bytes:
    with opened(path, "SQLite", 1) as backup:
        return b"".join(backup.chunks(name))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_was_written_is_read(tmp_path):
    path = write(tmp_path / "one")

    assert [BYTES, b""] == [read(path, name) for name in ("a", "empty")]
    with opened(path, "SQLite", 1) as backup:
        assert ("SQLite", 1, MADE, {"resources": 7}) == (
            backup.manifest.store,
            backup.manifest.schema,
            backup.manifest.made,
            backup.manifest.counts,
        )
    assert ["one"] == names(tmp_path)


def test_only_its_owner_reads_it_before_and_after(tmp_path):
    target = tmp_path / "one"
    with new_archive(target) as archive:
        assert [0o600] == [stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()]
        archive.seal("SQLite", 1, MADE, {})

    assert 0o600 == stat.S_IMODE(target.stat().st_mode)


def test_what_fails_leaves_nothing_and_what_does_not_is_there(tmp_path):
    with pytest.raises(TypeError), new_archive(tmp_path / "one") as archive, archive.member("a") as member:
        member.write("no bytes")
    assert [] == names(tmp_path)

    write(tmp_path / "one")
    assert ["one"] == names(tmp_path)


def test_it_has_no_name_before_it_is_whole(tmp_path):
    with new_archive(tmp_path / "one") as archive:
        with archive.member("a") as member:
            member.write(BYTES)
        assert ["one.part"] == names(tmp_path)
        with pytest.raises(Unarchived, match="is no backup"):
            read(tmp_path / "one.part")
        archive.seal("SQLite", 1, MADE, {})
    assert ["one"] == names(tmp_path)


def test_what_is_there_already_is_left_alone_and_another_name_is_taken(tmp_path):
    (tmp_path / "one").write_text("somebody's")

    with pytest.raises(Unarchived, match="already"):
        write(tmp_path / "one")
    write(tmp_path / "two")

    assert "somebody's" == (tmp_path / "one").read_text()
    assert ["one", "two"] == names(tmp_path)


def test_of_two_that_write_one_backup_the_second_is_refused_and_the_first_is_whole(tmp_path):
    with new_archive(tmp_path / "one") as first:
        with pytest.raises(Unarchived, match="just being made"):
            write(tmp_path / "one")
        with first.member("a") as member:
            member.write(BYTES)
        first.seal("SQLite", 1, MADE, {})

    assert read(tmp_path / "one") == BYTES


def test_what_a_killed_one_left_is_taken_over(tmp_path):
    beside(tmp_path / "one").write_bytes(b"x" * 100_000)

    assert BYTES == read(write(tmp_path / "one"))
    assert ["one"] == names(tmp_path)


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(Unarchived, match="cannot be written: No such file or directory"):
        write(tmp_path / "no" / "one")


# ------------------------------------------------------------------------------------------------ refused


def test_one_of_another_store_is_refused(tmp_path):
    with pytest.raises(Unarchived, match="is of MongoDB, the database named is of SQLite"):
        read(write(tmp_path / "other", store="MongoDB"))
    assert BYTES == read(write(tmp_path / "one"))


def test_one_of_a_newer_schema_is_refused_and_an_older_one_is_not(tmp_path):
    with pytest.raises(Unarchived, match=r"newer release of this server \(schema 2; this one knows 1\)"):
        read(write(tmp_path / "newer", schema=2))
    assert BYTES == read(write(tmp_path / "older", schema=0))


def test_one_of_a_newer_form_is_refused_whatever_it_says(tmp_path):
    for form, says in ((2, "newer release"), (1, "damaged")):
        with ZipFile(tmp_path / f"{form}", "w") as zip:
            zip.writestr(MANIFEST, json.dumps({"format": form, "otherwise": True}))
        with pytest.raises(Unarchived, match=says):
            read(tmp_path / f"{form}")


def test_a_file_that_is_no_backup_is_refused(tmp_path):
    (tmp_path / "note").write_text("no backup")
    with ZipFile(tmp_path / "zip", "w", ZIP_DEFLATED) as zip:
        zip.writestr("manifest.json", "{}")

    for name in ("note", "zip"):
        with pytest.raises(Unarchived, match="is no backup"):
            read(tmp_path / name)
    with pytest.raises(Unarchived, match="cannot be read: No such file"):
        read(tmp_path / "nothing")


def test_a_member_that_is_missing_or_not_the_one_that_was_written_is_damage(tmp_path):
    write(tmp_path / "one")
    with ZipFile(tmp_path / "one") as zip:
        manifest = zip.read(MANIFEST)
    for name, member in (("less", ()), ("other", ("a",))):
        with ZipFile(tmp_path / name, "w") as zip:
            zip.writestr(MANIFEST, manifest)
            for it in member:
                zip.writestr(it, BYTES[::-1])
        with pytest.raises(Unarchived, match="is damaged"):
            read(tmp_path / name)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> bytes:
    return write(tmp_path_factory.mktemp("whole") / "one").read_bytes()


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("damaged") / "one"


@given(place_of=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_noticed_or_changes_nothing(whole, place, place_of, bit):
    text = bytearray(whole)
    text[int(place_of * len(text))] ^= 1 << bit
    place.write_bytes(text)

    with suppress(Unarchived):
        assert BYTES == read(place)


@given(kept=st.floats(0, 1, exclude_max=True))
def test_a_torn_one_is_refused(whole, place, kept):
    place.write_bytes(whole[: int(kept * len(whole))])

    with pytest.raises(Unarchived):
        read(place)
