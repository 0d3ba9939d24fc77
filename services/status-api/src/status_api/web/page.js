"use strict";

const ingest = document.querySelector("meta[name=ingest-url]").content;
const $ = (id) => document.getElementById(id);
const PAGE = 100;
const state = { run: 0, job: null, wanted: PAGE, shown: 0, cursor: null, drained: false, loading: null, looking: 0 };

$("key").value = sessionStorage.getItem("key") ?? "";
const ENDS = ["completed", "partial", "failed", "cancelled", "deleted"];
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function say(message) {
  $("error").textContent = message;
  $("error").hidden = !message;
}

/** A request with the key; throws an Error whose message can be shown. `final` errors are not worth a retry. */
async function ask(url, options = {}) {
  const headers = { ...options.headers, Authorization: `Bearer ${$("key").value}` };
  const answer = await fetch(url, { ...options, headers }).catch(() => {
    throw new Error("The service cannot be reached just now.");
  });
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  const error = new Error(problem.detail || problem.title || `The service answered ${answer.status}.`);
  error.final = answer.status < 500 && answer.status !== 429;
  throw error;
}

/** Tells a click from its own repetition. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return { "Idempotency-Key": Array.from(bytes, (n) => n.toString(16).padStart(2, "0")).join("") };
}

$("upload").addEventListener("submit", async (event) => {
  event.preventDefault();
  sessionStorage.setItem("key", $("key").value);
  const button = $("upload").querySelector("button");
  const files = [...$("file").files];
  const refused = [];
  let first = null;
  button.disabled = true;
  say("");
  for (const [n, file] of files.entries()) {
    button.textContent = files.length > 1 ? `Sending ${n + 1} of ${files.length}…` : "Sending…";
    try {
      const job = await send(file);
      first ??= job;
    } catch (error) {
      refused.push(files.length > 1 ? `${file.name}: ${error.message}` : error.message);
    }
  }
  button.disabled = false;
  button.textContent = "Make cards";
  if (first && location.hash !== `#${first}`) {
    history.pushState(null, "", `#${first}`);
    open();
  } else {
    list();
  }
  say(refused.join("\n"));
});

/** The id of the book's job. */
async function send(file) {
  const body = new FormData();
  body.append("sentence_length_limit", $("limit").value);
  body.append("engine", $("engine").value);
  body.append("ignore_dialogue", $("dialogue").checked);
  body.append("file", file);
  const answer = await ask(`${ingest}/v1/uploads`, { method: "POST", body, headers: newKey() });
  return (await answer.json()).id;
}

/** The last books, looked at again for as long as one of them runs. */
async function list() {
  clearTimeout(state.looking);
  const answer = await ask("v1/jobs?limit=10").catch(() => null);
  if (!answer) return;
  const jobs = (await answer.json()).items;
  $("list").replaceChildren(...jobs.map(bookElement));
  $("books").hidden = jobs.length < 2;
  if (!jobs.every((job) => ENDS.includes(job.status))) state.looking = setTimeout(list, 5000);
}

function bookElement(job) {
  const [item, link] = ["li", "a"].map((name) => document.createElement(name));
  link.href = `#${job.id}`;
  link.textContent = job.name;
  const running = !ENDS.includes(job.status) && `${job.progress_percent} %`;
  const words = [job.status, running, job.cards && `${job.cards} cards`].filter(Boolean);
  item.append(link, ` · ${words.join(" · ")}`);
  return item;
}

function show(job) {
  const ended = ENDS.includes(job.status);
  const hasResult = job.status === "completed" || job.status === "partial";
  $("job").hidden = false;
  $("job-title").textContent = job.name ?? $("job-title").textContent;
  $("bar").value = job.progress_percent;
  const words = [job.status, `${job.progress_percent} %`];
  if (!ended && job.eta_seconds) words.push(`about ${waiting(job.eta_seconds)} left`);
  if (ended && job.cards) words.push(`${job.cards} cards`);
  if (job.chunks?.failed) words.push(`${job.chunks.failed} of ${job.chunks.total} parts missing`);
  if (job.code) words.push(job.code);
  $("state").textContent = words.join(" · ");
  $("cancel").hidden = ended;
  $("retry").hidden = !["partial", "failed", "cancelled"].includes(job.status);
  $("downloads").hidden = !hasResult;
  if (hasResult) tellGaps(state.job);
}

/** What of the book is on no card, as the report has it, and why. */
async function tellGaps(job) {
  const answer = await ask(`v1/jobs/${job}/report`).catch(() => null);
  const report = answer && await answer.json();
  if (state.job !== job) return;
  const lines = report ? gaps(report) : [];
  $("gaps").replaceChildren(...lines.map((line) => Object.assign(document.createElement("li"), { textContent: line })));
  $("gaps").hidden = !lines.length;
}

function gaps(report) {
  const kinds = report.left_out.map((part) => `${part.kind.replaceAll("_", " ")} (${pages(part.pages)})`);
  return [
    report.coverage,
    ...report.missing.map((chunk) => `Missing: ${pages(chunk.pages)} (${chunk.code}).`),
    kinds.length && `Left out, as it is not the story: ${kinds.join(", ")}.`,
    report.bad_ocr_used.length && `Badly scanned, so cards may have its errors: ${pages(report.bad_ocr_used)}.`,
  ].filter(Boolean);
}

