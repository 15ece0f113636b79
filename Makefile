.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
# Workers use the driver's Python; spark-submit finds our conf/ and, with it, the jars and the log levels.
export PYSPARK_PYTHON := $(CURDIR)/$(BIN)/python
export SPARK_CONF_DIR := $(CURDIR)/conf
export SPARK_LOCAL_IP := 127.0.0.1
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup browser data run demo-incremental plan lint test faults cluster cluster-stop bench bench-checks bench-growth package clean

help:  ## say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */\1\t/' | expand -t 14

setup: .venv/.ready .jars/.ready .jars/.archived  ## make .venv, fetch Delta's jars, keep Spark's classes loaded; once

.venv/.ready: pyproject.toml
	python3 -m venv .venv
	$(BIN)/pip install --quiet --editable '.[demo,dev]'
	@touch $@

.jars/.ready: .venv/.ready scripts/fetch_jars.py
	$(BIN)/python scripts/fetch_jars.py
	@touch $@

.jars/.archived: .jars/.ready scripts/class_archive.py
	$(BIN)/python scripts/class_archive.py
	@touch $@

browser:  ## install Chromium for the tests of pages, where there is none (Debian, as root)
	@command -v chromium >/dev/null || (apt-get -q update && \
	apt-get -q install -y --no-install-recommends -o Acquire::Retries=3 chromium fonts-dejavu-core)

data: setup data/landing/.ready  ## lay out the real demo data: flights of 2013 by month, weather as Parquet

data/landing/.ready: scripts/demo_data.py
	$(BIN)/python scripts/demo_data.py
	@touch $@

run: data  ## run the whole demo project through spark-submit, and show what it published
	$(BIN)/spark-submit main.py run
	@$(BIN)/python scripts/show.py

demo-incremental: data  ## let the flights arrive by month, late, corrected and through a killed run; compare with a full load
	@$(BIN)/python scripts/demo_incremental.py

plan: data  ## say what `make run` would do, and why; starts no JVM
	@$(BIN)/sparkjobs plan

lint: setup  ## format, lint, types, import directions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup data  ## every test, on one machine
	$(BIN)/pytest -n auto --no-loadscope-reorder

faults: setup  ## kill and hurt runs in every way, mode and format; print what was lost and what was doubled
	rm -f target/faults.json
	@SPARKJOBS_FAULTS_TALLY=$(CURDIR)/target/faults.json $(BIN)/pytest -n 2 tests/faults -m faults; code=$$?; \
	$(BIN)/python scripts/faults_table.py target/faults.json && exit $$code

cluster: setup package  ## start a standalone master and two workers on loopback
	$(BIN)/python -m tests.cluster.standalone start

cluster-stop:  ## stop them
	$(BIN)/python -m tests.cluster.standalone stop

.venv/.bench: .venv/.ready
	$(BIN)/pip install --quiet --editable '.[bench]'
	@touch $@

# dbt wants other versions of what we use: it has an environment of its own, behind which lies ours, with Spark.
# Of dbt-core, 1.12 fetches a part of itself from outside the package index.
.venv/.dbt: .venv/.bench
	python3 -m venv .venv/dbt
	.venv/dbt/bin/pip install --quiet 'dbt-spark==1.11.0' 'dbt-core>=1.11,<1.12'
	$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > $$(echo .venv/dbt/lib/python*/site-packages)/spark.pth
	@touch $@

bench: data .venv/.bench .venv/.dbt  ## what a run costs, beside scripts in plain PySpark; BENCH="--scale 1 --rounds 5 --cases merge"
	$(BIN)/python -m bench.tax $(BENCH)

bench-checks: setup .venv/.bench  ## what checks cost, beside Great Expectations and checks by hand
	$(BIN)/python -m bench.quality $(BENCH)

bench-growth: setup .venv/.bench  ## how the cost grows with rows, files, runs and jobs; BENCH="--parts scale --scales 0.1 1"
	$(BIN)/python -m bench.growth $(BENCH)

package: setup  ## one zip for --py-files: target/sparkjobs.zip
	$(BIN)/python scripts/package.py

clean:  ## delete what was made, but not .venv and .jars
	rm -rf data target
