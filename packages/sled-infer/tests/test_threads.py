"""Threads are chosen by what the process may use, and hold only while something is computed."""

import pytest
import torch
from sled_infer import SynthesisError, Synthesizer
from sled_infer import _threads as threads


@pytest.fixture
def free(monkeypatch):
    """A machine of 4 cores with 2 threads each, no quota, and an environment that says nothing."""
    files = {threads._TOPOLOGY.format(n): f"{n % 4},{n % 4 + 4}" for n in range(8)}
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(threads, "_read", lambda path: files.get(path, ""))
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 8)
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    return files


def test_there_is_one_for_each_physical_core(free):
    assert threads.choose_threads() == 4


def test_but_only_for_those_that_the_process_may_run_on(free, monkeypatch):
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda _: {1, 2, 5}, raising=False)
    assert threads.choose_threads() == 2


def test_without_a_topology_each_processor_counts(free):
    free.clear()
    assert threads.choose_threads() == 8


@pytest.mark.parametrize(
    ("granted", "count"), [("250000 100000", 2), ("50000 100000", 1), ("max 100000", 4)]
)
def test_a_container_has_no_more_than_its_share(free, granted, count):
    free[threads._QUOTA] = granted
    assert threads.choose_threads() == count


@pytest.mark.parametrize(("named", "count"), [("3", 3), ("6,2", 6), ("", 4), ("0", 4), ("x", 4)])
def test_the_environment_decides_if_it_names_a_number(free, monkeypatch, named, count):
    monkeypatch.setenv("OMP_NUM_THREADS", named)
    assert threads.choose_threads() == count


@pytest.mark.parametrize("asked", [0, -1])
def test_fewer_than_one_is_refused(model_folder, codec, asked):
    with pytest.raises(SynthesisError, match=f"threads: {asked} is too few"):
        Synthesizer.from_pretrained(model_folder, codec=codec, threads=asked)


@pytest.mark.parametrize("way", ["whole", "stream", "engine"])
def test_the_number_holds_while_it_speaks_and_not_after(model_folder, codec, monkeypatch, way):
    before = torch.get_num_threads()
    synthesizer = Synthesizer.from_pretrained(
        model_folder, codec=codec, device="cpu", threads=before + 2
    )
    seen = set()
    for holder, name in ((synthesizer.model, "stop_logits"), (codec, "decode_step")):
        original = getattr(holder, name)

        def watched(*args, _original=original, **options):
            seen.add(torch.get_num_threads())
            return _original(*args, **options)

        monkeypatch.setattr(holder, name, watched)
    if way == "stream":
        list(synthesizer.stream("three one", max_seconds=0.1))
    elif way == "whole":
        synthesizer.synthesize("three", max_seconds=0.1)
    else:
        with synthesizer.open_stream(max_seconds=0.1) as stream:
            stream.push("three one four ")
            synthesizer.engine.step()
            synthesizer.engine.step()
    assert seen == {before + 2}
    assert torch.get_num_threads() == before
