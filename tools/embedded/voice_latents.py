r"""Write what the English voice makes of clips whose past it is told, for the decoder to learn.

    python tools/embedded/voice_latents.py --corpus WORK/teacher --english WORK/english \
        --audio WORK/audio [--model WORK/english-voice/final]

A voice's latents are not a recording's: nobody has quantised them, and they lack what it could
not foretell. A decoder that has learnt from them speaks them as the recording they should be.
Becomes a source of its own beside those of `prepare_audio.py`: `voice.npy`, the clips of
`make_english.py` end to end, `voice-pitch.npy`, and `voice-latents.npy`, float16; with the held-out
clips in `voice-held-out`. The past that it reads is blurred, as its own would be.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import soundfile
import torch
from make_english import first_sample
from pitched import HELD_OUT, Pitch
from sled_codec import Codec
from sled_infer import Drawing, embedded
from sled_model import Batch, MeanDraw, SledModel, Tokenizer, guide, layout_for
from sled_model._batch import plan
from sled_train.data import Store
from spoken import VOICE
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

_PARTS = {"train": ("teacher", VOICE), "dev": (HELD_OUT, f"{VOICE}-held-out")}
_BLUR = 0.5


class Pupil:
    """The voice as it predicts each frame of a clip from the true ones before it."""

    def __init__(self, folder: Path, drawing: Drawing) -> None:
        self.model = SledModel.from_pretrained(folder, dtype=torch.bfloat16)
        self.tokenizer = Tokenizer.from_pretrained(folder)
        self.layout, self.guidance = layout_for(self.model.config), drawing.cfg
        self.mean = MeanDraw(self.model, drawing.draws)

    @torch.inference_mode()
    def latents(self, text: str, latents: Tensor, generator: torch.Generator) -> Tensor:
        """Give what it would sound, `[frames, D]`, in place of `latents`."""
        ids = torch.tensor(self.tokenizer.encode(text))
        past = latents + _BLUR * torch.randn(latents.shape, generator=generator)
        told, untold = (self._states(each, past) for each in (ids, self.layout.unconditional(ids)))
        return self.mean(guide(told, untold, self.guidance)).float()

    def _states(self, ids: Tensor, latents: Tensor) -> Tensor:
        lengths = (torch.tensor([len(each)]) for each in (ids, latents))
        text, frames = lengths
        batch = Batch(ids[None], text, latents[None], frames)
        hidden: Tensor = self.model.backbone(self.model.interleave(batch, self.layout))
        return hidden[0, plan(batch, self.layout).predict]


class Said(NamedTuple):
    """One clip: wave `[samples]`, pitch `[steps]` in Hz, latents `[frames, D]`."""

    wave: np.ndarray
    pitch: np.ndarray
    latents: np.ndarray


def read_clips(args: argparse.Namespace, part: str) -> Iterator[Said]:
    """Give every clip of a part with what the voice makes of it."""
    drawing = embedded.voice_card("english").drawing
    pupil, codec = Pupil(args.model, drawing), Codec.from_pretrained(args.codec)
    store, pitch = Store(args.english / "codes" / part), Pitch(args.audio, _PARTS[part][0])
    generator = torch.Generator().manual_seed(0)
    for number in range(len(store)):
        row, codes = store.row(number), store.codes(number)
        wave, _ = soundfile.read(args.english / part / row.audio, dtype="float32")
        about = json.loads((args.corpus / row.audio).with_suffix(".json").read_text("utf-8"))
        hertz = pitch.of(row.audio, first_sample(about), len(wave))
        latents = pupil.latents(row.text, codec.latents(codes), generator)
        yield Said(wave, hertz.numpy(), latents.half().numpy())
        print(f"\r{part}: {number + 1} of {len(store)}", end="", flush=True)
    print()


def main() -> None:
    """Write both parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="from teacher_corpus.py")
    parser.add_argument("--english", type=Path, required=True, help="from encode_english.py")
    parser.add_argument("--audio", type=Path, required=True, help="from measure_pitch.py")
    parser.add_argument("--codec", default="embedded", help="codec of the training")
    parser.add_argument("--model", type=Path, default=embedded.folder("english"))
    args = parser.parse_args()
    for part, (_, name) in _PARTS.items():
        latents = args.audio / f"{name}-latents.npy"
        if latents.exists():
            continue
        said = list(read_clips(args, part))
        waves = np.concatenate([each.wave for each in said])
        np.save(args.audio / f"{name}.npy", (np.clip(waves, -1, 1) * 32767).astype(np.int16))
        np.save(args.audio / f"{name}-pitch.npy", np.concatenate([each.pitch for each in said]))
        made = latents.with_suffix(".part.npy")
        np.save(made, np.concatenate([each.latents for each in said]))
        made.replace(latents)


if __name__ == "__main__":
    main()
