"""Cuts whose audio lhotse composes: appended, padded, mixed, resampled."""

import json

import pytest
import torch
from lhotse import CutSet, Recording, SupervisionSegment
from sled_codec import write_audio
from sled_train.data import prepare, validate

RATE = 8000
PIECES = {"a": 0.5, "b": 0.25}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out.jsonl"


def _cut(path, seconds):
    write_audio(path, torch.full((int(seconds * RATE),), 0.1), RATE)
    cut = Recording.from_file(path).to_cut()
    cut.supervisions = [SupervisionSegment(cut.id, cut.id, 0, seconds, text=path.stem)]
    return cut


def composed(folder):
    """Lines of cuts that lhotse puts together from `a.wav` and `b.wav` in a folder."""
    folder.mkdir(exist_ok=True)
    first, second = (_cut(folder / f"{name}.wav", length) for name, length in PIECES.items())
    made = (first.append(second), first.pad(duration=1.0), first.mix(second), first.resample(4000))
    return [json.dumps(cut.to_dict()) for cut in made]


@pytest.mark.parametrize("root", [None, "audio"])
def test_audio_of_composed_cuts_is_found_from_the_list_or_the_root(tmp_path, out, root):
    place = tmp_path / (root or ".")
    lines = [line.replace(f"{place}/", "") for line in composed(place)]
    (tmp_path / "m.jsonl").write_text("\n".join(lines))
    audio_root = tmp_path / root if root else None
    prepare("jsonl", tmp_path / "m.jsonl", out, audio_root=audio_root)
    assert [cut.load_audio().shape[1] for cut in CutSet.from_file(out)] == [6000, 8000, 4000, 2000]
    assert list(validate(out, audio=True)) == []
    (place / "b.wav").unlink()
    problems = list(validate(out, audio=True))
    assert [problem.partition(": ")[0] for problem in problems] == [f"{out}:1", f"{out}:3"]


def test_cuts_that_lhotse_composes_are_taken_too(tmp_path, out):
    (tmp_path / "m.jsonl").write_text("\n".join(composed(tmp_path)))
    prepared = prepare("jsonl", tmp_path / "m.jsonl", out)
    assert [cut.duration for cut in CutSet.from_file(out)] == [0.75, 1.0, 0.5, 0.5]
    assert prepared.hours == pytest.approx(2.75 / 3600)
