"""`encode`: every cut of a cuts file becomes codes, once, in shards that are finished or absent.

Shard N holds cuts N·S to (N+1)·S of the file, so any number of processes can share the work
without talking: process r of P makes the shards N ≡ r (mod P), and whoever ends last finds all
of them and writes the index. A shard is made anew if its codec, its lines or its audio changed.
"""

import hashlib
import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from sled_codec import Codec
from torch import Tensor

from .._errors import TrainError
from .._lock import only_writer
from ._audio import Heard, load_ahead
from ._cuts import Utterance, groups, parse_cut, read_lines
from ._index import SUMMARY, Summary, read_summary, write_index
from ._shard import ClipRow, Origin, read_head, shard_name, write_shard


@dataclass(frozen=True, slots=True)
class EncodeOptions:
    """How to encode; none of it changes the codes."""

    shard_clips: int = 512
    """Cuts in a shard: what a kill may lose. Another value makes other shards."""
    batch_seconds: float = 60.0
    """Padded audio in one pass of the codec."""
    window: int = 64
    """Clips read ahead and sorted by length."""
    readers: int = 4
    """Threads that read and resample."""


@dataclass(frozen=True, slots=True)
class _Job:
    """What every shard of a run is made with."""

    codec: Codec
    options: EncodeOptions
    pool: ThreadPoolExecutor
    strict: bool
    stop: Callable[[], bool]
    advance: Callable[[int], object]


class _Stopped(Exception):  # noqa: N818 - no error: it was asked for
    """The work is to end before a shard is whole."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What one process did."""

    made: int
    """Shards made."""
    found: int
    """Shards that were already there."""
    summary: Summary | None
    """What the folder holds; None while other processes still work on it, or after a stop."""


def encode(
    cuts: str | Path,
    out: str | Path,
    codec: Codec,
    *,
    share: tuple[int, int] = (0, 1),
    strict: bool = False,
    options: EncodeOptions = EncodeOptions(),  # noqa: B008 - frozen
    stop: Callable[[], bool] = lambda: False,
    advance: Callable[[int], object] = lambda _: None,
) -> Encoded:
    """Encode a cuts file into the folder `out`, on the codec's device.

    Args:
        cuts: a lhotse cuts file, `.jsonl` or `.jsonl.gz`.
        out: made if needed; finished shards in it are kept.
        codec: makes the codes; the folder belongs to it.
        share: (rank, processes) of this process.
        strict: refuse audio that cannot be read instead of leaving it out.
        options: sizes that bound memory.
        stop: asked before each window; True ends early, finished shards stay.
        advance: told how many more cuts are done, of all processes together.

    Raises:
        TrainError: a malformed cut, a folder of another codec, another process that makes the
            same shard, nothing could be encoded, or, if `strict`, audio that cannot be read.
        OSError: `out` cannot be written.

    """
    cuts, out = Path(cuts), Path(out)
    rank, processes = share
    if options.shard_clips < 1 or not 0 < options.batch_seconds < math.inf:
        raise TrainError("shard_clips and batch_seconds must be above 0, and finite")
    made, found = 0, 0
    origins: list[str] = []
    roots = [cuts.parent, Path()]
    with made_folder(out), ThreadPoolExecutor(options.readers) as pool:
        job = _Job(codec, options, pool, strict, stop, advance)
        for number, lines in enumerate(groups(read_lines(cuts), options.shard_clips)):
            origins.append(_hash(raw for _, raw in lines))
            if number % processes != rank:
                advance(len(lines))
                continue
            spoken = [parse_cut(raw, f"{cuts}:{n}", roots) for n, raw in lines]
            try:
                fresh = _make(out / shard_name(number), spoken, origins[-1], job)
            except _Stopped:
                return Encoded(made, found, None)
            made, found = made + fresh, found + (not fresh)
        if not origins:
            raise TrainError(f"{cuts} holds no cuts")
        return Encoded(made, found, _finish(out, origins, codec, made))


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make a folder for the block; if it fails, remove again what was made and is empty."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for place in missing:
            if any(place.iterdir()):
                break
            place.rmdir()
        raise


