"""Write a trained English model as the voice that `sled-infer` ships.

    python tools/embedded/export_english.py --model WORK/english/voice/final \
        --codec WORK/codec --durations WORK/durations.safetensors

The weights are stored as bfloat16. The lexicon and the letters lie in the voice's folder already
(`make_lexicon.py`, `train_letters.py`).
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from export_voice import check_same_latents, export_model
from make_english import LEAD
from sled_codec import Codec
from sled_infer._dictation import DURATIONS_NAME

_ASSETS = Path(__file__).parents[2] / "packages/sled-infer/src/sled_infer/assets/english"


def main() -> None:
    """Export the model, the durations and the card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="model folder of the training")
    parser.add_argument("--durations", type=Path, required=True, help="from train_durations.py")
    parser.add_argument("--codec", default="embedded", help="codec of the training")
    parser.add_argument("--out", type=Path, default=_ASSETS)
    args = parser.parse_args()
    codec = Codec.from_pretrained("embedded")
    check_same_latents(Codec.from_pretrained(args.codec), codec)
    export_model(args.model, args.out, codec)
    shutil.copy(args.durations, args.out / DURATIONS_NAME)
    card = {
        "name": "english",
        "description": "trained on speech made by Kokoro-82M (Apache-2.0)",
        "can_say": "any English text (word error 8.5 %, recordings 5.3 %)",
        "normalise": "en",
        "dictation_lead": LEAD,
    }
    (args.out / "voice.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    size = sum(file.stat().st_size for file in args.out.rglob("*") if file.is_file())
    print(f"{args.out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
