"""`sled synth --stream`: text as it comes, audio as it is made, valid whenever it breaks off."""

import io
import json
import os
import select
import subprocess
import sys
import threading
import wave
from contextlib import suppress
from pathlib import Path

import pytest
import soundfile
import torch
from sled_cli._stream_out import StreamSink
from sled_cli._stream_text import arriving
from sled_cli._targets import STDOUT

SHORT = ("--max-seconds", "0.5")
LAYOUT = ("--interleave", "2:8")


@pytest.fixture
def stream(sled, model_folder, tmp_path, monkeypatch):
    """`sled synth --stream` with the tiny model, in an empty working folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, **extra):
        return sled("synth", "--stream", "-m", model_folder, *SHORT, *LAYOUT, *arguments, **extra)

    return run


def samples(raw):
    return torch.frombuffer(bytearray(raw), dtype=torch.int16)


def alike(raw, other):
    """Tell whether two outputs hold the same audio, but for rounding of the last bit."""
    headers = raw[:44] == other[:44]
    return headers and bool((samples(raw[44:]).int() - samples(other[44:])).abs().max() <= 1)


def test_standard_input_becomes_a_wav_file(stream, tmp_path):
    outcome = stream("-o", "out.wav", stdin=b"one two three")
    assert outcome.code == 0, outcome.err
    with wave.open(str(tmp_path / "out.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        assert 0 < file.getnframes() <= 12_000
        assert 44 + 2 * file.getnframes() == (tmp_path / "out.wav").stat().st_size
    assert "first sound" in outcome.err
    assert "margin" in outcome.err


def test_the_audio_is_that_of_the_whole_text(stream, model_folder):
    from sled_infer import Request, Synthesizer
    from sled_model import StreamingLayout

    raw = stream("one two three", "-o", "-", "--format", "pcm", "-q").raw
    [whole] = Synthesizer.from_pretrained(model_folder).synthesize_batch(
        [Request("one two three", max_seconds=0.5, layout=StreamingLayout(2, 8))]
    )
    heard = samples(raw).float() / 32767
    torch.testing.assert_close(heard, whole.wave.clamp(-1, 1), atol=2e-4, rtol=0)


@pytest.mark.parametrize("text", [("one two",), ("--text-file", "text.txt"), ("-",), ()])
def test_the_source_of_the_text_does_not_matter(stream, tmp_path, text):
    (tmp_path / "text.txt").write_text("one two")
    expected = stream("one two", "-o", "-", "-q").raw
    assert len(expected) > 44
    assert stream(*text, "-o", "-", "-q", stdin=b"one two").raw == expected


def test_a_pipe_gets_a_header_of_unknown_length(stream):
    raw = stream("one two", "-o", "-", "-q").raw
    assert raw[:4] == b"RIFF"
    assert raw[40:44] == b"\xff" * 4
    audio, rate = soundfile.read(io.BytesIO(raw))
    assert rate == 24_000
    assert 2 * len(audio) == len(raw) - 44


def test_pcm_is_the_wav_without_its_header(stream, tmp_path):
    wav = stream("one two", "-o", "-", "-q").raw
    assert stream("one two", "-o", "-", "-q", "--format", "pcm").raw == wav[44:]
    assert stream("one two", "-o", "out.pcm", "-q").code == 0
    assert (tmp_path / "out.pcm").read_bytes() == wav[44:]


def test_chunks_of_any_size_give_the_same_audio(stream):
    first, *others = (
        stream("one two", "-o", "-", "-q", "--chunk-frames", size).raw for size in (1, 7, 50)
    )
    assert all(alike(first, other) for other in others)


def test_json_holds_the_times_of_a_listener(stream):
    facts = stream("one two", "-o", "out.wav", "--json", "--chunk-frames", "2").json
    assert facts["path"] == "out.wav"
    assert 0 < facts["ttfa"] <= facts["ttfa_from_text"]
    assert facts["margin"] < facts["seconds"] <= 0.5
    assert facts["chunks"] > 3
    assert facts["stopped"] in (True, False)
    assert json.loads(stream("one", "-o", "-", "--json", "-q").err)["path"] == "-"


def test_text_comes_at_the_simulated_rate(stream):
    facts = stream("one two three", "-o", "out.wav", "--json", "--simulate-rate", "40").json
    # Two tokens, of which `<s>` takes no time, allow the first frame: one token's time.
    assert facts["ttfa_from_text"] < 5
    quick = stream("one two three", "-o", "-", "-q").raw
    assert alike(stream("one two three", "-o", "-", "-q", "--simulate-rate", "40").raw, quick)


def test_the_whole_text_may_come_first(stream):
    outcome = stream("one two", "-o", "-", "--interleave", "all")
    assert outcome.code == 0, outcome.err
    assert "trained" not in outcome.err


def test_what_the_model_was_not_trained_for_is_warned_of(stream):
    outcome = stream("one two", "-o", "out.wav")
    assert outcome.code == 0
    assert "2 tokens every 8 frames, but the model was trained on whole texts only" in outcome.err


def test_a_voice_is_heard(stream, recording):
    prompt = ("--prompt-audio", recording, "--prompt-text", "hello")
    # With all text first: so early in a sequence this model would stop at 0.5.
    voiced = stream("one two", "-o", "-", "-q", "--interleave", "all", *prompt)
    assert voiced.code == 0, voiced.err
    assert voiced.raw != stream("one two", "-o", "-", "-q", "--interleave", "all").raw


def test_without_a_name_the_file_is_called_stream(stream, tmp_path):
    assert stream("-q", stdin=b"one").code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["stream-seed0.wav"]


def test_without_a_name_the_format_is_its_suffix_and_nothing_is_overwritten(stream, tmp_path):
    spoken = [stream("one", "-q", "--format", kind).code for kind in ("pcm", "pcm", "wav")]
    assert spoken == [0, 0, 0]
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["one-seed0-2.pcm", "one-seed0.pcm", "one-seed0.wav"]
    audio = (tmp_path / "one-seed0.wav").read_bytes()[44:]
    assert (tmp_path / "one-seed0.pcm").read_bytes() == audio


def test_a_suffix_that_says_nothing_of_audio_leaves_the_format_to_the_option(stream, tmp_path):
    assert stream("one", "-q", "--format", "pcm", "-o", "out.s16").code == 0
    assert stream("one", "-q", "--format", "pcm", "-o", "out.RAW").code == 0
    assert (tmp_path / "out.s16").read_bytes() == (tmp_path / "out.RAW").read_bytes()


@pytest.mark.parametrize("suffix", ["mp3", "ogg", "opus"])
def test_what_is_sent_or_kept_small_is_as_long_as_the_wav(stream, tmp_path, suffix):
    assert stream("one two", "-q", "-o", "out.wav").code == 0
    whole, _ = soundfile.read(tmp_path / "out.wav")
    assert stream("one two", "-q", "-o", f"out.{suffix}").code == 0
    piped = stream("one two", "-q", "-o", "-", "--format", suffix).raw
    for file in (tmp_path / f"out.{suffix}", io.BytesIO(piped)):
        heard, rate = soundfile.read(file)
        assert rate == 24_000
        assert len(heard) == pytest.approx(len(whole), abs=2000)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ["-o", "out.flac"],
            "no format of a stream: use one of .wav, .pcm, .raw, .mp3, .ogg, .opus",
        ),
        (["-o", "no/out.wav"], "no such folder"),
        (["-o", "out.wav", "--format", "pcm"], "out.wav: --format pcm contradicts this suffix"),
        (["-o", "out.raw", "--format", "wav"], "name it out.wav"),
        (["-o", "out.flac", "--format", "wav"], "name it out.wav"),
        (["--interleave", "5"], "give tokens:frames, such as 5:45, or all"),
        (["--interleave", "0:9"], "give tokens:frames"),
        (["--simulate-rate", "0"], "no text would ever come"),
        (["--text-file", "text.txt"], "two texts given"),
    ],
)
def test_bad_options_are_one_line_and_exit_code_2(stream, tmp_path, arguments, reason):
    outcome = stream("one", *arguments)
    assert outcome.code == 2
    assert reason in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_rate_needs_a_known_text(stream):
    assert "needs the whole text" in stream("--simulate-rate", "5", stdin=b"one").err


@pytest.mark.parametrize("option", [("--simulate-rate", 5), ("--format", "pcm")])
def test_options_of_streams_need_a_stream(sled, model_folder, option):
    outcome = sled("synth", "one", "-m", model_folder, "-o", "-", *option)
    assert outcome.code == 2
    assert "add --stream" in outcome.err


@pytest.mark.parametrize(
    ("stdin", "reason"),
    [
        (b"", "text is empty"),
        (b" \n", "text is empty"),
        (b"...", "nothing speakable"),
        (b"one tw\xff", "byte 6 is 0xff"),
        (b"one \xe4\xbd", "byte 4 is 0xe4"),
    ],
)
def test_text_that_cannot_be_spoken_is_one_line(stream, tmp_path, stdin, reason):
    outcome = stream("-o", "out.wav", stdin=stdin)
    assert outcome.code == 2
    assert reason in outcome.err.splitlines()[-1]


class Dripping(io.BytesIO):
    """Gives a byte at a time, as a slow pipe may."""

    def read1(self, _size=-1):
        return self.read(1)


def test_characters_cut_in_two_are_put_together():
    text = "\ufeffnaïve 你好 🎙️"
    assert "".join(arriving(Dripping(text.encode()))) == text[1:]


def test_a_file_is_valid_after_every_piece(tmp_path):
    path = tmp_path / "out.wav"
    with StreamSink(path, io.BytesIO(), 24_000, "wav") as sink:
        assert not path.exists()
        for pieces in range(1, 4):
            sink.write(torch.full((320,), 2.0))
            audio, _ = soundfile.read(path)
            assert len(audio) == 320 * pieces
    assert audio.min() > 0.99


class WatchedFile(io.BytesIO):
    """Keeps what was there after every single write."""

    def __init__(self):
        super().__init__()
        self.moments = []

    def write(self, content):
        count = super().write(content)
        self.moments.append(self.getvalue())
        return count

    def close(self):
        pass


def test_a_file_is_valid_between_any_two_writes(tmp_path, monkeypatch):
    file = WatchedFile()
    monkeypatch.setattr(Path, "open", lambda *_args, **_options: file)
    with StreamSink(tmp_path / "out.wav", io.BytesIO(), 24_000, "wav") as sink:
        for _ in range(3):
            sink.write(torch.ones(320))
    lengths = [len(soundfile.read(io.BytesIO(moment))[0]) for moment in file.moments]
    assert lengths[0] == 320
    assert lengths == sorted(lengths)
    assert lengths[-1] == 960


def test_a_named_pipe_gets_a_header_of_unknown_length(tmp_path):
    path, received = tmp_path / "out.wav", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()))
    reader.start()
    with StreamSink(path, io.BytesIO(), 24_000, "wav") as sink:
        sink.write(torch.ones(320))
        sink.write(torch.ones(320))
    reader.join()
    (content,) = received
    assert content[40:44] == b"\xff" * 4
    assert len(content) == 44 + 2 * 640


def test_an_mp3_that_is_broken_off_holds_what_was_said(tmp_path):
    path = tmp_path / "out.mp3"
    with suppress(KeyboardInterrupt), StreamSink(path, io.BytesIO(), 24_000, "mp3") as sink:
        sink.write(torch.zeros(24_000))
        raise KeyboardInterrupt
    assert soundfile.info(path).duration == pytest.approx(1, abs=0.1)


def test_where_nothing_was_said_there_is_no_file(tmp_path):
    with StreamSink(tmp_path / "out.ogg", io.BytesIO(), 24_000, "ogg"):
        pass
    assert not (tmp_path / "out.ogg").exists()


def test_a_sink_leaves_standard_output_open():
    out = io.BytesIO()
    with StreamSink(STDOUT, out, 24_000, "pcm") as sink:
        sink.write(torch.zeros(10))
    assert out.getvalue() == bytes(20)


def start(model_folder, *arguments):
    command = [sys.executable, "-m", "sled_cli", "synth", "--stream", "-m", str(model_folder)]
    return subprocess.Popen(
        [*command, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.slow
def test_audio_leaves_before_the_text_is_over(model_folder):
    with start(model_folder, "-o", "-", "--format", "pcm", *LAYOUT, *SHORT) as process:
        process.stdin.write(b"one two three ")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], 400)
        assert ready
        early = os.read(process.stdout.fileno(), 1 << 16)
        rest, err = process.communicate(b"one", timeout=400)
    assert process.returncode == 0, err
    assert early
    assert len(early + rest) <= 24_000
    assert all(line.startswith(b"sled: ") for line in err.splitlines())


@pytest.mark.slow
def test_a_killed_stream_leaves_a_valid_file(model_folder, tmp_path):
    path = tmp_path / "out.wav"
    with start(model_folder, "-o", str(path), *LAYOUT) as process:
        process.stdin.write(b"one two three ")
        process.stdin.flush()
        while not (path.exists() and path.stat().st_size > 2000):
            assert process.poll() is None, process.stderr.read()
        process.kill()
    audio, _ = soundfile.read(path)
    assert len(audio) > 0


@pytest.mark.slow
def test_a_reader_that_closes_the_pipe_ends_the_stream(model_folder):
    with start(model_folder, "-o", "-", *LAYOUT) as process:
        process.stdin.write(b"one two three one two three ")
        process.stdin.flush()
        process.stdout.read(44)
        process.stdout.close()
        process.stdin.close()
        err = process.stderr.read()
        assert process.wait(timeout=400) == 2
    assert b"the reader of the output closed it" in err
