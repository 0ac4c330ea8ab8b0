"""The tokenizer and the model of a run: new, fine-tuned or resumed."""

from collections.abc import Iterable
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from sled_codec import EMBEDDED, Codec
from sled_model import SledConfig, SledModel, Tokenizer, read_config

from ._checkpoint import list_checkpoints, whole_folder
from ._errors import TrainError
from ._load import read_recipe
from ._objective import seeded
from ._precision import move, weights_dtype
from ._recipe import ModelRecipe, Recipe
from ._sampler import derive_seed

_TRAINING_ONLY = {
    "attention_dropout",
    "activation_dropout",
    "dropout",
    "training_cfg",
    "energy_beta",
    "energy_draws",
    "loss_kernel",
}
"""Model fields that a fine-tuning takes from its recipe; all others are the model's."""
INITIAL = "initial"
"""As `data.codec`: the codec of the model `run.init_from`."""


def saved_tokenizer(run: Path) -> Path | None:
    """Folder of the tokenizer of a run that has checkpoints: what others left binds nobody."""
    folder = run / "tokenizer"
    return folder if folder.is_dir() and list_checkpoints(run) else None


def build_tokenizer(recipe: Recipe, run: Path, texts: Iterable[str], *, main: bool) -> Tokenizer:
    """Return the run's tokenizer: the one saved before, a given one, or one trained on `texts`.

    All but the main process read what that one has saved.
    """
    folder = run / "tokenizer"
    saved = saved_tokenizer(run) if main else folder
    if saved is not None:
        return Tokenizer.from_pretrained(saved)
    source = recipe.data.tokenizer or recipe.run.init_from
    if source is not None:
        tokenizer = Tokenizer.from_pretrained(source)
    else:
        tokenizer = Tokenizer.train(texts, recipe.data.vocab_size)
    with whole_folder(folder) as partial:
        tokenizer.save(partial)
    return tokenizer


def with_initial_model(recipe: Recipe) -> Recipe:
    """Put sizes, codec and turns, if left open, of the model `run.init_from` into the recipe.

    When resuming they come from the run's own recipe, so that the initial model may be gone.

    Raises:
        TrainError: the codec is to be the initial model's, but none is given.

    """
    source = recipe.run.init_from
    if source is None:
        if recipe.data.codec == INITIAL:
            raise TrainError(
                f"data.codec is {INITIAL!r}, but there is no run.init_from: give it (--from), "
                "or name the codec"
            )
        return recipe
    if recipe.run.out is not None and list_checkpoints(Path(recipe.run.out)):
        known = read_recipe(Path(recipe.run.out) / "recipe.yaml")
        values, codec = asdict(known.model), known.data.codec
        turns = known.layout.n, known.layout.m
    else:
        config = read_config(source)
        values = {field.name: getattr(config, field.name) for field in fields(ModelRecipe)}
        codec, turns = config.codec, (config.stream_n, config.stream_m)
    shared = {name: value for name, value in values.items() if name not in _TRAINING_ONLY}
    data = replace(recipe.data, codec=codec) if recipe.data.codec == INITIAL else recipe.data
    layout = replace(recipe.layout, n=recipe.layout.n or turns[0], m=recipe.layout.m or turns[1])
    return replace(recipe, data=data, layout=layout, model=replace(recipe.model, **shared))


def check_model(recipe: Recipe, codec: Codec) -> None:
    """Refuse what cannot be, or does not fit the codec, before a corpus is encoded for it."""
    config = build_config(recipe, recipe.data.vocab_size)
    if config.vae_embed_dim != codec.latent_size:
        raise TrainError(
            f"model.vae_embed_dim is {config.vae_embed_dim}, but the latents of codec "
            f"{recipe.data.codec} have {codec.latent_size} numbers"
        )
    checkpoints = list_checkpoints(Path(recipe.run.out)) if recipe.run.out is not None else []
    if checkpoints:
        _check_codec(checkpoints[-1], recipe, codec)
    elif recipe.run.init_from is not None:
        _check_codec(recipe.run.init_from, recipe, codec)


def build_model(
    recipe: Recipe, checkpoint: Path | None, tokenizer: Tokenizer, codec: Codec
) -> SledModel:
    """Make a new model, load the one to fine-tune, or load the checkpoint to resume.

    Raises:
        TrainError: model, codec, tokenizer and checkpoint do not fit each other.

    """
    model = _build(recipe, checkpoint, tokenizer, codec)
    model.backbone.checkpointing = recipe.run.checkpointing
    return model


def _build(
    recipe: Recipe, checkpoint: Path | None, tokenizer: Tokenizer, codec: Codec
) -> SledModel:
    config = build_config(recipe, tokenizer.vocab_size, codec.fingerprint)
    dtype = weights_dtype(recipe.run.precision)
    if checkpoint is not None:
        _check_unchanged(checkpoint, config)
        return SledModel.from_pretrained(checkpoint, config=config, dtype=dtype)
    if recipe.run.init_from is not None:
        return SledModel.from_pretrained(recipe.run.init_from, config=config, dtype=dtype)
    with seeded(derive_seed(recipe.run.seed, "weights")):
        model = SledModel(config)
    move(model, dtype)
    return model


def build_config(recipe: Recipe, vocab_size: int, fingerprint: str | None = None) -> SledConfig:
    """Put together the configuration of a recipe's model."""
    values: dict[str, Any] = asdict(recipe.model)
    if recipe.layout.kind == "streaming":
        values["stream_n"], values["stream_m"] = recipe.layout.turns
    return SledConfig(
        **values,
        vocab_size=vocab_size,
        codec=_lasting(recipe.data.codec),
        codec_fingerprint=fingerprint,
    )


def _lasting(codec: str) -> str:
    """Return a name of the codec that holds in every working folder."""
    place = Path(codec).expanduser()
    return str(place.absolute()) if codec != EMBEDDED and place.exists() else codec


def _check_codec(source: str | Path, recipe: Recipe, codec: Codec) -> None:
    """Refuse to train a model on the latents of another codec than it knows."""
    known = read_config(source)
    theirs = known.codec_fingerprint
    if theirs not in (None, codec.fingerprint):
        raise TrainError(
            f"{source} speaks the latents of codec {known.codec} ({theirs!s:.12}), "
            f"not those of {recipe.data.codec} ({codec.fingerprint:.12}): set data.codec to it"
        )


def _check_unchanged(checkpoint: Path, config: SledConfig) -> None:
    """A resumed run goes on as it began; what differs needs another run."""
    saved = read_config(checkpoint)
    names = [field.name for field in fields(ModelRecipe)]
    for name in (*names, "vocab_size", "stream_n", "stream_m", "codec_fingerprint"):
        then, now = getattr(saved, name), getattr(config, name)
        if then != now:
            raise TrainError(
                f"{checkpoint} was trained with {name} {then}, now it is {now}: "
                "restore it, or start another run with run.init_from"
            )
