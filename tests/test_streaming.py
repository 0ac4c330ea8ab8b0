"""Streaming from end to end: the embedded codec, the digits voice, streams in company, memory."""

import gc
import random
import sys
import threading
from pathlib import Path

import pytest
import torch
from sled_infer import Request, Synthesizer
from sled_model import StreamingLayout

TEXT = "three one four one five nine two six"
LAYOUT = StreamingLayout(2, 10)


@pytest.fixture(scope="module")
def synthesizer():
    return Synthesizer.from_pretrained("digits", device="cpu")


def whole(synthesizer, text, **options):
    [speech] = synthesizer.synthesize_batch([Request(text, layout=LAYOUT, **options)])
    return speech.wave


def streamed(synthesizer, pieces, **options):
    waves = synthesizer.stream(pieces, layout=LAYOUT, **options)
    return torch.cat([torch.empty(0), *waves])


def close(one, other):
    torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)


WORDS = [word + " " for word in TEXT.split()]


@pytest.mark.parametrize("pieces", [TEXT, WORDS, [TEXT]], ids=["letters", "words", "one"])
def test_the_digits_voice_streams_what_it_says_as_a_whole(synthesizer, pieces):
    text = "".join(pieces)
    close(streamed(synthesizer, pieces, seed=1, max_seconds=0.6),
          whole(synthesizer, text, seed=1, max_seconds=0.6))  # fmt: skip


@pytest.mark.slow
def test_eight_listeners_in_threads_hear_what_each_hears_alone(synthesizer):
    rng = random.Random(0)
    pauses = [rng.random() for _ in range(8)]
    heard = {}

    def listen(seed):
        threading.Event().wait(pauses[seed])
        heard[seed] = streamed(synthesizer, TEXT, seed=seed, max_seconds=0.8, cfg=1 + seed % 2)

    threads = [threading.Thread(target=listen, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, wave in heard.items():
        close(wave, whole(synthesizer, TEXT, seed=seed, max_seconds=0.8, cfg=1 + seed % 2))
    assert len(heard) == 8
    assert synthesizer.engine.rows == 0


def held_mib():
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def tensors_mib():
    gc.collect()
    tensors = [each for each in gc.get_objects() if type(each) is torch.Tensor]
    storages = {each.untyped_storage().data_ptr(): each.untyped_storage() for each in tensors}
    return sum(each.nbytes() for each in storages.values()) / 2**20


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_returns_to_where_it_was(synthesizer):
    def many_streams():
        streams = [synthesizer.open_stream(layout=LAYOUT, seed=seed) for seed in range(8)]
        for stream in streams:
            stream.push(TEXT)
            stream.read()
        most = tensors_mib()
        for stream in streams:
            stream.cancel()
        return most

    # What torch and the allocator keep, they keep from the first rounds on.
    for _ in range(2):
        many_streams()
    before, tensors_before = held_mib(), tensors_mib()
    most = [many_streams() for _ in range(3)]
    assert min(most) > tensors_before + 5, (most, tensors_before)
    assert tensors_mib() < tensors_before + 1
    assert held_mib() < before + 10
