"""Client of Feuilleton: a French novel in, a deck of short standalone sentences out."""

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.errors import ClientError, Problem, ProblemError, UnavailableError, UnexpectedAnswerError
from feuilleton_client.exports import ExportFormat
from feuilleton_client.models import Card, Deck, Job, JobFilter, JobStatus, Lemma, Report
from feuilleton_client.retry import RetryPolicy
from feuilleton_client.settings import ClientSettings
from feuilleton_client.uploads import EngineChoice, JobOptions, ModelTier

__all__ = [
    "Card",
    "ClientError",
    "ClientSettings",
    "Deck",
    "EngineChoice",
    "ExportFormat",
    "FeuilletonClient",
    "Job",
    "JobFilter",
    "JobOptions",
    "JobStatus",
    "Lemma",
    "ModelTier",
    "Problem",
    "ProblemError",
    "Report",
    "RetryPolicy",
    "UnavailableError",
    "UnexpectedAnswerError",
]
