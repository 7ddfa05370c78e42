"""What can go wrong, as a small tree: each error names the thing, the allowed values and the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class MedenvsError(Exception):
    """Anything medenvs raises on purpose."""


class UnknownName(MedenvsError, ValueError):
    """An id, option, split, term or column that does not exist."""


class BadValue(MedenvsError, ValueError):
    """A value outside its range or of the wrong kind."""


class BadData(MedenvsError, ValueError):
    """A file or row that is not what its format promises; names the row and what was expected."""


class MissingExtra(MedenvsError, ImportError):
    """An optional package is not installed; names the extra that brings it."""


class RefusedSource(MedenvsError, PermissionError):
    """Code or data from a place that may not be used here (a row, a result file, a remote service)."""


class EndpointError(MedenvsError, ConnectionError):
    """A model endpoint did not give what it was asked for; names its host, what happened and the remedy, never a key or a text."""


def unknown(kind: str, name: object, allowed: Iterable[str]) -> UnknownName:
    """Return the error for a `name` that is not among the `allowed` ones, with the nearest as a suggestion."""
    names = sorted(allowed)
    near = get_close_matches(str(name), names, 1, 0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    return UnknownName(f"unknown {kind} {str(name)[:80]!r}.{hint} Allowed: {shown or 'none here'}.")


def missing(package: str, extra: str) -> MissingExtra:
    """Return the error for an optional `package` that comes with `extra`."""
    return MissingExtra(f"{package} is not installed. Remedy: pip install 'medenvs[{extra}]'.")
