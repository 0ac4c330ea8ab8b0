"""Audio files that are encoded piece by piece, and sent while they are."""

from io import BytesIO

import pytest
import soundfile
import torch
from sled_codec import STREAM_SUFFIXES, CodecError, StreamEncoder, pcm_bytes, wav_header

RATE = 24_000
TIMES = torch.arange(3 * RATE) / RATE
BREATH = torch.randn(len(TIMES), generator=torch.Generator().manual_seed(0))
WAVE = 0.3 * torch.sin(2 * torch.pi * 220 * TIMES) + 0.02 * BREATH
PACKED = ["mp3", "ogg", "opus"]


def encode(suffix, *sizes):
    encoder = StreamEncoder(RATE, suffix)
    return [*(encoder.push(piece) for piece in WAVE.split(*sizes)), encoder.finish()]


@pytest.mark.parametrize("kind", PACKED)
def test_it_is_a_file_of_that_format_as_long_as_what_was_pushed(kind):
    with soundfile.SoundFile(BytesIO(b"".join(encode(f".{kind}", 1000)))) as file:
        heard = torch.from_numpy(file.read(dtype="float32"))
        assert file.format == {"opus": "OGG"}.get(kind, kind.upper())
        assert file.samplerate == RATE
    assert len(heard) == pytest.approx(len(WAVE), abs=2000)


@pytest.mark.parametrize("kind", PACKED)
def test_it_sounds_like_what_was_pushed(kind):
    heard, _ = soundfile.read(BytesIO(b"".join(encode(f".{kind}", 1000))), dtype="float32")
    spectra = [
        torch.stft(wave, 1024, window=torch.hann_window(1024), return_complex=True).abs()
        for wave in (torch.from_numpy(heard), WAVE)
    ]
    frames = min(each.shape[1] for each in spectra)
    # Later by the encoder's delay, of at most some frames, so the mean over time is compared.
    one, other = (each[:, :frames].mean(1) for each in spectra)
    assert torch.cosine_similarity(one, other, dim=0) > 0.99


@pytest.mark.parametrize("suffix", [".wav", ".pcm", ".mp3"])  # Ogg streams bear random numbers
def test_how_it_is_cut_changes_nothing(suffix):
    odd = [1, 77, 5000, 576, len(WAVE) - 5654]
    assert b"".join(encode(suffix, odd)) == b"".join(encode(suffix, len(WAVE)))


@pytest.mark.parametrize("kind", PACKED)
def test_most_of_it_leaves_before_the_end(kind):
    *pieces, last = encode(f".{kind}", 2400)
    assert len(last) < len(b"".join(pieces))


def test_an_mp3_begins_with_sound_not_with_an_empty_table_of_contents():
    assert any(encode(".mp3", 2400)[0][4:40])


def test_pcm_and_wav_are_16_bit_samples_behind_no_header_and_one():
    assert b"".join(encode(".pcm", 2400)) == pcm_bytes(WAVE)
    assert b"".join(encode(".wav", 2400)) == wav_header(RATE) + pcm_bytes(WAVE)


@pytest.mark.parametrize("suffix", STREAM_SUFFIXES)
def test_a_piece_may_be_empty(suffix):
    encoder = StreamEncoder(RATE, suffix)
    before = encoder.push(WAVE[:100])
    assert encoder.push(WAVE[:0]) == b""
    assert before + encoder.finish()


@pytest.mark.parametrize(
    ("rate", "suffix", "message"),
    [
        (RATE, ".flac", "cannot stream audio as '.flac'; use one of .wav, .pcm, .mp3"),
        (22_050, ".opus", "cannot stream .opus at 22050 Hz"),
    ],
)
def test_what_cannot_be_streamed_is_one_line(rate, suffix, message):
    with pytest.raises(CodecError, match=message):
        StreamEncoder(rate, suffix)


def test_a_piece_with_nan_is_refused():
    with pytest.raises(CodecError, match="NaN"):
        StreamEncoder(RATE, ".mp3").push(torch.tensor([float("nan")]))
