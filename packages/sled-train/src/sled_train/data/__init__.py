"""Corpora at any size: cuts files, shards of codes, and what is to be known about both.

from sled_train.data import Store, encode, prepare

prepare("ljspeech", "LJSpeech-1.1", "cuts.jsonl")
encode("cuts.jsonl", "codes", codec)
print(len(Store("codes")))
"""

from ._choice import Filters
from ._cuts import count_cuts
from ._encode import Encoded, EncodeOptions, encode
from ._index import Summary
from ._plot import plot
from ._prepare import Prepared, prepare, skipped_rows
from ._shard import ClipRow
from ._sources import KINDS, Kind, guess_kind
from ._store import Store, is_store
from ._survey import Histogram, Survey, histogram, survey
from ._validate import validate
from ._write_codes import write_codes

__all__ = [
    "KINDS",
    "ClipRow",
    "EncodeOptions",
    "Encoded",
    "Filters",
    "Histogram",
    "Kind",
    "Prepared",
    "Store",
    "Summary",
    "Survey",
    "count_cuts",
    "encode",
    "guess_kind",
    "histogram",
    "is_store",
    "plot",
    "prepare",
    "skipped_rows",
    "survey",
    "validate",
    "write_codes",
]
