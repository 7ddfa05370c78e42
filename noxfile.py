"""The checks, each in an environment of its own: `nox` runs the first three, `nox -s offline` and
`nox -s anchors` those that need more.

Arguments after `--` go to pytest. Environments are reused; `nox --reuse-venv=never` builds them anew.
"""

from __future__ import annotations

import datetime
import json
import platform
from pathlib import Path

import nox

nox.needs_version = ">=2024.3.2"
nox.options.sessions = ["lint", "tests", "oldest"]
nox.options.default_venv_backend = "venv"
nox.options.reuse_venv = "yes"

CONSTRAINTS = Path("constraints.txt")
SPREAD = ("-n", "auto", "--dist", "loadfile")  # one process for each core, a file in one of them
RECORDS = Path("benchmarks", "records")
OLDEST = ("gymnasium==1.0.0", "numpy==1.26.4; python_version < '3.13'")


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types and import contracts."""
    session.install("-c", str(CONSTRAINTS), "ruff", "pyright[nodejs]", "import-linter", "-e", ".")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("pyright")
    session.run("lint-imports", "--no-logo")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests, on the newest gymnasium and on torch (whose version the constraints hold: a plain one may bring CUDA)."""
    session.install("-c", str(CONSTRAINTS), "torch", "-e", ".[test]")
    session.install("-c", str(CONSTRAINTS), "minari", "h5py")  # not in the extra `test`: the session `oldest` has an older numpy
    session.install("-c", str(CONSTRAINTS), "--no-deps", "icu-sepsis")  # its tables are read, its code is not run
    session.run("pytest", *SPREAD, *session.posargs)


@nox.session
def oldest(session: nox.Session) -> None:
    """The tests that need no torch, on the oldest gymnasium and numpy that are promised."""
    session.install("-c", _constraints_without(session, "gymnasium", "numpy"), *OLDEST, "-e", ".[test]")
    session.run("pytest", *SPREAD, "-m", "not torch", *session.posargs)


@nox.session
def offline(session: nox.Session) -> None:
    """Logged data beside d3rlpy, which holds gymnasium at 1.0.0."""
    session.install("-c", _constraints_without(session, "gymnasium"), "torch", "-e", ".[offline,test]")
    logs = [str(path) for folder in ("cases", "systems") for path in sorted(Path("tests", folder).glob("test_*log*.py"))]
    session.run("pytest", "tests/adapters", *logs, *session.posargs)
    _record(session, "numpy", "gymnasium", "torch", "d3rlpy", "minari", "h5py")


@nox.session(python="3.11")
def anchors(session: nox.Session) -> None:
    """Every figure of benchmarks/ beside the library it is compared with, in one run (gem-llm exists up to Python 3.12.0)."""
    session.install("-e", ".", "gem-llm", "reasoning-gym", "icu-sepsis")
    for script in sorted(Path("benchmarks").glob("[!_]*.py")):
        if script.stem != "heldout_questions":  # run once a release, by hand
            session.run("python", str(script), *([] if script.stem == "table" else ["--save", *session.posargs]))
    _record(session, "numpy", "gymnasium", "gem-llm", "reasoning-gym", "icu-sepsis")


def _constraints_without(session: nox.Session, *names: str) -> str:
    """Write the tested versions less those of `names`; return the path."""
    kept = [line for line in CONSTRAINTS.read_text().splitlines() if line.partition("==")[0] not in names]
    path = Path(session.create_tmp(), CONSTRAINTS.name)
    path.write_text("\n".join(kept) + "\n")
    return str(path)


def _record(session: nox.Session, *packages: str) -> None:
    """Leave benchmarks/records/<session>.json: the last day it was green, and with which versions."""
    versions = f"{{name: metadata.version(name) for name in {packages!r}}}"
    code = f"import json, platform; from importlib import metadata; print(json.dumps([platform.python_version(), {versions}]))"
    answer = session.run("python", "-c", code, silent=True)
    if not isinstance(answer, str):
        return  # with --install-only nothing was run, so nothing was green
    python, installed = json.loads(answer)
    name = session.name.partition("-")[0]
    record = {
        "session": name,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": python,
        "versions": installed,
    }
    RECORDS.mkdir(parents=True, exist_ok=True)
    (RECORDS / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")
