# The only ways in: make help.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := $(CURDIR)/build/bin
BUF := $(BIN)/buf
# What buf breaking compares with; a clone without it compares with the last commit.
BASE ?= HEAD
TOOLS := protoc-gen-go protoc-gen-go-grpc protoc-gen-grpc-gateway
PACKAGES := ./... ./proto/...
export GOFLAGS ?= -buildvcs=auto

.PHONY: help run reset build test race bench clients deploy-check fuzz lint generate verify breaking proto-deps tidy clean

help: ## What there is to do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Start everything with synthetic people, and walk four of them the whole way
	@PATH="$(BIN):$$PATH" $(BIN)/coworkcare dev --demo

reset: ## Remove the data folder of make run
	rm -rf $${COWORKCARE_DATA_DIR:-.coworkcare}

build: ## Build coworkcare and coworkctl into build/bin
	@mkdir -p $(BIN)
	go build -o $(BIN)/ ./cmd/coworkcare ./cmd/coworkctl

test: ## All tests: SQLite and PostgreSQL, in-process and real Redis (throw-away servers)
	go test -shuffle=on -timeout 25m $(PACKAGES)

race: ## All tests under the race detector
	go test -race -shuffle=on $(PACKAGES)

bench: ## Create, get and list over gRPC and REST beside the same SQL, on both engines
	go test -run '^$$' -bench . -benchmem ./cmd/internal/bench/...

NPM := npm --prefix clients/ts --no-fund --no-audit --no-update-notifier

clients: build ## The API as its callers meet it: examples in Go, OpenAPI lint, the TypeScript client and the page at /docs
	GOWORK=off GOFLAGS= go -C examples vet ./...
	COWORKCARE_BIN=$(BIN)/coworkcare GOWORK=off GOFLAGS= go -C examples test -count=1 ./...
	@if ! command -v npm >/dev/null; then \
	  echo "no npm: the TypeScript client and the page at /docs are not tried; install Node 20.19 or later"; test -z "$$CI"; \
	else $(NPM) ci && $(NPM) run lint && $(NPM) run build && COWORKCARE_BIN=$(BIN)/coworkcare $(NPM) test; fi

deploy-check: ## Chart, compose file, dashboards, alerts and runbooks, held against what reads them and a running demo
	GOWORK=off GOFLAGS= go -C tools/deploycheck vet ./...
	GOWORK=off GOFLAGS= go -C tools/deploycheck test -count=1 -timeout 30m ./...

fuzz: ## Every fuzz test for ten seconds
	@for package in $$(go list $(PACKAGES)); do \
	  for name in $$(go test -list '^Fuzz' $$package | grep '^Fuzz'); do \
	    echo "$$package $$name"; go test -run '^$$' -fuzz "^$$name$$" -fuzztime 10s $$package || exit 1; done; done

lint: $(BIN)/staticcheck proto-deps $(BUF) ## Format, vet, static checks, house rules, contract lint
	@unformatted=$$(gofmt -l $$(git ls-files '*.go' | grep -v '^proto/gen/')); \
	  if [ -n "$$unformatted" ]; then echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; fi
	go vet $(PACKAGES)
	$(BIN)/staticcheck $(PACKAGES)
	GOWORK=off GOFLAGS= go -C tools test ./housecheck
	GOWORK=off GOFLAGS= go -C tools run ./housecheck $(CURDIR)
	$(BUF) lint

generate: proto-deps $(BUF) $(BIN)/protoc-gen-go ## Generate Go and the OpenAPI document from the contract
	rm -rf proto/gen
	$(BUF) generate
	go run ./gateway/openapi/generate

verify: generate breaking ## Generated code, modules and contract are as committed and break nobody
	@git diff --exit-code -- proto/gen gateway/openapi && test -z "$$(git status --porcelain -- proto/gen gateway/openapi)" || \
	  { echo "proto/gen or gateway/openapi is not what the contract generates: run make generate and commit"; exit 1; }
	GOWORK=off GOFLAGS= go mod tidy -diff
	GOWORK=off GOFLAGS= go -C proto mod tidy -diff
	GOWORK=off GOFLAGS= go -C examples mod tidy -diff

breaking: proto-deps $(BUF) ## The contract breaks nobody who uses the one at BASE
	@rm -rf build/base && mkdir -p build/base/build
	@git archive $(BASE) buf.yaml proto | tar x -C build/base && cp -r build/proto-deps build/base/build/
	$(BUF) breaking --against build/base

proto-deps: build/proto-deps/.made
build/proto-deps/.made: tools/go.mod tools/protodeps/main.go
	@rm -rf build/proto-deps && mkdir -p build/proto-deps
	GOWORK=off GOFLAGS= go -C tools run ./protodeps $(CURDIR)/build/proto-deps
	@touch $@

$(BUF): tools/buf/go.mod
	@mkdir -p $(BIN)
	GOWORK=off GOFLAGS= GOBIN=$(BIN) go -C tools/buf install tool
	@touch $@

$(BIN)/protoc-gen-go $(BIN)/staticcheck: tools/go.mod
	@mkdir -p $(BIN)
	GOWORK=off GOFLAGS= GOBIN=$(BIN) go -C tools install tool
	@touch $@

# Not tools/buf: the tests of what buf needs ask for modules that cannot be had everywhere.
tidy: ## Tidy every module
	GOWORK=off GOFLAGS= go mod tidy
	GOWORK=off GOFLAGS= go -C proto mod tidy
	GOWORK=off GOFLAGS= go -C examples mod tidy
	GOWORK=off GOFLAGS= go -C tools mod tidy

clean: ## Remove what was built
	rm -rf build
