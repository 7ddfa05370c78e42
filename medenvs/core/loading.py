"""Loading what a person names on the local command line: ``module:attribute`` or ``path/to/file.py:attribute``.

Only the command line and code may call this. Names found in result files, rows or requests are looked up in the catalogue,
never loaded.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import BadValue, UnknownName, unknown


def load(spec: str) -> Any:
    """Return the object that `spec` names; raises UnknownName with the nearest name there is."""
    place, colon, attribute = spec.rpartition(":")
    if not colon or not place or not attribute:
        raise BadValue(f"cannot load {spec!r}. Expected module:attribute or path/to/file.py:attribute.")
    module = _file(Path(place)) if place.endswith(".py") else _module(place)
    if not hasattr(module, attribute):
        raise unknown(f"attribute of {place}", attribute, [n for n in vars(module) if not n.startswith("_")])
    return getattr(module, attribute)


def _file(path: Path) -> ModuleType:
    if not path.is_file():
        here = [p.name for p in path.parent.glob("*.py")] if path.parent.is_dir() else []
        raise unknown("agent file" if here else "agent path", str(path), [str(path.parent / n) for n in here])
    name = f"_medenvs_{path.stem}_{hashlib.blake2b(str(path.resolve()).encode(), digest_size=4).hexdigest()}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # a .py file always has both
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # so that classes of the file pickle and dataclasses resolve
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            raise UnknownName(
                f"no module named {name!r}. Remedy: install it, run where it is importable, or give path/to/file.py:attribute."
            ) from None
        raise
