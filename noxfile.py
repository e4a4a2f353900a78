#!/usr/bin/env -S uv run --script
# /// script
# dependencies = ["nox>=2024.4.15"]
# ///
"""The checks of .ci/run one by one: ``nox -s tests-3.13``; ``nox --list`` names them.

``.ci/run`` runs everything in a clean copy. Here each session has an environment that
is kept.
"""

import nox

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "venv"
nox.options.reuse_existing_virtualenvs = True


@nox.session(python=["3.11", "3.12", "3.13", "3.14", "3.15"], default=False)
def tests(session):
    """The suite, or what is named.

    For example ``nox -s tests-3.11 -- tests/objects/test_neuron.py``.
    """
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-q", "-n", "auto", *session.posargs)


@nox.session(python="3.11", default=False)
def oldest(session):
    """The suite with the oldest versions that setup.cfg admits."""
    bounds = session.run("python", ".ci/oldest.py", silent=True)
    constraints = session.create_tmp() + "/constraints.txt"
    with open(constraints, "w", encoding="utf-8") as file:
        file.write(bounds)
    session.install("-c", constraints, "-e", ".[test]")
    session.run("python", "-m", "pytest", "-q", *session.posargs)


@nox.session
def lint(session):
    """Faults, formatting, spelling, imports, workflows, the project, its citation."""
    session.install("-e", ".[dev]")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("codespell")
    session.run("lint-imports", "--no-logo")
    session.run("zizmor", "--offline", "--quiet", ".github")
    session.run("repo-review", ".")
    session.run("cffconvert", "--validate")


@nox.session
def typing(session):
    """The annotations."""
    session.install("-e", ".[dev]")
    session.run("mypy", "synapse", "architect", "studies")


@nox.session(default=False)
def docs(session):
    """The site, into the folder ``site``."""
    session.install("-e", ".[docs]")
    session.run(
        "python",
        "-m",
        "sphinx",
        "--fail-on-warning",
        "--keep-going",
        "-q",
        "docs",
        "site",
    )


if __name__ == "__main__":
    nox.main()
