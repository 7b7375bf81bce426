"""One attempt, from hello to its last event."""

from __future__ import annotations

import os
import shutil
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from runner.atomic import read_json, write_json
from runner.beats import Beats
from runner.capture import Capture
from runner.checkpoints import Checkpoints
from runner.control import Control
from runner.guarding import Guard
from runner.handing_in import Handing
from runner.house import House
from runner.journal import Journal, now_ms
from runner.log_cap import LogCap
from runner.machine import out_of_memory_kills
from runner.processes import kill_trainer
from runner.settings import RunnerSettings
from runner.spool import Event
from runner.trainer_process import TrainerProcess
from runner.trying import HandingFailed, ToldToEnd, Trying
from runner.verdict import EXIT_STOPPED, TAKEN_AWAY, TrainerEnd, failed, judge, taken_away
from runner.watch import Watch, pass_on_deadline

_PIPES_SECONDS = 5.0
_MOMENT_SECONDS = 0.3
#: What a trainer told of before it ended is uploaded for this long yet; the next attempt may need it.
_CHECKPOINT_SECONDS = 60.0
#: Of a machine that is taken away, seconds are left.
_CHECKPOINT_SECONDS_AT_NOTICE = 8.0
_ENDED_FROM_OUTSIDE = (EXIT_STOPPED, -signal.SIGTERM, -signal.SIGKILL)
_VERDICT = "verdict.json"


