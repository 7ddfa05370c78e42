"""Time of `import medenvs` beside `import gymnasium`, in fresh interpreters taken in turns; and what it must not import."""

from __future__ import annotations

import subprocess
import sys

from _measuring import finish, options

_CODE = "import time; t = time.process_time(); import {0}; print(time.process_time() - t)"
_HEAVY = ("torch", "transformers", "pandas", "scipy", "pettingzoo", "rich", "PIL")
_LOADED = f"import medenvs, sys; print([m for m in {_HEAVY!r} if m in sys.modules])"


def once(module: str) -> float:
    """Return the CPU-seconds of importing a module in a fresh interpreter."""
    return float(subprocess.run([sys.executable, "-c", _CODE.format(module)], capture_output=True, text=True, check=True).stdout)


def main() -> None:
    args = options(__doc__)
    times: dict[str, list[float]] = {"medenvs": [], "gymnasium": []}
    for _ in range(3 if args.quick else 4 * args.repeats + 1):
        for module, found in times.items():
            found.append(once(module))
    ours, anchor = (sorted(times[m])[len(times[m]) // 2] for m in ("medenvs", "gymnasium"))
    heavy = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True, check=True).stdout.strip()
    finish(
        "import_time",
        ours,
        anchor,
        "ratio at most 1.3; nothing heavy loaded",
        {"unit": "CPU-seconds", "heavy_modules_loaded": heavy},
        args.save,
    )


if __name__ == "__main__":
    main()
