"""`Synthesizer`: a model, its codec and its tokenizer, loaded once and asked to speak.

speech = Synthesizer.from_pretrained().synthesize("Anything that is English.")
write_audio("out.wav", speech.wave, speech.sample_rate)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack, overload

from ._assembled import Assembled
from ._async import speak_async
from ._errors import SynthesisError
from ._pace import choose_layout
from ._reading import speak_all, speak_pieces
from ._script import Script
from ._session import DEFAULT_CHUNK, Stream
from ._speech import Request, Speech, SpeechOptions, StreamOptions
from ._timbre import missing
from ._voice import PREFIX_SECONDS, Voice

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterator, Sequence
    from pathlib import Path

    from sled_model import Layout
    from torch import Tensor

    from ._reading import Pieces
    from ._speech import Normalise
    from ._voice_file import Mode

DEFAULT_BATCH = 16


class Synthesizer(Assembled):
    """Speaks texts, alone or in batches or as they come, in its own voice or a cloned one.

    All that is spoken at a time, in whatever threads, goes through the model in one batch.

    Its parts are attributes; see `Assembled`.

    """

    def synthesize(self, text: str, **options: Unpack[SpeechOptions]) -> Speech:
        """Speak one text, of any length.

        Args:
            text: what to say; white space is evened out, words unknown to a restricted voice
                are left out and listed in `Speech.unsupported`.
            options: voice, cfg, seed, max_seconds, layout, normalise, split, temperature, draws;
                see `Request`.

        Raises:
            SynthesisError: nothing to say, a prompt too long, a voice of another codec, or an
                option out of range.

        """
        return self.synthesize_batch([Request(text, **options)])[0]

    def synthesize_pieces(
        self, request: Request, *, batch_size: int = DEFAULT_BATCH, done: Sequence[float] = ()
    ) -> Pieces:
        """Speak a long text, and give its pieces in order as they are made.

        Joined, with `Speech.pause` of silence before each, they are what `synthesize` gives. No
        more than a batch of them is held in memory.

        Args:
            request: what to say.
            batch_size: how many pieces go through the model at once.
            done: the lengths, in seconds without pauses, of the first pieces, if those were spoken
                before: they are left out, and all others are what they would have been.

        Raises:
            SynthesisError: as `synthesize`.

        """
        planner, engine = self._planner, self.engine
        return speak_pieces(planner, engine, request, batch_size=batch_size, done=done)

    def synthesize_batch(
        self, requests: Sequence[Request], *, batch_size: int = DEFAULT_BATCH
    ) -> list[Speech]:
        """Speak many texts, each as it would be spoken alone.

        Args:
            requests: in any number.
            batch_size: how many go through the model at once; bounds the memory.

        Raises:
            SynthesisError: as `synthesize`, before anything is spoken; names the request.

        """
        return speak_all(self._planner, self.engine, requests, batch_size=batch_size)

    def voice(
        self,
        path: str | Path,
        transcript: str | None,
        *,
        mode: Mode = "reference",
        prefix_seconds: float = PREFIX_SECONDS,
    ) -> Voice:
        """Make a voice of a recording for this model: `Voice.from_audio`, then `attune`."""
        return self.attune(
            Voice.from_audio(path, transcript, self.codec, mode=mode, prefix_seconds=prefix_seconds)
        )

    def attune(self, voice: Voice) -> Voice:
        """Let what is said in a voice have its recording's timbre, where the model's card says how.

        The words of the recording, of a continuation those that are left of them, are spoken
        once for it, always with the same seed. What it finds is saved with the voice; one that
        has it, or of which it cannot be told, is given back as it is.
        """
        tone = None if self.card is None else self.card.tone
        if tone is None or voice.timbre is not None:
            return voice
        words = "" if voice.mode == "continuation" else voice.transcript
        try:
            said = self.synthesize(words, voice=voice).latents
        except SynthesisError:  # Who speaks in this voice is told what is wrong with it.
            return voice
        recorded = self.codec.latents(voice.codes.to(self.codec.device)).cpu()
        return replace(voice, timbre=missing(recorded, said, tone))

    def open_stream(
        self,
        *,
        voice: Voice | None = None,
        cfg: float | None = None,
        seed: int = 0,
        max_seconds: float | None = None,
        chunk_frames: int = DEFAULT_CHUNK,
        layout: Layout | None = None,
        normalise: Normalise | None = None,
        temperature: float | None = None,
        draws: int | None = None,
        obey_early_stop: bool = False,
    ) -> Stream:
        """Begin to speak a text that is still to come; see `Stream`.

        Args:
            voice: whose voice; None for the model's own choice.
            cfg: strength of guidance, 1 for none; see `Request`.
            seed: the same seed and text give the same audio, however the text is cut.
            max_seconds: an end by force.
            chunk_frames: frames of audio to the first piece, as far as text allows; the next ones
                may grow to three times as many, if they are there in time.
            layout: how many frames may follow how many tokens; None for what the model was
                trained for. Others are tried with a warning.
            normalise: how the text is put into words; see `Request`.
            temperature: how much chance there is in each frame; see `Request`.
            draws: how many draws each frame that is heard is the mean of; see `Request`.
            obey_early_stop: end when the model says so though text is unread, as the original
                implementation does; the rest of the text is lost.

        Raises:
            SynthesisError: an option out of range, or a voice of another codec.

        """
        layout = choose_layout(self.model.config, layout, self._layouts)
        request = Request(
            "",
            voice,
            cfg,
            seed,
            max_seconds,
            layout,
            normalise,
            temperature=temperature,
            draws=draws,
        )
        script = Script(self._planner, request, obey_early_stop=obey_early_stop)
        return Stream(self.engine, self.codec, script, chunk_frames)

    @overload
    def stream(
        self, text_pieces: Iterable[str], **options: Unpack[StreamOptions]
    ) -> Iterator[Tensor]: ...

    @overload
    def stream(
        self, text_pieces: AsyncIterable[str], **options: Unpack[StreamOptions]
    ) -> AsyncIterator[Tensor]: ...

    def stream(
        self, text_pieces: Iterable[str] | AsyncIterable[str], **options: Any
    ) -> Iterator[Tensor] | AsyncIterator[Tensor]:
        """Speak a text while it comes: pieces in, audio out.

        The audio is that of the whole text, whatever the pieces. It waits for text, never for
        a clock, and takes the next piece only when it needs one. Closing the iterator ends the
        stream and frees all it holds.

        Args:
            text_pieces: any iterable or async iterable of strings: characters, words, what a
                language model writes.
            options: those of `open_stream`.

        Returns:
            An iterator, or for an async iterable an async iterator, of float32 [samples] on the
            CPU, `sample_rate` a second.

        Raises:
            SynthesisError: as `open_stream` at once, as `Stream.push` when it comes to that.

        """
        opened = self.open_stream(**options)
        if isinstance(text_pieces, Iterable):
            return opened.speak(text_pieces)
        return speak_async(opened, text_pieces)
