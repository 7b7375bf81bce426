"""Writes what a training leaves in `out/`: the archive, its manifest, the report."""

from __future__ import annotations

import json
import re
import shutil
import traceback
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from trainer.archive import MANIFEST, pack
from trainer.baseline import Baseline
from trainer.engine import ENGINES_FOLDER, Engine
from trainer.files import write_text, written_whole
from trainer.fitting import Extra, Fitted, Order
from trainer.golden import make_golden
from trainer.held_out import HELD_OUT, held_out_extra, write_held_out
from trainer.inputs import Inputs
from trainer.preparation import Preparation
from trainer.readme import make_readme
from trainer.report.build import build_report
from trainer.report.judged import judge
from trainer.report.page import make_page
from trainer.report.plots import figure

PORTABLE = Path(__file__).parent / "portable"


class HandIn:
    def __init__(
        self,
        engine: Engine,
        order: Order,
        inputs: Inputs,
        fitted: Fitted,
        baseline: Baseline,
        why: str,
        fit_seconds: float,
    ) -> None:
        self._engine = engine
        self._order = order
        self._inputs = inputs
        self._fitted = fitted
        self._judged = judge(fitted, inputs)
        self.report = build_report(order, inputs, fitted, self._judged, baseline, why, fit_seconds)
        # Before it is saved: saving takes apart what is not needed any more.
        preparation = order.preparation
        self._golden = None if preparation is None else make_golden(preparation, self._schema(), fitted.predict)
        best = self.report["best"]
        metric = self.report["metric"]["title"]
        self.sentence = f"{best['model']} is the best: {metric} {figure(best['test'])} on held-out rows."

    def write(self, out: Path) -> None:
        folder = self._order.scratch / "archive"
        shutil.rmtree(folder, ignore_errors=True)
        self._fitted.save(folder / "model")
        schema = self._schema()
        held_out = folder / HELD_OUT
        write_held_out(held_out, schema, self._inputs.test_rows, self._inputs.test_values, self._judged.output)
        self.report["extras"] = self._extras(out, held_out, schema)
        report = _json(self.report)
        for name, text in {
            "report.json": report,
            "input-schema.json": _json(schema),
            "recipe.json": "null\n" if self._order.preparation is None else self._order.preparation.text,
            "training.json": _json(self._training()),
            "requirements.txt": self._requirements(),
            "README.md": make_readme(self.report, schema, self._engine.DECLARATION.archive_note),
        }.items():
            write_text(folder / name, text)
        shutil.copyfile(PORTABLE / "predict.py", folder / "predict.py")
        shutil.copyfile(ENGINES_FOLDER / self._order.spec.engine / "portable.py", folder / "engine.py")
        if self._order.preparation is not None:
            self._add_recipe(folder, self._order.preparation)
        manifest = pack(folder, out / "model.zip")
        page = make_page(self.report, self.report["history"], _readable(self._engine.report(self._fitted)))
        write_text(out / "report.json", report)
        write_text(out / "report.html", page)
        write_text(out / "input-schema.json", _json(schema))
        # The same bytes as in the archive, line ends included: this is what gets signed.
        with written_whole(out / MANIFEST) as beside:
            beside.write_bytes(manifest.encode())
        print(f"Wrote {', '.join(sorted(path.name for path in out.iterdir()))}", flush=True)

    def _extras(self, out: Path, held_out: Path, schema: dict[str, Any]) -> list[dict[str, Any]]:
        """What comes beside the archive: what an engine gives, where it gives something, and the held-out rows."""
        folder = out / "extras"
        make = getattr(self._fitted, "extras", None)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(held_out, folder / HELD_OUT)
            extras: list[Extra] = [*(make(folder) if make else []), held_out_extra(held_out, schema)]
            return [{**asdict(extra), "bytes": (folder / extra.name).stat().st_size} for extra in extras]
        except Exception:
            # A model that was paid for is not lost for what comes beside it.
            traceback.print_exc()
            shutil.rmtree(folder, ignore_errors=True)
            return []

    def _add_recipe(self, folder: Path, preparation: Preparation) -> None:
        shutil.copyfile(Path(__file__).parent / "recipe.py", folder / "recipe.py")
        write_text(folder / "golden.json", _json(self._golden))
        for lookup in preparation.lookups:
            shutil.copyfile(lookup, folder / lookup.name)

    def _schema(self) -> dict[str, Any]:
        spec, preparation = self._order.spec, self._order.preparation
        features = [{"name": column.name, "sqlType": column.sql_type} for column in spec.features]
        schema = {
            "version": 1,
            "engine": spec.engine,
            "task": spec.task.kind,
            **self._predicts(),
            "columns": features,
        }
        if preparation is None:
            return schema
        # What comes in are rows as they were before the recipe; `prepared` is what it makes of them.
        recipe = preparation.recipe
        given = [{"name": column["name"], "sqlType": column["type"]} for column in recipe["inputColumns"]]
        leaves_out = any(step.get("leavesOut") for step in recipe["steps"])
        told = {**preparation.told["recipe"], "leavesOut": leaves_out}
        return {**schema, "columns": given, "prepared": features, "recipe": told}

    def _predicts(self) -> dict[str, Any]:
        spec, labels = self._order.spec, self._inputs.labels
        if labels.pairs is not None:
            pairs = zip(spec.label_columns, labels.pairs, strict=True)
            return {
                "labels": [{"name": column.name, "sqlType": column.sql_type, "classes": pair} for column, pair in pairs]
            }
        label = {
            "name": spec.task.label,
            "sqlType": spec.label_column.sql_type,
            "classes": labels.classes,
            "positiveClass": labels.class_names[labels.positive] if spec.task.kind == "binary" else None,
        }
        return {"label": label}

    def _training(self) -> dict[str, Any]:
        """What a job that goes on from this model has to know."""
        spec, preparation = self._order.spec, self._order.preparation
        split = {"holdoutFraction": spec.split.holdout_fraction, "folds": spec.split.folds, "seed": spec.split.seed}
        return {
            "version": 1,
            "engine": spec.engine,
            "jobId": spec.job_id,
            "settings": self._order.settings,
            "task": spec.task.told(),
            "split": split,
            "fingerprint": self._inputs.fingerprint,
            **({} if preparation is None else {"recipe": preparation.told["recipe"]}),
        }

    def _requirements(self) -> str:
        lock = (ENGINES_FOLDER / self._order.spec.engine / "requirements.lock").read_text("utf-8")
        names = dict.fromkeys(re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE))
        lines: list[str] = []
        for name in names:
            is_needed = name == "duckdb" and self._order.preparation is not None
            if name in self._engine.DECLARATION.trainer_only and not is_needed:
                continue
            try:
                lines.append(f"{name}=={version(name)}")
            except PackageNotFoundError:
                continue  # needed on other systems only
        return "\n".join(lines) + "\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _readable(facts: dict[str, object]) -> dict[str, object]:
    told: dict[str, object] = {}
    for name, value in facts.items():
        if isinstance(value, list):
            continue  # the report draws it
        if isinstance(value, dict):
            value = ", ".join(f"{key} = {item}" for key, item in value.items())
        told[name[:1].upper() + name[1:]] = value
    return told
