# Everything dyntui needs is installed into .venv; nothing outside this folder is touched.
# A distribution compiles its Python with a profile of one at work, and somebody who builds one often does not: what the
# tests take with it is a fifth less. It is chosen where it is new enough and can make environments.
PYTHON ?= $(shell /usr/bin/python3 -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo /usr/bin/python3 || echo python3)
BIN := .venv/bin
STAMP := .venv/.installed
# Half of what the tests do is waiting for processes of their own.
WORKERS ?= $(shell expr 2 \* $$(nproc))

# What a test marked `thorough` shows, another one shows too; nearly all that one runs that `repeats`, others run
# (tests/choice). `make test-all` runs them all.
CHOSEN ?= -m "not thorough and not repeats"

# The tests start hundreds of processes: what the first one compiles, the others load.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-all choose check lint types imports unit postgresql on-postgresql workers sim month planted switches bench forecasts why wrong-list spreadsheets deb deb-try image clean

demo: $(STAMP)
	@$(BIN)/dyntui demo

# The sandbox is tested where it, or what holds it against the vendors' descriptions, differs from the last time these
# tests passed here: in a clean clone always.
test: lint
	@$(MAKE) --no-print-directory --jobs=3 types imports unit

test-all:
	@rm -f $(SANDBOX_TESTED)
	@$(MAKE) test CHOSEN="--hypothesis-profile thorough"

# Measures every test and writes down which ones `make test` leaves out: an hour or two.
choose: $(STAMP)
	$(BIN)/python -m tests.choice

# Between two edits: everything but the tests that are not near what has changed.
check: lint types imports
	@near=$$($(BIN)/python -m tests.near); [ -z "$$near" ] || $(BIN)/pytest -n $(WORKERS) --dist loadgroup $$near

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

# screens/ and styles/ stand beside dyntui/ and belong into it: tools that look at files see the package put together.
PUT_TOGETHER := .venv/put-together

$(PUT_TOGETHER): $(STAMP) FORCE
	@rm -rf $@ && mkdir $@ && cp -R dyntui $@/ && cp -R screens styles $@/dyntui/

types: $(PUT_TOGETHER)
	cd $(PUT_TOGETHER) && ../bin/mypy --config-file ../../pyproject.toml --cache-dir ../mypy -p dyntui

imports: $(PUT_TOGETHER)
	cd $(PUT_TOGETHER) && ../bin/lint-imports --config ../../pyproject.toml --no-cache

FORCE:

SANDBOX_TESTED := .venv/.sandbox-tested
SANDBOX := $(BIN)/python -m tests.sandbox_digest

# The first time, one process reads the tests before several do: what it compiles, they load.
TESTS_READ := .venv/.tests-read

$(TESTS_READ): $(STAMP)
	@$(BIN)/pytest --collect-only -q > /dev/null
	@touch $@

unit: $(TESTS_READ)
	@if [ "$$($(SANDBOX))" = "$$(cat $(SANDBOX_TESTED) 2>/dev/null)" ]; then \
	  echo "The sandbox is as it was tested: its own tests are left out (make test-all runs them)"; \
	  $(BIN)/pytest -n $(WORKERS) --dist loadgroup $(CHOSEN) --ignore=tests/sandbox --ignore=tests/conformance; \
	else \
	  $(BIN)/pytest -n $(WORKERS) --dist loadgroup $(CHOSEN) && $(SANDBOX) > $(SANDBOX_TESTED); \
	fi

# Every test of the store on PostgreSQL too: `make test` runs there only those that are about what differs.
postgresql: $(STAMP)
	DYNTUI_TEST_POSTGRESQL=1 $(BIN)/pytest -n $(WORKERS) --dist loadgroup tests/store

# N random histories from the seed FIRST on.
sim: $(STAMP)
	$(BIN)/python -m tests.simulation.main --count $(or $(N),100) --first $(or $(FIRST),0) --kinds $(or $(KINDS),sends)

# DAYS of schedules, faults and people who move on both sides: three email accounts, LISTS marketing lists, PEOPLE.
# APART=4h: nothing runs more often than that.
month: $(STAMP)
	$(BIN)/python -m tests.month.main --people $(or $(PEOPLE),300) --lists $(or $(LISTS),3) --days $(or $(DAYS),3) --seed $(or $(SEED),1) \
		--apart "$(APART)"

