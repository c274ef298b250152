"""The loop that both encoders are trained with: AdamW, warm-up, linear decay, batches of similar lengths.

Recipe: encoder 2e-4, heads 5 times that, 6 % warm-up, about 1,024 tokens a batch, word and position
embeddings frozen, bf16 autocast where the processor has bf16 (where it has none, that takes twice as long as fp32).
"""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

BATCH_TOKENS = 1_024
WARM_UP = 0.06
REPORT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to train; `encoder_rate` is the peak learning rate of the encoder."""

    seed: int
    encoder_rate: float = 2e-4
    head_factor: float = 5.0
    weight_decay: float = 0.01
    batch_tokens: int = BATCH_TOKENS
    average: float = 0.0
    """How much of the moving average of the weights a step keeps; what is returned is the average. 0 averages none."""


def seed_everything(seed: int, threads: int = 2) -> None:
    """Fix the sources of chance that a training uses, and the number of torch's threads."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries draw from the global generator
    torch.manual_seed(seed)
    torch.set_num_threads(threads)


def autocast() -> torch.autocast:
    """Return the context of a step: bf16 where the processor has instructions for it."""
    able = torch.cpu.get_capabilities()
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=able["avx512_bf16"] or able["amx_bf16"])


def batches(lengths: Sequence[int], chance: random.Random, size: int = BATCH_TOKENS) -> list[list[int]]:
    """Group indices of similar length into batches of about `size` tokens, in random order."""
    order = sorted(range(len(lengths)), key=lambda index: (lengths[index] + chance.uniform(0, 4), chance.random()))
    groups: list[list[int]] = []
    for index in order:
        longest = lengths[index]
        if groups and (len(groups[-1]) + 1) * longest <= size:
            groups[-1].append(index)
        else:
            groups.append([index])
    chance.shuffle(groups)
    return groups


def optimiser(model: nn.Module, plan: Plan) -> torch.optim.AdamW:
    """Return AdamW with a faster rate for whatever is not the pretrained encoder."""
    slow: list[Tensor] = []
    fast: list[Tensor] = []
    for name, weight in model.named_parameters():
        if name in {"encoder.word.weight", "encoder.position.weight"}:
            weight.requires_grad_(requires_grad=False)
        elif name.startswith("encoder.") and name != "encoder.kind.weight":
            slow.append(weight)
        else:
            fast.append(weight)
    groups = [
        {"params": slow, "lr": plan.encoder_rate},
        {"params": fast, "lr": plan.encoder_rate * plan.head_factor},
    ]
    return torch.optim.AdamW(groups, weight_decay=plan.weight_decay, fused=True)


def mixed(model: nn.Module, before: Mapping[str, Tensor], share: float) -> None:
    """Give a model `share` of the weights that it has and the rest of those `before` (Wortsman et al. 2022)."""
    after = model.state_dict()
    model.load_state_dict({name: value * (1 - share) + after[name] * share for name, value in before.items()})


def copied(model: nn.Module) -> dict[str, Tensor]:
    """Return a copy of a model's weights, which further training leaves as they are."""
    return {name: value.clone() for name, value in model.state_dict().items()}


def rate_at(step: int, steps: int) -> float:
    """Return the share of the peak rate at a step: linear up, then linear down to 0."""
    warm = max(1, int(WARM_UP * steps))
    return step / warm if step < warm else max(0.0, (steps - step) / max(1, steps - warm))


def train(
    model: nn.Module,
    epochs: Sequence[Sequence[Sequence[int]]],
    loss_of: Callable[[int, Sequence[int]], Tensor],
    plan: Plan,
) -> list[float]:
    """Train over `epochs` (lists of batches of indices) and return the mean loss of each epoch.

    `loss_of(epoch, batch)` runs the model. Progress goes to stderr.
    """
    weights = optimiser(model, plan)
    steps = sum(len(epoch) for epoch in epochs)
    schedule = torch.optim.lr_scheduler.LambdaLR(weights, lambda step: rate_at(step, steps))
    progress = _Progress(steps)
    average = _Average(model, plan.average)
    curve: list[float] = []
    for number, epoch in enumerate(epochs):
        model.train()
        losses: list[float] = []
        for batch in epoch:
            with autocast():
                loss = loss_of(number, batch)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            weights.step()
            schedule.step()
            average.add()
            weights.zero_grad(set_to_none=True)
            losses.append(loss.item())
            progress.tick(number, losses[-1])
        curve.append(float(np.mean(losses)))
    average.apply()
    return curve


class _Average:
    """An exponential moving average of the weights that are trained; early steps count less than its share."""

    def __init__(self, model: nn.Module, share: float) -> None:
        """Begin with the weights as they are; a share of 0 does nothing."""
        self._share = share
        self._steps = 0
        self._live = [weight for weight in model.parameters() if weight.requires_grad] if share else []
        self._mean = [weight.detach().clone() for weight in self._live]

    def add(self) -> None:
        """Take one more step's weights in."""
        self._steps += 1
        kept = min(self._share, self._steps / (self._steps + 10))
        if self._live:
            with torch.no_grad():
                torch._foreach_lerp_(self._mean, self._live, 1 - kept)

    def apply(self) -> None:
        """Put the average in the weights' place."""
        with torch.no_grad():
            for weight, mean in zip(self._live, self._mean, strict=True):
                weight.copy_(mean)


class _Progress:
    """Writes a line with the loss and the time left every few seconds."""

    def __init__(self, steps: int) -> None:
        """Start the clock for `steps` steps."""
        self._steps = steps
        self._done = 0
        self._loss = 0.0
        self._started = self._told = time.monotonic()

    def tick(self, epoch: int, loss: float) -> None:
        """Count a step and report if it is time to."""
        self._done += 1
        self._loss = loss if self._done == 1 else 0.98 * self._loss + 0.02 * loss
        now = time.monotonic()
        if now - self._told >= REPORT_SECONDS or self._done == self._steps:
            self._told = now
            left = (now - self._started) / self._done * (self._steps - self._done)
            line = f"epoch {epoch + 1} step {self._done}/{self._steps} loss {self._loss:.4f} left {left:.0f} s\n"
            sys.stderr.write(line)
