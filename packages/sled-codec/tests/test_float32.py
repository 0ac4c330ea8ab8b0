"""The codec computes in float32, whatever is asked of it or of what surrounds it."""

import threading

import pytest
import torch
from sled_codec import Codec
from sled_codec._float32 import full_float32
from torch import nn


@pytest.fixture
def own(tiny_config):
    return Codec.from_random(tiny_config)


CASTS = {
    "half": lambda module: module.half(),
    "bfloat16": lambda module: module.bfloat16(),
    "double": lambda module: module.double(),
    "to": lambda module: module.to(torch.bfloat16),
    "to with a device": lambda module: module.to("cpu", torch.float16),
    "type": lambda module: module.type(torch.float16),
}


@pytest.mark.parametrize("cast", CASTS.values(), ids=CASTS.keys())
@pytest.mark.parametrize("inside", [False, True], ids=["alone", "inside a parent"])
def test_a_cast_changes_not_one_bit(own, codec, noise, cast, inside):
    parent = nn.ModuleDict({"codec": own, "other": nn.Linear(2, 2)})
    cast(parent if inside else own)
    assert all(value.dtype == torch.float32 for value in own.state_dict().values())
    assert inside is (parent["other"].weight.dtype != torch.float32)
    codes = own.encode(noise(3000), 24_000)
    assert torch.equal(codes, codec.encode(noise(3000), 24_000))
    assert torch.equal(own.decode(own.latents(codes)), codec.decode(codec.latents(codes)))


def test_a_device_move_is_followed(own):
    assert own.to("meta").device.type == "meta"
    assert all(value.dtype == torch.float32 for value in own.state_dict().values())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_inputs_of_any_float_dtype_are_cast(codec, noise, dtype):
    wave, latents = noise(3000).to(dtype), noise(9, 16).to(dtype)
    assert torch.equal(codec.encode(wave, 24_000), codec.encode(wave.float(), 24_000))
    assert torch.equal(codec.decode(latents), codec.decode(latents.float()))
    assert codec.decode(latents).dtype == torch.float32


def test_autocast_is_off_inside(codec, noise):
    expected = codec.decode(noise(9, 16))
    codes = codec.encode(noise(3000), 24_000)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(codec.decode(noise(9, 16)), expected)
        assert torch.equal(codec.encode(noise(3000), 24_000), codes)
        assert torch.is_autocast_enabled("cpu")


def test_the_default_dtype_does_not_matter(tiny_folder, codec, noise):
    expected = codec.decode(noise(9, 16))
    torch.set_default_dtype(torch.bfloat16)
    try:
        loaded = Codec.from_pretrained(tiny_folder)
        random = Codec.from_random(loaded.config)
        wave = loaded.decode(noise(9, 16).float())
    finally:
        torch.set_default_dtype(torch.float32)
    assert all(value.dtype == torch.float32 for value in loaded.state_dict().values())
    assert all(value.dtype == torch.float32 for value in random.state_dict().values())
    assert wave.dtype == torch.float32
    assert wave.shape == expected.shape


def _precision():
    backends = torch.backends
    return [backends.mkldnn.matmul.fp32_precision, backends.cuda.matmul.fp32_precision]


def test_reduced_precision_is_off_inside_and_as_it_was_after_that():
    torch.set_float32_matmul_precision("high")
    try:
        outside = _precision()
        with full_float32(torch.device("cpu")):
            assert _precision() == ["ieee", "ieee"]
        assert _precision() == outside
        with pytest.raises(KeyError), full_float32(torch.device("cpu")):
            raise KeyError
        assert _precision() == outside
    finally:
        torch.set_float32_matmul_precision("highest")


def test_one_thread_that_leaves_does_not_lower_the_precision_of_another():
    entered, leave = threading.Event(), threading.Event()

    def hold():
        with full_float32(torch.device("cpu")):
            entered.set()
            leave.wait(10)

    before = _precision()
    thread = threading.Thread(target=hold)
    with full_float32(torch.device("cpu")):
        thread.start()
        assert entered.wait(10)
    assert _precision() == ["ieee", "ieee"]
    leave.set()
    thread.join()
    assert _precision() == before
