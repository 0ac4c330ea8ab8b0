"""`evaluate`: systems speak, judges judge, and a report says what came of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sled_codec import atomic_write

from sled_infer import SynthesisError

from ._page import write_page
from ._run import check_suits, judge_all, no_progress, open_task, speak
from ._score import Row, count_words, figures, rows_of, worst

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ._clips import Clip
    from ._judges import Judge
    from ._run import Progress, Task
    from ._systems import System

Report = dict[str, Any]


def evaluate(
    clips: Sequence[Clip],
    systems: Sequence[System],
    judges: Sequence[Judge],
    run: Path,
    *,
    progress: Progress = no_progress,
    offline: bool = False,
) -> Report:
    """Evaluate systems on the same clips, and write `report.json` and `report.html`.

    Args:
        clips: the test set.
        systems: who speaks; all must have different names.
        judges: who listens.
        run: a folder, made if need be. What it holds of the same work is not done again.
        progress: told how far the work is.
        offline: judges must not reach for the network.

    Returns:
        What `report.json` holds: for each system its settings, its figures with intervals, every
        clip with every judge's answer, and the names of the worst.

    Raises:
        SynthesisError: two systems of one name, a run folder of other settings, no clip that
            suits a system, a judge that does not run.

    """
    _check(systems, judges)
    for system in systems:
        check_suits(system, clips)
    run.mkdir(parents=True, exist_ok=True)
    tasks = [open_task(run, system, clips) for system in systems]
    for task in tasks:
        speak(task, progress)
    for judge in judges:
        judge_all(tasks, judge, progress, offline=offline)
    rows = [rows_of(task, judges) for task in tasks]
    count_words([row for each in rows for row in each], judges, offline=offline)
    report: Report = {
        "clips": len(clips),
        "judges": [judge.name for judge in judges],
        "systems": [_facts(*pair, judges) for pair in zip(tasks, rows, strict=True)],
    }
    with atomic_write(run / "report.json") as file:
        file.write(json.dumps(report, indent=1, ensure_ascii=False).encode())
    write_page(report, run)
    return report


def _facts(task: Task, rows: list[Row], judges: Sequence[Judge]) -> Row:
    return {
        "name": task.system.name,
        "title": task.system.title,
        "settings": task.system.settings,
        "figures": figures(rows, judges),
        "worst": worst(rows, judges),
        "utterances": rows,
    }


def _check(systems: Sequence[System], judges: Sequence[Judge]) -> None:
    names = [system.name for system in systems]
    if not names or not judges:
        raise SynthesisError("evaluation: give at least one system and one judge")
    if len(set(names)) < len(names):
        raise SynthesisError(f"evaluation: a system is named twice among {', '.join(names)}")
