"""Jobs, figures and refusals in words. Pure; everything that came from outside is made printable here."""

from feuilleton_client.errors import Problem
from feuilleton_client.models import Deck, Job, JobStatus, Report

KIB = 1024
MINUTE_SECONDS = 60
HOUR_SECONDS = 3600
_PAGES_SHOWN = 10
_WORDS_SHOWN = 20


def printable(text: str) -> str:
    """`text` on one line, without what could steer a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def bytes_text(count: int) -> str:
    return f"{count / KIB / KIB:.1f} MB" if count >= KIB * KIB else f"{max(1, round(count / KIB))} kB"


def duration_text(seconds: int) -> str:
    if seconds < MINUTE_SECONDS:
        return f"{seconds} s"
    if seconds < HOUR_SECONDS:
        return f"{seconds // MINUTE_SECONDS} min {seconds % MINUTE_SECONDS} s"
    return f"{seconds // HOUR_SECONDS} h {seconds % HOUR_SECONDS // MINUTE_SECONDS} min"


def progress_text(job: Job) -> str:
    """`extracting, 12 of 40 chunks, 345 cards, about 20 s left`."""
    parts = [job.status.value]
    if job.chunks.total and not job.status.ended:
        parts.append(f"{job.chunks.finished} of {job.chunks.total} chunks")
    if job.cards:
        parts.append(f"{job.cards} cards")
    if job.eta_seconds is not None and not job.status.ended:
        parts.append(f"about {duration_text(job.eta_seconds)} left")
    return ", ".join(parts)


def end_text(job: Job) -> str:
    """One line that says how a job ended, without dressing anything up."""
    reason = f" ({printable(job.code)})" if job.code else ""
    name = f"job {printable(job.id)}"
    if job.status is JobStatus.COMPLETED:
        return f"{name}: completed, {job.cards} cards"
    if job.status is JobStatus.PARTIAL:
        missing = f"{job.chunks.failed} of {job.chunks.total} chunks are missing"
        return f"{name}: partial{reason}, {job.cards} cards, {missing}"
    return f"{name}: {job.status.value}{reason}"


def done_text(book: str, job: Job, where: str | None) -> str:
    """One of several books."""
    return f"{printable(book)}: {end_text(job)}" + (f", in {printable(where)}" if where else "")


def exported_text(size: int, where: str) -> str:
    return f"{bytes_text(size)} in {where}"


def deck_lines(deck: Deck, where: str | None) -> list[str]:
    """How much of a list a deck covers, and what it does not."""
    place = f", in {where}" if where else ""
    lines = [f"{len(deck.cards)} cards hold {deck.covered} of {deck.words} words ({deck.coverage:.0%}){place}"]
    if deck.missing:
        shown = ", ".join(map(printable, deck.missing[:_WORDS_SHOWN]))
        more = len(deck.missing) - _WORDS_SHOWN
        lines.append(f"on no card: {shown}" + (f" and {more} more" if more > 0 else ""))
    return lines


def saved_text(count: int, where: str, job: Job) -> str:
    if job.status.ended:
        return f"{count} cards in {where}"
    return f"{count} cards so far in {where}; the job is still {job.status.value}"


def report_lines(report: Report) -> list[tuple[str, str]]:
    """Label and value of each figure that is worth a look."""
    lines = [
        ("cards", f"{report.cards}, {report.mean_card_words:.1f} words on average"),
        ("by method", _counts(report.cards_by_method)),
        ("source sentences", f"{report.represented} of {report.source_sentences} have a card"),
        ("long sentences", printable(report.coverage)),
        ("without a card", _counts(report.dropped_by_reason)),
    ]
    left_out = (f"{printable(part.kind)} ({part.words} words, {_listed(part.pages)})" for part in report.left_out)
    lines.append(("left out", ", ".join(left_out)))
    lines.append(("badly recognised", _listed(report.bad_ocr)))
    lines += [("missing", f"pages {_pages(chunk.pages)}: {printable(chunk.code)}") for chunk in report.missing]
    return [(label, value) for label, value in lines if value]


def refusal_text(problem: Problem) -> str:
    """`file_too_large: The file is larger than 200 MB.` with the wrong fields, if any are named."""
    said = printable(problem.detail or problem.title or f"HTTP {problem.status}")
    fields = [f"{printable(wrong.field)}: {printable(wrong.message)}" for wrong in problem.errors or ()]
    unsaid = [field for field in fields if field not in said]
    return "; ".join([f"{printable(problem.code)}: {said}", *unsaid])


def _counts(counts: dict[str, int]) -> str:
    largest_first = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{count} {printable(name)}" for name, count in largest_first if count)


def _listed(pages: tuple[int, ...]) -> str:
    """All of them, or the first few and how many there are."""
    if len(pages) > _PAGES_SHOWN:
        return f"{_listed(pages[:_PAGES_SHOWN])} and {len(pages) - _PAGES_SHOWN} more"
    return f"{'page' if len(pages) == 1 else 'pages'} {', '.join(map(str, pages))}" if pages else ""


def _pages(pages: tuple[int, ...]) -> str:
    if not pages:
        return "?"
    return str(pages[0]) if pages[0] == pages[-1] else f"{pages[0]}-{pages[-1]}"
