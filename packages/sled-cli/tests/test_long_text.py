"""`sled synth` of a long text: a file that grows, can be broken off, and goes on."""

import json
import shutil

import pytest
import soundfile
from sled_cli._part_file import PartFile
from sled_infer import Pieces, Synthesizer

TEXT = "One two three. Hello there, one two. Three.\n\nHello one two three there. " * 2


@pytest.fixture
def speak(sled, model_folder, tmp_path, monkeypatch):
    """`sled synth` of the long text, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "book.txt").write_text(TEXT)

    def run(*arguments):
        return sled("synth", "-f", "book.txt", "-m", model_folder, "--cfg", "1", *arguments)

    return run


@pytest.fixture(scope="module")
def known():
    return {}


@pytest.fixture
def whole(speak, known, tmp_path):
    """Speak without a break, once for all tests; give the samples and the facts."""

    def run(*options):
        if options not in known:
            outcome = speak("-o", "whole.wav", "--json", *options)
            known[options] = samples("whole.wav"), facts(outcome)
            (tmp_path / "whole.wav").unlink()
        return known[options]

    return run


@pytest.fixture
def broken_off(speak, monkeypatch):
    """Speak, but press Ctrl-C when so many pieces are spoken."""

    def run(count, *arguments):
        whole = Synthesizer.synthesize_pieces

        def cut(self, request, **options):
            pieces = whole(self, request, **options)

            def some():
                for _ in range(count):
                    yield next(pieces)
                raise KeyboardInterrupt

            return Pieces(pieces.total, some())

        with monkeypatch.context() as patched:
            patched.setattr(Synthesizer, "synthesize_pieces", cut)
            return speak(*arguments)

    return run


def samples(path):
    return soundfile.read(path, dtype="int16")[0].tolist()


def facts(outcome):
    return {key: value for key, value in outcome.json.items() if key not in ("path", "rtf")}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_a_growing_file_holds_what_is_written_at_once(speak, tmp_path, suffix):
    (tmp_path / "once.wav").write_bytes(speak("-o", "-", "-q").raw)
    outcome = speak("-o", f"out.{suffix}", "--json")
    assert outcome.code == 0, outcome.err
    assert soundfile.info(f"out.{suffix}").format == suffix.upper()
    assert samples(f"out.{suffix}") == samples("once.wav")
    assert outcome.json["pieces"] > 4
    assert names(tmp_path) == ["book.txt", "once.wav", f"out.{suffix}"]


@pytest.mark.parametrize("options", [(), ("--max-seconds", "6", "--sentences", "--seed", "4")])
def test_what_was_broken_off_goes_on_as_if_it_had_not_been(
    speak, broken_off, whole, tmp_path, options
):
    wanted = whole(*options)
    first = broken_off(1, "-o", "out.wav", *options)
    assert first.code == 130
    assert "sled: out.part.wav: 1 of " in first.err
    assert "the same command goes on from there\nsled: interrupted\n" in first.err
    assert names(tmp_path) == ["book.txt", "out.part.jsonl", "out.part.wav"]
    heard = samples("out.part.wav")
    assert heard == wanted[0][: len(heard)]
    second = broken_off(1, "-o", "out.wav", *options)
    assert "out.part.wav: goes on after 1 of its pieces" in second.err
    assert len(samples("out.part.wav")) > len(heard)
    last = speak("-o", "out.wav", "--json", *options)
    assert "goes on after 2 of its pieces" in last.err
    assert (samples("out.wav"), facts(last)) == wanted
    assert names(tmp_path) == ["book.txt", "out.wav"]


def test_what_a_kill_tore_is_spoken_again(speak, broken_off, whole, tmp_path):
    broken_off(3, "-o", "out.wav")
    for name, torn in [("out.part.wav", b"torn"), ("out.part.jsonl", b'{"name": "3", "te')]:
        with (tmp_path / name).open("ab") as file:
            file.write(torn)
    assert "goes on after 3 of its pieces" in speak("-o", "out.wav").err
    assert samples("out.wav") == whole()[0]


@pytest.mark.parametrize("damage", ["shorter", "gone", "emptied", "another seed"])
def test_a_part_that_does_not_fit_is_begun_anew(speak, broken_off, whole, tmp_path, damage):
    broken_off(3, "-o", "out.wav", "--seed", "1" if damage == "another seed" else "0")
    part, journal = tmp_path / "out.part.wav", tmp_path / "out.part.jsonl"
    if damage == "shorter":
        part.write_bytes(part.read_bytes()[:-1000])
    elif damage == "gone":
        part.unlink()
    elif damage == "emptied":  # as a kill leaves it that comes before all else is written
        part.write_bytes(b"")
        journal.write_bytes(journal.read_bytes()[:9])
    outcome = speak("-o", "out.wav")
    assert "goes on" not in outcome.err
    assert ("begun anew" in outcome.err) == (damage != "emptied")
    assert samples("out.wav") == whole()[0]


@pytest.mark.parametrize(
    "others",
    [
        {"out.part.wav": b"RIFF, a recording of another part"},
        {"out.part.jsonl": b'{"name": "one", "text": "of a list"}\n'},
        {"out.part.jsonl": b"no JSON at all"},
        {"out.part.wav": b"RIFF, a part", "out.part.jsonl": b'{"audio": "out.part.wav"}\n'},
    ],
)
def test_what_is_no_part_of_ours_is_refused_and_stays(speak, tmp_path, others):
    for name, content in others.items():
        (tmp_path / name).write_bytes(content)
    outcome = speak("-o", "out.wav", "-q")
    assert outcome.code == 2, outcome.err
    assert outcome.err.startswith(f"sled: error: {max(others)}: ")
    assert outcome.err.endswith("no part of sled's; move it away, or change --out\n")
    assert names(tmp_path) == sorted(["book.txt", *others])
    assert all((tmp_path / name).read_bytes() == content for name, content in others.items())


def test_before_the_first_piece_nothing_is_left(broken_off, tmp_path):
    outcome = broken_off(0, "-o", "out.wav")
    assert (outcome.code, outcome.err) == (130, "sled: interrupted\n")
    assert names(tmp_path) == ["book.txt"]


def test_a_target_that_cannot_be_written_in_the_end_costs_no_piece(speak, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("sled_codec.convert_audio", full)
        outcome = speak("-o", "out.flac")
    assert outcome.code == 2
    assert "the same command goes on" in outcome.err
    assert outcome.err.endswith("sled: error: out.flac: No space left on device\n")
    monkeypatch.setattr("sled_infer._reading.speak", lambda *_, **__: pytest.fail("spoken again"))
    assert speak("-o", "out.flac", "-q").code == 0
    assert names(tmp_path) == ["book.txt", "out.flac"]


def full(*_):
    raise OSError(28, "No space left on device")


def test_two_do_not_write_one_file(speak, tmp_path):
    with PartFile(tmp_path / "out.wav", 24_000, "other"):
        outcome = speak("-o", "out.wav")
    assert outcome.code == 2
    assert "out.part.wav: is being written by another sled" in outcome.err


def test_the_journal_is_of_json_lines(broken_off, tmp_path):
    broken_off(2, "-o", "out.wav", "-q")
    rows = [json.loads(line) for line in (tmp_path / "out.part.jsonl").read_text().splitlines()]
    assert [row["name"] for row in rows] == ["text", "0", "1"]
    shutil.copy(tmp_path / "out.part.wav", tmp_path / "copy.wav")
    assert len(samples("copy.wav")) == sum(row["samples"] + row["pause"] for row in rows[1:])
