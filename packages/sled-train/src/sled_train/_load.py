"""Recipes from YAML: shipped file, then the user's file, then `key=value` overrides.

    recipe = load_recipe("offline", file="mine.yaml", overrides=["optim.lr=3e-4"])

Unknown keys and values of a wrong type are refused, with the nearest valid name.
"""

import dataclasses
import difflib
import math
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from ._errors import TrainError
from ._recipe import Recipe

_NONE_WORDS = {"", "null", "none", "~"}
_BOOL_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def recipe_kinds() -> tuple[str, ...]:
    """Names of the shipped recipes."""
    folder = resources.files("sled_train") / "recipes"
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".yaml")))


def load_recipe(
    kind: str | None = None, *, file: str | Path | None = None, overrides: Sequence[str] = ()
) -> Recipe:
    """Build the recipe `kind`, changed by a YAML file and by `section.key=value` strings.

    Args:
        kind: name of a shipped recipe; by default the file's `layout.kind`, or "offline".
        file: YAML, whole or only what differs.
        overrides: applied last, in order.

    Raises:
        TrainError: unknown kind, key or malformed value; the file cannot be read as YAML; file or
            overrides name another layout than that of `kind`.

    """
    own = {} if file is None else _read_yaml(Path(file))
    base = kind or _layout(own)
    if base not in recipe_kinds():
        raise TrainError(f"no recipe {base!r}: choose one of {', '.join(recipe_kinds())}")
    shipped = (resources.files("sled_train") / "recipes" / f"{base}.yaml").read_text("utf-8")
    tree: dict[str, Any] = yaml.safe_load(shipped)
    _merge(tree, own, Recipe, str(file), "")
    for override in overrides:
        key, separator, text = override.partition("=")
        if not separator:
            raise TrainError(f"override {override!r} is not of the form section.key=value")
        _set(tree, key.strip(), text.strip())
    recipe = check_recipe(recipe_from_dict(tree))
    if kind is not None and recipe.layout.kind != kind:
        where = file if _layout(own) == recipe.layout.kind else "--set"
        raise TrainError(
            f"{where} says layout.kind {recipe.layout.kind}, but the training is to be {kind}: "
            f"leave it out, or train {recipe.layout.kind}"
        )
    return recipe


def _layout(tree: Mapping[str, Any]) -> str:
    layout = tree.get("layout")
    return str(layout.get("kind", "offline")) if isinstance(layout, Mapping) else "offline"


def recipe_from_dict(tree: Mapping[str, Any], *, where: str = "recipe") -> Recipe:
    """Build a recipe from nested plain values; what is left out takes its default."""
    recipe: Recipe = _build(Recipe, tree, where, "")
    return recipe


def read_recipe(file: str | Path) -> Recipe:
    """Read a recipe that `recipe_to_yaml` wrote; what is left out takes its default."""
    return recipe_from_dict(_read_yaml(Path(file)), where=str(file))


def recipe_to_yaml(recipe: Recipe) -> str:
    """Write the whole recipe as YAML that `load_recipe(file=...)` reads back."""
    tree = dataclasses.asdict(recipe)
    tree["optim"]["betas"] = list(recipe.optim.betas)
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)


def check_recipe(recipe: Recipe) -> Recipe:
    """Return `recipe` if its numbers make sense, else raise TrainError naming the key."""
    data, optim, run = recipe.data, recipe.optim, recipe.run
    positive = {
        "data.batch_frames": data.batch_frames,
        "data.micro_frames": data.micro_frames,
        "data.bucket": data.bucket,
        "data.max_seconds": data.max_seconds,
        "layout.n": recipe.layout.n,
        "layout.m": recipe.layout.m,
        "optim.lr": optim.lr,
        "run.steps": run.steps,
        "run.log_every": run.log_every,
        "run.eval_every": run.eval_every,
        "run.save_every": run.save_every,
        "run.keep_last": run.keep_last,
        "run.threads": run.threads,
        "data.eval_limit": data.eval_limit,
    }
    not_negative = {
        "optim.clip": optim.clip,
        "optim.eps": optim.eps,
        "optim.weight_decay": optim.weight_decay,
        "optim.past_noise": optim.past_noise,
        "optim.warmup_steps": optim.warmup_steps,
    }
    shares = {
        "data.eval_fraction": data.eval_fraction,
        "model.training_cfg": recipe.model.training_cfg,
        "optim.betas[0]": optim.betas[0],
        "optim.betas[1]": optim.betas[1],
    }
    for key, value in positive.items():
        if value is not None and not value > 0:
            raise TrainError(f"{key} must be above 0, not {value}")
    for key, value in not_negative.items():
        if not value >= 0:
            raise TrainError(f"{key} must be at least 0, not {value}")
    for key, share in shares.items():
        if not 0 <= share < 1:
            raise TrainError(f"{key} must be at least 0 and below 1, not {share}")
    if optim.kind == "muon" and run.precision == "bf16-pure":
        raise TrainError(
            "optim.kind=muon keeps nothing of what bf16-pure updates lose by rounding: "
            "set run.precision=bf16, or optim.kind=adamw"
        )
    if optim.kind == "muon" and run.parallel == "fsdp":
        raise TrainError(
            "optim.kind=muon needs whole matrices, run.parallel=fsdp cuts them up: "
            "set run.parallel=ddp, or optim.kind=adamw"
        )
    return recipe


