"""The work of an evaluation: every system speaks every clip once, every judge hears it once.

A run folder holds, for each system, `settings.json`, `spoken.jsonl`, the WAV files, and one
journal a judge. All is written as it is done: a run that was killed goes on where it was.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from hashlib import file_digest, sha256
from typing import TYPE_CHECKING, Any, Protocol

from sled_codec import atomic_write, read_audio, write_audio

from sled_infer import Journal, SynthesisError

from ._hearing import Listener

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from torch import Tensor

    from ._clips import Clip
    from ._judges import Judge
    from ._systems import Spoken, System

_SHORTEST = 0.25  # seconds: what is shorter is not judged, for it says nothing


class Progress(Protocol):
    """Told how far a part of the work is."""

    def __call__(self, what: str, done: int, total: int) -> None:
        """`done` of `total` clips of the part `what`."""


def no_progress(what: str, done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Task:
    """One system, the clips that suit it, and its folder.

    Attributes:
        spoken: a row for each clip that has been spoken.

    """

    system: System
    clips: tuple[Clip, ...]
    folder: Path
    spoken: Journal

    def wave_path(self, clip: Clip) -> Path:
        """Where the audio of a clip lies; not there if nothing was said."""
        return self.folder / f"{clip.name}.wav"

    def key(self, clip: Clip) -> str:
        """Give a digest of all that the system is told of a clip, and of what else it goes by."""
        reference, mark = clip.reference, self.system.mark(clip)
        told = [clip.text, _file(clip), clip.speaker, round(clip.seconds, 3)]
        told += [_file(reference), reference.text] if reference else []
        return sha256(json.dumps([*told, *([mark] if mark else [])]).encode()).hexdigest()[:16]

    def done(self, clip: Clip) -> dict[str, Any] | None:
        """Give the row of a clip, if it was spoken as it now stands in the test set."""
        row = self.spoken.rows.get(clip.name)
        return row if row is not None and row["key"] == self.key(clip) else None

    def heard_by(self, judge: Judge) -> Journal:
        """Give the journal of a judge's answers."""
        return Journal(self.folder / f"{judge.name}.jsonl")


def check_suits(system: System, clips: Sequence[Clip]) -> None:
    """Raise SynthesisError if none of the clips suits the system."""
    if not any(system.suits(clip) for clip in clips):
        raise SynthesisError(
            f"{system.name}: none of {len(clips)} clips suits it; real and codec need recordings, "
            "cloning two of a speaker, continuation such of more than 3.5 s"
        )


def open_task(run: Path, system: System, clips: Sequence[Clip]) -> Task:
    """Make or find the system's folder.

    Raises:
        SynthesisError: the folder holds what the system said with other settings.

    """
    suited = tuple(clip for clip in clips if system.suits(clip))
    folder = run / system.name
    settings = folder / "settings.json"
    if settings.is_file():
        _check_settings(settings, system)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(settings) as file:
            file.write(json.dumps(system.settings, indent=1).encode())
    return Task(system, suited, folder, Journal(folder / "spoken.jsonl"))


def speak(task: Task, progress: Progress) -> None:
    """Let the system speak what it has not spoken yet."""
    todo = [clip for clip in task.clips if task.done(clip) is None]
    done, total = len(task.clips) - len(todo), len(task.clips)
    progress(f"Speaking: {task.system.title}", done, total)
    for first in range(0, len(todo), task.system.at_once):
        part = todo[first : first + task.system.at_once]
        for clip, spoken in zip(part, task.system.speak(part), strict=True):
            _keep(task, clip, spoken)
        done += len(part)
        progress(f"Speaking: {task.system.title}", done, total)


def judge_all(tasks: Sequence[Task], judge: Judge, progress: Progress, *, offline: bool) -> None:
    """Let a judge hear what it has not heard yet; it is not even started if that is nothing."""
    todo = [(task, journal, clip) for task in tasks for journal, clip in _unheard(task, judge)]
    total = sum(_is_judged(task, judge, clip) for task in tasks for clip in task.clips)
    if not todo:
        return
    progress(f"Judging: {judge.title}", total - len(todo), total)
    with ExitStack() as stack:
        listener = stack.enter_context(Listener(judge, offline=offline))
        for number, (task, journal, clip) in enumerate(todo, total - len(todo) + 1):
            journal.add(clip.name, key=task.key(clip), **_answers(listener, judge, task, clip))
            progress(f"Judging: {judge.title}", number, total)


def _check_settings(path: Path, system: System) -> None:
    known, now = json.loads(path.read_text(encoding="utf-8")), system.settings
    for key in known.keys() | now.keys():
        if known.get(key) != now.get(key):
            raise SynthesisError(
                f"{path.parent}: was spoken with {key} {known.get(key)}, not {now.get(key)}; "
                "give another --out, or delete this folder"
            )


def _keep(task: Task, clip: Clip, spoken: Spoken) -> None:
    """Write the audio, then the row that says it is there."""
    path = task.wave_path(clip)
    if len(spoken.wave):
        write_audio(path, spoken.wave, spoken.sample_rate)
    else:
        path.unlink(missing_ok=True)
    task.spoken.add(
        clip.name,
        key=task.key(clip),
        seconds=len(spoken.wave) / spoken.sample_rate - spoken.prefix_seconds,
        prefix_seconds=spoken.prefix_seconds,
        compute_seconds=spoken.compute_seconds,
        stopped=spoken.stopped,
        unsupported=list(spoken.unsupported),
        refused=spoken.refused,
    )


def _unheard(task: Task, judge: Judge) -> Iterator[tuple[Journal, Clip]]:
    journal = task.heard_by(judge)
    for clip in task.clips:
        known = journal.rows.get(clip.name)
        wanted = _is_judged(task, judge, clip)
        if wanted and (known is None or known["key"] != task.key(clip)):
            yield journal, clip


def _is_judged(task: Task, judge: Judge, clip: Clip) -> bool:
    row, comparable = task.done(clip), judge.kind != "speaker" or clip.path is not None
    return comparable and row is not None and row["seconds"] >= _SHORTEST


def _file(clip: Clip) -> list[str] | None:
    if clip.path is None:
        return None
    about = clip.path.stat()
    return [clip.path.name, _content(clip.path, about.st_size, about.st_mtime_ns)]


@lru_cache(maxsize=1 << 16)
def _content(path: Path, _size: int, _changed: int) -> str:
    """Digest a file, anew if it was written since."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()[:16]


def _answers(listener: Listener, judge: Judge, task: Task, clip: Clip) -> dict[str, Any]:
    wave, rate = read_audio(task.wave_path(clip))
    if judge.kind == "text":
        return listener.ask(wave, rate)
    prefix = task.spoken.rows[clip.name]["prefix_seconds"]
    alone = wave[round(prefix * rate) :]
    if judge.kind == "quality":
        return listener.ask(alone, rate)
    reference = task.system.reference(clip)
    return (
        {} if reference is None else {"similarity": _similarity(listener, alone, rate, reference)}
    )


def _similarity(
    listener: Listener, wave: Tensor, rate: int, reference: tuple[Tensor, int]
) -> float:
    """Give the cosine of the two embeddings, each of length 1."""
    one, other = (listener.ask(*each)["embedding"] for each in ((wave, rate), reference))
    return float(sum(a * b for a, b in zip(one, other, strict=True)))
