"""Train the network that pronounces unknown words, on the lexicon itself.

OMP_NUM_THREADS=1 python tools/embedded/train_letters.py ENGLISH_ASSETS_FOLDER

Letters and sounds of each entry are aligned, then the network learns each letter's sounds and
stress. 2,000 words are held out and measured. The seed is fixed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from pathlib import Path

import torch
from letter_alignment import Aligned, Entry, align, bare, code
from make_lexicon import WORDS, read_words
from safetensors.torch import save_file
from sled_codec import atomic_path
from sled_infer._inflection import inflections
from sled_infer._letters import LETTERS, LetterNet, Letters
from sled_infer._lexicon import Lexicon
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

HELD_OUT = 2000
BATCH = 256
NEVER = -1e6

Batch = tuple[Tensor, Tensor, Tensor]  # letters, labels, stresses, each `[words, letters]`


def entries(lexicon: Lexicon) -> list[Entry]:
    """Give the words that no rule explains, in an order that is always the same.

    Those of our own table are left out, so that a correction there trains no other network.
    """
    ours = read_words(WORDS)
    table = [(word, said) for word, said in lexicon.entries() if word not in ours]
    known = {word.lower() for word, _ in table}
    rows: dict[str, str] = {}
    for word, said in table:
        spelled = word.isupper() or not set(word.lower()) & set("aeiouy")
        stems = (stem for stem, _ in inflections(word.lower()))
        if (
            word.isascii()
            and word.isalpha()
            and not (spelled or any(stem in known for stem in stems))
        ):
            rows.setdefault(word.lower(), said)
    return sorted(rows.items(), key=lambda row: hashlib.sha256(row[0].encode()).digest())


def train(aligned: list[Aligned], epochs: int, seed: int) -> Letters:
    """Train the network on aligned words, sorted by their length."""
    seen = {pair for word, labels, _ in aligned for pair in zip(word, labels, strict=True)}
    names = sorted({label for _, label in seen})
    allowed = torch.zeros(LETTERS + 1, len(names), dtype=torch.bool)
    for letter, label in seen:
        allowed[code(letter), names.index(label)] = True
    number = {name: at for at, name in enumerate(names)}
    data = (
        stacked([[code(letter) for letter in word] for word, _, _ in aligned], 0),
        stacked([[number[label] for label in labels] for _, labels, _ in aligned], -1),
        stacked([marks for _, _, marks in aligned], -1),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = LetterNet(len(names))
        fit(net, data, allowed, epochs)
    return Letters(net, names, allowed)


def stacked(rows: list[list[int]], padding: int) -> Tensor:
    """Make one tensor of rows, padded at their ends."""
    return pad_sequence([*map(torch.tensor, rows)], batch_first=True, padding_value=padding)


def fit(net: LetterNet, data: Batch, allowed: Tensor, epochs: int) -> None:
    """Take the steps, each on 256 words of like lengths, the learning rate up and down again."""
    words = len(data[0])
    steps = epochs * -(-words // BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, steps, pct_start=0.1)
    for epoch in range(epochs):
        start, total = time.perf_counter(), 0.0
        order = (torch.arange(words) + torch.randint(0, 8 * BATCH, (words,))).argsort()
        parts = torch.split(order, BATCH)
        for at in torch.randperm(len(parts)).tolist():
            longest = int((data[0][parts[at]] > 0).sum(1).max())
            letters, labels, marks = (each[parts[at], :longest] for each in data)
            loss = measure_loss(net, (letters, labels, marks), allowed)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it so
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) / len(parts)
        print(f"epoch {epoch + 1}: {total:.4f}, {time.perf_counter() - start:.0f} s", flush=True)


def measure_loss(net: LetterNet, batch: Batch, allowed: Tensor) -> Tensor:
    """Cross-entropy of labels, a letter, plus half that of stresses, a vowel."""
    letters, labels, marks = batch
    with torch.autocast("cpu", torch.bfloat16):
        scores, stress = net(letters)
    scores = scores.float().masked_fill(~allowed[letters], NEVER)
    of_labels = functional.cross_entropy(scores.flatten(0, 1), labels.flatten(), ignore_index=-1)
    of_marks = functional.cross_entropy(
        stress.float().flatten(0, 1), marks.flatten(), ignore_index=-1
    )
    return of_labels + 0.5 * of_marks


def save(letters: Letters, path: Path) -> None:
    """Write the network in half precision, with what its labels are."""
    tensors = {name: each.half() for name, each in letters.net.state_dict().items()}
    tensors["allowed"] = letters.allowed.to(torch.uint8)
    with atomic_path(path) as place:
        save_file(tensors, place, {"labels": json.dumps(letters.labels)})


def measure(letters: Letters, rows: list[Entry]) -> str:
    """Say how many words are right, and the edit distance of sounds over their number."""
    said = [(letters.pronounce(word), right) for word, right in rows]
    exact = sum(one == right for one, right in said) / len(said)
    plain = sum(bare(one) == bare(right) for one, right in said) / len(said)
    edits = sum(distance(bare(one), bare(right)) for one, right in said)
    sounds = sum(len(bare(right)) for _, right in said)
    return (
        f"{len(said)} held-out words: {exact:.1%} right, {plain:.1%} but for stress, "
        f"{edits / sounds:.1%} of sounds wrong"
    )


def distance(one: str, two: str) -> int:
    """Count the edits between two sequences (Levenshtein)."""
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(two, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def main() -> None:
    """Align, train, save and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="holds lexicon.tsv.gz; letters go beside it")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--words", type=int, help="train on so many only")
    parser.add_argument("--out", type=Path, help="default: letters.safetensors in the folder")
    options = parser.parse_args()
    out = options.out or options.folder / "letters.safetensors"
    rows = entries(Lexicon.read(options.folder / "lexicon.tsv.gz"))
    held, rows = rows[:HELD_OUT], rows[HELD_OUT:][: options.words]
    aligned = align(rows)
    print(f"{len(aligned):,} of {len(rows):,} words aligned", flush=True)
    save(train(aligned, options.epochs, seed=0), out)
    print(measure(Letters.read(out), held))


if __name__ == "__main__":
    main()
