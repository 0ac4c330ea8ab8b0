"""Audio as bytes: what they say is what a reader of files hears."""

import struct
from io import BytesIO

import pytest
import soundfile
import torch
from sled_codec import CodecError, pcm_bytes, wav_header, write_audio


def test_samples_are_little_endian_and_louder_is_clipped():
    content = pcm_bytes(torch.tensor([0.0, 0.5, -0.5, 1.0, -3.0]))
    assert struct.unpack("<5h", content) == (0, 16384, -16384, 32767, -32767)


def test_behind_a_header_they_are_the_file_that_is_written_at_once(noise):
    wave = noise(480).clamp(-0.9, 0.9)
    content = pcm_bytes(wave)
    found, rate = soundfile.read(BytesIO(wav_header(24_000, len(content)) + content))
    whole = BytesIO()
    write_audio(whole, wave, 24_000)
    wanted, _ = soundfile.read(BytesIO(whole.getvalue()))
    assert rate == 24_000
    assert abs(found - wanted).max() <= 2 / 32768


@pytest.mark.parametrize("size", [None, 1 << 40])
def test_a_header_of_unknown_length_says_as_much_as_it_can(size):
    header = wav_header(16_000, size)
    assert len(header) == 44
    assert header[4:8] == header[40:44] == b"\xff\xff\xff\xff"


@pytest.mark.parametrize(("suffix", "kind"), [(".flac", "FLAC"), (".mp3", "MP3"), (".ogg", "OGG")])
def test_a_file_object_gets_the_format_that_is_asked_for(noise, suffix, kind):
    file = BytesIO()
    write_audio(file, noise(2400).clamp(-1, 1), 24_000, suffix=suffix)
    with soundfile.SoundFile(BytesIO(file.getvalue())) as written:
        assert (written.format, written.samplerate) == (kind, 24_000)


def test_an_unknown_format_is_refused():
    with pytest.raises(CodecError, match=r"'\.aac'; use one of"):
        write_audio(BytesIO(), torch.zeros(10), 24_000, suffix=".aac")
