"""Packed weights speak too: in a batch as alone, in a stream as at once, and near float32."""

import pytest
import torch
from sled_infer import Request, SynthesisError, Synthesizer
from sled_infer import _loading as loading
from sled_model import ModelError, StreamingLayout
from sled_model import _pack as pack

# Kernels round otherwise for other numbers of rows, and what is said is heard again: float32
# repeats itself to its last digits, packed weights as near as they are to float32.
REPEATED = {"fp32": 1e-5, "bf16": 0.05, "int8": 0.05}
FROM_FP32 = {"bf16": 0.05, "int8": 0.15}
DTYPES = tuple(REPEATED)

SECONDS = 0.2


@pytest.fixture(autouse=True)
def _small_maps_too(monkeypatch):
    """Let int8 have the maps of a tiny model, which it would leave to bf16."""
    monkeypatch.setattr(pack, "_SMALLEST_INT8", 0)


def distance(one, other):
    return float((one - other).norm() / other.norm())


@pytest.fixture(scope="module")
def load(model_folder, codec):
    def load(dtype):
        return Synthesizer.from_pretrained(model_folder, codec=codec, device="cpu", dtype=dtype)

    return load


REQUESTS = [
    Request("three one four one five nine two six", seed=1, max_seconds=SECONDS),
    Request("five", seed=2, max_seconds=SECONDS),
    Request("eight nine seven", cfg=1.0, seed=3, max_seconds=SECONDS),
]


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_batch_gives_each_what_it_gets_alone(load, dtype):
    synthesizer = load(dtype)
    for request, speech in zip(REQUESTS, synthesizer.synthesize_batch(REQUESTS), strict=True):
        [alone] = synthesizer.synthesize_batch([request])
        assert distance(speech.latents, alone.latents) < REPEATED[dtype]


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_stream_says_what_the_whole_text_says(load, dtype):
    synthesizer, layout = load(dtype), StreamingLayout(2, 6)
    text = "three one four"
    [whole] = synthesizer.synthesize_batch([Request(text, max_seconds=SECONDS, layout=layout)])
    options = {"layout": layout, "max_seconds": SECONDS, "chunk_frames": 3}
    streamed = torch.cat(list(synthesizer.stream(list(text), **options)))
    assert distance(streamed, whole.wave) < REPEATED[dtype]


@pytest.mark.parametrize("dtype", FROM_FP32)
def test_packed_weights_say_nearly_what_float32_says(load, dtype):
    [wanted] = load("fp32").synthesize_batch(REQUESTS[:1])
    [speech] = load(dtype).synthesize_batch(REQUESTS[:1])
    assert speech.latents.dtype == speech.wave.dtype == torch.float32
    assert 0 < distance(speech.latents, wanted.latents) < FROM_FP32[dtype]


def test_a_processor_without_the_kernels_is_one_clear_error(load, monkeypatch):
    def missing(*_):
        raise RuntimeError("no such operator")

    monkeypatch.setattr(pack.Int8Linear, "_product", missing)
    monkeypatch.setenv("SLED_NATIVE", "0")
    with pytest.raises(ModelError, match=r"no kernels for int8 here .*; use fp32"):
        load("int8")


def test_int8_is_refused_elsewhere_than_on_the_cpu_before_anything_is_read():
    with pytest.raises(SynthesisError, match="int8 is for the CPU; on cuda:0 use bf16"):
        loading.load_model("nowhere", "int8", torch.device("cuda:0"))
