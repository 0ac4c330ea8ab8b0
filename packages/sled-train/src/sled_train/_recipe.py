"""The recipe: every knob of a training run as frozen, typed dataclasses.

The shipped YAML files give the values; the defaults here are those of `recipes/offline.yaml`, so
that a recipe can also be built in code.
"""

from dataclasses import dataclass, field
from typing import Literal

_PAPER_TURNS = (5, 45)
Precision = Literal["fp32", "bf16", "bf16-pure"]


@dataclass(frozen=True, slots=True)
class DataRecipe:
    """What is read and how it is cut into batches."""

    train: str | None = None
    """A folder that `sled data encode` wrote, a cuts file, or a corpus: see `sled_train.data`."""
    eval: str | None = None
    """Held-out speech of the same forms."""
    eval_fraction: float = 0.0
    """Share of the training clips held out where `eval` is not given."""
    eval_limit: int | None = 512
    """At most this many held-out clips are evaluated."""
    codec: str = "facebook/encodec_24khz"
    """Whatever `Codec.from_pretrained` takes: "embedded", a folder, a `.th` file, a hub id."""
    codes: str | None = None
    """Where corpora that are not yet codes are encoded; by default `codes/` in the run folder."""
    tokenizer: str | None = None
    """Folder or hub id with `vocab.json` and `merges.txt`; trained on the corpus if not given."""
    vocab_size: int = 16384
    """Size of the tokenizer to train: an upper limit, small corpora yield fewer."""
    min_seconds: float = 0.1
    max_seconds: float = 27.0
    batch_frames: int = 576_000
    """Frames per optimizer step, over all processes and micro-batches: 512 clips of 15 s."""
    micro_frames: int = 32_768
    """Padded frames in one forward pass; bounds memory, does not change the result."""
    bucket: int = 16
    """Clips of about this many batches are sorted by length together; 1 mixes all lengths."""
    strict: bool = False
    """Refuse rows whose audio is missing or unreadable instead of skipping them."""


@dataclass(frozen=True, slots=True)
class LayoutRecipe:
    """How text and frames interleave."""

    kind: Literal["offline", "streaming"] = "offline"
    n: int | None = None
    """Streaming: tokens per turn; by default those of `run.init_from`, or 5."""
    m: int | None = None
    """Streaming: frames per turn; by default those of `run.init_from`, or 45."""

    @property
    def turns(self) -> tuple[int, int]:
        """Tokens and frames per turn; those of the paper where nothing names others."""
        return self.n or _PAPER_TURNS[0], self.m or _PAPER_TURNS[1]

    @property
    def title(self) -> str:
        """Say it in a word: "offline", "streaming 5:45"."""
        n, m = self.turns
        return f"{self.kind} {n}:{m}" if self.kind == "streaming" else self.kind


@dataclass(frozen=True, slots=True)
class ModelRecipe:
    """The fields of `SledConfig`, under their published names."""

    hidden_size: int = 1024
    intermediate_size: int = 2752
    num_hidden_layers: int = 12
    num_attention_heads: int = 16
    num_key_value_heads: int | None = None
    max_position_embeddings: int = 2048
    rope_theta: float = 10_000.0
    rms_norm_eps: float = 1e-6
    initializer_range: float = 0.02
    attention_dropout: float = 0.1
    activation_dropout: float = 0.1
    dropout: float = 0.1
    vae_embed_dim: int = 128
    noise_channels: int = 128
    diffloss_d: int = 6
    diffloss_w: int = 1024
    training_cfg: float = 0.1
    """Probability that a clip loses its text, for classifier-free guidance."""
    energy_beta: float = 1.0
    energy_draws: int = 2
    loss_kernel: Literal["energy", "gaussian"] = "energy"


@dataclass(frozen=True, slots=True)
class OptimRecipe:
    """Warm-up, then linear decay to zero at `run.steps`."""

    kind: Literal["adamw", "muon"] = "adamw"
    """"muon": that for matrices between hidden states, AdamW for the rest, with the same rates.
    Fewer steps for what is trained from nothing; goes with `ddp` and float32 weights."""
    lr: float = 5e-4
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.01
    """Of matrices; biases and norms do not decay."""
    warmup_steps: int = 32_000
    clip: float = 1.0
    """Largest norm of the whole gradient; 0 does not clip."""
    compensate: bool = True
    """With bf16-pure: keep what updates lose by rounding. Without it small updates vanish."""
    past_noise: float = 0.0
    """Largest standard deviation of the noise on the latents that are read; 2 to 3 teaches a
    small model to read its text early."""


@dataclass(frozen=True, slots=True)
class RunRecipe:
    """Where, how long, in which precision, and what is written how often (in steps)."""

    out: str | None = None
    steps: int = 300_000
    seed: int = 0
    precision: Precision = "fp32"
    checkpointing: bool = False
    """Keep no layer's inner activations, but compute them again: less memory, more time."""
    device: Literal["auto", "cpu"] = "auto"
    """Either "auto" (what accelerate finds on this machine) or "cpu"."""
    threads: int | None = None
    """CPU threads of torch; left alone if not given."""
    parallel: Literal["ddp", "fsdp"] = "ddp"
    """Several processes: "ddp" has all weights in each, "fsdp" cuts them up between them."""
    init_from: str | None = None
    """Model folder or hub id to fine-tune; it then fixes the sizes and the tokenizer."""
    log_every: int = 10
    eval_every: int = 2_000
    save_every: int = 1_000
    keep_last: int = 3
    keep_best: bool = True
    """Keep the model of the lowest held-out loss in `best/`."""
    eval_audio: int = 2
    """Held-out texts that are spoken at every evaluation."""
    tensorboard: bool = True
    wandb: str | None = None
    """Weights & Biases project to log to as well; needs the extra `sled-train[wandb]`."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """All of a run."""

    data: DataRecipe = field(default_factory=DataRecipe)
    layout: LayoutRecipe = field(default_factory=LayoutRecipe)
    model: ModelRecipe = field(default_factory=ModelRecipe)
    optim: OptimRecipe = field(default_factory=OptimRecipe)
    run: RunRecipe = field(default_factory=RunRecipe)