/** "page 3", "pages 3–5, 9" */
function pages(numbers) {
  const runs = [];
  for (const page of numbers) {
    const last = runs.at(-1);
    if (last && page <= last[1] + 1) last[1] = page;
    else runs.push([page, page]);
  }
  const words = runs.map(([first, last]) => (first === last ? first : `${first}–${last}`));
  return `${numbers.length === 1 ? "page" : "pages"} ${words.join(", ")}`;
}

function waiting(seconds) {
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** The stream of one job to its end, resumed where it breaks off. EventSource cannot send the key. */
async function follow(job, run, attempt) {
  let last = null;
  while (state.run === run) {
    try {
      const headers = last ? { "Last-Event-ID": last } : {};
      const answer = await ask(`v1/jobs/${job}/events${attempt}`, { headers });
      for await (const event of events(answer.body)) {
        if (state.run !== run) return;
        last = event.id ?? last;
        show(JSON.parse(event.data));
        if (event.event === "chunk.finished" || event.event === "end") fill();
        if (event.event === "end") return list();
      }
    } catch (error) {
      if (error.final) return say(error.message);
    }
    await pause(1500);
  }
}

/** Server-sent events out of a body of bytes. */
async function* events(body) {
  let rest = "";
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = {};
      for (const line of block.split("\n")) {
        const at = line.indexOf(": ");
        if (at > 0) event[line.slice(0, at)] = line.slice(at + 2);
      }
      if (event.data) yield event;
    }
  }
}

/** Show cards up to the number wanted; one run at a time, and one more if it was asked for meanwhile. */
async function fill() {
  if (state.loading) return void (state.again = true);
  const run = state.run;
  state.loading = true;
  try {
    do {
      state.again = false;
      while (state.run === run && state.shown < state.wanted && !state.drained && (await nextPage(run)));
    } while (state.again && state.run === run);
  } catch (error) {
    say(error.message);
  }
  state.loading = false;
  if (state.run !== run) fill();
  $("more").hidden = state.shown < state.wanted || state.drained;
}

async function nextPage(run) {
  const limit = Math.min(PAGE, state.wanted - state.shown);
  const cursor = state.cursor ? `&cursor=${state.cursor}` : "";
  const page = await (await ask(`v1/jobs/${state.job}/cards?limit=${limit}${cursor}`)).json();
  if (state.run !== run) return false;
  $("cards").append(...page.items.map(cardElement));
  state.shown += page.items.length;
  state.cursor = page.next_cursor ?? state.cursor;
  state.drained = page.next_cursor === null;
  $("deck").hidden = state.shown === 0;
  return page.items.length > 0;
}

function cardElement(card) {
  const [item, details, summary, quote, footer] = ["li", "details", "summary", "blockquote", "footer"].map((name) =>
    document.createElement(name));
  summary.textContent = card.text;
  footer.textContent = [card.chapter, `p. ${card.page}`, card.method].filter(Boolean).join(" · ");
  quote.append(card.source_text, footer);
  details.append(summary, quote);
  item.append(details);
  return item;
}

/** A link alone would not do: it cannot send the key. */
async function download(button) {
  const form = button.dataset.form;
  button.disabled = true;
  say("");
  try {
    const answer = await ask(`v1/jobs/${state.job}/exports/${form}${form === "csv" ? "?bom=true" : ""}`);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = nameOf(answer) ?? `cards.${form}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  } catch (error) {
    say(error.message);
  }
  button.disabled = false;
}

/** The file's name as the service gives it. */
function nameOf(answer) {
  const found = /filename\*=UTF-8''(\S+)/.exec(answer.headers.get("Content-Disposition") ?? "");
  return found && decodeURIComponent(found[1]);
}

/** The address names the job, so that a reload or a bookmark comes back to it. */
function open(attempt = "") {
  const job = location.hash.slice(1);
  if (!$("key").value) return;
  list();
  if (!job) return;
  Object.assign(state, { run: state.run + 1, job, wanted: PAGE, shown: 0, cursor: null, drained: false });
  $("cards").replaceChildren();
  $("deck").hidden = $("gaps").hidden = true;
  say("");
  ask(`v1/jobs/${job}${attempt}`).then((answer) => answer.json()).then(show).catch((error) => say(error.message));
  follow(job, state.run, attempt);
}

$("cancel").addEventListener("click", () =>
  ask(`v1/jobs/${state.job}/cancel`, { method: "POST" }).catch((error) => say(error.message)));
$("retry").addEventListener("click", async () => {
  $("retry").hidden = true;
  try {
    const url = `${ingest}/v1/uploads/${state.job}/attempts`;
    const begun = await (await ask(url, { method: "POST", headers: newKey() })).json();
    open(`?attempt=${begun.attempt}`);
  } catch (error) {
    say(error.message);
    $("retry").hidden = false;
  }
});
for (const button of document.querySelectorAll("[data-form]")) {
  button.addEventListener("click", () => download(button));
}
$("more").addEventListener("click", () => ((state.wanted += PAGE), fill()));
$("key").addEventListener("change", () => (sessionStorage.setItem("key", $("key").value), open()));
addEventListener("hashchange", () => open());
open();
