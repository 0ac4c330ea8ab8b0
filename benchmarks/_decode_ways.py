"""The ways of decoding that `decode.py` compares, each timed frame by frame once it speaks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from _clock import seconds
from _plain_loop import PlainLoop
from sled_infer import Engine, SeededNoise, Utterance, embedded
from sled_model import OfflineLayout, SledConfig, SledModel, StreamingLayout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sled_codec import Codec
    from sled_infer._track import Track
    from torch import Tensor

_PIECE = 4  # frames that a stream sounds at once
_NEVER = 2.0
_WARM = 3
_QUARTER: dict[str, Any] = {
    "hidden_size": 512,
    "intermediate_size": 1376,
    "num_attention_heads": 8,
    "diffloss_w": 512,
}


@dataclass(frozen=True)
class Task:
    """What is spoken, and how time is taken: the fastest of `rounds` runs of `frames` counts.

    `chunk`: tokens and frames of a stream's turn; None for texts that are known as a whole.
    """

    batch: int
    cfg: float
    draws: int
    chunk: tuple[int, int] | None
    tokens: int
    frames: int
    rounds: int
    now: Callable[[], float]

    def ids(self, model: SledModel) -> Tensor:
        """Give the texts, random tokens [batch, tokens]."""
        generator = torch.Generator().manual_seed(0)
        shape = (self.batch, self.tokens)
        return torch.randint(4, model.config.vocab_size, shape, generator=generator)


def make_model(size: str) -> SledModel:
    """Make a model with random weights, or read the embedded one."""
    if size == "embedded":
        return SledModel.from_pretrained(embedded.folder("digits"))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = SledModel(SledConfig(**(_QUARTER if size == "quarter" else {})))
        torch.nn.Module.eval(model)
        for parameter in model.head.parameters():
            torch.nn.init.normal_(parameter, std=0.02)
    return model


def weights_a_frame(model: SledModel) -> int:
    """Count the weights that a frame needs: all but the table of tokens."""
    return sum(p.numel() for p in model.parameters()) - model.text_embedding.weight.numel()


def place(model: SledModel, device: str, dtype: torch.dtype) -> SledModel:
    """Put a model where it decodes, unpacked; the tables of its rotations stay float32."""
    torch.nn.Module.to(model, device=torch.device(device), dtype=dtype)
    model.backbone.rotary.fill(device)
    return model


def floor_ms(size: int, rounds: int, now: Callable[[], float], device: str) -> float:
    """Give the milliseconds that reading so many bytes of the device's memory takes."""
    numbers = torch.ones(size // 4, device=device)
    wide = numbers.view(torch.int64)
    return 1000 * min(seconds(way, now) for way in (numbers.sum, wide.sum) for _ in range(rounds))


def plain_ms(model: SledModel, task: Task) -> float:
    """Give ms a frame of the straightforward loop."""
    loop = PlainLoop(model, task.ids(model).to(model.device), task.cfg, task.chunk)
    count = _WARM + task.rounds * task.frames
    shape = (count, task.batch, model.config.noise_channels)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    noise = noise.to(model.device, model.dtype)
    return _fastest(loop.run(count, noise), task)


def ours(model: SledModel, codec: Codec, task: Task) -> tuple[float, float, dict[str, float]]:
    """Give ms a frame of the engine, ms to the first frame, and ms a frame of each part.

    What comes after the engine, by pieces, is always among the parts: the mean of draws, and the
    codec. The others only on a CPU.
    """
    engine = Engine(model, threads=torch.get_num_threads())
    tracks = [engine.join(utterance) for utterance in _utterances(model, task)]
    frames = _frames(engine, tracks)
    first = 1000 * seconds(lambda: next(frames), task.now)
    best = _fastest(frames, task)
    shares = {} if model.device.type == "cuda" else _shares(engine, model, task)
    said, mean = _sounded(tracks, task)
    for track in tracks:
        engine.leave(track)
    after = {"mean": mean} if task.draws > 1 else {}
    return best, first, shares | after | {"codec": _codec_ms(codec, said, task.now)}


def _shares(engine: Engine, model: SledModel, task: Task) -> dict[str, float]:
    """Give ms a frame by part; watching takes time itself, so this is a run of its own."""
    parts = Parts(task.now)
    parts.watch(engine._rows, "_step", "backbone")
    for holder, name, part in (
        (model.backbone, "forward", "backbone"),
        (model.head, "modulations", "head"),
        (engine._rows, "draw", "head"),
    ):
        parts.watch(holder, name, part)
    whole = seconds(lambda: [engine.step() for _ in range(task.frames)], task.now)
    parts.restore()
    shares = {name: 1000 * spent / task.frames for name, spent in parts.spent.items()}
    shares["Python"] = max(0.0, 1000 * whole / task.frames - sum(shares.values()))
    return shares


def _fastest(source: Iterator[object], task: Task) -> float:
    """Draw frames from an iterator; give the ms a frame of the fastest round."""
    for _ in range(_WARM):
        next(source)
    runs = [
        seconds(lambda: [next(source) for _ in range(task.frames)], task.now)
        for _ in range(task.rounds)
    ]
    return 1000 * min(runs) / task.frames


def _frames(engine: Engine, tracks: list[Track]) -> Iterator[None]:
    """Step until all have said a frame more; on a GPU a step may only begin one."""
    while True:
        said = min(track.spoken for track in tracks)
        while min(track.spoken for track in tracks) == said:
            engine.step()
        yield


def _utterances(model: SledModel, task: Task) -> list[Utterance]:
    layout = StreamingLayout(*task.chunk) if task.chunk else OfflineLayout()
    return [
        Utterance(
            text_ids=row,
            prompt=torch.empty(0, model.config.vae_embed_dim),
            cfg=task.cfg,
            draws=task.draws,
            noise=SeededNoise(seed, model.config.noise_channels),
            max_frames=model.config.max_position_embeddings,
            layout=layout,
            stop_threshold=_NEVER,
        )
        for seed, row in enumerate(task.ids(model))
    ]


def _sounded(tracks: list[Track], task: Task) -> tuple[list[Tensor], float]:
    """Give what is heard of the last frames, and ms a frame of all streams that the mean took."""
    for track in tracks:
        track.give(len(track.frames) - task.frames)
    pieces: list[list[Tensor]] = []
    whole = seconds(
        lambda: pieces.extend(
            [track.give(_PIECE) for track in tracks] for _ in range(0, task.frames, _PIECE)
        ),
        task.now,
    )
    said = [torch.cat(each) for each in zip(*pieces, strict=True)]
    return said, 1000 * whole / task.frames


def _codec_ms(codec: Codec, said: list[Tensor], now: Callable[[], float]) -> float:
    """Give ms a frame of decoding all streams in pieces of 4 frames."""
    states = [codec.decoder_state() for _ in said]
    cut = list(zip(*(torch.split(each, _PIECE) for each in said), strict=True))
    whole = seconds(lambda: [codec.decode_step_batch(list(p), states) for p in cut], now)
    return 1000 * whole / len(said[0])


class Parts:
    """How long a run spends inside which part."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._watched: list[tuple[object, str, object]] = []

    def watch(self, holder: object, name: str, part: str) -> None:
        """Time every call of a method of `holder`."""
        way: Callable[..., object] = getattr(holder, name)

        def timed(*args: object, **options: object) -> object:
            start = self.now()
            try:
                return way(*args, **options)
            finally:
                self.spent[part] += self.now() - start

        self._watched.append((holder, name, way))
        object.__setattr__(holder, name, timed)

    def restore(self) -> None:
        """Let all be as before."""
        for holder, name, way in reversed(self._watched):
            object.__setattr__(holder, name, way)
