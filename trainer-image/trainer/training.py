"""The story of one training, in the process that does the work: read, fit, keep, judge once, report."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from trainer.baseline import Baseline
from trainer.board import Board
from trainer.broken_off import read_broken_off, warning_of, write_broken_off
from trainer.checking import checked
from trainer.checkpoints import Checkpoints
from trainer.clock import Clock
from trainer.contract import Split, TrainSpec, read_train_spec
from trainer.engine import Engine, load_engine
from trainer.events import Events
from trainer.failures import EXIT_DONE, EXIT_STOPPED, EXIT_USER, BrokenOff, TrainerFailure, failure_of
from trainer.few import few
from trainer.files import write_text
from trainer.fitting import Fitted, NothingFitted, Order
from trainer.interruption import Interruption
from trainer.report.data_sum import DataSum

if TYPE_CHECKING:
    from trainer.inputs import Inputs

#: Tells the parent process whether a fit may be killed (nothing but the model under way is lost) or is past that.
PHASE_FILE = "phase"
FITTING, HANDING_IN = "fitting", "handing in"
_ENDED = {
    "completed": "It ran to its end.",
    "stop_asked": "Stopped when asked; the best so far was kept.",
    "time_up": "The time limit was reached; the best so far was kept.",
}
Finish = Literal["stop", "time", "crash"]


class Training:
    def __init__(self, spec_path: Path, work: Path, out: Path, scratch: Path, started_at: float | None = None) -> None:
        self.spec: TrainSpec = read_train_spec(spec_path, work)
        self.events = Events.from_environment()
        self.clock = Clock(work, self.spec.training_seconds, started_at)
        self.interruption = Interruption(self.clock, lambda: self._enter(HANDING_IN))
        self._out = out
        self._notes: list[str] = []
        self._finish: Finish | None = None
        self._scratch = scratch
        scratch.mkdir(parents=True, exist_ok=True)
        self.checkpoints = Checkpoints(work, scratch, self.events, self.clock)
        self._resumes = self.checkpoints.resumed_from
        if self._resumes is not None:
            self.clock.spent_before = float(self._resumes["usedSeconds"])

    def run(self, finish: Finish | None = None) -> int:
        """`finish`: only put together what a fit that is over, for this reason, has left in the scratch folder."""
        self.interruption.listen()
        self.clock.stop_asked = finish is not None
        self._finish = finish
        engine = load_engine(self.spec.engine)
        settings = checked(self.spec, engine)
        self.events.progress("Reading the data", 0.0)
        earlier = self._unpack_earlier(engine)
        from trainer.inputs import load_inputs  # pandas and DuckDB only after the spec was found good

        inputs = load_inputs(self.spec, engine)
        if earlier is not None:
            _require_same_rows(earlier, inputs)
        board = Board(self.spec.task.metric, self.events, self.clock, self._scratch)
        order = Order(
            spec=self.spec,
            settings=settings,
            frame=inputs.frame,
            labels=inputs.labels,
            values=inputs.values,
            clock=self.clock,
            events=self.events,
            board=board,
            scratch=self._scratch,
            interruption=self.interruption,
            checkpoints=self.checkpoints,
            data_sum=DataSum(self.spec.data).start(),
            earlier=earlier,
            warnings=[*inputs.warnings, *self._notes],
            folds=inputs.folds,
            ordered=self.spec.split.time is not None,
            weights=inputs.weights,
            preparation=inputs.preparation,
        )
        _warn_of_fits(engine, order)
        engine.check(self.spec, settings, len(inputs.frame))
        if finish == "crash":
            order.warn(warning_of(read_broken_off(self._scratch)))
        baseline = Baseline(self.spec.task, inputs.labels).fit(inputs.values)
        board.add(
            baseline.name_, order.scorer(inputs.values).score(baseline.predict(len(inputs.values))), None, baseline=True
        )
        if self._resumes is not None and finish is None:
            self.events.progress(f"Going on from “{self._resumes['label']}”", self.clock.fraction())
        began = time.perf_counter()
        self._enter(FITTING)
        try:
            fitted = engine.resume(order) if finish or self._resumes else engine.fit(order)
        except NothingFitted:
            return self._nothing()
        except Exception as error:
            self._let_others_hand_in(error, board)
            raise
        finally:
            self._enter(HANDING_IN)
        why = self._why(order)
        fit_seconds = time.perf_counter() - began
        try:
            self._hand_in(engine, order, inputs, fitted, baseline, why, fit_seconds)
        except Exception as error:
            if failure_of(error).type == "OutOfMemory":
                self._let_others_hand_in(error, board)
            raise
        return EXIT_STOPPED if why == "stop_asked" else EXIT_DONE

    def _enter(self, phase: str) -> None:
        write_text(self._scratch / PHASE_FILE, phase)

    def _why(self, order: Order) -> str:
        if self._finish is not None:
            return {"stop": "stop_asked", "time": "time_up", "crash": "completed"}[self._finish]
        if self.clock.stop_asked:
            return "stop_asked"
        return "time_up" if order.cut_short else "completed"

    def _let_others_hand_in(self, error: Exception, board: Board) -> None:
        """As after a process that was killed: whatever it died of, models that were told of are not lost for it.

        What is amiss with data or settings is said and not kept back, and a second process that fails has the last word.
        """
        failure = failure_of(error)
        if self._finish is None and board.models and failure.exit_code != EXIT_USER:
            write_broken_off(self._scratch, failure)
            raise BrokenOff(failure.message) from error

    def _nothing(self) -> int:
        if self._finish == "crash":
            raise read_broken_off(self._scratch)  # told of, but not to be found: then it is as if there were nothing
        if self.clock.stop_asked and self._finish != "time":
            self.events.progress("Stopped before a first model was ready", 1.0, 0.0)
            return EXIT_STOPPED
        raise TrainerFailure(
            "TooLittleTime",
            f"The time of {self.clock.deadline - self.clock.started_at:.0f} s was not enough for a first model. "
            "Give it more time, or less data.",
        )

    def _unpack_earlier(self, engine: Engine) -> Path | None:
        if self.spec.start_from is None:
            return None
        from trainer.archive import unpack

        folder = self._scratch / "earlier"
        unpack(self.spec.start_from, folder)
        told = json.loads((folder / "training.json").read_text("utf-8"))
        if told["engine"] != self.spec.engine:
            raise TrainerFailure(
                "BadSettings",
                f"The earlier model was made by {told['engine']}; {engine.DECLARATION.title} cannot go on from it.",
            )
        if told["task"] != self.spec.task.told():
            raise TrainerFailure(
                "BadSettings", "The earlier model predicts something else, so it cannot be gone on from."
            )
        # The held-out rows must stay those that the earlier model has not seen.
        seen = told["split"]
        split = Split(
            **{
                **asdict(self.spec.split),
                "holdout_fraction": seen["holdoutFraction"],
                "folds": seen["folds"],
                "seed": seen["seed"],
            }
        )
        if split != self.spec.split:
            self._notes.append("Split and seed are those of the earlier model, so that the held-out rows stay unseen.")
        self.spec = replace(self.spec, split=split)
        return folder

    def _hand_in(
        self,
        engine: Engine,
        order: Order,
        inputs: Inputs,
        fitted: Fitted,
        baseline: Baseline,
        why: str,
        fit_seconds: float,
    ) -> None:
        from trainer.handing_in import HandIn

        self.events.progress("Judging the winner on held-out rows", 1.0, 0.0)
        hand_in = HandIn(engine, order, inputs, fitted, baseline, why, fit_seconds)
        hand_in.write(self._out)
        self.events.finished(why, f"{_ENDED[why]} {hand_in.sentence}")


def _warn_of_fits(engine: Engine, order: Order) -> None:
    """What the steps before the training learned from rows that the scores are about."""
    if order.preparation is None:
        return
    if order.preparation.cross_fitted and (order.folds is None or not engine.DECLARATION.takes_folds):
        names = few(order.preparation.cross_fitted)
        order.warn(
            f"{engine.DECLARATION.title} made its own folds, for which {names} was fitted on all training rows: "
            "validation scores may be better than they should. The held-out rows tell."
        )
    if order.preparation.learned_from_all_rows:
        names = few(order.preparation.learned_from_all_rows)
        order.warn(
            f"A later step makes other rows of these, so {names} learned from all rows, the held-out ones included: "
            "scores may be a little better than they should."
        )


def _require_same_rows(earlier: Path, inputs: Inputs) -> None:
    told = json.loads((earlier / "training.json").read_text("utf-8"))
    if told["fingerprint"] != inputs.fingerprint:
        raise TrainerFailure(
            "BadSettings",
            "The earlier model learned from other rows or columns, by other weights of them, or by another recipe, so what it would be judged by may not be new to it. "
            "Go on with the same data, columns and weights, or train afresh.",
        )