def _make(path: Path, spoken: Sequence[Utterance], lines: str, job: _Job) -> bool:
    """Make a shard unless it is there and up to date; return whether it was made.

    Raises:
        _Stopped: it was to end before the shard was whole.

    """
    if job.stop():
        raise _Stopped
    origin = Origin(job.codec.fingerprint, lines, _files(spoken))
    lock = path.with_name(f".{path.stem}.lock")
    if _is_made(path, origin):
        lock.unlink(missing_ok=True)  # of who was killed when the shard was whole
        job.advance(len(spoken))
        return False
    with only_writer(path, lock):
        _write(path, spoken, origin, job)
    return True


def _write(path: Path, spoken: Sequence[Utterance], origin: Origin, job: _Job) -> None:
    codec = job.codec
    clips: list[tuple[ClipRow, Tensor]] = []
    left_out: list[str] = []
    windows = list(groups(spoken, job.options.window))
    for window, heard in zip(windows, load_ahead(iter(windows), codec, job.pool), strict=True):
        if job.stop():
            raise _Stopped
        for each, codes in zip(window, _encode(heard, codec, job.options), strict=True):
            if isinstance(codes, Tensor):
                clips.append((ClipRow(each.id, each.text, each.speaker, each.source), codes))
            elif job.strict:
                raise TrainError(f"{codes}; leave --strict off to skip it")
            else:
                left_out.append(codes)
        job.advance(len(window))
    # Until every shard is new the index tells of the old ones.
    (path.parent / SUMMARY).unlink(missing_ok=True)
    write_shard(path, clips, codec.config.n_codebooks, origin, left_out)


def _encode(heard: Sequence[Heard], codec: Codec, options: EncodeOptions) -> list[Heard]:
    """Put codes int16 `[frames, codebooks]` in place of the waveforms."""
    done = list(heard)
    budget = int(options.batch_seconds * codec.sample_rate)
    waves = {i: wave for i, wave in enumerate(heard) if isinstance(wave, Tensor)}
    for batch in _batches({i: len(wave) for i, wave in waves.items()}, budget):
        encoded = codec.encode_batch([waves[i] for i in batch], codec.sample_rate)
        for i, codes in zip(batch, encoded, strict=True):
            done[i] = codes.to("cpu", torch.int16)
    return done


def _batches(lengths: dict[int, int], budget: int) -> Iterator[list[int]]:
    """Group waves of like length; a group's padded size stays within `budget` samples."""
    batch: list[int] = []
    for i in sorted(lengths, key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[i] > budget:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _is_made(path: Path, origin: Origin) -> bool:
    """Whether a shard is there and up to date; one of another codec is refused."""
    if not path.exists():
        return False
    found = read_head(path).origin
    if found.codec != origin.codec:
        raise TrainError(
            f"{path.parent} holds codes of codec {found.codec[:12]}, not {origin.codec[:12]}: "
            "choose another folder"
        )
    return found == origin


def _finish(out: Path, origins: Sequence[str], codec: Codec, made: int) -> Summary | None:
    """Write the index if every shard is there, whoever made it."""
    cuts = _hash(lines.encode() for lines in origins)
    if not made and (out / SUMMARY).is_file():
        summary = read_summary(out)
        if summary.cuts == cuts:
            return summary
    for number, lines in enumerate(origins):
        path = out / shard_name(number)
        if not path.exists() or read_head(path).origin.lines != lines:
            return None
    return write_index(out, len(origins), cuts, codec)


def _files(spoken: Sequence[Utterance]) -> str:
    """Hash size and time of the audio files, for they may change behind unchanged cuts."""
    return _hash(_stamp(each.audio) for each in spoken if each.audio is not None)


def _stamp(audio: Path) -> bytes:
    try:
        stat = os.stat(audio)  # noqa: PTH116 - once for every clip of a corpus
    except OSError:
        return b"missing"
    return f"{stat.st_size} {stat.st_mtime_ns}".encode()


def _hash(parts: Iterator[bytes]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()
