"""The layers of both networks in the form in which they run fastest, with their past passed in.

Time comes first, ``[steps, B, C]``, so that a causal convolution is one matrix product for each
tap of its kernel on a shifted view of the input: nothing is unfolded, transposed or padded. A
strided or transposed convolution whose kernel spans two strides is the same with two taps on
blocks of steps. Weights are repacked for that once (see `stages`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import elu

from sled_codec._memory import Memory, pad

_FEW_INPUTS = 32
_FEW_OUTPUTS = 4


class Stage(Protocol):
    """A layer: ``[steps, B, C]`` and the past in, ``[other steps, B, other C]`` out."""

    def __call__(self, x: Tensor, memory: Memory) -> Tensor:
        """Run it."""
        ...


@dataclass(frozen=True)
class Chain:
    """Stages one after the other."""

    stages: Sequence[Stage]

    def __call__(self, x: Tensor, memory: Memory) -> Tensor:
        """Run all."""
        for stage in self.stages:
            x = stage(x, memory)
        return x


@dataclass(frozen=True)
class Activation:
    """ELU, in place where nobody else needs the input."""

    in_place: bool

    def __call__(self, x: Tensor, memory: Memory) -> Tensor:  # noqa: ARG002 (it has no past)
        """Apply it."""
        return elu(x, inplace=self.in_place)


class Convolution:
    """A causal convolution of stride 1; weight ``[out, in, kernel]``."""

    def __init__(self, weight: Tensor, bias: Tensor, dilation: int) -> None:
        outputs, inputs, kernel = weight.shape
        self.bias, self.dilation, self.kernel = bias, dilation, kernel
        self.reach = (kernel - 1) * dilation
        self.run = self._product_a_tap
        if outputs <= _FEW_OUTPUTS:
            # One output would make a product a tap a mere dot product: all taps at once instead.
            self.run = self._all_taps
            self.taps = [each.contiguous() for each in weight]
        elif inputs * kernel <= _FEW_INPUTS:
            self.run = self._unfolded
            self.taps = [weight.permute(1, 2, 0).reshape(inputs * kernel, outputs).contiguous()]
        else:
            self.taps = [tap.t().contiguous() for tap in weight.unbind(-1)]

    def __call__(self, x: Tensor, memory: Memory) -> Tensor:
        """Convolve."""
        x = memory.extend(x, self.reach)
        return self.run(x, len(x) - self.reach)

    def _product_a_tap(self, x: Tensor, steps: int) -> Tensor:
        rows, step = steps * x.shape[1], self.dilation * x.shape[1]
        flat = x.reshape(-1, x.shape[-1])
        y = torch.addmm(self.bias, flat[:rows], self.taps[0])
        for number, tap in enumerate(self.taps[1:], start=1):
            y.addmm_(flat[number * step : number * step + rows], tap)
        return y.view(steps, x.shape[1], -1)

    def _unfolded(self, x: Tensor, steps: int) -> Tensor:
        rows = steps * x.shape[1]
        windows = x.unfold(0, steps, self.dilation).permute(3, 1, 2, 0).reshape(rows, -1)
        return torch.addmm(self.bias, windows, self.taps[0]).view(steps, x.shape[1], -1)

    def _all_taps(self, x: Tensor, steps: int) -> Tensor:
        rows, kernel = x.shape[1], self.kernel
        shape = (steps, rows, kernel)
        strides = (rows * kernel, kernel, rows * self.dilation * kernel + 1)
        outputs = [(x @ tap).as_strided(shape, strides).sum(-1) for tap in self.taps]
        return torch.stack(outputs, dim=-1) + self.bias


class Downsampling:
    """A causal convolution with a kernel of two strides; weight ``[out, in, 2 · stride]``."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self.bias, self.stride = bias, weight.shape[-1] // 2
        self.taps = [
            half.permute(2, 1, 0).reshape(-1, len(weight)).contiguous()
            for half in weight.chunk(2, dim=-1)
        ]

    def __call__(self, x: Tensor, memory: Memory) -> Tensor:
        """Convolve; at the end, steps are completed as EnCodec does."""
        right = 0
        if memory.lengths is not None:
            right = -len(x) % self.stride
            if len(memory.lengths) > 1:
                x, right = self._complete_rows(x, memory.lengths, memory.mode), 0
            memory.lengths = [-(-length // self.stride) for length in memory.lengths]
        x = memory.extend(x, self.stride, right)
        blocks = self._blocks(x)
        rows = blocks.shape[1]
        flat = blocks.reshape(-1, blocks.shape[-1])
        y = torch.addmm(self.bias, flat[:-rows], self.taps[0]).addmm_(flat[rows:], self.taps[1])
        return y.view(-1, rows, y.shape[-1])

    def _blocks(self, x: Tensor) -> Tensor:
        steps, rows, channels = x.shape
        parts = x.view(steps // self.stride, self.stride, rows, channels)
        return parts.transpose(1, 2).reshape(len(parts), rows, -1)

    def _complete_rows(self, x: Tensor, lengths: Sequence[int], mode: str) -> Tensor:
        """Pad each row ``x[:lengths[b], b]`` to full strides, over what lies behind it."""
        x = nn.functional.pad(x, (0, 0, 0, 0, 0, -len(x) % self.stride))
        for row, length in enumerate(lengths):
            extra = -length % self.stride
            if extra:
                whole = pad(x[:length, row : row + 1], (0, extra), mode)
                x[length : length + extra, row] = whole[length:, 0]
        return x


class Upsampling:
    """A transposed convolution with a kernel of two strides; weight ``[in, out, 2 · stride]``.

    The outputs of a step hang on its input and the one before.
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self.stride = weight.shape[-1] // 2
        self.bias = bias.repeat(self.stride)
        self.now, self.then = (
            half.permute(0, 2, 1).reshape(len(weight), -1).contiguous()
            for half in weight.chunk(2, dim=-1)
        )

    def __call__(self, x: Tensor, memory: Memory) -> Tensor:
        """Upsample."""
        steps, rows, channels = x.shape
        before = memory.take(rows, x)
        memory.after.append(x[-1].clone())
        flat = torch.cat((before[None], x)).view(-1, channels)
        y = torch.addmm(self.bias, flat[rows:], self.now).addmm_(flat[:-rows], self.then)
        parts = y.view(steps, rows, self.stride, -1).transpose(1, 2)
        return parts.reshape(steps * self.stride, rows, -1)


class Recurrence:
    """LSTM layers and a connection around them."""

    def __init__(self, lstm: nn.LSTM, *, skip: bool) -> None:
        self.lstm, self.skip = lstm, skip
        weights = [lstm.all_weights[number] for number in range(lstm.num_layers)]
        self.layers = [
            (w.t().contiguous(), u.t().contiguous(), (b + c).contiguous()) for w, u, b, c in weights
        ]

    def __call__(self, x: Tensor, memory: Memory) -> Tensor:
        """Run all layers over all steps."""
        states = [memory.take(x.shape[1], x) for _ in range(2 * len(self.layers))]
        y = x
        if x.device.type == "cuda":
            y, after = self.lstm(x, (torch.stack(states[0::2]), torch.stack(states[1::2])))
            memory.after += [part[n] for n in range(len(self.layers)) for part in after]
        else:
            for number, weights in enumerate(self.layers):
                y, hidden, cell = _recur(y, weights, states[2 * number], states[2 * number + 1])
                memory.after += [hidden, cell]
        return y + x if self.skip else y


def _recur(
    x: Tensor, weights: tuple[Tensor, Tensor, Tensor], hidden: Tensor, cell: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Run one LSTM layer. On a CPU torch's own repacks all weights in every call."""
    inward, onward, bias = weights
    size = x.shape[-1]
    gates = torch.addmm(bias, x.reshape(-1, size), inward).view(*x.shape[:2], -1)
    outputs = []
    for gate in gates:
        total = torch.addmm(gate, hidden, onward)
        enter, forget, _, leave = total.sigmoid().chunk(4, dim=-1)
        new = total[:, 2 * size : 3 * size].tanh()
        cell = torch.addcmul(forget * cell, enter, new)
        hidden = leave * cell.tanh()
        outputs.append(hidden)
    return torch.stack(outputs), hidden, cell


@dataclass(frozen=True)
class Residual:
    """A block and the way around it (None: straight)."""

    shortcut: Stage | None
    block: Chain

    def __call__(self, x: Tensor, memory: Memory) -> Tensor:
        """Run both and add."""
        around = x if self.shortcut is None else self.shortcut(x, memory)
        return self.block(x, memory).add_(around)
