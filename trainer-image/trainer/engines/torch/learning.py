"""One network and its optimizer, step by step. The same seed, state and rows give the same weights on a CPU, bit for bit."""

# Types are checked where torch is not installed, and this folder of the same name is taken for it.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import contextlib
import copy
import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from trainer.engines.torch.keeping import Progress
from trainer.engines.torch.optimizing import make_optimizer, rate_of
from trainer.engines.torch.portable import Network, device, outputs
from trainer.failures import TrainerFailure

#: More threads than this wait for each other more than they work.
_MOST_THREADS = 8
#: Steps are cut to this length: one odd batch must not throw the weights far off.
_LONGEST_GRADIENT = 5.0
_STEPS_IN_EPOCH = 50


def warm_up() -> None:
    """The first optimizer of a process brings in a compiler, which takes seconds: better while the data is read."""
    torch.optim.AdamW(nn.Linear(1, 1).parameters())


def threads_here() -> int:
    return max(1, min(_MOST_THREADS, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1))


def make_repeatable(threads: int) -> None:
    """Sums are taken in the same order only by the same number of threads."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    # On a GPU some steps have no repeatable form; there it is as good as it can be had.
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())


def batch_size(settings: dict[str, Any], rows: int) -> int:
    asked = int(settings["batch_size"])
    if asked:
        return asked
    return min(1024, max(8, 2 ** round(math.log2(max(1, rows / _STEPS_IN_EPOCH)))))


class Learner:
    def __init__(
        self,
        plan: dict[str, Any],
        settings: dict[str, Any],
        arrays: dict[str, np.ndarray],
        values: np.ndarray,
        seed: int,
        weights: np.ndarray | None = None,
    ) -> None:
        self.device = device()
        self._settings, self._plan, self._seed = settings, plan, seed
        self._is_several = plan["task"] == "multilabel"
        torch.manual_seed(seed)
        self.network = Network(plan).to(self.device)
        self.optimizer = make_optimizer(settings, self.network)
        self._arrays = {name: torch.from_numpy(array).to(self.device) for name, array in arrays.items()}
        self._targets = self.targets(values)
        self._rows = len(values)
        self._batch = batch_size(settings, self._rows)
        self.steps = math.ceil(self._rows / self._batch)
        self._loss = self._make_loss()
        self._weights = None if weights is None else torch.from_numpy(weights.astype("float32")).to(self.device)
        on_gpu = self.device.type == "cuda"
        # Half precision where there is a GPU; its 16-bit floats without a wide range need their gradients scaled.
        wide = on_gpu and torch.cuda.is_bf16_supported()
        self._half = torch.bfloat16 if wide else torch.float16
        self._scaler = torch.amp.GradScaler("cuda", enabled=on_gpu and not wide)
        #: Of the epoch under way: the sum of losses, and of right answers.
        self.sums = torch.zeros(2, dtype=torch.float64, device=self.device)

    def _make_loss(self) -> nn.Module:
        if self._plan["classes"] is not None:
            return nn.CrossEntropyLoss()
        if self._is_several:
            return nn.BCEWithLogitsLoss()
        return nn.L1Loss() if self._settings.get("absolute") else nn.MSELoss()

    def targets(self, values: np.ndarray) -> torch.Tensor:
        if self._plan["classes"] is not None:
            return torch.from_numpy(values.astype("int64")).to(self.device)
        if self._is_several:
            return torch.from_numpy(values.astype("float32")).to(self.device)
        target = self._plan["target"]
        scaled = ((values - target["mean"]) / target["deviation"]).astype("float32")
        return torch.from_numpy(scaled).unsqueeze(1).to(self.device)

    def run_epoch(self, progress: Progress, after_step: Callable[[], None]) -> None:
        """Goes on at `progress.step`; calls `after_step` where a checkpoint could be made."""
        epoch = progress.epoch + 1
        rate = rate_of(self._settings, epoch - progress.earlier_epochs, progress.since_best)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        drawing = torch.Generator().manual_seed(self._seed_of(epoch))
        order = torch.randperm(self._rows, generator=drawing)
        if progress.step == 0:
            torch.manual_seed(self._seed_of(epoch) + 1)
            self.sums.zero_()
        self.network.train()
        while progress.step < self.steps:
            self._step(order[progress.step * self._batch : (progress.step + 1) * self._batch].to(self.device))
            progress.step += 1
            after_step()

    def _seed_of(self, epoch: int) -> int:
        return (self._seed * 1_000_003 + epoch * 2) % (2**62)

    def _step(self, rows: torch.Tensor) -> None:
        targets = self._targets[rows]
        on_gpu = self.device.type == "cuda"
        with torch.autocast("cuda", dtype=self._half) if on_gpu else contextlib.nullcontext():
            said = self.network({name: array[rows] for name, array in self._arrays.items()})
            loss = self._weighed(said.float(), targets, rows)
        self.optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()
        self._scaler.unscale_(self.optimizer)
        nn.utils.clip_grad_norm_(self.network.parameters(), _LONGEST_GRADIENT)
        self._scaler.step(self.optimizer)
        self._scaler.update()
        self.sums[0] += loss.detach().double() * len(rows)
        if self._plan["classes"] is not None:
            self.sums[1] += (said.argmax(dim=1) == targets).sum()
        elif self._is_several:
            self.sums[1] += ((said > 0) == (targets > 0.5)).all(dim=1).sum()

    def _weighed(self, said: torch.Tensor, targets: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """The mean loss of the rows, each by its weight: over a whole epoch these are 1 on average."""
        if self._weights is None:
            return self._loss(said, targets)
        single = copy.copy(self._loss)
        single.reduction = "none"
        each = single(said, targets).reshape(len(rows), -1).mean(dim=1)
        return (each * self._weights[rows]).mean()

    def epoch_means(self, epoch: int) -> tuple[float, float]:
        """Loss and share of right answers over the rows of the epoch, as they were gone through."""
        loss, right = (self.sums / self._rows).tolist()
        if not math.isfinite(loss):
            raise TrainerFailure(
                "BadSettings",
                f"In epoch {epoch} the loss is no number any more: the steps are too long. Choose a smaller learning rate "
                f"than {float(self._settings['learning_rate']):g}.",
            )
        return loss, right

    def judge(self, arrays: dict[str, np.ndarray], values: np.ndarray) -> tuple[np.ndarray, float]:
        """What the last layer says of rows that were not learned from, and the loss on them."""
        raw = outputs(self.network, arrays, len(values))
        with torch.inference_mode():
            loss = float(self._loss(torch.from_numpy(raw), self.targets(values).cpu().to(_like(raw, values))))
        return raw, loss

    def weights(self) -> dict[str, torch.Tensor]:
        return {name: tensor.detach().cpu().clone() for name, tensor in self.network.state_dict().items()}

    def state(self) -> dict[str, Any]:
        on_gpu = self.device.type == "cuda"
        return {
            "network": self.weights(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self._scaler.state_dict(),
            "sums": self.sums.cpu(),
            "random": torch.get_rng_state(),
            "random of the GPU": torch.cuda.get_rng_state() if on_gpu else None,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        if state["scaler"]:
            self._scaler.load_state_dict(state["scaler"])
        self.sums.copy_(state["sums"])
        torch.set_rng_state(state["random"])
        if state["random of the GPU"] is not None and self.device.type == "cuda":
            torch.cuda.set_rng_state(state["random of the GPU"])


def _like(raw: np.ndarray, values: np.ndarray) -> torch.dtype:
    """Classes stay whole numbers; numbers are compared as finely as the answers are."""
    return torch.int64 if values.dtype.kind == "i" and values.ndim == 1 else torch.from_numpy(raw[:0]).dtype
