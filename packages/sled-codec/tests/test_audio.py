"""Audio files: what goes in comes out, and what cannot be read is refused in one line."""

import io
import os
import resource
from contextlib import contextmanager

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as st
from sled_codec import CodecError, convert_audio, read_audio, write_audio


def names(folder):
    return [path.name for path in folder.iterdir()]


def one_line(error):
    return "\n" not in str(error.value)


@given(
    samples=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=400),
    rate=st.sampled_from([8_000, 22_050, 24_000, 48_000]),
    suffix=st.sampled_from([".wav", ".flac", ".WAV"]),
)
def test_lossless_formats_bring_back_the_wave_within_a_16_bit_step(
    tmp_path_factory, samples, rate, suffix
):
    path = tmp_path_factory.mktemp("a") / f"a{suffix}"
    write_audio(path, torch.tensor(samples), rate)
    heard, heard_rate = read_audio(path)
    assert heard_rate == rate
    assert heard.dtype == torch.float32
    assert heard.shape == (len(samples),)
    assert (heard - torch.tensor(samples)).abs().max() <= 1.01 / 32768


@pytest.mark.parametrize("suffix", [".ogg", ".mp3"])
def test_lossy_formats_sound_alike(tmp_path, suffix):
    tone = 0.5 * torch.sin(torch.arange(48_000) / 20)
    write_audio(tmp_path / f"a{suffix}", tone, 24_000)
    heard, rate = read_audio(tmp_path / f"a{suffix}")
    assert rate == 24_000
    assert abs(len(heard) - len(tone)) < 2500
    assert abs(float(heard[5000:40_000].std() / tone.std()) - 1) < 0.05


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_sample_type_is_read_at_full_scale_one(tmp_path, subtype):
    wave = np.array([0.0, 0.5, -0.5, 0.25])
    soundfile.write(tmp_path / "a.wav", wave, 16_000, subtype=subtype)
    heard, _ = read_audio(tmp_path / "a.wav")
    assert np.abs(heard.numpy() - wave).max() < 0.01


@pytest.mark.parametrize("suffix", [".flac", ".wav", ".ogg", ".mp3"])
def test_converting_keeps_every_sample_where_the_format_can(tmp_path, suffix):
    wave = torch.sin(torch.arange(200_000) / 20)
    write_audio(tmp_path / "a.wav", wave, 24_000)
    convert_audio(tmp_path / "a.wav", tmp_path / f"b{suffix}")
    assert soundfile.info(tmp_path / f"b{suffix}").format == suffix[1:].upper()
    heard, rate = read_audio(tmp_path / f"b{suffix}")
    assert rate == 24_000
    if suffix in (".flac", ".wav"):
        assert heard.equal(read_audio(tmp_path / "a.wav")[0])
    else:
        assert abs(float(heard[5000:190_000].std() / wave.std()) - 1) < 0.05


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_converting_keeps_the_loudness_of_floats_and_clips_what_is_too_loud(tmp_path, subtype):
    wave = np.array([[0.5, -0.5], [0.25, 3.0]])
    soundfile.write(tmp_path / "a.wav", wave, 16_000, subtype=subtype)
    convert_audio(tmp_path / "a.wav", tmp_path / "b.flac")
    heard, _ = soundfile.read(tmp_path / "b.flac")
    assert np.abs(heard - np.clip(wave, -1, 1)).max() < 1e-4


def test_what_cannot_be_converted_leaves_nothing(tmp_path):
    (tmp_path / "no.wav").write_bytes(b"no audio")
    write_audio(tmp_path / "a.wav", torch.rand(100_000), 24_000)
    soundfile.write(tmp_path / "nan.wav", np.full(10, np.nan), 24_000, subtype="FLOAT")
    for source, target, says in [
        ("nowhere.wav", "b.flac", "no such audio file"),
        ("no.wav", "b.flac", "not readable"),
        ("nan.wav", "b.flac", "NaN"),
        ("a.wav", "b.xyz", "cannot write audio as"),
    ]:
        with pytest.raises(CodecError, match=says) as error:
            convert_audio(tmp_path / source, tmp_path / target)
        assert one_line(error)
    with pytest.raises(OSError, match="too large"), full_disk():
        convert_audio(tmp_path / "a.wav", tmp_path / "b.flac")
    assert sorted(names(tmp_path)) == ["a.wav", "nan.wav", "no.wav"]