def _read_yaml(path: Path) -> Mapping[str, Any]:
    try:
        tree = yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise TrainError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    except UnicodeDecodeError:
        raise TrainError(f"{path} is not UTF-8 text: give a YAML recipe") from None
    if not isinstance(tree, dict):
        raise TrainError(f"{path} holds no sections such as 'optim:': give a YAML recipe")
    return tree


def _merge(tree: dict[str, Any], new: Mapping[str, Any], cls: type, where: str, at: str) -> None:
    hints = get_type_hints(cls)
    for key, value in new.items():
        name = _known(hints, key, where, at)
        if dataclasses.is_dataclass(hints[name]):
            if not isinstance(value, Mapping):
                raise TrainError(f"{where}: {at}{name} is a section, not a value")
            _merge(tree[name], value, hints[name], where, f"{at}{name}.")
        else:
            tree[name] = value


def _set(tree: dict[str, Any], key: str, text: str) -> None:
    hints, where, at = get_type_hints(Recipe), "--set", ""
    *sections, leaf = key.split(".")
    for part in sections:
        name = _known(hints, part, where, at)
        if not dataclasses.is_dataclass(hints[name]):
            raise TrainError(f"{where}: {at}{name} is a value, not a section")
        tree, hints, at = tree[name], get_type_hints(hints[name]), f"{at}{name}."
    name = _known(hints, leaf, where, at)
    if dataclasses.is_dataclass(hints[name]):
        raise TrainError(f"{where}: {at}{name} is a section: set {at}{name}.<key>")
    tree[name] = _parse(text, hints[name])


def _known(hints: Mapping[str, Any], key: object, where: str, at: str) -> str:
    if isinstance(key, str) and key in hints:
        return key
    near = difflib.get_close_matches(str(key), hints, n=1, cutoff=0.5)
    advice = f"did you mean {at}{near[0]}?" if near else f"known: {', '.join(sorted(hints))}"
    raise TrainError(f"{where}: unknown key {at}{key}: {advice}")


def _parse(text: str, kind: Any) -> Any:  # noqa: ANN401 - annotations and YAML are untyped
    """Turn an override's text into what YAML would hold; strings stay as they are typed."""
    options = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    if NoneType in options and text.lower() in _NONE_WORDS:
        return None
    if str in options or get_origin(kind) is Literal:
        return text
    if bool in options:
        return _BOOL_WORDS.get(text.lower(), text)
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _build(cls: Any, tree: Mapping[str, Any], where: str, at: str) -> Any:  # noqa: ANN401
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for key, value in tree.items():
        name = _known(hints, key, where, at)
        if dataclasses.is_dataclass(hints[name]):
            if not isinstance(value, Mapping):
                raise TrainError(f"{where}: {at}{name} is a section, not a value")
            values[name] = _build(hints[name], value, where, f"{at}{name}.")
        else:
            values[name] = _convert(value, hints[name], f"{where}: {at}{name}")
    return cls(**values)


def _convert(value: Any, kind: Any, where: str) -> Any:  # noqa: ANN401
    """Check `value` against the type `kind`; whole numbers widen to floats, '3e-4' is a float."""
    origin, options = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        inner = next(option for option in options if option is not NoneType)
        return None if value is None else _convert(value, inner, where)
    if origin is Literal:
        if value in options:
            return value
        raise TrainError(f"{where} must be one of {', '.join(map(str, options))}, not {value!r}")
    if origin is tuple:
        if not isinstance(value, list | tuple) or len(value) != len(options):
            raise TrainError(f"{where} must be a list of {len(options)} values, not {value!r}")
        return tuple(_convert(v, o, where) for v, o in zip(value, options, strict=True))
    found = value
    if kind is float:
        found = _number(value)
    elif kind is int and (number := _number(value)) is not None and number.is_integer():
        found = int(value) if isinstance(value, int) else int(number)
    if type(found) is not kind:
        raise TrainError(f"{where} must be of type {kind.__name__}, not {value!r}")
    return found


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
