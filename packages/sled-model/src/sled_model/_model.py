"""The SLED model: embeddings, backbone, energy head and stop head in a transformers shell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedModel

from ._adapter import from_published, to_published
from ._backbone import Backbone
from ._batch import Batch, plan
from ._checkpoint import choose_dtype, read_config, read_weights, write_model
from ._config import SledConfig
from ._errors import ModelError
from ._head import EnergyHead
from ._losses import Losses, distance_for, score, stop_loss

if TYPE_CHECKING:
    from ._layout import Layout

LAYER_NORM_EPS = 1e-6
_HUB_OPTIONS = ("cache_dir", "force_download", "local_files_only", "revision", "subfolder", "token")


class SledModel(PreTrainedModel):  # type: ignore[no-untyped-call]
    """Text and past latents in, hidden states out; a latent is drawn from each in one step.

    Source: 2505.13181. `backbone(x, cache=None, counts=None)` is a module of its own; see
    `Backbone.forward`.

    Attributes:
        cache_dtype: of the key/value cache that suits the weights; None for the model's own.

    """

    config_class = SledConfig
    config: SledConfig
    base_model_prefix = ""
    _supports_sdpa = True
    cache_dtype: torch.dtype | None = None

    def __init__(self, config: SledConfig) -> None:
        super().__init__(config)
        hidden = config.hidden_size
        self.text_embedding = nn.Embedding(config.vocab_size, hidden)
        self.latent_in = nn.Linear(config.vae_embed_dim, hidden)
        self.input_norm = nn.LayerNorm(hidden, eps=LAYER_NORM_EPS)
        self.backbone = Backbone(config)
        self.head = EnergyHead(config)
        self.stop = nn.Linear(hidden, 1, bias=False)
        self.stop_weight: Tensor
        self.register_buffer("stop_weight", torch.tensor([float(config.stop_weight)]))
        self.post_init()  # type: ignore[no-untyped-call]
        # Not in _init_weights: transformers does not call it for modules without own parameters.
        self.head.zero_outputs()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        std = self.config.initializer_range
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=std)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)

    def embed_text(self, ids: Tensor) -> Tensor:
        """Embed token ids [..] as [.., H], through the shared norm."""
        out: Tensor = self.input_norm(self.text_embedding(ids))
        return out

    def embed_latents(self, latents: Tensor) -> Tensor:
        """Embed latents [.., D] as [.., H], through the shared norm."""
        out: Tensor = self.input_norm(self.latent_in(latents.to(self.input_norm.weight.dtype)))
        return out

    def sample(self, z: Tensor, noise: Tensor) -> Tensor:
        """Draw latents [.., D] from hidden states [.., H] and Gaussian noise [.., K]."""
        latent: Tensor = self.head(z, noise.to(z.dtype))
        return latent

    def stop_logits(self, z: Tensor) -> Tensor:
        """Give the logit [..] that speech has ended before the frame z [.., H] would draw."""
        logit: Tensor = self.stop(z).squeeze(-1)
        return logit

    def interleave(self, batch: Batch, layout: Layout) -> Tensor:
        """Embed a batch and arrange it as the layout says; padding [B, L, H] is on the right."""
        return self._interleave(batch, plan(batch, layout).source)

    def _interleave(self, batch: Batch, source: Tensor) -> Tensor:
        past = batch.latents if batch.past is None else batch.past
        parts = (self.embed_text(batch.text_ids), self.embed_latents(past))
        elements = torch.cat(parts, dim=1)
        index = source.to(elements.device)[..., None].expand(-1, -1, elements.shape[-1])
        return elements.gather(1, index)

    def loss(
        self,
        batch: Batch,
        layout: Layout,
        *,
        generator: torch.Generator | None = None,
        noise: Tensor | None = None,
    ) -> Losses:
        """Compute the training loss; padding has no part in it.

        Args:
            batch: B samples with N frames in all.
            layout: how text and frames interleave.
            generator: source of the head's noise.
            noise: [draws, N, K] instead of the generator's, frames packed row by row.

        Raises:
            ModelError: the batch is inconsistent or too long, or neither noise nor generator.

        """
        batch.check()
        order = plan(batch, layout)
        hidden = self.backbone(self._interleave(batch, order.source)).flatten(0, 1)
        z = hidden[order.predict.to(hidden.device)]
        last = hidden[order.stop.to(hidden.device)]
        target = batch.latents.flatten(0, 1)[order.target.to(hidden.device)]
        if noise is None:
            noise = self._noise(len(z), generator).to(hidden.device)
        attraction, repulsion = score(self.sample(z, noise), target, distance_for(self.config))
        return _losses(attraction, repulsion, *self._stop_loss(z, last))

    def _stop_loss(self, z: Tensor, last: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Give the stop loss and which states [N], [B] the head calls an end."""
        going, stopping = self.stop_logits(z), self.stop_logits(last)
        return stop_loss(going, stopping, self.stop_weight), going > 0, stopping > 0

    forward = loss

    def _noise(self, frames: int, generator: torch.Generator | None) -> Tensor:
        if generator is None:
            msg = "loss: give a generator, or the noise itself"
            raise ModelError(msg)
        shape = (self.config.energy_draws, frames, self.config.noise_channels)
        return torch.randn(shape, generator=generator, device=generator.device)

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls,
        pretrained_model_name_or_path: str | Path,
        *,
        config: SledConfig | None = None,
        dtype: torch.dtype | str | None = None,
        device: torch.device | str = "cpu",
        **options: Any,  # noqa: ANN401 (the hub's)
    ) -> Self:
        """Load a model from a folder or hub id in the published layout, strictly.

        Args:
            pretrained_model_name_or_path: a folder or a hub id.
            config: used instead of the stored config.json.
            dtype: of the weights; float32 if None, as stored if "auto".
            device: where to put them.
            options: `cache_dir`, `revision`, `token`, `local_files_only`, `force_download`,
                `subfolder`; others of transformers are not meaningful here and are ignored.

        Returns:
            The model in evaluation mode.

        Raises:
            ModelError: files are missing or damaged, or a tensor is missing, surplus or of
                another shape.

        """
        source = pretrained_model_name_or_path
        hub = {name: options[name] for name in _HUB_OPTIONS if options.get(name) is not None}
        config = read_config(source, **hub) if config is None else config
        published, path = read_weights(source, **hub)
        wanted = choose_dtype(dtype if dtype is not None else options.get("torch_dtype"), published)
        with torch.device("meta"):
            model = cls(config)
        tensors = from_published(published, model.state_dict(), config, str(path))
        tensors = {
            name: t.to(device=device, dtype=wanted, copy=True) for name, t in tensors.items()
        }
        model.load_state_dict(tensors, assign=True)
        model.backbone.rotary.fill(device)
        model.config.dtype = wanted
        model.eval()  # type: ignore[no-untyped-call]
        return model

    def save_pretrained(  # type: ignore[override]
        self,
        save_directory: str | Path,
        *,
        state_dict: dict[str, Tensor] | None = None,
        dtype: torch.dtype | None = None,
        is_main_process: bool = True,
        push_to_hub: bool = False,
        **options: Any,  # noqa: ANN401 (the hub's)
    ) -> None:
        """Write config.json and model.safetensors in the published layout, each atomically.

        Args:
            save_directory: made if it is not there.
            state_dict: our tensors to write instead of the model's own (gathered shards).
            dtype: of the stored floats; the model's own if None.
            is_main_process: False writes nothing.
            push_to_hub: upload the model afterwards, under `repo_id` or the folder's name.
            options: passed on to the upload.

        """
        if not is_main_process:
            return
        folder = Path(save_directory)
        tensors = to_published(self.state_dict() if state_dict is None else state_dict, self.config)
        tensors = {name: t.to("cpu", dtype).contiguous().clone() for name, t in tensors.items()}
        config = type(self.config)(**self.config.to_dict())
        config.dtype = tensors["model.norm.weight"].dtype
        write_model(folder, config, tensors)
        if push_to_hub:
            self.push_to_hub(options.pop("repo_id", folder.name), **options)


def _losses(
    attraction: Tensor, repulsion: Tensor, stop: Tensor, false_ends: Tensor, ends_found: Tensor
) -> Losses:
    frames = len(attraction)
    pull, push = attraction.sum() / max(1, frames), repulsion.sum() / max(1, frames)
    energy = pull - push
    return Losses(
        total=energy + stop,
        energy=energy,
        stop=stop,
        attraction=pull,
        repulsion=push,
        frames=frames,
        stops=frames + len(ends_found),
        ends_found=ends_found.sum(),
        false_ends=false_ends.sum(),
    )


def register() -> None:
    """Teach transformers' AutoConfig and AutoModel the model type; done when imported."""
    AutoConfig.register(SledConfig.model_type, SledConfig, exist_ok=True)
    AutoModel.register(SledConfig, SledModel, exist_ok=True)
