"""`python -m trainer describe|settings|check|train|predict|seal`. The standard library is enough for all that happens in here."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="trainer", description="Trains and predicts; see docs/trainer-contract.md.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("describe", help="print what the engines say of themselves, as JSON")
    for verb in ("train", "predict"):
        does = verbs.add_parser(verb, help=f"{verb} as a spec says")
        does.add_argument("--spec", type=Path, required=True)
        does.add_argument("--out", type=Path, required=True)
    settings = verbs.add_parser("settings", help="print the settings that a file of hyperparameters holds, as JSON")
    settings.add_argument("--engine", required=True)
    settings.add_argument("--file", type=Path, required=True)
    check = verbs.add_parser("check", help="print what stands against a spec, as JSON, without data")
    check.add_argument("--spec", type=Path, required=True)
    check.add_argument("--here", action="store_true", help="in the engine's environment: ask its libraries, too")
    seal = verbs.add_parser("seal", help="add a signature to a model's archive")
    seal.add_argument("--archive", type=Path, required=True)
    seal.add_argument("--signature", type=Path, required=True)
    options = parser.parse_args(arguments)
    if options.verb == "describe":
        from trainer.engine import describe_engines

        print(json.dumps(describe_engines(), ensure_ascii=False, indent=1))
        return 0
    if options.verb == "settings":
        from trainer.settings_file import print_settings
        from trainer.worker import reported

        return reported(lambda: print_settings(options.engine, options.file))
    if options.verb == "check":
        from trainer.checking import print_check
        from trainer.worker import reported

        return reported(lambda: print_check(options.spec, here=options.here))
    if options.verb == "seal":
        from trainer.archive import seal as add_signature
        from trainer.worker import reported

        return reported(lambda: add_signature(options.archive, options.signature))
    from trainer.supervisor import Supervisor

    return Supervisor(options.verb, options.spec, options.out).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
