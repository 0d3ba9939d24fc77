"""A campaign's outcome as a table that a person reads and docs/reliability.md keeps."""

from collections import Counter
from collections.abc import Iterator

from tests.chaos.campaign import Outcome

_SHOWN_PROBLEMS = 8


def table(outcome: Outcome) -> str:
    rows = [(name, str(value)) for name, value in _figures(outcome)]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def verdicts(outcome: Outcome) -> str:
    lines = []
    for check in outcome.checks:
        lines.append(f"{'holds' if check.holds else 'FAILS'}  {check.name} ({check.looked_at})")
        lines += [f"       {problem}" for problem in check.problems[:_SHOWN_PROBLEMS]]
        if len(check.problems) > _SHOWN_PROBLEMS:
            lines.append(f"       and {len(check.problems) - _SHOWN_PROBLEMS} more")
    return "\n".join(lines)


def _figures(outcome: Outcome) -> Iterator[tuple[str, object]]:
    yield "seed, seconds of faults", f"{outcome.plan.seed}, {outcome.plan.seconds:.0f}"
    yield "jobs, attempts", f"{len(outcome.cases)}, {sum(len(case.attempts) for case in outcome.cases)}"
    yield "ends of jobs", _counted(Counter(case.last.status.value for case in outcome.cases if case.last))
    yield "cancels, deletes asked", _asked(outcome)
    yield "faults", f"{sum(outcome.faults.values())}: {_counted(outcome.faults)}"
    yield "processes that ended by themselves", _counted(outcome.unplanned) or "none"
    yield "model: faults", f"{outcome.model_faults.total()}: {_counted(outcome.model_faults)}"
    payments = outcome.payments
    yield "paid calls", f"{payments.paid} (undisturbed {payments.undisturbed})"
    yield "  of them repairs", payments.repairs
    yield "  of them again", f"{payments.again.total()}: {_counted(payments.again)}" if payments.again else "0"
    yield "  not told whose", payments.unknown
    yield "calls of users in vain", _counted(_vain(outcome)) or "none"
    for topic, count in outcome.log.counts.items():
        yield f"{topic}: messages, repeats", f"{count.messages}, {count.repeats}"
    posts = sum(sum(ids.values()) for ids in outcome.told.values())
    yield "webhooks: messages, posts", f"{len(outcome.told)}, {posts}"
    yield "undisturbed run, settling", f"{outcome.undisturbed_seconds:.0f} s, {outcome.settle_seconds:.0f} s"
    before, after = outcome.sizes
    for name, was in before.items():
        now = after[name]
        memory = f"{was.memory_bytes / 2**20:.0f} -> {now.memory_bytes / 2**20:.0f} MB"
        yield f"{name}: memory, files", f"{memory}, {was.files} -> {now.files}"


def _asked(outcome: Outcome) -> str:
    cancels = sum(len(case.cancelled) for case in outcome.cases)
    return f"{cancels}, {sum(case.deleted_at is not None for case in outcome.cases)}"


def _vain(outcome: Outcome) -> Counter[str]:
    acts = sum((case.acts for case in outcome.cases), Counter[str]())
    return Counter({act: count for act, count in acts.items() if ":" in act})


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
