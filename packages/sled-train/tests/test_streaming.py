"""The recipe `streaming`: an offline model learns to speak while text still comes."""

import json
import shutil

import pytest
import torch
from rich.console import Console
from sled_model import SledConfig, SledModel, StreamingLayout, drop_text
from sled_train import TrainError, dry_run, load_recipe, train
from sled_train._setup import setup
from sled_train._stop import StopSignal

STREAM = ("layout.kind=streaming", "data.codec=initial", "run.steps=2")


@pytest.fixture
def offline(make_recipe):
    return train(make_recipe("run.steps=2", run="offline"), quiet=True).final


def published(folder, target):
    """What the published folders hold: no fields of ours in the config."""
    shutil.copytree(folder, target)
    config = json.loads((target / "config.json").read_text())
    ours = ("codec", "codec_fingerprint", "energy_beta", "energy_draws", "loss_kernel")
    kept = {name: value for name, value in config.items() if name not in ours}
    (target / "config.json").write_text(json.dumps(kept))
    return target


def test_the_shipped_recipe_holds_the_published_values():
    recipe, offline = load_recipe("streaming"), load_recipe("offline")
    assert (recipe.layout.kind, recipe.layout.turns) == ("streaming", (5, 45))
    assert (recipe.optim.lr, recipe.optim.warmup_steps, recipe.run.steps) == (3e-4, 10_000, 100_000)
    assert recipe.model == offline.model
    assert recipe.data.batch_frames == offline.data.batch_frames


@pytest.mark.parametrize(("n", "m"), [(5, 45), (1, 2), (3, 1)])
def test_an_offline_model_becomes_a_streaming_one(make_recipe, offline, n, m):
    options = (*STREAM, f"layout.n={n}", f"layout.m={m}", f"run.init_from={offline}")
    result = train(make_recipe(*options, "model.hidden_size=64"), quiet=True)
    before, after = (SledModel.from_pretrained(f).config for f in (offline, result.final))
    assert (after.stream_n, after.stream_m) == (n, m)
    assert (before.stream_n, before.stream_m) == (None, None)
    for name in ("hidden_size", "vocab_size", "codec", "codec_fingerprint"):
        assert getattr(after, name) == getattr(before, name)
    assert (result.final / "merges.txt").read_bytes() == (offline / "merges.txt").read_bytes()


@pytest.mark.parametrize(("told", "turns"), [((), (2, 9)), (("layout.m=7",), (2, 7))])
def test_a_streaming_model_keeps_its_turns_unless_told_others(make_recipe, offline, told, turns):
    first = make_recipe(
        *STREAM, "layout.n=2", "layout.m=9", f"run.init_from={offline}", run="first"
    )
    known = train(first, quiet=True).final
    again = make_recipe(*STREAM, *told, f"run.init_from={known}")
    assert dry_run(again).layout == f"streaming {turns[0]}:{turns[1]}"
    config = SledModel.from_pretrained(train(again, quiet=True).final).config
    assert (config.stream_n, config.stream_m) == turns


def test_a_published_checkpoint_is_a_start_too(make_recipe, offline, codec_folder, tmp_path):
    folder = published(offline, tmp_path / "published")
    assert SledModel.from_pretrained(folder).config.codec == SledConfig().codec
    options = (*STREAM, f"run.init_from={folder}", f"data.codec={codec_folder}")
    config = SledModel.from_pretrained(train(make_recipe(*options), quiet=True).final).config
    assert (config.stream_n, config.stream_m, config.codec) == (5, 45, str(codec_folder))


def test_it_resumes_when_the_initial_model_is_gone(make_recipe, offline):
    options = (*STREAM, f"run.init_from={offline}")
    train(make_recipe(*options, "layout.n=2"), quiet=True)
    shutil.rmtree(offline)
    assert train(make_recipe(*options, "run.steps=3"), quiet=True).step == 3  # also at 2:45


def test_padded_is_unpadded_also_where_texts_are_dropped(make_recipe, offline):
    recipe = make_recipe(*STREAM, "layout.n=1", "layout.m=3", f"run.init_from={offline}")
    state = setup(recipe, Console(quiet=True), StopSignal())
    assert state.layout == StreamingLayout(1, 3)
    model = state.model.eval().requires_grad_(False)
    draws = torch.Generator().manual_seed(0)
    for parameter in model.parameters():  # a young head says nothing, whatever it hears
        parameter.add_(0.2 * torch.randn(parameter.shape, generator=draws))
    rows = list(range(6))
    batch = drop_text(state.data.collate(rows, state.codec, state.device), state.layout, 0.5, draws)
    texts = batch.text_lengths.tolist()
    assert 1 in texts
    assert max(texts) > 1
    frames = batch.frame_lengths.tolist()
    noise = torch.randn(2, sum(frames), model.config.noise_channels, generator=draws)
    together = model.loss(batch, state.layout, noise=noise)
    energy = stop = 0.0
    for row, part in enumerate(noise.split(frames, dim=1)):
        alone = state.data.collate([row], state.codec, state.device)
        if texts[row] == 1:
            alone = drop_text(alone, state.layout, 1.0, draws)
            assert alone.text_ids.tolist() == [[2]]
        losses = model.loss(alone, state.layout, noise=part)
        energy += float(losses.energy) * losses.frames / together.frames
        stop += float(losses.stop) * losses.stops / together.stops
    assert energy == pytest.approx(float(together.energy), rel=1e-5)
    assert stop == pytest.approx(float(together.stop), rel=1e-5)


def test_the_initial_models_codec_needs_an_initial_model(make_recipe):
    with pytest.raises(TrainError, match=r"no run\.init_from"):
        train(make_recipe(*STREAM), quiet=True)


def test_another_codec_than_the_initial_models_is_refused(make_recipe, offline):
    config = json.loads((offline / "config.json").read_text())
    (offline / "config.json").write_text(json.dumps({**config, "codec_fingerprint": "0" * 64}))
    with pytest.raises(TrainError, match=r"set data\.codec"):
        train(make_recipe(*STREAM, f"run.init_from={offline}"), quiet=True)
