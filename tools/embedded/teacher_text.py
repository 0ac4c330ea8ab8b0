"""Choose what the teacher reads, and how it is pronounced: one JSON line a sentence.

    python tools/embedded/teacher_text.py --texts FILE tools/embedded/everyday.txt \
        --out sentences.jsonl

A file has lines `id|sentence`. The last `--held-out` lines of the first file are never read, nor
are those of `english_test.txt`: they are for measuring. The first file's other sentences come
after those of all other files. Four sentences in five go to the main voice, the rest to four
others; of three in ten only a clause is read, so that short texts are learnt too. All this hangs on
the sentence's id alone, so more sentences can be added at any time. Before all of them each voice
reads one sentence that nobody is trained on: its prompt. Sounds come from the voice's lexicon.

With `--timbres N` it chooses others instead: of the last N of that order those that are short, and
whole. A third are read by the two voices that are learnt worst, the rest by any English voice of
the teacher's or by the mean of two, so that a pupil learns to go on in timbres that it never heard.

With `--test SPEECH` the main voice reads the sentences of `english_test.txt` instead, whole, so
that the teacher itself can be measured beside its pupil.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from pathlib import Path

from corpus import HERE, read_clips
from sled_infer import embedded, normalise
from sled_infer._lexicon import Lexicon
from sled_infer._phonemes import phonemes

MAIN_VOICE = "af_heart"
OTHER_VOICES = ("am_michael", "am_fenrir", "am_puck", "af_bella")
# All that Kokoro-82M has in English but af_nicole, who whispers.
_ENGLISH = """
af_alloy af_aoede af_bella af_heart af_jessica af_kore af_nova af_river af_sarah af_sky
am_adam am_echo am_eric am_fenrir am_liam am_michael am_onyx am_puck am_santa
bf_alice bf_emma bf_isabella bf_lily bm_daniel bm_fable bm_george bm_lewis
"""
TIMBRES = tuple(_ENGLISH.split())
_WORST_LEARNT = {"am_michael": 0.2, "am_puck": 0.15}  # and which share they read
_MIXED_SHARE = 0.7  # of what other voices read
PROMPT = "prompt_"
_PROMPT_TEXT = "This is the voice that you will hear."
_MAIN_SHARE = 0.8
_CLAUSE_SHARE = 0.3
_DEV_SHARE = 0.02
_SHORTEST, _LONGEST = 5, 189  # symbols
_LONGEST_TIMBRE = 90  # symbols: for the time of one long clip, two timbres
_TEST_FILE = HERE / "english_test.txt"
_CLAUSES = re.compile(r"[,;:—]|--| - ")


def fraction(key: str) -> float:
    """A number in [0, 1) that depends on `key` alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64


def is_dev(clip: str) -> bool:
    """Whether a clip of the teacher is kept from training, by the sentence that it reads."""
    return clip.startswith(PROMPT) or fraction(f"dev {clip.split('_', maxsplit=1)[0]}") < _DEV_SHARE


def choose_voice(name: str) -> str:
    """The voice that reads a sentence."""
    if fraction(f"main {name}") < _MAIN_SHARE:
        return MAIN_VOICE
    return OTHER_VOICES[int(fraction(f"voice {name}") * len(OTHER_VOICES))]


def choose_timbre(name: str) -> str:
    """The voice that reads a sentence for its timbre: `a`, or `a+b`, the mean of two."""
    place = fraction(f"worst {name}")
    for voice, share in _WORST_LEARNT.items():
        if place < share:
            return voice
        place -= share
    first, second = (TIMBRES[int(fraction(f"{one} {name}") * len(TIMBRES))] for one in "ab")
    mixed = first != second and fraction(f"mix {name}") < _MIXED_SHARE
    return f"{first}+{second}" if mixed else first


def choose_words(name: str, sentence: str) -> str:
    """The sentence, or one of its clauses; it ends with a mark."""
    parts = [part.strip() for part in _CLAUSES.split(sentence) if len(part.split()) > 1]
    text = sentence
    if parts and not name.startswith("day") and fraction(f"clause {name}") < _CLAUSE_SHARE:
        text = parts[int(fraction(f"which {name}") * len(parts))].rstrip(".") + "."
    return text + "." if text[-1].isalpha() else text


def test_names() -> set[str]:
    """Ids of the sentences that the voice is measured on."""
    return {Path(line).stem for line in _TEST_FILE.read_text(encoding="utf-8").split()}


def read_lines(paths: list[Path], held_out: int) -> list[tuple[str, str]]:
    """`(id, sentence)`: all of the later files, then the first but for what is held out.

    Each part is in an order fixed by the ids.
    """
    first, *more = (path.read_text(encoding="utf-8").split("\n") for path in paths)
    first = [line for line in first if line]
    tested, rows = test_names(), []
    for lines in ([line for part in more for line in part if line], first[:-held_out]):
        part = [(name, text) for name, text in (line.split("|", 1) for line in lines)]
        rows += sorted(part, key=lambda row: fraction(f"order {row[0]}"))
    return [(name, text) for name, text in rows if name not in tested]


def clip_row(name: str, voice: str, text: str) -> dict[str, str]:
    """What is said of a clip in which a voice reads the sentence of that id."""
    return {"clip": f"{name}_{voice}", "voice": voice, "text": text}


def choose_sentences(texts: list[Path], held_out: int) -> list[dict[str, str]]:
    """Name, voice and text of each voice's prompt and of the clips to train on."""
    prompts = [
        {"clip": PROMPT + voice, "voice": voice, "text": _PROMPT_TEXT}
        for voice in (MAIN_VOICE, *OTHER_VOICES)
    ]
    lines = read_lines(texts, held_out)
    return prompts + [
        clip_row(name, choose_voice(name), choose_words(name, text)) for name, text in lines
    ]


def timbre_sentences(texts: list[Path], held_out: int, number: int) -> list[dict[str, str]]:
    """Name, voice and text of further clips, one of the last sentences each."""
    lines = read_lines(texts, held_out)[: -number - 1 : -1]
    return [clip_row(name, choose_timbre(name), text) for name, text in lines]


def test_sentences(speech: Path) -> list[dict[str, str]]:
    """Name, voice and text of the clips to measure the teacher on."""
    tested = test_names()
    clips = [(Path(clip.name).stem, clip.text) for clip in read_clips(speech, "ljspeech")]
    return [
        {"clip": name, "voice": MAIN_VOICE, "text": text} for name, text in clips if name in tested
    ]


def main() -> None:
    """Write the sentences."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--texts", type=Path, nargs="+")
    what.add_argument("--test", type=Path, metavar="SPEECH", help="holds ljspeech/metadata.csv")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--held-out", type=int, default=300)
    parser.add_argument("--timbres", type=int, metavar="N", help="with --texts")
    args = parser.parse_args()
    lexicon = Lexicon.read(embedded.folder("english") / "lexicon.tsv.gz")
    if args.test:
        chosen = test_sentences(args.test)
    elif args.timbres:
        chosen = timbre_sentences(args.texts, args.held_out, args.timbres)
    else:
        chosen = choose_sentences(args.texts, args.held_out)
    rows = [{**row, "phonemes": phonemes(normalise(row["text"]), lexicon)} for row in chosen]
    longest = _LONGEST_TIMBRE if args.timbres else _LONGEST
    rows = [row for row in rows if _SHORTEST <= len(row["phonemes"]) <= longest or args.test]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    args.out.write_text(lines, encoding="utf-8")
    print(f"{len(rows)} sentences")


if __name__ == "__main__":
    main()
