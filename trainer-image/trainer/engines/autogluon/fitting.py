"""Runs AutoGluon within the time, takes up what it left when it was broken off, and goes on from an earlier model."""

from __future__ import annotations

import json
import logging
import os
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
from autogluon.core.utils import default_holdout_frac  # pyright: ignore[reportMissingImports]
from autogluon.tabular import TabularPredictor  # pyright: ignore[reportMissingImports]

from trainer.engines.autogluon.callback import COURSE, KEPT_FOLDER, SAFE_COPY, TellingCallback, planned_levels
from trainer.engines.autogluon.continuing import combine, core_models, fit_further, put_back_rows, rows_of
from trainer.engines.autogluon.folding import WEIGHT_COLUMN, Rows, divided
from trainer.engines.autogluon.lightening import lighten
from trainer.engines.autogluon.outcomes import Outcome, Outcomes
from trainer.engines.autogluon.portable import predict
from trainer.engines.autogluon.portfolio import further_portfolio, portfolio
from trainer.failures import Interrupted
from trainer.files import write_text
from trainer.fitting import NothingFitted, Order
from trainer.interval import Interval
from trainer.output import Output
from trainer.reading import available_memory
from trainer.validated import how_validated, warn_of_parts

_METRICS = {"rmse": "root_mean_squared_error", "mae": "mean_absolute_error", "mse": "mean_squared_error"}
#: AutoGluon ends close to its limit by itself; beyond this it is broken off and put together from disk.
_GRACE_LEAST, _GRACE_SHARE, _GRACE_MOST = 6.0, 0.05, 20.0
#: With less time left than this no further model is begun.
_LEAST_SECONDS = 3.0
#: More of the free memory than this is left to reading the models from disk each time.
_MEMORY_SHARE = 0.4
_BY_THRESHOLD = ("f1", "balanced_accuracy")


def _without_torch(record: logging.LogRecord) -> bool:
    """This environment has no torch on purpose; a line of alarm about it before every model helps nobody."""
    return "import torch" not in record.getMessage()


logging.getLogger("autogluon.common.utils.resource_utils").addFilter(_without_torch)


