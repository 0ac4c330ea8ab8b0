r"""Write a trained English model as the voice that `sled-infer` ships.

    python tools/embedded/export_english.py --model WORK/english/voice/final \
        --codec WORK/codec --durations WORK/durations.safetensors --corpus WORK/teacher \
        --audio WORK/audio

The weights are stored as bfloat16. The lexicon and the letters lie in the voice's folder already
(`make_lexicon.py`, `train_letters.py`). Each of the teacher's voices becomes a speaker: its prompt
is the sentence that `teacher_text.py` has all of them read, with the teacher's own durations and
the pitch that `measure_pitch.py` measured. Without `--corpus` the prompts stay as they are.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile
import torch
from export_voice import export_model, write_card
from make_english import LEAD, TURN_FRAMES, cut, dictate, first_sample
from pitched import HELD_OUT, Pitch, pitched_codes
from sled_infer import Voice
from sled_infer._dictation import DURATIONS_NAME
from spectral_latents import SPECTRAL
from teacher_text import MAIN_VOICE, OTHER_VOICES, PROMPT

if TYPE_CHECKING:
    from sled_codec import Codec

# "af_heart" is American, female, and of that name.
VOICES = {voice.split("_")[1]: voice for voice in (MAIN_VOICE, *OTHER_VOICES)}
_ASSETS = Path(__file__).parents[2] / "packages/sled-infer/src/sled_infer/assets/english"


def make_prompt(clip: Path, pitch: Pitch, codec: Codec) -> Voice:
    """Make a prompt of a clip of the teacher, from its first sound on."""
    about = json.loads(clip.with_suffix(".json").read_text(encoding="utf-8"))
    wave, _ = soundfile.read(clip, dtype="float32")
    said = dictate(about)
    first = first_sample(about)
    wave = cut(wave, first, len(said))
    measured = pitch.of(clip.name, first, len(wave))
    codes = pitched_codes(codec, torch.from_numpy(wave), measured).cpu()
    return Voice(codes[LEAD * TURN_FRAMES :], about["text"], "reference", codec.fingerprint, said)


def export_prompts(corpus: Path, pitch: Pitch, out: Path, codec: Codec) -> None:
    """Save one prompt a speaker."""
    out.mkdir(parents=True, exist_ok=True)
    for speaker, voice in VOICES.items():
        prompt = make_prompt(corpus / f"{PROMPT}{voice}.flac", pitch, codec)
        prompt.save(out / f"{speaker}.safetensors")


def main() -> None:
    """Export the model, the durations, the prompts and the card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="model folder of the training")
    parser.add_argument("--durations", type=Path, required=True, help="from train_durations.py")
    parser.add_argument("--codec", default="embedded", help="codec of the training")
    parser.add_argument("--corpus", type=Path, help="from teacher_corpus.py")
    parser.add_argument("--audio", type=Path, help="from measure_pitch.py; with --corpus")
    parser.add_argument("--out", type=Path, default=_ASSETS)
    args = parser.parse_args()
    if bool(args.corpus) != bool(args.audio):
        parser.error("give --corpus and --audio together")
    codec = export_model(args.model, args.codec, args.out)
    if args.corpus:
        pitch = Pitch(args.audio, HELD_OUT)
        export_prompts(args.corpus, pitch, args.out / "voices", codec)
    shutil.copy(args.durations, args.out / DURATIONS_NAME)
    speakers = [each for each in VOICES if (args.out / f"voices/{each}.safetensors").exists()]
    card = {
        "name": "english",
        "description": "trained on speech made by Kokoro-82M (Apache-2.0)",
        "can_say": "any English text (word error 5.1 %, recordings 5.3 %)",
        "normalise": "en",
        "dictation_lead": LEAD,
        "speakers": speakers,
        "default_speaker": speakers[0] if speakers else None,
        "default_prompt": bool(speakers),
        "cfg": 1.5,
        "temperature": 0.7,
        "draws": 16,
        "tone": SPECTRAL,
    }
    write_card(args.out, card)


if __name__ == "__main__":
    main()
