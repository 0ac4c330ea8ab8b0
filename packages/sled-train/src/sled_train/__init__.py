"""Training SLED models: corpora, recipes, the loop.

from sled_train import load_recipe, train

recipe = load_recipe("offline", overrides=["data.train=speech/", "run.out=runs/first"])
result = train(recipe)
"""

from importlib.metadata import version

from ._checkpoint import list_checkpoints
from ._dataset import Dataset
from ._dry_run import Plan, dry_run
from ._errors import TrainError
from ._evaluate import Speak
from ._load import load_recipe, recipe_kinds, recipe_to_yaml
from ._loop import TrainResult, train
from ._recipe import DataRecipe, LayoutRecipe, ModelRecipe, OptimRecipe, Recipe, RunRecipe
from ._sampler import BatchSampler

__version__ = version("sled-train")

__all__ = [
    "BatchSampler",
    "DataRecipe",
    "Dataset",
    "LayoutRecipe",
    "ModelRecipe",
    "OptimRecipe",
    "Plan",
    "Recipe",
    "RunRecipe",
    "Speak",
    "TrainError",
    "TrainResult",
    "__version__",
    "dry_run",
    "list_checkpoints",
    "load_recipe",
    "recipe_kinds",
    "recipe_to_yaml",
    "train",
]
