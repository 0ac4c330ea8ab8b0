"""Tell whether each speaker of the English voice is understood, and is still himself.

    python tools/embedded/english_speakers.py --corpus WORK/teacher --texts FILE [--voice FOLDER]

Each speaks sentences of those that `teacher_text.py` holds out, but none of the test. Moonshine
hears them. Whose voice it is Resemblyzer decides: the nearest of the mean embeddings of clips that
the teacher made in each of these voices.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import torch
from corpus import SAMPLE_RATE
from english_curve import dev_sentences
from export_english import VOICES
from prepare_audio import load
from sled_infer import Request, Synthesizer
from sled_infer.evaluation import JUDGES, WordErrors, embed, hear_words, ratio
from torch import Tensor

_CLIPS = 20  # of the teacher's, a speaker
_BATCH = 12


def teacher_embeddings(corpus: Path) -> Tensor:
    """Give the mean embedding of each speaker's clips `[speakers, 256]`, of length 1."""
    clips = [sorted(corpus.glob(f"*_{voice}.flac"))[:_CLIPS] for voice in VOICES.values()]
    waves = [torch.from_numpy(load(path)) for paths in clips for path in paths]
    vectors = embed(JUDGES["resemblyzer"], waves, SAMPLE_RATE)
    means = [part.mean(0) for part in torch.split(vectors, [len(paths) for paths in clips])]
    return torch.nn.functional.normalize(torch.stack(means), dim=-1)


def speak(voice: Synthesizer, speaker: str, sentences: list[str]) -> list[Tensor]:
    """Let one speaker say the sentences, as the voice does when nothing else is asked for."""
    if voice.card is None:
        raise SystemExit("the voice has no card: export it with export_english.py")
    prompt = voice.card.speaker(speaker)
    asked = [Request(text, prompt, seed=seed) for seed, text in enumerate(sentences)]
    return [speech.wave for speech in voice.synthesize_batch(asked, batch_size=_BATCH)]


def judge(
    waves: list[Tensor], sentences: list[str], known: Tensor
) -> tuple[list[WordErrors], list[str], float]:
    """Give the errors, the nearest speaker of each, and how alike they are to each other."""
    heard = hear_words(JUDGES["moonshine"], waves, SAMPLE_RATE, sentences)
    vectors = embed(JUDGES["resemblyzer"], waves, SAMPLE_RATE)
    nearest = [list(VOICES)[place] for place in (vectors @ known.T).argmax(-1)]
    alike, count = vectors @ vectors.T, len(vectors)
    return (
        [each.errors for each in heard],
        nearest,
        float((alike.sum() - count) / count / (count - 1)),
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="from teacher_corpus.py")
    parser.add_argument("--texts", type=Path, required=True, help="that teacher_text.py was given")
    parser.add_argument("--voice", default="english", help="or a folder of export_english.py")
    parser.add_argument("--speakers", nargs="+", choices=VOICES, default=list(VOICES))
    parser.add_argument("--sentences", type=int, default=48)
    parser.add_argument("--json", type=Path, help="write all figures here")
    args = parser.parse_args()
    voice = Synthesizer.from_pretrained(args.voice)
    sentences = dev_sentences(args.texts, args.sentences)
    known = teacher_embeddings(args.corpus)
    figures = {}
    for speaker in args.speakers:
        errors, nearest, alike = judge(speak(voice, speaker, sentences), sentences, known)
        error = ratio([each.total for each in errors], [each.length for each in errors])
        if error is None:
            raise SystemExit(f"{args.texts}: no held-out sentence of words")
        counted = Counter(nearest).most_common()
        figures[speaker] = {"word_error": error.to_json(), "nearest": counted, "alike": alike}
        names = ", ".join(f"{name} {count}" for name, count in counted)
        print(
            f"{speaker}: word error {error.in_percent()}; nearest {names} of {len(nearest)}; "
            f"alike {alike:.2f}",
            flush=True,
        )
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
