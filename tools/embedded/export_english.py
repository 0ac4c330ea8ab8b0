"""Write a trained English model as the voice that `sled-infer` ships.

    python tools/embedded/export_english.py --model WORK/english/voice/final \
        --codec WORK/codec --durations WORK/durations.safetensors

The weights are stored as bfloat16. The lexicon and the letters lie in the voice's folder already
(`make_lexicon.py`, `train_letters.py`).
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from export_voice import export_model, write_card
from make_english import LEAD
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
    export_model(args.model, args.codec, args.out)
    shutil.copy(args.durations, args.out / DURATIONS_NAME)
    card = {
        "name": "english",
        "description": "trained on speech made by Kokoro-82M (Apache-2.0)",
        "can_say": "any English text (word error 8.5 %, recordings 5.3 %)",
        "normalise": "en",
        "dictation_lead": LEAD,
    }
    write_card(args.out, card)


if __name__ == "__main__":
    main()
