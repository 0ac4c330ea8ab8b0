"""What an attempt leaves that failed before its first checkpoint: it binds no later one."""

import pytest
from sled_model import SledModel, Tokenizer
from sled_train import TrainError, recipe_to_yaml, train


def test_its_tokenizer_is_not_that_of_the_next(make_recipe):
    with pytest.raises(TrainError, match="no clip is left"):
        train(make_recipe("data.min_seconds=5"), quiet=True)
    result = train(make_recipe("data.vocab_size=262", "run.steps=1"), quiet=True)
    assert Tokenizer.from_pretrained(result.final).vocab_size == 262


def test_its_recipe_does_not_fix_the_sizes_of_the_next(make_recipe, tmp_path):
    initial = train(make_recipe("run.steps=1", run="initial"), quiet=True).final
    (tmp_path / "run").mkdir()
    failed = make_recipe("model.hidden_size=64")
    (tmp_path / "run/recipe.yaml").write_text(recipe_to_yaml(failed))
    result = train(make_recipe("run.steps=1", f"run.init_from={initial}"), quiet=True)
    assert SledModel.from_pretrained(result.final).config.hidden_size == 32


@pytest.mark.parametrize("override", ["model.hidden_size=31", "model.vae_embed_dim=8"])
def test_a_model_that_cannot_be_is_refused_before_anything_is_encoded(
    make_recipe, tmp_path, override
):
    with pytest.raises(ValueError, match=override.partition("=")[0].removeprefix("model.")):
        train(make_recipe(override), quiet=True)
    assert list(tmp_path.iterdir()) == []
