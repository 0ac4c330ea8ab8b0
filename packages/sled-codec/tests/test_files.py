"""Files appear whole or not at all."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sled_codec import atomic_path, atomic_write


def names(folder):
    return [path.name for path in folder.iterdir()]


def test_the_file_appears_when_the_block_ends(tmp_path):
    target = tmp_path / "a.bin"
    with atomic_write(target) as file:
        file.write(b"whole")
        assert not target.exists()
    assert target.read_bytes() == b"whole"
    assert names(tmp_path) == ["a.bin"]


@given(content=st.binary(max_size=1000))
def test_any_content_replaces_any_other(tmp_path_factory, content):
    target = tmp_path_factory.mktemp("x") / "a.bin"
    target.write_bytes(b"old")
    with atomic_write(target) as file:
        file.write(content)
    assert target.read_bytes() == content


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")

    def write_half():
        with atomic_write(target) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_a_disk_that_fills_up_while_syncing_leaves_nothing(tmp_path, monkeypatch):
    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"), atomic_write(tmp_path / "a") as file:
        file.write(b"x")
    assert names(tmp_path) == []


def test_the_temporary_path_lies_beside_and_keeps_the_suffix(tmp_path):
    with atomic_path(tmp_path / "deep.tar.gz") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".gz"
        temporary.write_text("x")
    assert (tmp_path / "deep.tar.gz").read_text() == "x"


def test_writing_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a"):
        pass
    assert names(tmp_path) == []


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"), atomic_write(tmp_path / "nowhere/a"):
        pytest.fail("the block must not run")


def test_a_folder_is_never_replaced(tmp_path):
    with pytest.raises(IsADirectoryError), atomic_write(tmp_path):
        pytest.fail("the block must not run")


def test_a_symbolic_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with atomic_write(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_device_is_written_to_not_replaced():
    with atomic_write("/dev/null") as file:
        file.write(b"gone")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(OSError, match="No space left"), atomic_write("/dev/full") as file:
        file.write(b"x")


def test_a_long_name_still_has_room_for_the_temporary_one(tmp_path):
    target = tmp_path / ("ä" * 120 + ".wav")
    with atomic_write(target) as file:
        file.write(b"x")
    assert target.read_bytes() == b"x"


def test_permissions_follow_the_umask(tmp_path):
    with atomic_write(tmp_path / "a") as file:
        file.write(b"x")
    (tmp_path / "b").write_bytes(b"x")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode
