"""Write a trained digits model as the voice that `sled-infer` ships, prompts included.

    python tools/embedded/export_voice.py --model WORK/voice/final --audio WORK/audio \
        --codec WORK/codec/export

The weights are stored as bfloat16. `--codec` is the codec whose latents the model learned: the
embedded one may differ from it in its decoder only. Every speaker gets a prompt of one held-out
take, in the slot that `say` of `make_digits.py` gives it.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from corpus import SAMPLE_RATE
from crops import Source
from digit_strings import WORDS, in_words
from make_digits import read_takes, say
from sled_codec import Codec
from sled_infer import Voice
from sled_model import SledModel
from spectral_latents import SPECTRAL

_ASSETS = Path(__file__).parents[2] / "packages/sled-infer/src/sled_infer/assets/digits"
_DEFAULT_SPEAKER = "george"
_PROMPT = "9"  # short: a stream waits for the text that the prompt's frames have passed
_TAKES = 3
_MOST_WORDS = 8  # the longest training strings


def check_same_latents(trained: Codec, embedded: Codec) -> None:
    """Refuse a codec whose encoder or codebooks are not those the model was trained with."""
    ours, theirs = embedded.state_dict(), trained.state_dict()
    for name, value in theirs.items():
        if not name.startswith("decoder.") and not torch.equal(value, ours[name]):
            raise SystemExit(f"the embedded codec gives other latents: {name} differs")


def export_model(source: Path, trained: str, out: Path) -> Codec:
    """Save the model in bfloat16 with the embedded codec's name, and its tokenizer; give that."""
    codec = Codec.from_pretrained("embedded")
    check_same_latents(Codec.from_pretrained(trained), codec)
    model = SledModel.from_pretrained(source)
    model.config.codec, model.config.codec_fingerprint = "embedded", codec.fingerprint
    torch.nn.Module.to(model, torch.bfloat16)
    save_model(model, source, out)
    return codec


def save_model(model: SledModel, source: Path, out: Path) -> None:
    """Save a model with the tokenizer of another model folder."""
    model.save_pretrained(out)
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(source / name, out / name)


def write_card(out: Path, card: dict[str, object]) -> None:
    """Write what a voice says of itself, and say how large it is."""
    (out / "voice.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    print(f"{out}: {size / 1e6:.1f} MB")


def export_prompts(audio: Path, out: Path, codec: Codec) -> list[str]:
    """Save one prompt a speaker; return the speakers."""
    source = Source(audio, "digits-held-out")
    out.mkdir(parents=True, exist_ok=True)
    for speaker, positions in source.by_speaker.items():
        takes = read_takes(source, positions, _TAKES)
        wave = torch.from_numpy(say(_PROMPT, takes, np.random.default_rng(0)))
        voice = Voice.from_wave(wave, SAMPLE_RATE, in_words(_PROMPT), codec)
        voice.save(out / f"{speaker}.safetensors")
    return sorted(source.by_speaker)


def main() -> None:
    """Export the model, its prompts and its card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="model folder of the training")
    parser.add_argument("--audio", type=Path, required=True, help="from prepare_audio.py")
    parser.add_argument("--codec", default="embedded", help="codec of the training")
    parser.add_argument("--out", type=Path, default=_ASSETS)
    args = parser.parse_args()
    codec = export_model(args.model, args.codec, args.out)
    speakers = export_prompts(args.audio, args.out / "voices", codec)
    card = {
        "name": "digits",
        "description": "six speakers of the Free Spoken Digit Dataset (CC BY-SA 4.0)",
        "can_say": "digits, in words, one after the other",
        "cannot_say": "any other word",
        "words": list(WORDS),
        "speakers": speakers,
        "default_speaker": _DEFAULT_SPEAKER,
        "default_prompt": True,
        "normalise": "digits",
        "most_words": _MOST_WORDS,
        "draws": 16,
        "tone": SPECTRAL,
    }
    write_card(args.out, card)


if __name__ == "__main__":
    main()
