# The verbs. CI runs the same ones: .ci/run is `make test`.
.DEFAULT_GOAL := help
SHELL := /bin/bash

# Tools live in a cache outside of the checkout, for all checkouts; build results in target/, for this one alone: cargo tells two
# checkouts in one folder apart by the age of their files only, and can link the one's crates into the other. scripts/env.sh has the paths.
PITLANE_CACHE ?= $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/pitlane
export PITLANE_CACHE

.PHONY: help run test bench fmt lint setup setup-test console build \
        test-rust test-ui test-e2e test-contract test-crash test-lab-swarm test-lab-kubernetes size

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup console ## build everything and open the console on this machine, beside a demo fleet
	@scripts/run.sh

test: ## every tier of tests, one after another; ends with "N passed, N failed"
	@scripts/test.sh

bench: setup-test console ## measure against the budgets; writes docs/performance.md
	@scripts/bench.sh

fmt: ## format Rust
	@cargo fmt --all

lint: setup ## formatting and clippy, native and wasm; warnings are errors
	@scripts/lint.sh

setup: ## install what `make run` needs, once
	@scripts/setup.sh run

setup-test: ## install what `make test` needs, once
	@scripts/setup.sh test

console: ## the browser's part, into dist/
	@scripts/console.sh

build: console ## the binary, with the console inside
	@cargo build --quiet -p pitlane

test-rust: ## tier: rules, contract, server, agent, house rules (native)
	@scripts/test.sh rust

test-ui: ## tier: components in a real DOM
	@scripts/test.sh ui

test-contract: ## tier: schemathesis against the running server
	@scripts/test.sh contract

test-e2e: ## tier: operator stories in Chromium against the real server
	@scripts/test.sh e2e

test-crash: ## tier: kill -9 under a stream of drains and activations
	@scripts/test.sh crash

test-lab-swarm: ## tier: the driver, and stories, on a real swarm of three nodes
	@scripts/test.sh lab_swarm

test-lab-kubernetes: ## tier: the driver, and stories, on a real kube-apiserver, scheduler and etcd (builds them once)
	@scripts/test.sh lab_kubernetes

size: ## tier: what a first visit downloads, against the budget
	@scripts/test.sh size
