"""`write_codes`: a folder of codes from codes that are already there, made by another program."""

from collections.abc import Iterable
from pathlib import Path

from sled_codec import Codec
from torch import Tensor

from .._checkpoint import whole_folder
from .._errors import TrainError
from ._cuts import groups
from ._index import Summary, write_index
from ._shard import ClipRow, Origin, shard_name, write_shard


def write_codes(
    clips: Iterable[tuple[ClipRow, Tensor]],
    out: str | Path,
    codec: Codec,
    *,
    shard_clips: int = 512,
) -> Summary:
    """Write codes made elsewhere as `encode` writes its own, whole or not at all.

    One shard is held at a time.

    Args:
        clips: each with its codes, integers `[frames, codebooks]` in [0, codebook size).
        out: a new folder.
        codec: what the codes are of; it is named in the folder, not run.
        shard_clips: clips in a shard.

    Raises:
        TrainError: `out` is there already, there are no clips, or their codes do not fit the codec.
        OSError: `out` cannot be written.

    """
    out = Path(out)
    if out.exists():
        raise TrainError(f"{out} is there already: give a new folder")
    origin, codebooks = Origin(codec.fingerprint, "", ""), codec.config.n_codebooks
    shards = 0
    with whole_folder(out) as folder:
        for shard in groups(clips, shard_clips):
            for row, codes in shard:
                _check(row, codes, codec)
            write_shard(folder / shard_name(shards), shard, codebooks, origin, ())
            shards += 1
        if not shards:
            raise TrainError(f"{out}: there are no clips to write")
        return write_index(folder, shards, "", codec)


def _check(row: ClipRow, codes: Tensor, codec: Codec) -> None:
    shape, size = codec.config.n_codebooks, codec.config.codebook_size
    if codes.dim() != 2 or codes.shape[1] != shape or not len(codes):  # noqa: PLR2004 - a table
        raise TrainError(f"clip {row.id}: codes must be [frames, {shape}], not {[*codes.shape]}")
    if int(codes.min()) < 0 or int(codes.max()) >= size:
        raise TrainError(f"clip {row.id}: codes must be from 0 to {size - 1}")