# Scenarios with their stores on PostgreSQL. FILES=tests/scenarios/test_undo.py picks some.
on-postgresql: $(STAMP)
	$(BIN)/python -m pytest -n 0 -q -p tests.on_postgresql $(or $(FILES),tests/scenarios)

# Plants known bugs one at a time in a copy of the tree: histories notice each. ONLY=plan,page picks bugs by parts of their names.
planted: $(STAMP)
	$(BIN)/python -m tests.planted --only "$(ONLY)" --histories $(or $(N),60) --first $(or $(FIRST),1)

# The tests that speak to the two systems, once for each switch of the sandbox, or TOGETHER=1 with as many as possible at once.
# ONLY=lag,since and BUT=lag,since pick switches by parts of their names and values.
switches: $(STAMP)
	$(BIN)/python -m tests.every_switch --only "$(ONLY)" --but "$(BUT)" $(if $(TOGETHER),--together)

# Opt-outs at random moments while a service watches: how soon each is known, and the share of the call budgets.
opt-outs: $(STAMP)
	$(BIN)/python -m tests.scenarios.opt_outs_at_random $(or $(N),1000) $(or $(FIRST),7)

# N sends at random, in half of which something changes after they were confirmed: forecast against fact, person by person.
forecasts: $(STAMP)
	$(BIN)/python -m tests.scenarios.forecasts_at_random $(or $(N),1000) $(or $(FIRST),7)

# `why` for ASKED random people of a world of PEOPLE against whom the simulated platform mails; STORE=1: figures of a store of as
# many people alone.
why: $(STAMP)
	$(BIN)/python -m tests.scenarios.why_at_random $(or $(PEOPLE),1000000) $(or $(ASKED),10000) $(or $(FIRST),7) $(if $(STORE),--store)

# A wrong list of about N members in waves of 1 %, 10 %, rest: it stops by itself.
wrong-list: $(STAMP)
	$(BIN)/python -m tests.scenarios.wrong_list_in_waves $(or $(N),100000)

# Exports with hostile cells, opened by LibreOffice and read back.
spreadsheets: $(STAMP)
	$(BIN)/python -m tests.cli.spreadsheets_read_back

# N accidents of workers that share a store on a server: killed, frozen, cut off.
workers: $(STAMP)
	$(BIN)/python -m tests.sync.engine.workers_at_random $(or $(N),50) $(or $(FIRST),1)

# STORE=postgresql: with the store on a server, and PROCESSES=2 with a worker beside the service.
bench: $(STAMP) .venv/dlt
	$(BIN)/python -m tests.benchmarks.main --size $(or $(SIZE),20000) --store $(or $(STORE),file) --workers $(or $(PROCESSES),1) --dlt .venv/dlt/bin/python

# What a first synchronisation is compared with: in an environment of its own, because dyntui does not use it.
.venv/dlt: $(STAMP)
	$(BIN)/python -m venv $@.new
	$@.new/bin/pip install --quiet 'dlt>=1.31,<2'
	mv $@.new $@

# A Debian package that carries an environment of its own, for the distribution and the architecture that it is built on.
deb:
	@packaging/deb/build.sh

# Installs it in a bare root without network, and goes from there to a green doctor; as root, with mmdebstrap.
deb-try: deb
	@packaging/deb/try.sh

# An OCI image around the package, with podman, buildah or docker.
image: deb
	@packaging/image/build.sh

# A fifth of pip's work, half a minute of one core in a clean clone. What it downloads stays in .venv too.
UV_INSTALL := $(BIN)/pip install --quiet uv && UV_CACHE_DIR=.venv/uv-cache $(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[dev]'

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "dyntui needs Python 3.11 or newer (PYTHON=... make $@ chooses one)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python's venv module is missing: installing it"; \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq python3-venv; else sudo apt-get update -qq && sudo apt-get install -y -qq python3-venv; fi; }
	$(PYTHON) -m venv .venv
	@$(UV_INSTALL) || { echo "uv cannot be had here: pip installs, which takes longer"; $(BIN)/pip install --quiet --editable '.[dev]'; }
	@touch $@

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
