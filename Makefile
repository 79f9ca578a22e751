# « make » seul affiche l'aide.
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo demo-reset test check format translations bench
# The recipes of one run share .venv: never two at once.
.NOTPARALLEL:

UV := .ci/uv
BIN := .venv/bin
# A type checker never needs a database, and would leave the embedded one running behind it.
NO_DATABASE := DATABASE_URL=postgresql://nobody@localhost/none

# One more than the processors, since tests of servers and browsers often wait.
WORKERS := $(shell echo $$(( $$(nproc) < 4 ? $$(nproc) + 1 : 4 )))

help: ## Affiche cette aide
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'

setup: ## Installe ce qu'il faut pour la démonstration (fait par « make demo »)
	@$(UV) sync --frozen --no-dev --inexact $(if $(wildcard .venv),--quiet)
	@.ci/npm
	@$(BIN)/python -m rdv_insertion.kernel.catalogs compile

setup-dev: ## Installe aussi les outils de développement (fait par « make test » et « make check »)
	@$(UV) sync --frozen --inexact $(if $(wildcard .venv),--quiet)
	@.ci/npm
	@$(BIN)/python -m rdv_insertion.kernel.catalogs compile

demo: setup ## Démarre la démonstration sur http://127.0.0.1:8000 (PORT=8010 make demo pour un autre port)
	@exec $(BIN)/python -m demo

demo-reset: setup ## Efface les données de la démonstration ; « make demo » repart de zéro
	@$(BIN)/python -m demo reset

test: setup-dev ## Lance tous les tests, navigateur compris, sur un vrai PostgreSQL (ARGS="-k mot" pour choisir)
	@.ci/chromium
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: setup-dev ## Vérifie le style, les types, les couches, les migrations, les gabarits, la production
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(NO_DATABASE) $(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/djlint rdv_insertion demo --lint --quiet
	.ci/check-production

format: setup-dev ## Met le code en forme
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

translations: setup-dev ## Met à jour les phrases à traduire (rdv_insertion/locale/)
	@$(BIN)/python -m rdv_insertion.kernel.catalogs update

bench: setup-dev ## Mesure les vitesses promises (quality.md) et affiche un tableau
	$(BIN)/python -m benchmarks
