"""Env-steps per CPU-second of medenvs/Sepsis-v0 at 8,192 rows: draws, costs, observation, info and per-case resets on the clock.

Rows play uniformly random doses, under which an episode lasts about ten of its twenty steps, so resets are many; "mild" rows
play one of four doses up to 150 mL and 0.05 ug/kg/min. "kernel" is the rules and the observation without the view. "compiled" are
tensors whose rules torch.compile has made one graph of, on one thread; how long that takes is stated. Beside them: single episodes
through gym.make, and icu-sepsis's own environment in gymnasium's vector loop where it is installed. With `--device cuda` only tensors
are measured, a million rows at a time, in steps per second of the clock on the wall; without a GPU the script says so and exits 0.
"""

from __future__ import annotations

import shutil
import time
from typing import Any

import gymnasium as gym
import numpy as np
from _anchors import icu_sepsis_both
from _measuring import Work, finish, options, rates, stepping

import medenvs  # noqa: F401
from medenvs.backends.torch_episodes import TorchEpisodes
from medenvs.core.errors import MissingExtra
from medenvs.core.lanes import Lanes, numpy_lanes
from medenvs.core.randomness import key
from medenvs.envs.treatment.kernel import TreatmentKernel
from medenvs.systems.sepsis import Options, system

_N, _MANY, _STEPS = 8_192, 1 << 20, 20
_MILD = np.array([0, 1, 5, 11])


def doses(mild: bool, n: int = _N, rounds: int = 64) -> np.ndarray:
    """Return rounds of doses."""
    rng = np.random.default_rng(0)
    return _MILD[rng.integers(0, 4, (rounds, n))] if mild else rng.integers(0, 25, (rounds, n))


def vector(dtype: str, mode: str = "NEXT_STEP", mild: bool = False) -> Work:
    """Return stepping through gym.make_vec."""
    env = gym.make_vec("medenvs/Sepsis-v0", _N, obs_mode="numeric", autoreset_mode=mode, lanes=numpy_lanes(dtype))
    return stepping(env, doses(mild), 16)


def kernel(lanes: Lanes) -> Work:
    """Return the rules and the observation alone; every row begins anew after twenty steps."""
    rules, cases, given = TreatmentKernel(93).on(lanes), np.arange(_N), doses(True)

    def work() -> int:
        state = rules.reset({"case": cases}, key(93, cases), _N)
        for step in range(_STEPS):
            state, _ = rules.step(state, {"clinician": given[step]}, np.ones(_N, bool))
            rules.observe(state, "clinician")
        return _STEPS * _N

    return work


def tensors(n: int, device: str, compiled: bool, mild: bool = False) -> tuple[Work, float]:
    """Return stepping on float32 tensors, and the seconds on the wall until all is compiled."""
    import torch

    play, count = TorchEpisodes(system(Options()), n, device=device, compiled=compiled), 0
    given = torch.from_numpy(doses(mild, n, 8)).to(device)

    def work() -> int:
        nonlocal count
        for _ in range(_STEPS):
            play.step(given[count % 8])
            count += 1
        if device != "cpu":
            torch.cuda.synchronize()
        return _STEPS * n

    begin = time.perf_counter()
    work()
    return work, time.perf_counter() - begin


def compiled_kernel() -> Work:
    """Return the compiled rules and the observation alone; every row begins anew after twenty steps."""
    import torch

    play, given = TorchEpisodes(system(Options()), _N), torch.from_numpy(doses(True))
    begun = play._lanes

    def work() -> int:
        lanes = begun
        for step in range(_STEPS):
            lanes, _ = play._step(lanes, given[step])
        return _STEPS * _N

    return work


