"""Clips ready to train on: token ids in memory, codes in the cache, latents made on the device."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from sled_codec import Codec
from sled_model import Batch, Tokenizer
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from ._codes import CodeCache, clip_key, encode_clips
from ._corpus import Clip
from ._errors import TrainError
from ._recipe import DataRecipe

_PAD = 1


@dataclass(frozen=True, slots=True)
class Item:
    """A clip whose codes are cached."""

    clip: Clip
    key: str
    tokens: Tensor
    """int32 `[T]`, with `<s>` and `</s>`."""
    frames: int


@dataclass(frozen=True)
class Dataset:
    """Items and the cache that holds their codes."""

    items: tuple[Item, ...]
    cache: CodeCache

    @cached_property
    def frames(self) -> list[int]:
        """Frames of every item."""
        return [item.frames for item in self.items]

    @cached_property
    def positions(self) -> list[int]:
        """Sequence positions of every item: tokens and frames."""
        return [len(item.tokens) + item.frames for item in self.items]

    def fingerprint(self) -> str:
        """Tell this corpus from another one: number of clips and frames."""
        return f"{len(self.items)} clips, {sum(self.frames)} frames"

    def collate(self, indices: Sequence[int], codec: Codec, device: torch.device) -> Batch:
        """Batch these items: text and latents on `device`, lengths on the CPU."""
        items = [self.items[i] for i in indices]
        codes = pad_sequence([self.cache[item.key] for item in items], batch_first=True)
        text = pad_sequence(
            [item.tokens for item in items], batch_first=True, padding_value=_PAD
        ).long()
        with torch.no_grad():
            latents = codec.latents(codes.to(device, non_blocking=True).long())
        return Batch(
            text_ids=text.to(device, non_blocking=True),
            text_lengths=torch.tensor([len(item.tokens) for item in items]),
            latents=latents,
            frame_lengths=torch.tensor([item.frames for item in items]),
        )


@dataclass(frozen=True, slots=True)
class Keyed:
    """Clips with their cache keys, and a line for each that was left out."""

    clips: tuple[tuple[str, Clip], ...]
    skipped: tuple[str, ...]


def encode_all(
    clips: Sequence[Clip],
    codec: Codec,
    cache: CodeCache,
    *,
    strict: bool,
    share: tuple[int, int] = (0, 1),
    stop: Callable[[], bool] = lambda: False,
    start: Callable[[int], object] = lambda _: None,
    advance: Callable[[int], object] = lambda _: None,
) -> Keyed:
    """Encode what the cache lacks of `clips`; raise TrainError for an unreadable one if `strict`.

    Of all processes, each encodes its `share`: (rank, number). `stop` returning True ends early.
    `start` and `advance` are told how many clips there are to encode and how many more are done.
    """
    keyed = [(clip_key(clip), clip) for clip in clips]
    rank, processes = share
    missing = [pair for pair in keyed if pair[0] not in cache][rank::processes]
    start(len(missing))
    failures = encode_clips(missing, codec, cache, stop=stop, advance=advance)
    if failures and strict:
        raise TrainError(f"{failures[0]}: mend the clip, or leave strict off to skip it")
    return Keyed(tuple(keyed), tuple(failures))


@dataclass(frozen=True, slots=True)
class Limits:
    """What a clip must fit into."""

    data: DataRecipe
    frame_rate: float
    max_positions: int

    def misfit(self, frames: int, tokens: int) -> str | None:
        """Say why a clip of this size is left out; None if it fits."""
        seconds = frames / self.frame_rate
        if seconds < self.data.min_seconds:
            return f"{seconds:.2f} s is shorter than data.min_seconds {self.data.min_seconds}"
        if seconds > self.data.max_seconds:
            return f"{seconds:.2f} s is longer than data.max_seconds {self.data.max_seconds}"
        if tokens + frames > self.max_positions:
            most = self.max_positions
            return f"{tokens} tokens and {frames} frames exceed the model's {most} positions"
        return None


def build_dataset(
    clips: Sequence[tuple[str, Clip]], cache: CodeCache, tokenizer: Tokenizer, limits: Limits
) -> tuple[Dataset, list[str]]:
    """Keep the clips that are cached and fit; return them and a line for each that does not.

    Raises TrainError if none is left.
    """
    items: list[Item] = []
    skipped: list[str] = []
    for key, clip in clips:
        if key not in cache:
            continue
        frames = cache.frames(key)
        tokens = torch.tensor(tokenizer.encode(clip.text), dtype=torch.int32)
        reason = limits.misfit(frames, len(tokens))
        if reason:
            skipped.append(f"{clip.audio}: {reason}")
        else:
            items.append(Item(clip, key, tokens, frames))
    if not items:
        why = f", the first because: {skipped[0]}" if skipped else ""
        raise TrainError(f"no clip is left to use: {len(clips)} clips did not fit{why}")
    return Dataset(tuple(items), cache), skipped
