"""The engine gives the numbers of the original computation."""

import pytest
import torch
from safetensors.torch import load_file
from sled_infer import GivenNoise, Utterance, decode
from sled_model import SledModel

STOP, GO_ON = 2, 0


@pytest.fixture(scope="module")
def model(parity_folder):
    return SledModel.from_pretrained(parity_folder / "offline")


def utterances(case):
    """Turn a recorded case, left-padded, into one utterance a row."""
    for row, (ids, mask) in enumerate(zip(case["input_ids"], case["attention_mask"], strict=True)):
        prompt = case["prompt_latents"][row] if "prompt_latents" in case else torch.empty(0, 32)
        longest = int(case["max_length"]) - len(ids) - len(prompt)
        yield Utterance(
            text_ids=ids[mask.bool()],
            prompt=prompt,
            cfg=float(case["cfg"]),
            noise=GivenNoise(case["noise"][:, row]),
            max_frames=longest,
        )


def expected(case):
    """Give each row's frames before its stop, without a prompt's, and whether it stopped."""
    text = case["input_ids"].shape[1]
    skipped = case["prompt_latents"].shape[1] if "prompt_latents" in case else 0
    for marks, latents in zip(case["sequences"][:, text:].tolist(), case["latents"], strict=True):
        frames = marks.index(STOP) if STOP in marks else len(marks)
        yield latents[skipped : skipped + frames], STOP in marks


def spoken(model, asked):
    frames, stopped = [[] for _ in asked], {}
    for step in decode(model, asked):
        for number, latent in zip(step.speaking, step.latents, strict=True):
            frames[number].append(latent)
        stopped |= step.ended
    empty = torch.empty(0, model.config.vae_embed_dim)
    return [torch.stack(each) if each else empty for each in frames], stopped


@pytest.mark.parametrize("together", [True, False], ids=["batch", "alone"])
@pytest.mark.parametrize("name", ["generate_cfg1", "generate_cfg2", "clone_cfg2"])
def test_latents_and_stops_are_those_of_the_original(parity_folder, model, name, together):
    case = load_file(parity_folder / "offline" / f"{name}.safetensors")
    asked, wanted = list(utterances(case)), list(expected(case))
    parts = [asked] if together else [[each] for each in asked]
    results = [(frames, stops[i]) for part in parts for given, stops in [spoken(model, part)]
               for i, frames in enumerate(given)]  # fmt: skip
    for (frames, stopped), (latents, ends) in zip(results, wanted, strict=True):
        assert len(frames) == len(latents)
        assert stopped is ends
        torch.testing.assert_close(frames, latents, rtol=1e-4, atol=1e-4)


def test_clone_keeps_the_prompt_to_itself(parity_folder, model):
    case = load_file(parity_folder / "offline" / "clone_cfg2.safetensors")
    frames, _ = spoken(model, list(utterances(case)))
    assert len(frames[0]) == case["noise"].shape[0] - 1