def agreement(n: int, device: str) -> dict[str, float]:
    """Return how compiled tensors compare with uncompiled ones on the CPU: the share of equal ends, the largest distance of a chart."""
    import torch

    one, two = (TorchEpisodes(system(Options()), n, device=d, compiled=c) for d, c in (("cpu", False), (device, True)))
    same, apart = [], 0.0
    for given in doses(True, n, _STEPS - 1):
        a, b = (play.step(torch.from_numpy(given).to(d)) for play, d in ((one, "cpu"), (two, device)))
        equal = a.terminated == b.terminated.cpu()
        x, y = a.observation["observation"][equal], b.observation["observation"].cpu()[equal]
        same.append(float(equal.float().mean()))
        apart = max(apart, float(((x - y).abs() / (x.abs() + 1e-2)).max()))
    return {"equal_ends": sum(same) / len(same), "largest_relative_distance": apart}


def on_device(device: str, quick: bool, save: bool) -> None:
    """Measure tensors on a device."""
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        print("sepsis_steps: there is no GPU here, so nothing is measured.")
        return
    n, more = 4_096 if quick else _MANY, dict[str, Any]()
    for name, compiled in (("eager", False), ("compiled", True)):
        work, seconds = tensors(n, device, compiled)
        more |= {f"{name}_until_ready_s": round(seconds, 1), name: 0.0}
        for _ in range(2 if quick else 20):
            begin = time.perf_counter()
            more[name] = max(more[name], work() / (time.perf_counter() - begin))
    more |= {"rows": n, "unit": "env-steps per second on the wall, the best of twenty rounds of twenty steps", **agreement(n, device)}
    more["device"] = torch.cuda.get_device_name() if device == "cuda" else device
    finish(f"sepsis_steps_{device}", more["compiled"], None, "100 M env-steps a second; 1 G compiled is the aim", more, save, peer=False)


def single() -> Work:
    """Return whole episodes through gym.make."""
    env = gym.make("medenvs/Sepsis-v0", obs_mode="numeric")
    env.reset(seed=0)
    given, count = doses(True)[0].tolist(), 0

    def work() -> int:
        nonlocal count
        for _ in range(500):
            count += 1
            _, _, terminated, _, _ = env.step(given[count % _N])
            if terminated:
                env.reset()
        return 500

    return work


def compiled_works() -> tuple[dict[str, Work], dict[str, Any]]:
    """Return compiled stepping on one thread, and what to say of it; nothing without torch or a C++ compiler."""
    if shutil.which("g++") is None and shutil.which("clang++") is None:
        return {}, {"compiled_missing": "no C++ compiler"}
    try:
        import torch

        torch.set_num_threads(1)
        (work, seconds), (mild, _) = tensors(_N, "cpu", True), tensors(_N, "cpu", True, mild=True)
    except (ImportError, MissingExtra):
        return {}, {"compiled_missing": "no torch"}
    works = {"compiled": work, "compiled_mild": mild, "compiled_kernel": compiled_kernel()}
    return works, {"compiled_until_ready_s": round(seconds, 1), **agreement(_N, "cpu")}


def main() -> None:
    args = options(__doc__, device=True)
    if args.device:
        return on_device(args.device, args.quick, args.save)
    works: dict[str, Any] = {"single": single()}
    for dtype in ("float64", "float32"):
        works |= {f"{dtype}": vector(dtype), f"{dtype}_mild": vector(dtype, mild=True), f"{dtype}_kernel": kernel(numpy_lanes(dtype))}
    works["float64_SAME_STEP"] = vector("float64", "SAME_STEP")
    fast, said = ({}, {}) if args.quick else compiled_works()
    works |= fast | icu_sepsis_both(args.quick)
    found = rates(works, 0.2 if args.quick else 1.5, args.repeats)
    anchor = max((rate for name, rate in found.items() if name.startswith("anchor")), default=None)
    more = {"unit": "env-steps per CPU-second, 8,192 rows", **found, **said}
    target = "float64 1 M, or 60x icu-sepsis's own vector env; float32 1.5x that, 3x compiled; a single episode 15 k"
    return finish("sepsis_steps", found["float64"], anchor, target, more, args.save)


if __name__ == "__main__":
    main()
