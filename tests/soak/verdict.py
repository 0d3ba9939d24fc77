"""What a soak says of each process: its slopes, and whether they are flat."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.soak.sampling import Series, Usage

MIB = 1024 * 1024
_HOUR = 3600.0


@dataclass(frozen=True)
class Limit:
    """A measure grows when its slope is above `per_hour`, and what it gained in the second half, by its slope, is above
    `noise`: in a short run the slope alone says little.
    """

    name: str
    of: Callable[[Usage], float]
    per_hour: float
    noise: float

    def growth(self, series: Series) -> tuple[float, bool]:
        """The slope, and whether the measure grows."""
        looks = series.second_half()
        slope = series.growth_per_hour(self.of)
        gained = slope * (looks[-1][0] - looks[0][0]) / _HOUR if looks else 0.0
        return slope, slope > self.per_hour and gained > self.noise


LIMITS = (
    Limit("memory", lambda usage: usage.rss_bytes / MIB, per_hour=20.0, noise=4.0),
    Limit("subprocesses' memory", lambda usage: usage.workers_rss_bytes / MIB, per_hour=60.0, noise=25.0),
    Limit("descriptors", lambda usage: float(usage.descriptors), per_hour=6.0, noise=3.0),
    Limit("threads", lambda usage: float(usage.threads), per_hour=6.0, noise=4.0),
    Limit("connections", lambda usage: float(sum(usage.connections.values())), per_hour=6.0, noise=2.0),
)


def growing(series: Mapping[str, Series]) -> list[str]:
    """A line for each measure of a service that grows."""
    return [
        f"{service}: {limit.name} {slope:+.1f}/h"
        for service, looks in series.items()
        for limit in LIMITS
        for slope, grows in [limit.growth(looks)]
        if grows
    ]


def table(series: Mapping[str, Series]) -> str:
    """A row for each service in Markdown: the last value of each measure, and its slope an hour."""
    rows = ["| process | " + " | ".join(f"{limit.name} (per hour)" for limit in LIMITS) + " |"]
    rows.append("| --- " * (len(LIMITS) + 1) + "|")
    for service, looks in series.items():
        cells = [f"{limit.of(looks.looks[-1][1]):.0f} ({limit.growth(looks)[0]:+.1f})" for limit in LIMITS]
        rows.append(f"| {service} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def csv_of(series: Mapping[str, Series]) -> str:
    """Every look, for a diagram: one line for a process at a time."""
    lines = [",".join(["process", "seconds", *(limit.name for limit in LIMITS)])]
    for service, looks in series.items():
        for at, usage in looks.looks:
            lines.append(",".join([service, f"{at:.0f}", *(f"{limit.of(usage):.2f}" for limit in LIMITS)]))
    return "\n".join(lines) + "\n"
