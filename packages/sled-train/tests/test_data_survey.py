"""Surveys: right numbers, one pass, and memory that does not grow with the manifest."""

import json
import tracemalloc

import numpy as np
import pytest
from sled_train import TrainError
from sled_train.data import Store, encode, histogram, plot, prepare, survey, validate


@pytest.fixture(scope="module")
def cuts(corpus_folder, tmp_path_factory):
    return prepare("folder", corpus_folder, tmp_path_factory.mktemp("survey") / "cuts.jsonl").path


def test_cuts_and_their_codes_have_the_same_survey(cuts, codec, tmp_path):
    encode(cuts, tmp_path / "codes", codec)
    before, after = survey(cuts), survey(tmp_path / "codes")
    assert before.seconds.tolist() == pytest.approx([0.2 + 0.05 * n for n in range(12)])
    assert after.seconds == pytest.approx(before.seconds, abs=1 / 25)
    assert after.chars.tolist() == before.chars.tolist() == [3, 3, 5, 4] * 3
    assert before.speakers == {"tone": pytest.approx(sum(before.seconds))}
    assert before.hours == pytest.approx(sum(before.seconds) / 3600)
    facts = before.facts()
    assert (facts["clips"], facts["speakers"]) == (12, 1)
    assert facts["seconds"]["median"] == pytest.approx(0.475, abs=0.01)


def test_histograms_have_round_edges_and_lose_nothing():
    values = np.array([0.0, 1.0, 9.9, 27.3])
    bins = histogram(values, 12)
    assert bins.counts.sum() == 4
    assert bins.edges[:3].tolist() == [0, 2.5, 5]
    assert histogram(values, weights=values).counts.sum() == pytest.approx(values.sum())
    assert histogram(np.zeros(3)).counts.sum() == 3


def test_the_picture_is_a_png_or_nothing(cuts, tmp_path):
    found = survey(cuts)
    plot(found, tmp_path / "x.png", "tones")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(TrainError, match=r"\.png"):
        plot(found, tmp_path / "x.jpg", "tones")


@pytest.mark.parametrize("name", ["nowhere.jsonl", "empty.jsonl", "."])
def test_nothing_to_survey_or_validate_is_said(tmp_path, name):
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(TrainError, match=r"check the path|no cuts|no folder of codes"):
        survey(tmp_path / name)
    if name == "empty.jsonl":
        assert len(list(validate(tmp_path / name))) == 1
    else:
        with pytest.raises(TrainError):
            list(validate(tmp_path / name))


def manifest(path, cuts, count):
    row = json.loads(cuts.read_text().splitlines()[0])
    with path.open("w") as file:
        for number in range(count):
            file.write(json.dumps({**row, "id": f"clip {number}"}) + "\n")
    return path


def peak(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_manifest(cuts, tmp_path):
    few, many = (manifest(tmp_path / f"{n}.jsonl", cuts, n) for n in (200, 2000))
    survey(few)
    for task in (survey, lambda path: list(validate(path))):
        small, large = (peak(lambda p=path, t=task: t(p)) for path in (few, many))
        # 24 bytes a cut and what an array asks for ahead; a cut as an object takes 4 kB.
        assert large - small < 1800 * 120


def test_a_store_holds_nothing_but_its_mapped_index(cuts, codec, tmp_path):
    encode(cuts, tmp_path / "codes", codec)

    def walk():
        store = Store(tmp_path / "codes")
        for clip in range(len(store)):
            store.codes(clip)
            store.row(clip)

    walk()
    assert peak(walk) < 200_000
