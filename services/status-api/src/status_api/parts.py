"""All that the routes of the API work with. `bootstrap` builds it, tests replace what they like."""

from dataclasses import dataclass

from feuilleton.http.auth import BearerAuth
from feuilleton.http.waiting import Waits
from feuilleton.storage.ports import ObjectStore
from feuilleton.streaming.ports import Publisher
from status_api.access import JobAccess
from status_api.card_pages import CardPages
from status_api.documents import StoredDocuments
from status_api.exports.delivery import Deliveries
from status_api.exports.sheets import SheetDeliveries
from status_api.ports import JobNames, JobReader, Wakeups
from status_api.queue import Queue
from status_api.routes.page import Page
from status_api.stream import Slots
from status_api.vocabulary.reading import Vocabularies
from status_api.webhooks.ports import WebhookStore
from status_api.webhooks.urls import WebhookRules


@dataclass(frozen=True)
class Parts:
    auth: BearerAuth
    reader: JobReader
    access: JobAccess
    names: JobNames
    wakeups: Wakeups
    store: ObjectStore
    documents: StoredDocuments
    card_pages: CardPages
    deliveries: Deliveries
    sheets: SheetDeliveries
    vocabularies: Vocabularies
    links_seconds: int
    publisher: Publisher
    streams: Slots
    waits: Waits
    queue: Queue
    webhooks: WebhookStore
    webhook_rules: WebhookRules
    page: Page
    heartbeat_seconds: float
    cancel_wait_seconds: float
