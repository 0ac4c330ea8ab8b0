"""Hub ids: through the hub's own cache, and in one clear line where it has nothing."""

import shutil

import pytest
from huggingface_hub import constants
from sled_codec import Codec, CodecError


@pytest.fixture
def cache(tiny_folder, tmp_path):
    """Return a hub cache that holds the tiny codec as ``someone/tiny``."""
    repository = tmp_path / "hub" / "models--someone--tiny"
    commit = "0" * 40
    for name, ref in (("main", commit), ("v1", commit)):
        (repository / "refs").mkdir(parents=True, exist_ok=True)
        (repository / "refs" / name).write_text(ref)
    shutil.copytree(tiny_folder, repository / "snapshots" / commit)
    return tmp_path / "hub"


@pytest.mark.parametrize("revision", [None, "main", "v1", "0" * 40])
def test_a_cached_codec_loads_without_a_network(cache, codec, revision):
    loaded = Codec.from_pretrained(
        "someone/tiny", cache_dir=cache, local_files_only=True, revision=revision
    )
    assert loaded.fingerprint == codec.fingerprint


def test_the_offline_switch_of_the_hub_is_honoured(cache, codec, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert Codec.from_pretrained("someone/tiny", cache_dir=cache).fingerprint == codec.fingerprint
    with pytest.raises(CodecError, match="not in the local cache"):
        Codec.from_pretrained("someone/else", cache_dir=cache)


def test_what_is_not_cached_says_so_and_how_to_mend_it(cache):
    with pytest.raises(CodecError, match="'someone/else' is not in the local cache") as error:
        Codec.from_pretrained("someone/else", cache_dir=cache, local_files_only=True)
    assert "network" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_revision_that_is_not_cached_is_refused(cache):
    with pytest.raises(CodecError, match="someone/tiny"):
        Codec.from_pretrained("someone/tiny", cache_dir=cache, local_files_only=True, revision="v9")


def test_a_cached_repository_without_weights_is_refused(cache):
    for path in cache.rglob("codec.safetensors"):
        path.unlink()
    with pytest.raises(CodecError, match=r"codec\.safetensors|not in the local cache"):
        Codec.from_pretrained("someone/tiny", cache_dir=cache, local_files_only=True)


def test_an_impossible_id_is_refused(cache):
    with pytest.raises(CodecError, match=r"check the name|not in the local cache"):
        Codec.from_pretrained("some..one/-tiny-", cache_dir=cache, local_files_only=True)


def test_a_local_folder_of_that_name_comes_first(tiny_folder, codec, monkeypatch):
    monkeypatch.chdir(tiny_folder.parent)
    (tiny_folder.parent / "owner").mkdir()
    shutil.move(tiny_folder, tiny_folder.parent / "owner" / "name")
    assert Codec.from_pretrained("owner/name").fingerprint == codec.fingerprint
