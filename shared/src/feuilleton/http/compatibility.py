"""What both services answer to clients of the systems before this one (docs/compatibility.md)."""

from pydantic import BaseModel

from feuilleton.contracts.documents import CardLine


class OldSentence(BaseModel):
    """A card: its text, and the sentence of the book that it comes from."""

    normalized: str
    original: str


class DocumentStatus(BaseModel):
    """`task_state` is a word of Celery; `ready` whether there are cards to fetch."""

    document_id: str
    status: str
    progress: int
    task_state: str
    message: str
    total_chunks: int
    ready: bool


def old_sentence(card: CardLine) -> OldSentence:
    return OldSentence(normalized=card.text, original=card.source_text)
