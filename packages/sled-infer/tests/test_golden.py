"""The engine gives the numbers of the original computation."""

import pytest
import torch
from safetensors.torch import load_file
from sled_infer import Engine, GivenNoise, Utterance
from sled_model import SledModel, layout_for
from torch.nn import functional as F

pytestmark = pytest.mark.usefixtures("either_way")

STOP, GO_ON = 2, 0
CASES = [
    "offline/generate_cfg1",
    "offline/generate_cfg2",
    "offline/clone_cfg2",
    "streaming/generate_cfg1",
    "streaming/generate_cfg2",
]


@pytest.fixture(scope="module")
def models(parity_folder):
    return {
        kind: SledModel.from_pretrained(parity_folder / kind) for kind in ("offline", "streaming")
    }


@pytest.fixture(params=CASES)
def name(request):
    return request.param


@pytest.fixture
def case(parity_folder, name):
    return load_file(parity_folder / f"{name}.safetensors")


@pytest.fixture
def model(models, name):
    return models[name.split("/")[0]]


def utterances(case, model):
    """Turn a recorded case, left-padded, into one utterance a row."""
    for row, (ids, mask) in enumerate(zip(case["input_ids"], case["attention_mask"], strict=True)):
        prompt = case["prompt_latents"][row] if "prompt_latents" in case else torch.empty(0, 32)
        yield Utterance(
            text_ids=ids[mask.bool()],
            prompt=prompt,
            cfg=float(case["cfg"]),
            # One vector to spare: a GPU has drawn a frame more when it hears of a stop.
            noise=GivenNoise(F.pad(case["noise"][:, row], (0, 0, 0, 1))),
            max_frames=int(case["max_length"]) - len(ids) - len(prompt),
            layout=layout_for(model.config),
            obey_early_stop=True,
        )


def expected(case):
    """Give each row's frames before its stop, without a prompt's, and whether it stopped."""
    skipped = case["prompt_latents"].shape[1] if "prompt_latents" in case else 0
    steps = case["latents"].shape[1] - skipped
    for marks, latents in zip(case["sequences"][:, -steps:].tolist(), case["latents"], strict=True):
        frames = marks.index(STOP) if STOP in marks else len(marks)
        yield latents[skipped : skipped + frames], STOP in marks


def check(track, wanted):
    latents, ends = wanted
    assert track.spoken == len(latents)
    assert track.stopped is ends
    if len(latents):
        torch.testing.assert_close(torch.stack(list(track.frames)), latents, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("at_once", [None, 1], ids=["batch", "alone"])
def test_latents_and_stops_are_those_of_the_original(case, model, at_once):
    tracks = dict(Engine(model).decode(list(utterances(case, model)), at_once=at_once))
    for number, wanted in enumerate(expected(case)):
        check(tracks[number], wanted)


def test_token_by_token_too(case, model):
    """The text comes one token at a time, each as late as the engine lets it."""
    for utterance, wanted in zip(utterances(case, model), expected(case), strict=True):
        engine, ids = Engine(model), utterance.text_ids.tolist()
        opened = Utterance(**{**vars(utterance), "text_ids": utterance.text_ids[:0]})
        track = engine.join(opened, open_text=True)
        for number in ids:
            while engine.step():
                pass
            track.more([number])
        track.end_text()
        while engine.step():
            pass
        check(track, wanted)


def test_clone_keeps_the_prompt_to_itself(parity_folder, models):
    case = load_file(parity_folder / "offline" / "clone_cfg2.safetensors")
    engine, asked = Engine(models["offline"]), list(utterances(case, models["offline"]))
    tracks = dict(engine.decode(asked))
    assert tracks[0].spoken == case["noise"].shape[0] - 1
