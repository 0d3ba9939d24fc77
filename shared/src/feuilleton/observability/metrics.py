"""Every metric of the system, defined once: name with its unit, help, closed labels. Never a job or tenant id."""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)

UPLOADS = Counter(
    "feuilleton_uploads_total", "Uploads answered, by outcome (accepted, or the problem's code)", ["outcome"]
)
ATTEMPTS = Counter(
    "feuilleton_attempts_total", "New attempts answered, by outcome (accepted, or the problem's code)", ["outcome"]
)
ATTEMPTS_SWEPT = Counter(
    "feuilleton_attempts_swept_total",
    "Attempts helped: published again, asked for by an operator, expired; or told of again after their end",
    ["action"],
)
CREDITS = Counter(
    "feuilleton_credits_total", "Credits of jobs, by kind of ledger row (job_reserve, job_final, job_refund)", ["kind"]
)
JOBS_PURGED = Counter("feuilleton_jobs_purged_total", "Jobs ordered to be removed because their time is over")
UPLOAD_BYTES = Counter("feuilleton_upload_bytes_total", "Bytes of accepted uploads")
PDF_CHECK_SECONDS = Histogram("feuilleton_pdf_check_seconds", "Inspection of one upload", buckets=_SECONDS)
OUTBOX_ROWS = Gauge("feuilleton_outbox_rows", "Admitted jobs whose messages are not known to be published")

BOOKS_SPLIT = Counter("feuilleton_books_split_total", "Books that the splitter ended with, by code", ["code"])
SPLIT_SECONDS = Histogram("feuilleton_split_seconds", "One book in the splitter", buckets=_SECONDS)
PAGES_READ = Counter("feuilleton_pages_read_total", "Pages read, by kind (text, page)", ["kind"])
SOURCE_SENTENCES = Counter("feuilleton_source_sentences_total", "Source sentences of the books that were split")
CHUNKS_SPLIT = Counter(
    "feuilleton_chunks_split_total", "Chunks of the books that were split, by kind (text, page)", ["kind"]
)

CHUNKS_FINISHED = Counter(
    "feuilleton_chunks_finished_total",
    "Chunks of the extractor, by engine and outcome",
    ["engine", "outcome"],
)
CHUNK_SECONDS = Histogram(
    "feuilleton_chunk_seconds", "Work on one chunk, waits for a place excluded", ["engine"], buckets=_SECONDS
)
CHUNKS_IN_FLIGHT = Gauge("feuilleton_chunks_in_flight", "Chunks being worked on now")
CHUNKS_PUT_BACK = Counter(
    "feuilleton_chunks_put_back_total", "Chunks published again because they held up their partition", ["engine"]
)
WINDOW_BYTES = Gauge("feuilleton_window_bytes", "Bytes of the messages held in the extractor's window")
ENGINE_CALLS = Counter(
    "feuilleton_engine_calls_total", "Calls to a model, by engine and outcome code", ["engine", "outcome"]
)
ENGINE_CALL_SECONDS = Histogram("feuilleton_engine_call_seconds", "One call to a model", ["engine"], buckets=_SECONDS)
ENGINE_CALL_LIMIT = Gauge("feuilleton_engine_call_limit", "Calls to a model that may be in flight now", ["engine"])
ENGINE_PAUSE_SECONDS = Counter(
    "feuilleton_engine_pause_seconds_total", "Time for which the engine asked for no calls", ["engine"]
)
ENGINE_TOKENS = Counter(
    "feuilleton_engine_tokens_total",
    "Tokens paid, by engine and kind (prompt, output, thinking)",
    ["engine", "kind"],
)
CARDS = Counter("feuilleton_cards_total", "Cards kept, by engine and method", ["engine", "method"])
VERDICTS = Counter("feuilleton_card_verdicts_total", "Verdicts on rewritten cards", ["verdict"])

JOBS_ENDED = Counter("feuilleton_jobs_ended_total", "Ends published, by outcome", ["outcome"])
MERGE_SECONDS = Histogram("feuilleton_merge_seconds", "Assembly of one result", buckets=_SECONDS)

EVENTS_FOLDED = Counter("feuilleton_events_folded_total", "Job events folded into rows, by group", ["group", "type"])
EVENTS_SKIPPED = Counter("feuilleton_events_skipped_total", "Job events of unknown type passed over", ["group"])
FOLD_LAG = Gauge(
    "feuilleton_fold_lag_messages", "Job events not folded yet, by group and partition", ["group", "partition"]
)
BARRIER_SECONDS = Histogram("feuilleton_read_barrier_seconds", "Waits of reads for the projection", buckets=_SECONDS)
STREAMS_OPEN = Gauge("feuilleton_event_streams_open", "Server-sent event streams open now")

WEBHOOK_POSTS = Counter(
    "feuilleton_webhook_posts_total", "Posts to webhooks, by outcome (delivered, or the error's code)", ["outcome"]
)
WEBHOOK_POST_SECONDS = Histogram("feuilleton_webhook_post_seconds", "One post to a webhook", buckets=_SECONDS)
WEBHOOKS_IN_FLIGHT = Gauge("feuilleton_webhook_posts_in_flight", "Posts to webhooks under way now")
WEBHOOKS_GIVEN_UP = Counter("feuilleton_webhook_deliveries_failed_total", "Deliveries that were given up")
WEBHOOKS_PENDING = Gauge("feuilleton_webhook_deliveries_pending", "Deliveries that are to be tried, now or later")
WEBHOOKS_OVERDUE_SECONDS = Gauge(
    "feuilleton_webhook_overdue_seconds", "For how long the oldest delivery that is due has been"
)
ANSWERS_HELD = Gauge("feuilleton_answers_held", "Answers held back now, as clients asked (Prefer: wait)")

DEAD_LETTERS = Counter("feuilleton_dead_letters_total", "Messages sent to dead-letters", ["service", "reason"])
DEAD_LETTER_LIMIT = Gauge(
    "feuilleton_dead_letter_limit_reached", "1 when a consumer stops rather than give nearly everything up", ["service"]
)
WORKERS_DIED = Counter("feuilleton_worker_processes_died_total", "Subprocesses that died or were killed", ["cause"])
HTTP_REQUESTS = Counter(
    "feuilleton_http_requests_total",
    "HTTP requests, by route template and status",
    ["route", "method", "status"],
)
