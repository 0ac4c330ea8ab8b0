"""A voice to be cloned: the codes of a prompt, its words, and how it is to be used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import torch
from safetensors.torch import save
from sled_codec import Codec, atomic_write, read_audio

from ._errors import SynthesisError
from ._text import clean
from ._voice_file import FORMAT, Mode, read_voice

if TYPE_CHECKING:
    from torch import Tensor

MODES: tuple[str, ...] = get_args(Mode)
PREFIX_SECONDS = 3.0
_SHORTEST_SECONDS = 0.5
_SILENCE = 1e-3  # -60 dB of full scale


@dataclass(frozen=True, eq=False)
class Voice:
    """A prompt in a speaker's voice; both published protocols of cloning (2505.13181).

    mode "reference": the whole recording stands before what is spoken. The model reads
        transcript + " " + text, takes the recording as already spoken, and goes on: what it
        says is the text. The transcript is exactly what the recording says.
    mode "continuation": the first seconds of a recording (3 by default) stand before what is
        spoken, and the model goes on as the recording might have. The transcript may be that of
        the whole recording: then an empty text lets the model speak the rest of it, and a text
        is spoken after the rest. Or it may hold the words of those first seconds only: then
        what is spoken is the text. A text that itself begins with the transcript is taken as
        the whole, and its beginning is not spoken twice.

    Make one with `from_audio`, `from_wave` or `load`.

    Attributes:
        codes: int64 [frames, codebooks], on the CPU.
        transcript: the words.
        mode: "reference" or "continuation".
        codec_fingerprint: of the codec whose codes these are; another gives them no meaning.
        dictation: what is said in which turn, for a model that reads dictations, if that is
            known; else the transcript is stretched over the codes.
        recorded_frames: how long the recording was that the codes are the beginning of; 0 if
            they are all of it.
        timbre: float32 [D], what a model's speech lacks of the recording; see
            `Synthesizer.attune`. None where nobody has looked.

    """

    codes: Tensor
    transcript: str
    mode: Mode
    codec_fingerprint: str
    dictation: str = ""
    recorded_frames: int = 0
    timbre: Tensor | None = None

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise SynthesisError(f"voice: mode {self.mode!r} is not one of {', '.join(MODES)}")

    @classmethod
    def from_audio(
        cls,
        path: str | Path,
        transcript: str | None,
        codec: Codec | None = None,
        *,
        mode: Mode = "reference",
        prefix_seconds: float = PREFIX_SECONDS,
    ) -> Voice:
        """Make a voice of an audio file (WAV, FLAC, OGG, MP3; any rate, any channels).

        Args:
            path: the recording.
            transcript: its words; see the class for which.
            codec: the codec of the model that is to speak; None for the embedded one.
            mode: "reference" or "continuation".
            prefix_seconds: how much of the recording "continuation" takes.

        Raises:
            SynthesisError: no transcript, or a recording that is silent or under 0.5 s.
            CodecError: the file is missing or unreadable, or holds NaN.

        """
        wave, rate = read_audio(path)
        return cls.from_wave(
            wave,
            rate,
            transcript,
            codec,
            mode=mode,
            prefix_seconds=prefix_seconds,
            name=str(path),
        )

    @classmethod
    def from_wave(
        cls,
        wave: Tensor,
        sample_rate: int,
        transcript: str | None,
        codec: Codec | None = None,
        *,
        mode: Mode = "reference",
        prefix_seconds: float = PREFIX_SECONDS,
        name: str = "prompt",
    ) -> Voice:
        """Make a voice of a waveform [samples] or [channels, samples]; see `from_audio`."""
        if transcript is None:
            raise SynthesisError(f"{name}: a prompt needs its transcript; give the words it says")
        words = clean(transcript, f"{name}: the transcript")
        recorded = 0.0
        if mode == "continuation":
            if not prefix_seconds >= _SHORTEST_SECONDS:
                raise SynthesisError(
                    f"prefix: {prefix_seconds} s are too short; give {_SHORTEST_SECONDS} or more"
                )
            recorded = wave.shape[-1] / sample_rate
            wave = wave[..., : round(prefix_seconds * sample_rate)]
        _check_sound(wave, sample_rate, name)
        codec = Codec.from_pretrained() if codec is None else codec
        codes = codec.encode(wave, sample_rate).cpu()
        frames = round(recorded * codec.frame_rate)
        whole = 0 if frames <= len(codes) else frames
        return cls(codes, words, mode, codec.fingerprint, recorded_frames=whole)

    def save(self, path: str | Path) -> None:
        """Write one safetensors file, whole or not at all (16 bytes a frame)."""
        metadata = {
            "format": FORMAT,
            "transcript": self.transcript,
            "mode": self.mode,
            "codec_fingerprint": self.codec_fingerprint,
        }
        if self.dictation:
            metadata["dictation"] = self.dictation
        if self.recorded_frames:
            metadata["recorded_frames"] = str(self.recorded_frames)
        tensors = {"codes": self.codes.to(torch.int16).contiguous()}
        if self.timbre is not None:
            tensors["timbre"] = self.timbre.float().cpu().contiguous()
        with atomic_write(path) as file:
            file.write(save(tensors, metadata))

    @classmethod
    def load(cls, path: str | Path, codec: Codec | None = None) -> Voice:
        """Read what `save` wrote.

        Args:
            path: the file.
            codec: if given, it must be the codec the voice was made with.

        Raises:
            SynthesisError: missing, damaged, not a voice, or made with another codec.

        """
        voice = cls(*read_voice(Path(path)))
        if codec is not None:
            voice.check(codec, str(path))
        return voice

    def check(self, codec: Codec, name: str = "voice") -> None:
        """Raise SynthesisError if the voice was made with another codec."""
        if self.codec_fingerprint != codec.fingerprint:
            raise SynthesisError(
                f"{name}: made with another codec ({self.codec_fingerprint[:12]}…, here "
                f"{codec.fingerprint[:12]}…); make it again from the recording"
            )
        if self.timbre is not None and not _is_timbre(self.timbre, codec):
            raise SynthesisError(
                f"{name}: its timbre is none of this codec; export the voice again"
            )

    def full_text(self, text: str) -> str:
        """Give what the model is to read: the transcript and the text, as the mode wants it.

        Args:
            text: what is to be spoken; may be empty in "continuation".

        """
        if not text or (self.mode == "continuation" and _starts_with(text, self.transcript)):
            return text or self.transcript
        return f"{self.transcript} {text}"

    def may_repeat(self, beginning: str) -> bool:
        """Tell whether `full_text` could still depend on what follows this beginning of a text."""
        if self.mode == "reference":
            return not beginning
        short = len(beginning) <= len(self.transcript)
        return short and self.transcript.casefold().startswith(beginning.casefold())


def _starts_with(text: str, words: str) -> bool:
    """Tell whether the text begins with these words, and not with a part of one."""
    # Folded, not lowered: that is done letter by letter, so that a beginning stays a beginning.
    if not text.casefold().startswith(words.casefold()):
        return False
    return not text[len(words) : len(words) + 1].isalnum()


def _check_sound(wave: Tensor, sample_rate: int, name: str) -> None:
    seconds = wave.shape[-1] / sample_rate if wave.dim() and sample_rate > 0 else 0.0
    if seconds < _SHORTEST_SECONDS:
        raise SynthesisError(
            f"{name}: {seconds:.2f} s are too short for a prompt; "
            f"give {_SHORTEST_SECONDS} s or more, best 3 to 10"
        )
    full_scale = 1.0 if wave.is_floating_point() else float(torch.iinfo(wave.dtype).max)
    if wave.abs().amax() < _SILENCE * full_scale:
        raise SynthesisError(f"{name}: silence cannot be a prompt; give a recording of the voice")


def _is_timbre(shift: Tensor, codec: Codec) -> bool:
    return shift.shape == (codec.latent_size,) and bool(shift.isfinite().all())
