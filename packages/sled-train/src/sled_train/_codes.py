"""The code cache: every clip encoded once, 16 bytes a frame, so that training never runs a codec.

On disk: `FOLDER/<codec fingerprint>/part-*.safetensors`, int16 tensors `[frames, 8]` named by
clip. Each part is renamed into place when complete: killed at any moment, encoding goes on with
the clips that no part holds.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from sled_codec import Codec, CodecError, atomic_path, read_audio, resample
from torch import Tensor

from ._corpus import Clip
from ._errors import TrainError

_PART_CLIPS = 64
_BATCH_SECONDS = 60.0


def clip_key(clip: Clip) -> str:
    """Name of a clip in the cache; another one once the audio file has changed."""
    path = clip.audio.absolute()
    stat = path.stat()
    text = f"{path}|{stat.st_size}|{stat.st_mtime_ns}|{clip.start!r}|{clip.duration!r}"
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


class CodeCache:
    """Read access to all finished parts of one codec's codes."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder = folder / fingerprint[:16]
        self._parts: dict[Path, Any] = {}
        self._where: dict[str, tuple[Path, int]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Take in the parts finished since the last look; TrainError if one is damaged."""
        for path in sorted(self.folder.glob("part-*.safetensors")):
            if path in self._parts:
                continue
            try:
                part: Any = safe_open(path, framework="pt")
                frames = {key: int(part.get_slice(key).get_shape()[0]) for key in part.keys()}  # noqa: SIM118 - not a dict
            except (SafetensorError, OSError, IndexError) as error:
                raise TrainError(f"{path} is damaged ({error}): delete it to encode anew") from None
            self._parts[path] = part
            self._where.update((key, (path, count)) for key, count in frames.items())

    def __contains__(self, key: str) -> bool:
        return key in self._where

    def frames(self, key: str) -> int:
        """Return the number of frames of a clip."""
        return self._where[key][1]

    def __getitem__(self, key: str) -> Tensor:
        """Codes of a clip, int16 `[frames, 8]`."""
        codes: Tensor = self._parts[self._where[key][0]].get_tensor(key)
        return codes


def encode_clips(
    clips: Sequence[tuple[str, Clip]],
    codec: Codec,
    cache: CodeCache,
    *,
    stop: Callable[[], bool] = lambda: False,
    advance: Callable[[int], object] = lambda _: None,
) -> list[str]:
    """Encode the (key, clip) pairs that `cache` lacks, part by part, on the codec's device.

    `stop` is asked before each part: True ends early, what is finished stays. `advance` is told
    the number of clips done after each part. Returns a line for each clip that cannot be read.
    """
    missing = [(key, clip) for key, clip in clips if key not in cache]
    failures: list[str] = []
    for at in range(0, len(missing), _PART_CLIPS):
        if stop():
            break
        window = missing[at : at + _PART_CLIPS]
        waves: dict[str, Tensor] = {}
        for key, clip in window:
            try:
                waves[key] = _read(clip, codec)
            except (CodecError, OSError) as error:
                failures.append(f"{clip.audio}: {error}")
        if waves:
            _write_part(cache.folder, _encode(waves, codec), codec.fingerprint)
        advance(len(window))
    cache.refresh()
    return failures


def _read(clip: Clip, codec: Codec) -> Tensor:
    wave, rate = read_audio(clip.audio, start=clip.start, duration=clip.duration)
    wave = resample(wave, rate, codec.sample_rate)
    if len(wave) < codec.hop_length:
        raise CodecError("shorter than one frame")
    return wave


def _encode(waves: dict[str, Tensor], codec: Codec) -> dict[str, Tensor]:
    codes: dict[str, Tensor] = {}
    budget = int(_BATCH_SECONDS * codec.sample_rate)
    for keys in _batches(waves, budget):
        encoded = codec.encode_batch([waves[key] for key in keys], codec.sample_rate)
        for key, frames in zip(keys, encoded, strict=True):
            codes[key] = frames.to("cpu", torch.int16).contiguous()
    return codes


def _batches(waves: dict[str, Tensor], budget: int) -> Iterator[list[str]]:
    """Group clips of like length; a group's padded size stays within `budget` samples."""
    batch: list[str] = []
    for key in sorted(waves, key=lambda k: len(waves[k])):
        if batch and (len(batch) + 1) * len(waves[key]) > budget:
            yield batch
            batch = []
        batch.append(key)
    yield batch


def _write_part(folder: Path, codes: dict[str, Tensor], fingerprint: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.blake2b("".join(codes).encode(), digest_size=8).hexdigest()
    with atomic_path(folder / f"part-{name}.safetensors") as partial:
        save_file(codes, partial, metadata={"codec": fingerprint})
