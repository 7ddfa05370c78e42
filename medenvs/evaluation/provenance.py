"""What a result came from: code, versions, processor. Never a host name, a user or a path."""

from __future__ import annotations

import hashlib
import importlib.metadata
import inspect
import json
import os
import platform
from functools import cache
from pathlib import Path
from typing import Any

import medenvs

_PACKAGES = ("medenvs", "numpy", "gymnasium", "torch", "transformers", "gem-llm", "reasoning-gym")


def digest(value: Any) -> str:
    """Return 16 hex digits of the JSON form of a value."""
    return hashlib.blake2b(json.dumps(value, sort_keys=True, default=str).encode(), digest_size=8).hexdigest()


@cache
def own_code() -> str:
    """Return the digest of everything inside the package: a row is only ever continued by the code that made it."""
    home, found = Path(medenvs.__file__).parent, hashlib.blake2b(digest_size=8)
    for path in sorted(p for p in home.rglob("*") if p.suffix in (".py", ".json")):
        found.update(path.relative_to(home).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def source_of(kind: Any) -> str:
    """Return the digest of the file that defines an agent, "" where there is none (typed in by hand)."""
    try:
        path = inspect.getsourcefile(kind)
    except TypeError:
        path = None
    return hashlib.blake2b(Path(path).read_bytes(), digest_size=8).hexdigest() if path and Path(path).is_file() else ""


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that matter; absent ones are left out."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {**found, "medenvs": medenvs.__version__}


def hardware() -> str:
    """Return processor and cores."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} cores"
