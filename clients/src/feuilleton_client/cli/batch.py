"""Many books at once: a few on their way at any time, each by itself, so that one that fails costs no other."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from feuilleton_client.cli.exit_codes import ExitCode, of_status
from feuilleton_client.cli.saving import Target
from feuilleton_client.cli.session import InputFileError, OutputFileError, Session
from feuilleton_client.client import FeuilletonClient
from feuilleton_client.errors import ClientError, UnexpectedAnswerError
from feuilleton_client.exports import ExportFormat
from feuilleton_client.models import Job
from feuilleton_client.uploads import JobOptions

_KEY_LENGTH = 16


@dataclass(frozen=True)
class Wish:
    """What is wanted of a book; `anew` whatever was done with it before."""

    options: JobOptions
    anew: bool


@dataclass(frozen=True)
class Order:
    """One book, the key of its upload, and the file for its cards."""

    book: Path
    idempotency_key: str | None
    target: Target | None


@dataclass(frozen=True)
class Done:
    """What became of a book. `job` is as it ended, or as far as it is known beside an `error`."""

    order: Order
    job: Job | None = None
    error: Exception | None = None


def run_books(current: Session, made: Sequence[Order], wish: Wish, *, at_once: int) -> ExitCode:
    """Run all, and say of each what became of it as soon as that is known. Returns the highest exit status."""
    worst = ExitCode.OK
    for done in run_all(made, wish, current.another_client, at_once=at_once):
        if isinstance(done.error, ClientError):
            job_id = done.job.id if done.job else None
            code = current.tell(done.error, job_id, str(done.order.book))
        elif done.error is not None or done.job is None:
            raise done.error or UnexpectedAnswerError(f"nothing was heard of {done.order.book}")
        else:
            where = str(done.order.target.path) if done.order.target and done.job.status.has_cards else None
            current.output.done(str(done.order.book), done.job, where)
            code = of_status(done.job.status)
        worst = max(worst, code)
    return worst


def orders(books: Sequence[Path], folder: Path | None, key: str | None, *, force: bool) -> list[Order]:
    """One for each book. `key` makes one key for each, the same in every run over the same paths. Two books of one
    name get files of different names.

    Raises OutputFileError where a file cannot be written: better before anything is paid for.
    """
    if folder is not None:
        _make(folder)
    made: list[Order] = []
    taken: set[str] = set()
    for book in books:
        name = _free_name(book.stem, taken)
        target = Target.named(folder / f"{name}.csv", ExportFormat.CSV, force=force) if folder else None
        if target is not None:
            target.check()
        made.append(Order(book, _key_of(key, book), target))
    return made


def run_all(
    made: Sequence[Order], wish: Wish, connect: Callable[[], FeuilletonClient], *, at_once: int
) -> Iterator[Done]:
    """What became of each book, in the order of their ends. `connect` makes a client, one for each that is at work:
    a client is not for several threads.
    """
    todo: SimpleQueue[Order] = SimpleQueue()
    done: SimpleQueue[Done] = SimpleQueue()
    for order in made:
        todo.put(order)

    def work() -> None:
        while True:
            try:
                order = todo.get_nowait()
            except Empty:
                return
            done.put(_run(order, wish, connect))

    for _ in range(min(at_once, len(made))):
        # Daemons: after Ctrl-C nobody waits for books that go on at the server anyway.
        threading.Thread(target=work, daemon=True).start()
    for _ in made:
        yield done.get()


def _run(order: Order, wish: Wish, connect: Callable[[], FeuilletonClient]) -> Done:
    job: Job | None = None
    try:
        with connect() as client:
            job = client.upload(order.book, wish.options, force=wish.anew, idempotency_key=order.idempotency_key)
            job = client.wait(job.id, job.attempt)
            if order.target is not None and job.status.has_cards:
                order.target.save(client, job)
    except ClientError as exc:
        return Done(order, job, exc)
    except OSError as exc:
        return Done(order, job, InputFileError(f"{order.book}: {exc.strerror or exc}"))
    except Exception as exc:  # noqa: BLE001  (a thread's fault must be told, or its book would be waited for for ever)
        return Done(order, job, exc)
    return Done(order, job)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise OutputFileError(f"{folder} must be a folder where there are several books") from exc


def _free_name(stem: str, taken: set[str]) -> str:
    name, number = stem, 1
    while name.casefold() in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name.casefold())
    return name


def _key_of(key: str | None, book: Path) -> str | None:
    if key is None:
        return None
    return f"{key}-{hashlib.sha256(str(book).encode('utf-8', 'surrogateescape')).hexdigest()[:_KEY_LENGTH]}"
