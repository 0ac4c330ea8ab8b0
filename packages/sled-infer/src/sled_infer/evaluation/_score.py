"""From journals to figures: what each system's speech was worth, with 95 % intervals."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ._bootstrap import Estimate, mean, ratio
from ._words import WordErrors, compare, normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ._clips import Clip
    from ._judges import Judge
    from ._run import Task

Row = dict[str, Any]
AT_ONCE = 0.25  # seconds: a model that stops before has said nothing
WORST = 10


def rows_of(task: Task, judges: Sequence[Judge]) -> list[Row]:
    """Give what is known of each clip that was spoken, judges' answers under their names."""
    rows = [_row(task, clip) for clip in task.clips]
    for judge in judges:
        answers = task.heard_by(judge).rows
        for row in rows:
            known = answers.get(row["name"])
            if known is not None and known["key"] == row["key"]:
                row[judge.name] = {k: v for k, v in known.items() if k not in ("name", "key")}
            elif judge.kind == "text":
                row[judge.name] = {"text": ""}  # it said nothing, so nothing was heard
    return rows


def count_words(rows: Sequence[Row], judges: Sequence[Judge], *, offline: bool) -> None:
    """Add to each answer of a recogniser its `errors`."""
    judges = [judge for judge in judges if judge.kind == "text"]
    heard = [row[judge.name]["text"] for judge in judges for row in rows]
    words = normalise([*(row["text"] for row in rows if judges), *heard], offline=offline)
    for judge in judges:
        for row in rows:
            said, text = words[row["text"]], words[row[judge.name]["text"]]
            row[judge.name]["errors"] = asdict(compare(said, text))


def figures(rows: Sequence[Row], judges: Sequence[Judge]) -> Row:
    """Give one system's figures; None where there is nothing to count."""
    seconds = [row["seconds"] for row in rows]
    timed = [row for row in rows if row["compute_seconds"] is not None]  # not what was refused
    voiced = [row for row in rows if row["stopped"] is not None]
    found: Row = {
        "clips": len(rows),
        "seconds": sum(seconds),
        "refused": sum(row["refused"] is not None for row in rows),
        "rtf": _json(ratio(*_columns(timed, "compute_seconds", "seconds"))),
        "never_stopped": _json(mean([float(not row["stopped"]) for row in voiced])),
        "stopped_at_once": _json(mean([float(row["seconds"] < AT_ONCE) for row in voiced])),
        "judges": {},
    }
    for judge in judges:
        answers = [row[judge.name] for row in rows if judge.name in row]
        found["judges"][judge.name] = {"title": judge.title, "kind": judge.kind}
        found["judges"][judge.name] |= _FIGURES[judge.kind](answers)
    return found


def _columns(rows: Sequence[Row], *names: str) -> list[list[float]]:
    return [[row[name] for row in rows] for name in names]


def worst(rows: Sequence[Row], judges: Sequence[Judge]) -> list[str]:
    """Name the clips with most errors a word, by the first judge that hears words."""
    judge = next((judge for judge in judges if judge.kind == "text"), None)
    if judge is None:
        return []

    def badness(row: Row) -> tuple[float, int]:
        errors = WordErrors(**row[judge.name]["errors"])
        return errors.total / max(1, errors.length), errors.total

    wrong = [row for row in rows if badness(row)[1]]
    return [row["name"] for row in sorted(wrong, key=badness, reverse=True)[:WORST]]


def _row(task: Task, clip: Clip) -> Row:
    known = task.done(clip) or {}
    return {**known, "name": clip.name, "speaker": clip.speaker, "text": clip.text}


def _word_figures(answers: Sequence[Row]) -> Row:
    errors = [WordErrors(**answer["errors"]) for answer in answers]
    lengths = [each.length for each in errors]
    return {
        "wer": _json(ratio([each.total for each in errors], lengths)),
        "substitutions": sum(each.substitutions for each in errors),
        "deletions": sum(each.deletions for each in errors),
        "insertions": sum(each.insertions for each in errors),
        "words": sum(lengths),
    }


def _mean_figures(answers: Sequence[Row]) -> Row:
    names = sorted({name for answer in answers for name in answer})
    return {
        name: _json(mean([answer[name] for answer in answers if name in answer])) for name in names
    }


_FIGURES: dict[str, Callable[[Sequence[Row]], Row]] = {
    "text": _word_figures,
    "speaker": _mean_figures,
    "quality": _mean_figures,
}


def _json(estimate: Estimate | None) -> dict[str, float] | None:
    return None if estimate is None else estimate.to_json()
