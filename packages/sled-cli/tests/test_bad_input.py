"""Bad input of every kind: one clear line, exit code 2, and no file left behind."""

import re
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import soundfile
import torch
from safetensors.torch import load_file, save_file
from sled_codec import write_audio

RATE = 16_000


@pytest.fixture
def place(tmp_path, monkeypatch, make_tone, model_folder, codec_folder) -> Path:
    """A working folder full of things that are wrong, and of those that go with them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    sound = make_tone(1.0)
    write_audio("good.wav", sound, RATE)
    write_audio("silence.wav", torch.zeros(RATE), RATE)
    write_audio("short.wav", sound[: RATE // 10], RATE)
    Path("noise.wav").write_bytes(b"this is no audio at all")
    broken = sound.clone()
    broken[100] = float("nan")
    soundfile.write("nan.wav", broken.numpy(), RATE, subtype="FLOAT")
    Path("empty.txt").write_text("")
    Path("long.txt").write_text("Hello there, one two three. " * 8)
    Path("latin.txt").write_bytes(b"caf\xe9")
    Path("folder").mkdir()
    shutil.copytree(model_folder, "model")
    save_file({"nothing": torch.zeros(1)}, "other.safetensors")
    save_file({"codes": torch.zeros(3, 8, dtype=torch.int16)}, "codes.safetensors")
    stranger = {"codec_fingerprint": "0" * 64}
    save_file({"codes": torch.zeros(3, 8, dtype=torch.int16)}, "strange.safetensors", stranger)
    save_file({"codes": torch.full((3, 8), 5000, dtype=torch.int16)}, "range.safetensors")
    Path("cut.safetensors").write_bytes(Path("codes.safetensors").read_bytes()[:40])
    truncated(model_folder, Path("cut_model"), "model.safetensors")
    truncated(codec_folder, Path("cut_codec"), "model.safetensors")
    reshaped(model_folder, Path("other_model"))
    Path("recipe.yaml").write_text("optim:\n  learning_rate: 1\n")
    Path("no.yaml").write_text("{:")
    corpus = Path("corpus")
    corpus.mkdir()
    (corpus / "metadata.csv").write_text("missing.wav|someone|never recorded\n")
    return tmp_path


def truncated(source: Path, target: Path, name: str) -> None:
    shutil.copytree(source, target)
    whole = (target / name).read_bytes()
    (target / name).write_bytes(whole[: len(whole) // 2])


def reshaped(source: Path, target: Path) -> None:
    shutil.copytree(source, target)
    tensors = load_file(target / "model.safetensors")
    tensors["z_proj.weight"] = tensors["z_proj.weight"][:, :64].contiguous()
    save_file(tensors, target / "model.safetensors")


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def refuse(sled, place: Path, arguments: str, *, stdin: bytes = b"") -> str:
    """Run, check that it is refused in the proper form, and return the line."""
    before = snapshot(place)
    outcome = sled(*arguments.split(), stdin=stdin)
    assert outcome.code == 2, outcome.err
    assert outcome.raw == b""
    assert re.fullmatch(r"sled: error: [^\n]+\n", outcome.err), outcome.err
    assert snapshot(place) == before
    return outcome.err


SYNTH = "synth -m model -o out.wav --max-seconds 0.2"
PROMPT = f"{SYNTH} hello --prompt-text hi --prompt-audio"
TRAIN = "train offline corpus --out run --codec embedded"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (f"{SYNTH} --text-file empty.txt", "empty"),
        (f"{SYNTH} -", "empty"),
        (f"{SYNTH} ?!…", "nothing speakable"),
        (f"{SYNTH}", "no text given"),
        (f"{SYNTH} hello --text-file empty.txt", "two texts"),
        (f"{SYNTH} --text-file latin.txt", r"latin.txt: not UTF-8"),
        (f"{SYNTH} --text-file missing.txt", "missing.txt: No such file"),
        (f"{SYNTH} --text-file folder", "folder: Is a directory"),
        (f"{SYNTH} hello --cfg nan", "cfg"),
        (f"{SYNTH} hello --max-seconds -1", "max_seconds"),
        (f"{SYNTH} hello --max-seconds 0.00001", "--max-seconds 1e-05: leaves no time to speak"),
        (f"{SYNTH} hello --temperature -1", "temperature"),
        (f"{SYNTH} hello --draws 0", "draws"),
        (f"{SYNTH} hello --device gpu7", "device"),
        (f"{SYNTH} hello --seed 99999999999999999999", "seed"),
    ],
)  # fmt: skip
def test_a_text_or_option_that_cannot_be_spoken(sled, place, arguments, says):
    assert re.search(says, refuse(sled, place, arguments))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (f"{PROMPT} missing.wav", "missing.wav: no such"),
        (f"{PROMPT} noise.wav", "noise.wav: not readable"),
        (f"{PROMPT} folder", "folder"),
        (f"{PROMPT} silence.wav", "silence"),
        (f"{PROMPT} short.wav", "0.10 s are too short"),
        (f"{PROMPT} nan.wav", "NaN"),
        (f"{PROMPT} good.wav --prompt-text {'one,' * 400}", r"of \d+ tokens leave .* cut both"),
        (f"{SYNTH} hello --prompt-audio good.wav", "transcript"),
        (f"{SYNTH} hello --prompt-text hi", "--prompt-audio"),
        (f"{PROMPT} good.wav --voice x.safetensors", "two voices"),
        (f"{SYNTH} hello --voice missing.safetensors", "missing.safetensors: no such"),
        (f"{SYNTH} hello --voice other.safetensors", "not a voice"),
        (f"{SYNTH} hello --voice cut.safetensors", "damaged"),
        (f"{SYNTH} hello --voice george", "names no speakers"),
        ("voice export silence.wav --text hi -o v.safetensors -m model", "silence"),
        ("voice export short.wav --text hi -o v.safetensors -m model", "too short"),
        ("voice export missing.wav --text hi -o v.safetensors -m model", "no such"),
        ("voice export good.wav --text ? -o v.safetensors -m model", "nothing speakable"),
        ("voice export good.wav --text hi -o no/v.safetensors -m model", "no such folder"),
    ],
)
def test_a_prompt_or_voice_that_cannot_be_used(sled, place, arguments, says):
    assert re.search(says, refuse(sled, place, arguments))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("synth hello -o no/out.wav", "no: no such folder"),
        ("synth hello -o folder", "is a folder"),
        ("synth hello -o out.xyz", r"\.xyz.*\.wav"),
        ("synth hello -o out", "suffix|one of"),
        ("codec roundtrip good.wav -o good.wav", "overwrite"),
        ("voice export good.wav --text hi -o good.wav", "good.wav: --out would overwrite"),
        ("synth one --prompt-audio good.wav --prompt-text hi -o good.wav", "overwrite"),
        ("synth one --prompt-audio good.wav --prompt-text hi -o ./good.wav --stream", "overwrite"),
        ("synth --stream --text-file long.txt --format pcm -o long.txt", "overwrite"),
        ("codec roundtrip good.wav short.wav -o out.wav", "existing folder"),
        ("codec roundtrip good.wav folder/good.wav -o folder", "same name"),
        ("codec roundtrip good.wav -o out.xyz", r"\.xyz.*\.wav"),
        ("codec encode good.wav -o -", "only audio"),
        ("voice export good.wav --text hi -o -", "only audio"),
    ],
)
def test_a_target_that_cannot_be_written_is_refused_before_the_work(sled, place, arguments, says):
    assert re.search(says, refuse(sled, place, arguments))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("synth hello -o out.wav -m cut_model", "model.safetensors.*damaged"),
        ("synth hello -o out.wav -m other_model", "z_proj.weight"),
        ("synth hello -o out.wav -m folder", "config.json is missing"),
        ("synth hello -o out.wav -m ./nowhere", "no such folder"),
        ("synth hello -o out.wav -m some/model --offline", "some/model"),
        ("synth hello -o out.wav -m model --codec cut_codec", "cut_codec"),
        ("synth hello -o out.wav -m model --codec nowhere", "nowhere"),
        ("info cut_model", "model.safetensors.*damaged"),
        ("info other_model", "z_proj.weight"),
        ("codec encode good.wav -o x.safetensors --codec cut_codec", "cut_codec"),
        ("codec encode good.wav -o x.safetensors --codec some/codec --offline", "some/codec"),
    ],
)
def test_a_model_or_codec_that_is_not_whole(sled, place, arguments, says):
    assert re.search(says, refuse(sled, place, arguments))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("codec encode nan.wav -o x.safetensors", "NaN"),
        ("codec encode noise.wav -o x.safetensors", "not readable"),
        ("codec encode missing.wav -o x.safetensors", "no such"),
        ("codec roundtrip nan.wav -o x.wav", "NaN"),
        ("codec decode cut.safetensors -o x.wav", "cut.safetensors: not a whole safetensors"),
        ("codec decode other.safetensors -o x.wav", "holds nothing, neither"),
        ("codec decode strange.safetensors -o x.wav", "made with codec 000000000000"),
        ("codec decode range.safetensors -o x.wav", "range.safetensors.*0..1023"),
        ("codec decode missing.safetensors -o x.wav", "no such file"),
        ("codec decode good.wav -o x.wav", "not a whole safetensors"),
    ],
)
def test_a_file_that_the_codec_cannot_take(sled, place, codec_folder, arguments, says):
    assert re.search(says, refuse(sled, place, f"{arguments} --codec {codec_folder}"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (f"{TRAIN} --set optim.lrate=1", "optim.lrate: did you mean optim.lr"),
        (f"{TRAIN} --set optim.lr", "section.key=value"),
        (f"{TRAIN} --set run.steps=soon", "run.steps"),
        (f"{TRAIN} --recipe recipe.yaml", "optim.learning_rate"),
        (f"{TRAIN} --recipe no.yaml", "no.yaml is not YAML"),
        (f"{TRAIN} --recipe missing.yaml", "missing.yaml: No such file"),
        (f"{TRAIN}", "no row of corpus can be used .1 no such file"),
        (f"{TRAIN} --strict", "metadata.csv:1: no such file"),
        ("train offline nowhere --out run", "no corpus at nowhere"),
    ],
)
def test_a_training_that_cannot_start(sled, place, arguments, says):
    assert re.search(says, refuse(sled, place, arguments))


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond a few kilobytes, as on a disk that is almost full.

    Not a fixture: pytest's own report may go to a file, and must not meet the limit.
    """
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize(
    "arguments",
    [
        "synth hello -m model -o out.wav --max-seconds 0.5",
        "synth --text-file long.txt -m model -o out.wav",
        "codec roundtrip good.wav -o x.wav --codec CODEC",
        "codec encode good.wav -o x.safetensors --latents --codec CODEC",
    ],
)
def test_a_full_disk_leaves_no_half_written_file(sled, place, codec_folder, arguments):
    with full_disk():
        says = refuse(sled, place, arguments.replace("CODEC", str(codec_folder)))
    assert "too large" in says


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_device_says_which_one(sled, place):
    Path("full.wav").symlink_to("/dev/full")
    outcome = sled("synth", "hello", "-m", "model", "-o", "full.wav", "--max-seconds", "0.2")
    assert outcome.code == 2
    assert outcome.err == "sled: error: full.wav: No space left on device\n"
