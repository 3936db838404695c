# The only interface of the house: every chore is a target. `make help` lists them.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
DATA   ?= .demo
SERVE  ?= 1
LANGUAGE ?= en
PORT   ?= 8057
export PYTHONHASHSEED := 0
# Bytecode is kept, whatever the environment says: a thousand processes start in these targets.
export PYTHONDONTWRITEBYTECODE :=
# Data of tests and demos lie in memory where 6 GB of it are free: there a commit waits for no disk, and nobody needs them afterwards.
export TMPDIR ?= $(shell [ "$$(df -m --output=avail /dev/shm 2>/dev/null | tail -n 1)" -ge 6144 ] 2>/dev/null && echo /dev/shm || echo /tmp)
# The rooms with a test of this mark; the others need not be collected.
rooms = $(shell grep -rlE --include='*.py' 'mark\.$(1)\b' tests | cut -d/ -f1,2 | sort -u)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-postgres test-mqtt test-browser differential test-node test-kill check check-types check-rest fix generated contracts contracts-check lock bench fuzz million fleet-mqtt wheel-smoke conformance scratch clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-18s %s\n", $$1, $$2}'

setup: $(VENV)/.installed ## make the virtual environment from the lock file (hashes checked)

$(VENV)/.installed: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) not found"; echo "hint: install Python 3.11, or say make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## the whole story on three seeded banks, then serve (SERVE=0 stops before; DATA=dir; PORT=8057; LANGUAGE=zh)
	$(BIN)/lingtan --lang $(LANGUAGE) demo --data $(DATA) --port $(PORT) $(if $(filter 0,$(SERVE)),--no-serve,)

test: setup ## all tests that need nothing but Python, on all cores
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder --max-worker-restart 0

test-postgres: setup ## the store and product tests on a private PostgreSQL (Debian package postgresql)
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || (apt-get update -q && apt-get install -y -q --no-install-recommends postgresql)
	$(BIN)/python -m scripts.with_postgres -- $(BIN)/python -m pytest -q -n auto --dist loadfile --max-worker-restart 0 -m postgres $(call rooms,postgres)

test-mqtt: setup ## the edge and the listener through a private mosquitto with TLS (Debian package mosquitto)
	@$(BIN)/python -m scripts.with_mosquitto --check >/dev/null || (apt-get update -q && apt-get install -y -q --no-install-recommends mosquitto)
	$(BIN)/python -m pytest -q -m mqtt $(call rooms,mqtt)

test-browser: setup ## both verifiers on 1,500 bundles, and the page in headless Chromium (Debian packages chromium, nodejs)
	@command -v node >/dev/null || (apt-get update -q && apt-get install -y -q --no-install-recommends nodejs)
	@command -v chromium >/dev/null || (apt-get update -q && apt-get install -y -q --no-install-recommends chromium)
	$(BIN)/python -m pytest -q -m browser $(call rooms,browser)

differential: setup ## 10,000 good and spoiled bundles asked of the Python verifier, the browser's and the product's trees (Node; not in CI)
	$(BIN)/python -m tests.verifier.differential --count 10000

test-node: setup ## the chain and product tests on an external node by URL (anvil from npm)
	$(BIN)/python -m scripts.with_node -- $(BIN)/python -m pytest -q -m node $(call rooms,node)

test-kill: setup ## the long crash drill: 50 random kills of a loaded anchor run
	LINGTAN_KILLS=50 $(BIN)/python -m pytest -q tests -k "kill" -o timeout=3600 -o faulthandler_timeout=3660

check: setup ## ruff, mypy strict, import-linter, generated files
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-types check-rest

check-types: setup
	$(BIN)/mypy

check-rest: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m scripts.generated --check

fix: setup ## format and repair what can be repaired
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generated: setup ## regenerate OpenAPI, the library release and other generated files
	$(BIN)/python -m scripts.generated

contracts: setup ## compile the contracts (needs Node; installs the compiler from npm) and refresh artifacts and snapshots
	$(BIN)/python -m scripts.build_contracts
	$(BIN)/python -m scripts.build_contracts --gas

contracts-check: setup ## rebuild the contracts and compare with the committed artifacts byte for byte
	$(BIN)/python -m scripts.build_contracts --check

lock: setup ## resolve pyproject.toml into requirements.lock with hashes
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --prerelease if-necessary-or-explicit --all-extras \
	  --custom-compile-command "make lock" pyproject.toml -o requirements.lock

bench: setup ## measure the ratios of docs/performance.md into bench/results/
	$(BIN)/python -m bench.p1_bank_year
	$(BIN)/python -m bench.p2_loan_tree
	$(BIN)/python -m bench.p4_attribution
	$(BIN)/python -m bench.p3_ingest
	$(BIN)/python -m bench.p5_bundle
	$(BIN)/python -m bench.p6_anchoring
	$(BIN)/python -m bench.p7_storage
	$(BIN)/python -m bench.p8_csv_bank_year
	$(BIN)/python -m bench.inventory

fuzz: setup ## fuzz the verifier's readers with coverage (atheris, installed beside the bench; SECONDS=60 for each; not in CI)
	$(BIN)/python -m scripts.fuzz_verifier --seconds $(or $(SECONDS),60)

million: setup ## a million made-up loans from Parquet to a signed, anchored and verified statement: seconds and memory per step (not in CI)
	$(BIN)/python -m scripts.million_loans --verify

fleet-mqtt: setup ## 1,000 meters of 40 gateways, 30 days, through mosquitto: every acknowledgement held against what is stored (not in CI)
	$(BIN)/python -m scripts.fleet_mqtt

fleet: setup ## a simulated fleet of 1,000 meters × 30 days through HTTP, every acknowledgement held against what is stored (not in CI)
	$(BIN)/python -m scripts.fleet

wheel-smoke: setup ## build the wheel, install it alone, run its commands outside the checkout
	$(BIN)/python -m scripts.wheel_smoke

conformance: setup ## replay an embedded chain in the reference specification of Ethereum (own environment)
	$(BIN)/python -m scripts.conformance_replay

scratch:
	@echo $(TMPDIR)

clean: ## remove what the targets made (not your data directories)
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis contracts/node_modules
