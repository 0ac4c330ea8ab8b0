"""Write what the English voice learns in other forms, for `small_runs.py` to compare.

    python tools/embedded/english_variants.py --corpus WORK/teacher --english WORK/english

Beside WORK/english/codes: `codes-one` holds the main speaker's clips alone, `codes-written` all
clips with their sentences as they are written, `codes-sounds` with their phonemes. Neither of the
last two says how long a sound lasts, so the voice must find out by itself what it has said.
`tokenizer-written` is byte-level BPE, trained on the sentences.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from make_english import LEAD, TURN_FRAMES
from sled_codec import Codec
from sled_model import Tokenizer
from sled_train.data import ClipRow, Store, write_codes
from tape import read_tape
from teacher_text import MAIN_VOICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

_PIECES = 2000  # of the BPE, at most
_TOLD = {"codes-written": "text", "codes-sounds": "phonemes"}


def of_one_speaker(store: Store) -> Iterator[tuple[ClipRow, Tensor]]:
    """Give the main speaker's clips."""
    for clip in range(len(store)):
        row = store.row(clip)
        if row.speaker == MAIN_VOICE:
            yield row, store.codes(clip)


def undictated(store: Store, corpus: Path, told: str) -> Iterator[tuple[ClipRow, Tensor]]:
    """Give every clip from its first sound on, with what the corpus has of that name as text."""
    for clip in range(len(store)):
        row = store.row(clip)
        about = read_tape(corpus, row.id)
        yield replace(row, text=about[told]), store.codes(clip)[LEAD * TURN_FRAMES :]


def main() -> None:
    """Write the forms that are not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="from teacher_corpus.py")
    parser.add_argument("--english", type=Path, required=True, help="from encode_english.py")
    parser.add_argument("--codec", default="embedded", help="what they were encoded by")
    args = parser.parse_args()
    codec = Codec.from_pretrained(args.codec)
    for part in ("train", "dev"):
        store = Store(args.english / "codes" / part)
        forms = {"codes-one": of_one_speaker(store)}
        forms |= {name: undictated(store, args.corpus, told) for name, told in _TOLD.items()}
        for name, clips in forms.items():
            out = args.english / name / part
            if not out.exists():
                write_codes(clips, out, codec)
    texts = [*Store(args.english / "codes-written" / "train").texts()]
    Tokenizer.train(texts, _PIECES).save(args.english / "tokenizer-written")


if __name__ == "__main__":
    main()