class Attempt:
    def __init__(
        self,
        settings: RunnerSettings,
        environment: Mapping[str, str],
        house: House,
        guard: Guard,
        say: Callable[[str], None],
        told_to_end: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._environment = environment
        self._house = house
        self._guard = guard
        self._told_to_end = told_to_end
        bucket = house.bucket
        self._journal = Journal(settings.spool, say)
        house.send_events(settings.spool)  # from now on: what an earlier runner had cut off is mended
        self._control = Control(bucket, self._journal, settings.attempt, settings.deadline_at_ms)
        trying = Trying(self._journal, told_to_end, house.patience_seconds)
        self._handing = Handing(bucket, self._journal, settings.work, settings.attempt, trying)
        self._checkpoints = Checkpoints(bucket, self._journal, settings.work, settings.attempt, trying)
        self._cap = LogCap(self._journal, settings.log_cap_bytes)

    def run(self) -> None:
        try:
            self._run()
            self._house.settle_events(self._journal.last_seq)
        except ToldToEnd:
            raise
        except Exception as error:
            # A mistake of the runner's own: the attempt must not stay without an end.
            self._journal.remark(traceback.format_exc())
            self._clear_up()
            self._journal.end(failed("Bug", f"The runner broke down: {type(error).__name__}: {error}"))
            self._house.settle_events(self._journal.last_seq)

    def _run(self) -> None:
        if self._journal.recovered.terminal is None:
            self._clear_up()
            Beats(self._settings, self._journal)
            self._say_what_was_found()
            verdict = self._earlier_verdict() or self._train()
            verdict = self._hand_in(verdict)
            self._journal.end(verdict)
        # With the last event in it; that event has told already, so nobody waits for this copy.
        self._try_handing_in_spool()

    def _clear_up(self) -> None:
        """What an earlier runner on this machine left running would write into the same folder."""
        kill_trainer(self._settings.machine, root=os.getpid(), keep=(self._guard.pid,))

    def _say_what_was_found(self) -> None:
        found = self._journal.recovered
        if found.next_seq > 1:
            torn = f", {found.torn_bytes} torn bytes were cut off" if found.torn_bytes else ""
            self._journal.remark(f"The runner was started again: it goes on with event {found.next_seq}{torn}.")

    def _earlier_verdict(self) -> Event | None:
        """The training ended, but the runner died before it could say so."""
        verdict = read_json(self._settings.work / _VERDICT)
        if isinstance(verdict, dict) and verdict.get("type") in ("finished", "failed"):
            return verdict
        try:
            files = self._handing.results_handed_in()
        except HandingFailed:
            return None
        if files is None or self._result_name() not in files:
            return None
        return {"type": "finished", "why": "completed", "hasResult": True, "sentence": "It ran to its end."}

    def _train(self) -> Event:
        try:
            self._prepare()
        except HandingFailed as error:
            return failed(error.type, error.message)
        self._control.look()
        pass_on_deadline(self._settings, self._control, self._journal)
        if self._told_to_end():
            raise ToldToEnd
        if self._control.stop_asked:
            sentence = "Stopped when asked, before there was anything to keep."
            return {"type": "finished", "why": "stop_asked", "hasResult": False, "sentence": sentence}
        if notice := self._house.notice:
            return taken_away(notice)
        python = self._settings.python
        if not os.access(python, os.X_OK):
            return failed("EngineUnavailable", f"The engine's Python, {python}, is not there or cannot be run.")
        try:
            verdict = judge(self._run_trainer())
        except OSError as error:
            return failed("EngineUnavailable", f"The trainer could not be started: {error}.")
        try:
            write_json(self._settings.work / _VERDICT, verdict, synced=True)
        except OSError as error:
            self._journal.remark(f"How the training ended could not be noted: {error}.")
        return verdict

    def _prepare(self) -> None:
        count = self._handing.fetch_inputs()
        shutil.rmtree(self._out, ignore_errors=True)
        try:
            self._out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HandingFailed("The work folder cannot be written", error) from error
        resumed = self._checkpoints.fetch() if self._settings.holder_kind == "job" else None
        shutil.rmtree(self._settings.work / "checkpoints", ignore_errors=True)
        how = "the trainer starts" if resumed is None else f"the trainer goes on from {resumed}"
        self._journal.remark(f"{count} input files are here; {how}.")

    def _run_trainer(self) -> TrainerEnd:
        kills_before = out_of_memory_kills()
        trainer = TrainerProcess(self._settings, self._environment)
        self._guard.watch_over(trainer.pid)
        capture = Capture(
            self._journal, self._cap, self._checkpoints, trainer.out_fd, trainer.err_fd, trainer.events_fd
        )
        watch = Watch(
            self._settings,
            self._journal,
            self._control,
            trainer,
            self._guard,
            self._told_to_end,
            lambda: self._house.notice,
        )
        watch.until_ended()
        if watch.asked is None and trainer.exit_code in _ENDED_FROM_OUTSIDE:
            # Whoever ends a machine ends everybody on it: the runner may be told a moment after the trainer.
            time.sleep(_MOMENT_SECONDS)
        if self._told_to_end():
            raise ToldToEnd
        self._end_all_of(trainer)
        ended = capture.wait(_PIPES_SECONDS)
        while not ended and self._journal.is_troubled:
            ended = capture.wait(_PIPES_SECONDS)  # the last lines wait for room on the disk
        if not ended:
            self._journal.remark("Somebody still holds the trainer's output open; what comes now is not read.")
        capture.sum_up()
        asked = watch.asked
        self._checkpoints.settle(_CHECKPOINT_SECONDS_AT_NOTICE if asked == "preempted" else _CHECKPOINT_SECONDS)
        if asked is None and now_ms() >= self._control.deadline_at_ms:
            asked = "time_up"  # it kept the time itself, and was quicker than the runner
        return TrainerEnd(
            exit_code=trainer.exit_code or 0,
            asked=asked,
            notice=self._house.notice,
            killed=watch.killed,
            has_result=(self._out / self._result_name()).is_file(),
            failed=capture.failed,
            finished=capture.finished,
            reported_why=self._reported_why(),
            last_errors=list(capture.last_errors),
            memory_was_full=watch.memory_was_full,
            out_of_memory_kills=out_of_memory_kills() - kills_before,
        )

    def _end_all_of(self, trainer: TrainerProcess) -> None:
        left = kill_trainer(self._settings.machine, group=trainer.pid, root=os.getpid(), keep=(self._guard.pid,))
        if left:
            self._journal.remark(f"{left} processes of the trainer do not end.")

    def _hand_in(self, verdict: Event) -> Event:
        try:
            # Half a result is of no use to the next attempt, and of a machine that is taken away seconds are left.
            if verdict.get("failure", {}).get("type") != TAKEN_AWAY:
                self._handing.hand_in_results()
        except HandingFailed as error:
            verdict = failed(error.type, error.message)
        self._journal.settle()
        self._try_handing_in_spool()
        return verdict

    def _try_handing_in_spool(self) -> None:
        try:
            self._handing.hand_in_spool(self._journal.segments())
        except HandingFailed as error:
            # The spool itself is where events are read from; its copy fills gaps only.
            self._journal.remark(error.message)

    def _reported_why(self) -> str | None:
        report = read_json(self._out / "report.json")
        why = report.get("why") if isinstance(report, dict) else None
        return why if isinstance(why, str) else None

    @property
    def _out(self) -> Path:
        return self._settings.work / "out"

    def _result_name(self) -> str:
        return "manifest.json" if self._settings.holder_kind == "job" else "predictions.parquet"
