"""The SLED model: an autoregressive transformer over continuous latents.

Configuration, sequence layouts, backbone with a key/value cache, energy head, losses, tokenizer
and checkpoints in the published layout. Importing the package registers the model type with
transformers' AutoConfig and AutoModel.
"""

from ._batch import Batch, blur_past, drop_text
from ._cache import KVCache
from ._checkpoint import read_config
from ._config import SledConfig
from ._draw import Drawer
from ._errors import ModelError
from ._guidance import guide
from ._incremental import IncrementalEncoder
from ._layout import Arrangement, Layout, OfflineLayout, StreamingLayout, layout_for
from ._losses import Losses
from ._mean import MeanDraw
from ._model import SledModel, register
from ._native import native_state
from ._pack import WEIGHTS, pack_weights
from ._static import Seat, StaticStep
from ._step import Stepper
from ._tokenizer import Tokenizer

__version__ = "0.1.0"

__all__ = [
    "WEIGHTS",
    "Arrangement",
    "Batch",
    "Drawer",
    "IncrementalEncoder",
    "KVCache",
    "Layout",
    "Losses",
    "MeanDraw",
    "ModelError",
    "OfflineLayout",
    "Seat",
    "SledConfig",
    "SledModel",
    "StaticStep",
    "Stepper",
    "StreamingLayout",
    "Tokenizer",
    "__version__",
    "blur_past",
    "drop_text",
    "guide",
    "layout_for",
    "native_state",
    "pack_weights",
    "read_config",
    "register",
]

register()
