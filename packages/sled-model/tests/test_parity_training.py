"""Training meets the golden numbers: hidden states, conditions, losses and gradient norms."""

import pytest
import torch
from safetensors.torch import load_file
from sled_model import Batch, SledModel, layout_for
from sled_model._adapter import to_published
from sled_model._batch import plan

CASES = ("offline/train", "streaming/train_long_text", "streaming/train_long_speech")
CLOSE = {"rtol": 1e-4, "atol": 1e-4}


@pytest.fixture(params=CASES)
def case(request, parity):
    golden = load_file(parity / f"{request.param}.safetensors")
    model = SledModel.from_pretrained(parity / request.param.split("/")[0])
    return model, golden, as_batch(golden)


def as_batch(golden) -> Batch:
    """Move the golden left padding to the right."""
    texts, frames = golden["attention_mask"].sum(1), golden["speech_mask"].sum(1)
    ids = torch.ones_like(golden["input_ids"])
    for row, text in enumerate(texts.tolist()):
        ids[row, :text] = golden["input_ids"][row, ids.shape[1] - text :]
    return Batch(ids, texts, golden["latents"], frames)


def spoken(golden):
    return golden["speech_mask"].flatten().bool()


def test_hidden_states(case):
    model, golden, batch = case
    hidden = model.backbone(model.interleave(batch, layout_for(model.config)))
    width = golden["input_ids"].shape[1]
    rows = zip(batch.text_lengths.tolist(), batch.frame_lengths.tolist(), strict=True)
    for row, (text, frames) in enumerate(rows):
        wanted = golden["hidden"][row, width - text : width + frames]
        torch.testing.assert_close(hidden[row, : text + frames], wanted, **CLOSE)


def test_what_the_head_is_conditioned_on(case):
    model, golden, batch = case
    layout = layout_for(model.config)
    hidden = model.backbone(model.interleave(batch, layout)).flatten(0, 1)
    z = hidden[plan(batch, layout).predict]
    torch.testing.assert_close(z, golden["z"][spoken(golden)], **CLOSE)


def test_losses_and_every_gradient(case):
    model, golden, batch = case
    noise = torch.stack((golden["noise_1"], golden["noise_2"]))[:, spoken(golden)]
    losses = model.loss(batch, layout_for(model.config), noise=noise)
    torch.testing.assert_close(losses.energy, golden["energy_loss"], **CLOSE)
    torch.testing.assert_close(losses.stop, golden["eos_loss"], **CLOSE)
    torch.testing.assert_close(losses.total, golden["loss"], **CLOSE)

    losses.total.backward()
    ours = {name: parameter.grad for name, parameter in model.named_parameters()}
    norms = {
        f"grad_norm.{name}": gradient.norm()
        for name, gradient in to_published(ours, model.config).items()
    }
    assert norms.keys() == {name for name in golden if name.startswith("grad_norm.")}
    for name, norm in norms.items():
        torch.testing.assert_close(norm, golden[name], msg=lambda m, n=name: f"{n}: {m}", **CLOSE)
