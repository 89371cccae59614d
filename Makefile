# Needs Python 3.11 or later and nothing else: on Debian or Ubuntu also the package python3-venv.
# `make` alone lists the targets. PYTHON names another interpreter, ARGS passes options on.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable

.DEFAULT_GOAL := help
.PHONY: help up demo test lint fix docs clean

help: ## List the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

up: $(VENV)/.installed ## Install and start Kyozon (インストールして起動); ARGS="--port 9000"
	@$(BIN)/kyozon up $(ARGS)

demo: $(VENV)/.installed-dev ## See everything work, in under a minute (動作を一通り確認)
	@$(BIN)/python examples/demo.py $(ARGS)

test: $(VENV)/.installed-dev ## Run the whole test suite (全テスト); ARGS="tests/unit -k labels"
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --reruns 1 --rerun-show-tracebacks $(ARGS)

lint: $(VENV)/.installed-dev ## Check style, types, import contracts and generated pages (静的検査)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python docs/generate.py --check

fix: $(VENV)/.installed-dev ## Let ruff mend what it can (自動修正)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(VENV)/.installed-dev ## Write docs/reference from the code (リファレンス生成)
	$(BIN)/python docs/generate.py

clean: ## Remove the virtual environment and caches (仮想環境とキャッシュを削除)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The stamps make a second `make up` quick: they are renewed when pyproject.toml changes.

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Kyozon needs Python 3.11 or later. Name one: make up PYTHON=python3.12"; \
	       echo "Python 3.11 以降が必要です。例：make up PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "Python's venv is missing. On Debian or Ubuntu: apt-get install python3-venv"; \
	       echo "Python の venv がありません。Debian / Ubuntu では：apt-get install python3-venv"; exit 1; }
	@echo "[1/2] Making the virtual environment $(VENV) … (仮想環境を作成中)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "[2/2] Installing Kyozon and what it needs, about half a minute … (インストール中、30 秒ほど)"
	@begun=$$(date +%s); $(INSTALL) '.[documents]' && echo "      Installed in $$(( $$(date +%s) - begun )) s."
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	@echo "[2/2] Installing Kyozon with the tools that test it, about a minute … (テスト用ツールとともにインストール中、1 分ほど)"
	@begun=$$(date +%s); $(INSTALL) '.[dev]' && echo "      Installed in $$(( $$(date +%s) - begun )) s."
	@touch $@ $(VENV)/.installed
