"""Audio that was made elsewhere, measured as it is: another program's, a teacher's, an older run's.

One file a clip, named as the clip is, in any format that libsndfile reads.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from sled_codec import CodecError, read_audio

from sled_infer import SynthesisError

from ._systems import Comparable, Spoken

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ._clips import Clip


class Finished(Comparable):
    """A folder of finished audio; nobody knows what time it took or whether it came to an end."""

    at_once = 1

    def __init__(self, name: str, folder: Path, clips: Sequence[Clip]) -> None:
        """Find and read the audio of every clip, so that nothing is missing when it is needed.

        Args:
            name: of the system, in tables and in the run folder.
            folder: with a file `CLIP.wav`, `CLIP.flac` or the like for each clip; whatever else
                lies there is not looked at.
            clips: the test set.

        Raises:
            SynthesisError: no such folder, or a clip's audio missing, twice there, or unreadable.

        """
        self.name = self.title = name
        self.settings: dict[str, object] = {"folder": str(folder)}
        self._paths = _find(name, folder, clips)
        self._marks = {
            clip: sha256(path.read_bytes()).hexdigest()[:16] for clip, path in self._paths.items()
        }

    def mark(self, clip: Clip) -> str:
        """Give a digest of the file: audio that was made again is judged again."""
        return self._marks[clip.name]

    def speak(self, clips: Sequence[Clip]) -> list[Spoken]:
        """Read it."""
        return [Spoken(*read_audio(self._paths[clip.name])) for clip in clips]


def _find(name: str, folder: Path, clips: Sequence[Clip]) -> dict[str, Path]:
    """Give the file of each clip."""
    if not folder.is_dir():
        raise SynthesisError(f"system {name}: {folder} is no folder; give NAME=FOLDER of audio")
    there: dict[str, list[Path]] = {clip.name: [] for clip in clips}
    for path in sorted(folder.iterdir()):
        # A clip's own name has a suffix where two files of the test set share a stem.
        for key in {path.name, path.stem} & there.keys():
            there[key].append(path)
    missing = [clip for clip, paths in there.items() if not paths]
    if missing:
        raise SynthesisError(
            f"system {name}: {folder} has no audio for {len(missing)} of {len(clips)} clips, such "
            f"as {missing[0]} ({missing[0]}.wav or the like); make it, or choose clips with --only"
        )
    return {clip: _audible(name, clip, paths) for clip, paths in there.items()}


def _audible(name: str, clip: str, paths: Sequence[Path]) -> Path:
    """Give the one file that is audio: texts and figures may lie beside it under the same name."""
    heard, problems = [], []
    for path in paths:
        try:
            read_audio(path)
            heard.append(path)
        except CodecError as error:
            problems.append(str(error))
    if not heard:
        raise SynthesisError(f"system {name}: {'; '.join(problems)}; make this clip's audio again")
    if len(heard) > 1:
        both = ", ".join(path.name for path in heard)
        raise SynthesisError(f"system {name}: clip {clip} is there twice: {both}; remove one")
    return heard[0]
