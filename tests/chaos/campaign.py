"""A campaign from its first process to its last check."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from feuilleton.contracts.topics import DEAD_LETTERS
from tests.chaos.books import Book, make_books
from tests.chaos.checks import Check, check_jobs, check_payments, check_processes
from tests.chaos.hooks import Hooks, Told, check_told, differences
from tests.chaos.ledger import check_ledger
from tests.chaos.links import Net
from tests.chaos.machine import Size, check_sizes, measure
from tests.chaos.model import Bookshelf, ChaosGemini, ChunkName
from tests.chaos.payments import Acts, Payments, count_payments
from tests.chaos.plan import Plan, Story
from tests.chaos.reference import Reference, job_folder, make_reference, read_ended
from tests.chaos.rows import check_rows
from tests.chaos.storm import Storm
from tests.chaos.system import System, probing, running_system
from tests.chaos.topics import Log, read_log
from tests.chaos.users import Case, Urls, User
from tests.results import Result

SETTLE_SECONDS = 240.0
_CALM_SECONDS = 10.0
_TICK_SECONDS = 0.1
_UNDISTURBED_AT_ONCE = 8
_UNDISTURBED_SECONDS = 600.0
_HOOKS_SECONDS = 60.0  # what the receiver failed to take is posted again every 3 s


@dataclass(frozen=True)
class Outcome:
    """All that a campaign has to tell."""

    plan: Plan
    checks: tuple[Check, ...]
    cases: tuple[Case, ...]
    log: Log
    payments: Payments
    told: Told
    faults: Counter[str]
    model_faults: Counter[str]
    unplanned: Counter[str]
    sizes: tuple[dict[str, Size], dict[str, Size]]
    undisturbed_seconds: float
    settle_seconds: float

    @property
    def holds(self) -> bool:
        return all(check.holds for check in self.checks)


def run_campaign(plan: Plan, novels: Path, folder: Path, say: Callable[[str], None]) -> Outcome:
    """Run it; what it leaves (logs, diary, objects) stays in `folder`. From the main thread."""
    books = make_books(novels, [story.words for story in plan.stories], folder / "books")
    with Net() as net, running_system(folder, net) as system:
        model = ChaosGemini(plan.seed, port=system.model_port)
        hooks = Hooks(net, plan.seed)
        net.run(model.__aenter__())
        try:
            say("starting servers and services")
            system.start()
            hooks.start(system.status_url)
            with probing(system):
                return _Campaign(plan, books, system, model, hooks, say).run()
        finally:
            hooks.stop()
            with suppress(Exception):
                net.run(model.__aexit__(None, None, None))


class _Campaign:
    def __init__(
        self,
        plan: Plan,
        books: Sequence[Book],
        system: System,
        model: ChaosGemini,
        hooks: Hooks,
        say: Callable[[str], None],
    ) -> None:
        self._plan = plan
        self._books = books
        self._system = system
        self._model = model
        self._hooks = hooks
        self._say = say
        self._urls = Urls(system.ingest_url, system.status_url)

    def run(self) -> Outcome:
        began = time.monotonic()
        reference = self._run_undisturbed()
        undisturbed_seconds = time.monotonic() - began
        self._say(f"undisturbed run of {len(self._books)} books: {undisturbed_seconds:.0f} s")
        self._wait(_CALM_SECONDS)
        before = measure(self._system)
        earlier = self._read_log()
        storm = Storm(self._system, self._plan.faults)
        cases, settle_seconds = self._run_disturbed(storm)
        self._say(f"settled after {settle_seconds:.0f} s")
        self._wait(_CALM_SECONDS + 25.0)  # late objects of deleted jobs are swept 20 s after
        after = measure(self._system)
        whole = self._read_log()
        log = whole.since(earlier)
        self._tend_until(lambda: not list(differences(self._hooks.told(), whole)), _HOOKS_SECONDS)
        told = self._hooks.told()
        self._write_calls()
        payments = self._count_payments(cases, reference)
        checks = [
            *check_jobs(cases, log, reference, self._system.objects),
            *check_payments(payments),
            *check_processes(
                len(list(self._system.lives())), self._system.unplanned, log.counts[DEAD_LETTERS.name].messages
            ),
            *self._system.net.run(check_rows(self._system.database_url, whole)),
            *self._system.net.run(check_ledger(self._system.database_url, whole)),
            check_told(told, whole),
            check_sizes(before, after),
        ]
        return Outcome(
            plan=self._plan,
            checks=tuple(checks),
            cases=tuple(cases),
            log=log,
            payments=payments,
            told=told,
            faults=storm.done,
            model_faults=self._model.faults(),
            unplanned=self._system.unplanned,
            sizes=(before, after),
            undisturbed_seconds=undisturbed_seconds,
            settle_seconds=settle_seconds,
        )

    def _run_undisturbed(self) -> Reference:
        """Every book once, with nothing in its way. Raises AssertionError when even that does not complete."""
        quiet = [Case(Story(book.number, 0.0, 0, None, None, 0, double_click=False), book) for book in self._books]
        over = threading.Event()
        with ThreadPoolExecutor(_UNDISTURBED_AT_ONCE) as threads:
            running = [threads.submit(User(case, self._urls, over).live) for case in quiet]
            self._tend_until(lambda: all(each.done() for each in running), _UNDISTURBED_SECONDS)
            over.set()
        log = self._read_log()
        results: dict[int, Result] = {}
        for case in quiet:
            assert not case.problems, case.problems
            assert case.last is not None
            end = log.end(case.last.id, 1)
            assert end is not None
            results[case.book.number] = read_ended(self._system.objects, case.last, end)
            results[case.book.number].check()
            assert end.outcome == "completed", f"{case.name} ended {end.outcome} undisturbed"
        reference = make_reference(results, self._model.calls)
        self._model.shelf = Bookshelf(reference.texts())
        self._model.forget()
        return reference

    def _run_disturbed(self, storm: Storm) -> tuple[list[Case], float]:
        """The plan, then the calm after it. Returns the users' cases and the seconds until all had ended."""
        cases = [Case(story, book) for story, book in zip(self._plan.stories, self._books, strict=True)]
        over = threading.Event()
        threads = ThreadPoolExecutor(len(cases))
        began = time.monotonic()
        running = [threads.submit(self._live_at, began, case, over) for case in cases]
        self._model.misbehave()
        storm.begin()
        healed = False
        while storm.blow() or time.monotonic() - began < self._plan.seconds:
            self._tick()
            if not healed and time.monotonic() - began > self._plan.seconds * 0.7:
                healed = True
                self._model.heal()
        self._model.behave()
        self._system.note("CALM")
        self._say("no more faults")
        calm_at = time.monotonic()
        self._tend_until(lambda: _all_done(running) and self._system.steady(), SETTLE_SECONDS)
        over.set()
        threads.shutdown()
        return cases, time.monotonic() - calm_at

    def _live_at(self, began: float, case: Case, over: threading.Event) -> None:
        over.wait(max(0.0, began + case.story.upload_at_seconds - time.monotonic()))
        User(case, self._urls, over).live()

    def _tick(self) -> None:
        self._system.tend()
        time.sleep(_TICK_SECONDS)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        self._tend_until(lambda: time.monotonic() > until, seconds + 1)

    def _tend_until(self, done: Callable[[], bool], seconds: float) -> None:
        """Keep the services up until `done`, for so long at most."""
        deadline = time.monotonic() + seconds
        while not done() and time.monotonic() < deadline:
            self._tick()

    def _read_log(self) -> Log:
        return self._system.net.run(read_log(self._system.kafka))

    def _write_calls(self) -> None:
        """One line a call, to look into what the checks tell."""
        lines = [
            f"{call.began_at:.2f} {call.paid_at or 0:.2f} {call.caller} {call.chunk} {call.fault} "
            f"{call.digest.hex()[:8]}"
            for call in self._model.calls
        ]
        (self._system.folder / "calls.txt").write_text("\n".join(lines) + "\n")

    def _count_payments(self, cases: Sequence[Case], reference: Reference) -> Payments:
        moments: dict[int, list[tuple[float, str]]] = {}
        for case in cases:
            acts = [(moment, "cancel") for moment in case.cancelled.values()]
            acts += [(moment, "delete") for moment in [case.deleted_at] if moment is not None]
            acts += [(moment, "new attempt") for moment in case.retried_at]
            moments[case.book.number] = acts
        job_of = {case.book.number: case.job_id for case in cases if case.job_id and case.deleted_at is None}

        def checkpoint_at(chunk: ChunkName) -> float | None:
            job = job_of.get(chunk[0])
            if job is None:
                return None
            path = job_folder(self._system.objects, job) / "checkpoints" / f"{chunk[1]}.json"
            return path.stat().st_mtime if path.exists() else None

        lives = {life.name: life for life in self._system.lives()}
        return count_payments(self._model.calls, reference.calls, lives, Acts(moments), checkpoint_at)


def _all_done(running: Sequence["Future[None]"]) -> bool:
    return all(each.done() for each in running)
