"""What can go wrong between this client and the services. The type says what the caller can do."""

from pydantic import BaseModel, ConfigDict


class ClientError(Exception):
    """The root of all errors that the client raises on purpose."""


class UnavailableError(ClientError):
    """No answer after the retries that the policy allows. Trying again later may work."""


class UnexpectedAnswerError(ClientError):
    """The server answered something that is not its documented format (a proxy's page, another service)."""


class WrongField(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")
    field: str = ""
    message: str = ""


class Problem(BaseModel):
    """The body of a refusal (RFC 9457). `code` is stable; `job_id` is set where a job came to be all the same."""

    model_config = ConfigDict(frozen=True, extra="allow")
    status: int = 0
    code: str = ""
    title: str = ""
    detail: str = ""
    job_id: str | None = None
    errors: tuple[WrongField, ...] | None = None


class ProblemError(ClientError):
    """The server refused. `retry_after_seconds` is its own wish, if it named one."""

    def __init__(self, problem: Problem, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(f"{problem.code}: {problem.detail or problem.title or problem.status}")
        self.problem = problem
        self.retry_after_seconds = retry_after_seconds

    @property
    def status(self) -> int:
        return self.problem.status

    @property
    def code(self) -> str:
        return self.problem.code
