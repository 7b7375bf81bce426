"""Takes the weights out of models that are kept for their out-of-fold predictions only.

A model that was fitted again on all rows predicts alone; its folds matter no more, but a job that goes on from here
weighs new models against their predictions. AutoGluon does the same when told not to save folds, only earlier, and then
a fit that is broken off has nothing that can predict.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any


def lighten(trainer: Any, names: list[str]) -> None:
    for name in names:
        model = trainer.load_model(name)
        children = getattr(model, "models", None)
        if not children or getattr(model, "_child_oof", False) or getattr(model, "_save_bag_folds_forced", False):
            continue
        for child_name in children:
            child = model.load_child(child_name)
            child.model = None
            folder = Path(model.path) / child.name
            if folder.is_dir():
                shutil.rmtree(folder)  # some write their weights beside their pickle
            model.save_child(child)
        model.params["save_bag_folds"] = False
        trainer.save_model(model)
        trainer.set_model_attribute(model=name, attribute="can_infer", val=False)
    trainer.save()