class AutogluonEngine:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._classes = None if order.labels.classes is None else len(order.labels.classes)
        self._path = order.scratch / KEPT_FOLDER
        self._predictor: Any = None
        self._outcome: Outcome | None = None
        self.best_ = ""
        self.fitted_again_ = False
        self.interval_: Interval | None = None
        self.validation_: dict[str, float] = {}
        self.rows_: dict[str, int] = {}
        #: Also by the job that this one goes on from, whether or not this attempt begins with what one before it left.
        self.tried_: list[str] = [] if order.earlier is None else self._told_by(order.earlier / "model")["tried"]

    def fit(self) -> AutogluonEngine:
        if self._order.earlier is not None:
            return self._start_from(self._order.earlier / "model").go_on()
        order, task = self._order, self._order.spec.task
        rows = divided(order)
        self._predictor = TabularPredictor(
            label=task.label,
            problem_type=task.kind,
            eval_metric=_METRICS.get(task.metric.name, task.metric.name),
            path=str(self._path),
            positive_class=order.labels.positive if task.kind == "binary" else None,
            verbosity=2,
            groups=rows.groups,
            sample_weight=None if order.weights is None else WEIGHT_COLUMN,
        )
        try:
            with order.interruption.allowed(self._grace()):
                self._predictor.fit(
                    rows.train,
                    tuning_data=rows.tuning,
                    presets=f"{order.settings['preset']}_quality",
                    hyperparameters=portfolio(order),
                    time_limit=max(1.0, order.clock.left()),
                    callbacks=[TellingCallback(order, self._predictor)],
                    num_gpus=0,
                    # The presets would try stacking on a part of the rows first: up to a quarter of the time without
                    # a model, and again after each loss. Without, AutoGluon goes by the task and the rows, and does
                    # not stack where that is known to deceive: two classes, or few rows.
                    dynamic_stacking=False,
                    # Folds on disk make a fit that is broken off usable at once; they do not go into the archive.
                    save_bag_folds=True,
                    **({"num_bag_folds": rows.folds} if rows.folds else {}),
                    **self._asked_for(rows),
                )
        except Interrupted:
            order.cut_short = True
            self.take_up()
        except (RuntimeError, AssertionError) as error:
            # So AutoGluon says that it has no model at all; any other reason than its time is shown as it is.
            if order.board.models or not (order.clock.left() <= _LEAST_SECONDS or self._lacked_share()):
                raise
            raise NothingFitted from error
        if order.clock.time_up:
            order.cut_short = True
        return self.go_on() if order.clock.left() > _LEAST_SECONDS and self._moved_on() else self._conclude()

    def _lacked_share(self) -> bool:
        """Each model was given up for want of time: AutoGluon gives each a share, so all can fail before the end."""
        failures = self._predictor.model_failures()
        return len(failures) > 0 and bool((failures["exc_type"] == "TimeLimitExceeded").all())

    def _asked_for(self, rows: Rows) -> dict[str, Any]:
        settings, asked = self._order.settings, dict[str, Any]()
        if settings["stack_levels"] is not None:
            if settings["stack_levels"] and settings["preset"] == "medium" and not rows.folds:
                # Folds were asked for, or the check had refused it, and the groups do not allow any (folding.py).
                self._order.warn("The levels of stacking were left out: they need folds.")
            else:
                asked["num_stack_levels"] = settings["stack_levels"]
        if rows.tuning is not None and settings["preset"] != "medium":
            # Bagged models are judged by the rows that were set apart, too.
            asked["use_bag_holdout"] = True
        if settings["tuning"] == "random":
            # More tries are better told apart by more rows.
            asked["holdout_frac"] = default_holdout_frac(len(rows.train), hyperparameter_tune=True)
        if settings["calibrate_threshold"] != "auto":
            asked["calibrate_decision_threshold"] = settings["calibrate_threshold"] == "yes"
        return asked

    def _moved_on(self) -> bool:
        """Whether the deadline went further than what AutoGluon was told at first."""
        planned = self._order.clock.started_at + self._order.spec.training_seconds
        return self._order.clock.deadline > planned + _LEAST_SECONDS

    def _grace(self) -> float:
        return min(_GRACE_MOST, max(_GRACE_LEAST, _GRACE_SHARE * self._order.clock.left()))

    def take_up(self) -> AutogluonEngine:
        """Loads what a broken-off fit has left: every model that was finished, by the last trainer saved whole."""
        models = self._path / "models"
        if not (models / SAFE_COPY).is_file():
            raise NothingFitted
        shutil.copyfile(models / SAFE_COPY, models / "trainer.pkl")
        self._predictor = TabularPredictor.load(str(self._path), verbosity=2)
        trainer = self._predictor._trainer
        trainer.reset_callbacks()
        combine(self._order, self._predictor, "Kept", only_able=True)
        self._move_threshold()
        return self

    def _move_threshold(self) -> None:
        """To where the metric is best for the winner as it is now; AutoGluon itself does so at the end of a whole fit only."""
        if not self._moves_threshold():
            return
        # A model fitted again on all rows has none left unseen: the one it came from tells.
        of = self._predictor._trainer.get_model_attribute(
            self._predictor.model_best, "refit_full_parent", default=self._predictor.model_best
        )
        threshold = self._predictor.calibrate_decision_threshold(model=of, verbose=False)
        self._predictor.set_decision_threshold(threshold)
        print(f"The positive class is said from a probability of {threshold:g}, which is best for {of}", flush=True)

    def _moves_threshold(self) -> bool:
        asked, task = self._order.settings["calibrate_threshold"], self._order.spec.task
        return task.kind == "binary" and (asked == "yes" or (asked == "auto" and task.metric.name in _BY_THRESHOLD))

    def go_on(self) -> AutogluonEngine:
        """Fits what is left of the lists, within the time that is left."""
        order = self._order
        lost = order.checkpoints.resumed_from is not None and order.earlier is None
        if lost:
            self._tell_of_loss()
        for configurations, levels in self._remaining(lost):
            if order.clock.left() <= _LEAST_SECONDS:
                order.cut_short = True
                break
            fitted = len(order.board.models)
            try:
                with order.interruption.allowed(self._grace()):
                    done = self.tried_ + self._predictor._trainer.get_model_names()
                    fit_further(order, self._predictor, configurations, done, levels)
                    if len(order.board.models) > fitted or lost:
                        combine(order, self._predictor, "Continued", only_able=False)
                        if self._refits():
                            self._predictor.refit_full("best", set_best_to_refit_full=True, num_gpus=0)
                        self._move_threshold()
            except Interrupted:
                order.cut_short = True
                self.take_up()
                break
        if lost:
            self._tell_of_missing_levels()
        return self._conclude()

    def _remaining(self, lost: bool) -> list[tuple[dict[str, Any], int]]:
        """Lists of models to go through, and up to which level."""
        order = self._order
        if order.earlier is not None:
            # Its folds are kept for their predictions only, so nothing could be stacked on them.
            return [(portfolio(order, self.tried_), 1), (further_portfolio(order), 1)]
        own = (portfolio(order), planned_levels(order.scratch))
        return [own] if lost else [own, (further_portfolio(order), 1)]

    def _tell_of_loss(self) -> None:
        models = len(core_models(self._predictor._trainer))
        self._order.warn(
            f"The machine was lost in mid-fit: {models} models were kept, and only what was left of the list was fitted after."
        )

    def _tell_of_missing_levels(self) -> None:
        planned = planned_levels(self._order.scratch)
        reached = self._predictor._trainer.get_max_level(stack_name="core")
        if reached < planned:
            self._order.warn(
                f"After the loss the time was enough for {reached} of the {planned} levels of models that were to be fitted."
            )

    def _refits(self) -> bool:
        return self._order.settings["preset"] in ("good", "high")

    def _conclude(self) -> AutogluonEngine:
        trainer = self._predictor._trainer
        outcomes = Outcomes(self._order)
        self.chosen_ = self._predictor.model_best
        parents = trainer.get_model_attribute(self.chosen_, "refit_full_parent", default=None)
        self.best_ = parents or self.chosen_
        self.fitted_again_ = self.chosen_ != self.best_
        self._outcome = outcomes.of(self.best_, trainer, self._predictor._learner.label_cleaner)
        row = self._order.board.best
        if self._outcome is not None:
            self.validation_, self.interval_ = self._outcome.scores, self._outcome.interval
        elif row is not None:
            self.validation_ = {self._order.spec.task.metric.name: row["validation"]}
        self.rows_ = outcomes.rows
        self._tell_how(trainer)
        self.tried_ = sorted({*self.tried_, *trainer.get_model_names()})
        if self._fits_in_memory():
            self._predictor.persist("best", max_memory=None)
        return self

    def _tell_how(self, trainer: Any) -> None:
        order = self._order
        # Bagged models are judged by their folds, but for rows that were set apart for it.
        by_folds = trainer.bagged_mode and not trainer.has_val
        parts = trainer.k_fold if by_folds else 1
        learned = "all" if self.fitted_again_ else "folds" if by_folds else "without"
        self.validated_ = how_validated(order, parts=parts, rows=self.rows_["validation"], learned=learned)
        warn_of_parts(order, "AutoGluon", parts)

    def _fits_in_memory(self) -> bool:
        """By what the winner takes on disk: AutoGluon itself would load and pickle each of its models to tell, which
        takes seconds, on a busy machine so many that a fit which ended in time counts as one that overran."""
        trainer = self._predictor._trainer
        folders = (Path(trainer.path) / name for name in trainer.get_minimum_model_set(self.chosen_))
        needed = sum(file.stat().st_size for folder in folders for file in folder.rglob("*") if file.is_file())
        available = available_memory()
        return available is None or needed <= _MEMORY_SHARE * available

    def predict(self, frame: pd.DataFrame) -> Output:
        return Output(*predict(self._predictor, frame, self._classes))

    def save(self, folder: Path) -> None:
        self._predictor.unpersist()
        trainer = self._predictor._trainer
        rows = {"train": rows_of(trainer.load_X()), "validation": rows_of(trainer.load_X_val())}
        self._predictor.delete_models(models_to_keep=[self.chosen_, self.best_], dry_run=False)
        needed = trainer.get_minimum_model_set(self.chosen_)
        lighten(trainer, [name for name in trainer.get_model_names(stack_name="core") if name not in needed])
        self._predictor.save(silent=True)
        shutil.copytree(
            self._path,
            folder / "predictor",
            copy_function=_linked,
            # The rows that it learned from are not handed out with a model.
            ignore=shutil.ignore_patterns("data", SAFE_COPY, COURSE, "logs"),
        )
        kept = {"classes": self._classes, "best": self.best_, "tried": self.tried_, "rows": rows}
        write_text(folder / "kept.json", json.dumps(kept))

    @staticmethod
    def _told_by(folder: Path) -> dict[str, Any]:
        return json.loads((folder / "kept.json").read_text("utf-8"))

    def _start_from(self, folder: Path) -> AutogluonEngine:
        kept = self._told_by(folder)
        shutil.copytree(folder / "predictor", self._path)
        self._predictor = TabularPredictor.load(
            str(self._path), verbosity=2, require_version_match=False, require_py_version_match=False
        )
        put_back_rows(self._order, self._predictor, kept["rows"])
        trainer = self._predictor._trainer
        names = [name for name in trainer.get_model_names() if not name.endswith("_FULL")]
        TellingCallback(self._order, self._predictor).tell(trainer, names)
        models = self._path / "models"
        trainer.save()
        shutil.copyfile(models / "trainer.pkl", models / SAFE_COPY)
        return self

    def facts(self) -> dict[str, Any]:
        return {
            "preset": self._order.settings["preset"],
            "models fitted": len(self.tried_),
            "fitted again on all training rows": "yes" if self.fitted_again_ else "no",
            **(
                {}
                if not self._moves_threshold()
                else {"threshold of decision": f"{self._predictor.decision_threshold:g}"}
            ),
        }


def _linked(source: str, target: str) -> None:
    """One file under two names where the file system can: an archive of gigabytes is not copied to be zipped."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