@contextmanager
def full_disk():
    """No file may grow beyond a few kilobytes, as on a disk that is almost full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_channels_are_averaged(tmp_path):
    write_audio(tmp_path / "a.wav", torch.tensor([[0.5, 0.5], [0.0, -0.5]]), 8_000)
    assert read_audio(tmp_path / "a.wav")[0].tolist() == pytest.approx([0.25, 0.0], abs=1e-4)


def test_a_part_is_the_same_as_that_part_of_the_whole(tmp_path, noise):
    write_audio(tmp_path / "a.flac", noise(8_000), 8_000)
    whole, _ = read_audio(tmp_path / "a.flac")
    part, _ = read_audio(tmp_path / "a.flac", start=0.25, duration=0.5)
    tail, _ = read_audio(tmp_path / "a.flac", start=0.75, duration=9.0)
    assert torch.equal(part, whole[2000:6000])
    assert torch.equal(tail, whole[6000:])


def test_too_loud_is_clipped_not_wrapped(tmp_path):
    write_audio(tmp_path / "a.wav", torch.tensor([3.0, -3.0, 1.0, -1.0]), 8_000)
    assert read_audio(tmp_path / "a.wav")[0].tolist() == pytest.approx([1, -1, 1, -1], abs=1e-4)


def test_wav_is_16_bit_pcm_by_default(tmp_path):
    write_audio(tmp_path / "a.wav", torch.zeros(10), 24_000)
    assert soundfile.info(tmp_path / "a.wav").subtype == "PCM_16"


def test_any_float_dtype_that_needs_a_gradient_is_written(tmp_path):
    wave = torch.zeros(10, dtype=torch.bfloat16, requires_grad=True)
    write_audio(tmp_path / "a.wav", wave, 24_000)
    assert len(read_audio(tmp_path / "a.wav")[0]) == 10


def test_a_pipe_gets_a_wav_whose_header_knows_its_length(noise):
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as sink:
        write_audio(sink, noise(4000), 24_000)
    with os.fdopen(reader, "rb") as source:
        content = source.read()
    heard, rate = soundfile.read(io.BytesIO(content))
    assert (len(heard), rate) == (4000, 24_000)
    assert int.from_bytes(content[4:8], "little") == len(content) - 8


@pytest.mark.parametrize("wave", [torch.zeros(0), torch.zeros(2, 0), torch.zeros(1, 2, 3)])
def test_a_wave_of_no_samples_or_another_shape_is_not_written(tmp_path, wave):
    with pytest.raises(CodecError, match="samples"):
        write_audio(tmp_path / "a.wav", wave, 24_000)
    assert names(tmp_path) == []


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_nan_is_neither_written_nor_read(tmp_path, bad):
    with pytest.raises(CodecError, match="NaN"):
        write_audio(tmp_path / "a.wav", torch.tensor([0.0, bad]), 24_000)
    assert names(tmp_path) == []
    soundfile.write(tmp_path / "a.wav", np.array([0.0, bad]), 24_000, subtype="FLOAT")
    with pytest.raises(CodecError, match="NaN") as error:
        read_audio(tmp_path / "a.wav")
    assert one_line(error)


@pytest.mark.parametrize("name", ["a.aac", "a", "a.txt"])
def test_an_unknown_suffix_is_refused_with_those_that_work(tmp_path, name):
    with pytest.raises(CodecError, match=r"\.flac"):
        write_audio(tmp_path / name, torch.zeros(10), 24_000)


@pytest.mark.parametrize(("suffix", "rate"), [(".wav", 0), (".wav", -1), (".mp3", 23_456)])
def test_a_rate_that_the_format_cannot_hold_is_refused(tmp_path, suffix, rate):
    with pytest.raises(CodecError, match="Hz") as error:
        write_audio(tmp_path / f"a{suffix}", torch.zeros(10), rate)
    assert one_line(error)
    assert names(tmp_path) == []


def test_a_missing_file_or_a_folder_is_named(tmp_path):
    for path in (tmp_path / "none.wav", tmp_path):
        with pytest.raises(CodecError, match=str(path)) as error:
            read_audio(path)
        assert one_line(error)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"hello, this is no audio" * 50])
def test_what_is_no_audio_is_refused(tmp_path, content):
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(CodecError, match="not readable as audio") as error:
        read_audio(tmp_path / "a.wav")
    assert one_line(error)


def test_a_file_without_samples_is_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(0), 24_000)
    with pytest.raises(CodecError, match="no samples"):
        read_audio(tmp_path / "a.wav")


def test_a_flac_cut_in_half_is_refused(tmp_path, noise):
    write_audio(tmp_path / "a.flac", noise(48_000), 24_000)
    content = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(content[: len(content) // 2])
    with pytest.raises(CodecError, match=r"cut short|not readable") as error:
        read_audio(tmp_path / "a.flac")
    assert one_line(error)


@pytest.mark.parametrize(
    "part",
    [
        {"start": -0.1},
        {"start": float("nan")},
        {"start": 1.0},
        {"duration": 0.0},
        {"duration": -1.0},
        {"duration": float("inf")},
    ],
)
def test_a_part_outside_of_the_file_is_refused(tmp_path, part):
    write_audio(tmp_path / "a.wav", torch.zeros(24_000), 24_000)
    with pytest.raises(CodecError, match=next(iter(part))):
        read_audio(tmp_path / "a.wav", **part)


def test_a_full_disk_leaves_no_file(tmp_path, monkeypatch):
    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_audio(tmp_path / "a.wav", torch.zeros(10), 24_000)
    assert names(tmp_path) == []
