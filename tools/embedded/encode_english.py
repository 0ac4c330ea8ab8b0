r"""Make the codes that the English voice learns, with the pitch that was measured.

    python tools/embedded/encode_english.py --corpus WORK/teacher --audio WORK/audio \
        --codec WORK/codec --english WORK/english

Reads `train/` and `dev/` of `make_english.py` and writes `codes/train` and `codes/dev` beside them,
as `sled encode` would, but for the pitch; see `pitched.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile
import torch
from make_english import first_sample
from pitched import HELD_OUT, Pitch, pitched_codes
from sled_codec import Codec
from sled_train.data import ClipRow, write_codes
from tape import read_tape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

_SOURCES = {"train": "teacher", "dev": HELD_OUT}


def read_codes(
    args: argparse.Namespace, part: str, codec: Codec
) -> Iterator[tuple[ClipRow, Tensor]]:
    """Give every clip of a part with its codes."""
    pitch = Pitch(args.audio, _SOURCES[part])
    folder = args.english / part
    lines = (folder / "metadata.csv").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        name, speaker, text = line.split("|", 2)
        wave, _ = soundfile.read(folder / name, dtype="float32")
        about = read_tape(args.corpus, Path(name).stem)
        place = f"{about['clip']}.flac"
        measured = pitch.of(place, first_sample(about), len(wave), about["speed"])
        codes = pitched_codes(codec, torch.from_numpy(wave), measured)
        yield ClipRow(Path(name).stem, text, speaker, name), codes.to(torch.int16)
        print(f"\r{part}: {number} of {len(lines)}", end="", flush=True)
    print()


def main() -> None:
    """Write the codes of both parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="from teacher_corpus.py")
    parser.add_argument("--audio", type=Path, required=True, help="from measure_pitch.py")
    parser.add_argument("--codec", required=True, help="from export_codec.py")
    parser.add_argument("--english", type=Path, required=True, help="from make_english.py")
    args = parser.parse_args()
    codec = Codec.from_pretrained(args.codec)
    for part in _SOURCES:
        out = args.english / "codes" / part
        if not out.exists():
            write_codes(read_codes(args, part, codec), out, codec)


if __name__ == "__main__":
    main()
