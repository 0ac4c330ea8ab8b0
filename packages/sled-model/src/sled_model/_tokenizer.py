"""The byte-level BPE tokenizer: `vocab.json` and `merges.txt`, with `<s>` and `</s>` around."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokenizers import ByteLevelBPETokenizer

from ._errors import ModelError
from ._files import find_file, replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

VOCAB, MERGES = "vocab.json", "merges.txt"
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
BOS, EOS = 0, 2
ALPHABET = 256


class Tokenizer:
    """Text to ids and back; every Unicode text survives, for the alphabet is all 256 bytes."""

    def __init__(self, bpe: ByteLevelBPETokenizer, source: str = "tokenizer") -> None:
        found = tuple(bpe.id_to_token(number) for number in range(len(SPECIAL)))
        if found != SPECIAL:
            msg = f"{source}: the first ids must be {' '.join(SPECIAL)}, not {found}"
            raise ModelError(msg)
        self._bpe = bpe

    @classmethod
    def from_pretrained(cls, source: str | Path, **hub: Any) -> Tokenizer:  # noqa: ANN401
        """Load `vocab.json` and `merges.txt` from a folder or hub id.

        Args:
            source: folder or hub id.
            hub: `cache_dir`, `revision`, `token`, `local_files_only`, …

        Raises:
            ModelError: a file is missing or not in the format.

        """
        vocab, merges = (find_file(source, name, **hub) for name in (VOCAB, MERGES))
        try:
            bpe = ByteLevelBPETokenizer(str(vocab), str(merges))
        except Exception as error:
            # The Rust library raises bare Exception for whatever it cannot parse.
            msg = f"{vocab.parent}: {VOCAB} or {MERGES} cannot be read ({error})"
            raise ModelError(msg) from error
        return cls(bpe, str(vocab))

    @classmethod
    def train(cls, texts: Iterable[str], vocab_size: int) -> Tokenizer:
        """Learn merges from texts until the vocabulary has `vocab_size` entries or texts run dry.

        Raises:
            ModelError: `vocab_size` has no room for the 4 special tokens and the 256 bytes.

        """
        least = len(SPECIAL) + ALPHABET
        if vocab_size < least:
            msg = f"tokenizer: vocab_size must be at least {least}, not {vocab_size}"
            raise ModelError(msg)
        learner = ByteLevelBPETokenizer()
        learner.train_from_iterator(
            texts, vocab_size=vocab_size, special_tokens=list(SPECIAL), show_progress=False
        )
        # Built anew from the tables alone: the learner would read a literal "<s>" in a text as
        # the special token, so that text would not survive.
        vocab, merges = _tables(learner)
        return cls(ByteLevelBPETokenizer(vocab, merges))

    @property
    def vocab_size(self) -> int:
        """Number of ids."""
        size: int = self._bpe.get_vocab_size()
        return size

    def encode(self, text: str) -> list[int]:
        """Give the ids of a text, between those of `<s>` and `</s>`."""
        return [BOS, *self._bpe.encode(text).ids, EOS]

    def decode(self, ids: Sequence[int]) -> str:
        """Give the text of ids, without special tokens; unfinished bytes become U+FFFD."""
        spoken = [number for number in ids if number >= len(SPECIAL)]
        text: str = self._bpe.decode(spoken)
        return text

    def save(self, folder: str | Path) -> None:
        """Write both files into a folder (made if needed), each whole or not at all."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        vocab, merges = _tables(self._bpe)
        by_id = dict(sorted(vocab.items(), key=lambda entry: entry[1]))
        with replacing(folder / VOCAB) as part:
            text = json.dumps(by_id, ensure_ascii=False, separators=(",", ":"))
            part.write_text(text, encoding="utf-8")
        with replacing(folder / MERGES) as part:
            lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
            part.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _tables(bpe: ByteLevelBPETokenizer) -> tuple[dict[str, int], list[tuple[str, str]]]:
    model = json.loads(bpe.to_str())["model"]
    pairs = (pair.split(" ") if isinstance(pair, str) else pair for pair in model["merges"])
    return model["vocab"], [(first, second) for first, second in pairs]
