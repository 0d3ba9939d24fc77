# Feuilleton: a French novel in, a deck of short standalone sentences out. `make` alone prints this help.
# Comments of the form "target: ## text" are the help; "##@ Name" opens a group.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-print-directory

PYTHON_ENV := .venv/bin/python
export PYTHONUTF8 := 1
# Where a shell forbids bytecode, every process would compile all libraries again: 2 s a service.
export PYTHONDONTWRITEBYTECODE :=
export UV_CACHE_DIR ?= $(CURDIR)/.uv/cache
SOURCES := shared/src $(wildcard services/*/src) clients/src deploy/local/src sample/src
SERVICES := ingest splitter extractor merger status-api

##@ Run
demo: bootstrap ## The whole system on this machine: a novel goes in, cards come out (Ctrl-C stops it)
	@exec $(PYTHON_ENV) -m feuilleton_local demo --end-with-parent

up: bootstrap ## Start Kafka, Postgres and the services, and leave them running
	@exec $(PYTHON_ENV) -m feuilleton_local up

down: bootstrap ## Stop them; what they stored stays in .local/data
	@exec $(PYTHON_ENV) -m feuilleton_local down

ps: bootstrap ## What is running, since when, on which port
	@exec $(PYTHON_ENV) -m feuilleton_local ps

logs: bootstrap ## Follow the logs (SERVICE=extractor for one of them)
	@exec $(PYTHON_ENV) -m feuilleton_local logs $(SERVICE)

topics: bootstrap ## Create or check the Kafka topics of the running system
	@exec $(PYTHON_ENV) -m feuilleton_local topics

##@ Test
# Most tests wait for servers: four processes keep two cores busy.
TEST_PROCESSES ?= 4
test-fast: bootstrap ## Unit tests in three processes, no servers, under 30 s
	@exec $(PYTHON_ENV) -m pytest -n 3 --hypothesis-profile=quick -m 'not servers and not slow and not heavy' $(or $(ARGS),tests/unit)

test: bootstrap ## Everything but the long campaigns, with a real broker and database
	@exec $(PYTHON_ENV) -m pytest -n $(TEST_PROCESSES) -m 'not slow' $(ARGS)

test-slow: bootstrap ## The long campaigns: all novels, faults
	@exec $(PYTHON_ENV) -m pytest -n $(TEST_PROCESSES) -m slow $(ARGS)

mutants: bootstrap ## Break one invariant at a time in a copy of the tree: its test must fail there
	@exec $(PYTHON_ENV) tests/mutants $(ARGS)

chaos: bootstrap ## Two replicas of everything under random faults, then whether all held (MINUTES=10 SEED=7)
	@exec $(PYTHON_ENV) -m tests.chaos $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(ARGS)

soak: bootstrap ## The whole system under a steady load (MINUTES=30): memory, descriptors, connections must stay flat
	@exec $(PYTHON_ENV) -m tests.soak --minutes $(or $(MINUTES),30) --seed $(or $(SEED),1) $(ARGS)

fuzz: bootstrap ## Damage PDFs at random and read them (MINUTES=5 SEED=1): each must end in a code or in text
	@exec $(PYTHON_ENV) -m tests.fuzz --minutes $(or $(MINUTES),5) --seed $(or $(SEED),1)

failover: bootstrap ## Seconds from the end of a replica to progress, for each service (ARGS=merger)
	@exec $(PYTHON_ENV) -m tests.chaos.failover $(ARGS)

eval: bootstrap ## Measure text and cards of four novels, and write the tables of docs/quality.md
	@exec $(PYTHON_ENV) -m eval measure $(ARGS)

bench: bootstrap ## Measure (BENCH=name runs bench/name.py; without it, which there are)
	@test -n "$(BENCH)" || { echo "BENCH is one of: $(basename $(notdir $(wildcard bench/*.py)))"; exit 2; }
	@exec $(PYTHON_ENV) bench/$(BENCH).py $(ARGS)

##@ Change
check: bootstrap ## Lint, format, types, import rules: what CI runs
	@$(PYTHON_ENV) -m ruff check .
	@$(PYTHON_ENV) -m ruff format --check .
	@$(PYTHON_ENV) -m mypy $(SOURCES) tests eval $(wildcard bench/*.py)
	@$(PYTHON_ENV) -c 'import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())'

format: bootstrap ## Let ruff format and fix what it can
	@$(PYTHON_ENV) -m ruff format .
	@$(PYTHON_ENV) -m ruff check --fix .

# The processes start, and look for servers that are not there.
NO_SERVERS := API_KEY=of-nobody-at-all DATABASE_URL=postgresql://127.0.0.1:1/none
docs: bootstrap ## Write docs/metrics.md, docs/asyncapi.json and docs/openapi anew from the code
	@$(PYTHON_ENV) -m feuilleton.observability.metrics_page > docs/metrics.md
	@$(PYTHON_ENV) -m feuilleton.contracts.asyncapi > docs/asyncapi.json
	@$(NO_SERVERS) $(PYTHON_ENV) -m ingest openapi > docs/openapi/ingest.json
	@$(NO_SERVERS) $(PYTHON_ENV) -m status_api openapi > docs/openapi/status-api.json

lock: bootstrap ## Renew locks/ from the pyproject files and the index (hash-pinned, no addresses)
	@deploy/local/lock.sh $(SERVICES)

clean: ## Remove environment, caches and local data (make down first)
	@deploy/local/clean.sh

##@ Other
help: ## This text
	@[ -t 1 ] && bold=1; awk -v bold="$$bold" 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf (bold ? "\n\033[1m%s\033[0m\n" : "\n%s\n"), substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

bootstrap: # .venv from locks/; costs nothing when nothing changed
	@deploy/local/bootstrap.sh

.PHONY: help bootstrap demo up down ps logs topics test-fast test test-slow mutants chaos failover fuzz soak eval bench check format docs lock clean
