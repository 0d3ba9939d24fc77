"""How many uploads a tenant may begin within an hour, and how an answer tells it."""

from dataclasses import dataclass

from feuilleton.contracts.errors import InvalidInputError

WINDOW_SECONDS = 3600
_POLICY = '"uploads"'


@dataclass(frozen=True)
class UploadRate:
    """A tenant's uploads within any hour: how many may begin, how many still may, and when one more may."""

    limit: int
    remaining: int
    reset_seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """The fields of draft-ietf-httpapi-ratelimit-headers-10, and those of its older versions that most clients
        read.
        """
        return {
            "RateLimit-Policy": f"{_POLICY};q={self.limit};w={WINDOW_SECONDS}",
            "RateLimit": f"{_POLICY};r={self.remaining};t={self.reset_seconds}",
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }


@dataclass(frozen=True)
class CountedUpload:
    """One upload that was counted. `number` is its own, to take it back by."""

    number: int
    rate: UploadRate


class RateLimitedError(InvalidInputError):
    """The tenant began its uploads of this hour. This one was not counted, and nothing of it was read."""

    code = "rate_limited"

    def __init__(self, rate: UploadRate) -> None:
        super().__init__(f"{rate.limit} uploads an hour; the next one in {rate.reset_seconds} s")
        self.headers = {**rate.headers, "Retry-After": str(max(1, rate.reset_seconds))}
