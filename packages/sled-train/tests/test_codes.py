import pytest
import torch
from sled_codec import write_audio
from sled_train import TrainError, read_corpus
from sled_train._codes import CodeCache, clip_key, encode_clips


@pytest.fixture
def clips(corpus_folder):
    return [(clip_key(clip), clip) for clip in read_corpus(corpus_folder).clips]


def test_the_cache_holds_what_the_codec_says(clips, codec, tmp_path):
    cache = CodeCache(tmp_path, codec.fingerprint)
    assert encode_clips(clips, codec, cache) == []
    from sled_codec import read_audio

    for key, clip in clips:
        assert cache[key].dtype == torch.int16
        assert cache.frames(key) == len(cache[key])
        assert torch.equal(cache[key].long(), codec.encode(*read_audio(clip.audio)))


def test_encoding_goes_on_where_it_was_stopped(clips, codec, tmp_path, monkeypatch):
    monkeypatch.setattr("sled_train._codes._PART_CLIPS", 5)
    cache = CodeCache(tmp_path, codec.fingerprint)
    done = []
    encode_clips(clips, codec, cache, stop=lambda: bool(done), advance=done.append)
    assert done == [5]
    again = CodeCache(tmp_path, codec.fingerprint)
    encode_clips(clips, codec, again, advance=done.append)
    assert done == [5, 5, 2]
    assert all(key in again for key, _ in clips)


def test_another_codec_has_another_cache(clips, codec, tmp_path):
    encode_clips(clips[:1], codec, CodeCache(tmp_path, codec.fingerprint))
    assert clips[0][0] not in CodeCache(tmp_path, "0" * 64)


def test_a_changed_file_or_stretch_has_another_key(tmp_path):
    from sled_train import Clip

    path = tmp_path / "a.wav"
    write_audio(path, torch.zeros(800), 8000)
    keys = {clip_key(Clip(path, "x")), clip_key(Clip(path, "x", start=0.1))}
    keys.add(clip_key(Clip(path, "x", duration=0.1)))
    write_audio(path, torch.zeros(801), 8000)
    keys.add(clip_key(Clip(path, "x")))
    assert len(keys) == 4


def test_unreadable_and_tiny_audio_is_reported_and_left_out(codec, tmp_path):
    from sled_train import Clip

    (tmp_path / "bad.wav").write_bytes(b"no audio")
    write_audio(tmp_path / "tiny.wav", torch.zeros(10), codec.sample_rate)
    write_audio(tmp_path / "good.wav", torch.zeros(4000), codec.sample_rate)
    clips = [Clip(tmp_path / name, "x") for name in ("bad.wav", "tiny.wav", "good.wav")]
    keyed = [(clip_key(clip), clip) for clip in clips]
    cache = CodeCache(tmp_path / "codes", codec.fingerprint)
    failures = encode_clips(keyed, codec, cache)
    assert len(failures) == 2
    assert "bad.wav" in failures[0]
    assert "tiny.wav" in failures[1]
    assert [key in cache for key, _ in keyed] == [False, False, True]


def test_a_damaged_part_is_named(clips, codec, tmp_path):
    cache = CodeCache(tmp_path, codec.fingerprint)
    encode_clips(clips, codec, cache)
    part = next(cache.folder.glob("part-*"))
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(TrainError, match=f"{part.name} is damaged"):
        CodeCache(tmp_path, codec.fingerprint)


def test_what_a_killed_write_left_is_not_read(clips, codec, tmp_path):
    cache = CodeCache(tmp_path, codec.fingerprint)
    cache.folder.mkdir(parents=True)
    (cache.folder / ".part-00-1234.part.safetensors").write_bytes(b"half")
    cache.refresh()
    assert clips[0][0] not in cache
