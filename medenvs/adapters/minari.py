"""Logged episodes as Minari data sets: costs and propensities in the infos, the environment in the spec, everything else beside it.

Files are data: reading one builds no environment; only Minari's own `recover_environment` does.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from medenvs import __version__
from medenvs.cases.logged import Logged
from medenvs.cases.logged_file import retold, told, whole
from medenvs.core.errors import BadData, BadValue, missing
from medenvs.systems.catalog import entry

_FOLDER, _SET = re.compile(r"[-\w]+", re.ASCII), re.compile(r"[-\w]{1,100}-v\d{1,6}", re.ASCII)
_OURS = "medenvs"  # the metadata key that holds what Minari has no place for


def dataset_id(title: str) -> str:
    """Return the Minari id of a title: "medenvs/sepsis/medium-small-v0"."""
    return f"medenvs/sepsis/{title}-v0"


def save(
    data: Logged,
    root: Path | None = None,
    name: str | None = None,
    *,
    force: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> str:
    """Write the set under Minari's root folder (`root`, else $MINARI_DATASETS_PATH, else Minari's default); return its id.

    infos: `costs` (steps + 1, kinds), `cost` their sum, `propensity`; the first entry belongs to reset (0, 0, NaN). options of an
    episode: its case; seed: the set's. Raises BadValue for a bad id or one that exists, MissingExtra without minari and h5py.
    """
    storage, chosen = ready(), name or dataset_id(str(data.about.get("title", data.name)))
    *folders, last = chosen.split("/")
    if not all(_FOLDER.fullmatch(part) for part in folders) or _SET.fullmatch(last) is None:
        raise BadValue(f"{chosen[:80]!r} is no Minari id. Expected names/of/letters-v0.")
    spec, spaces = _spec(data)
    returns = data.about.get("reference_returns", {})
    words: dict[str, Any] = {"dataset_id": chosen, "minari_version": importlib.import_module("minari").__version__, _OURS: told(data)}
    kind = "Simulated patients" if data.about.get("simulated") else "Logged patients"
    words |= {"description": f"{kind}, {data.name}; not for clinical use.", "requirements": [f"medenvs>={__version__}"]}
    words |= {"algorithm_name": str(data.about.get("behaviour", {}).get("name", "recorded"))}
    if "random" in returns and "rule" in returns:
        words |= {"ref_min_score": returns["random"], "ref_max_score": returns["rule"], "num_episodes_average_score": data.patients}
    with whole(folder(root) / chosen, force=force, private=bool(data.about.get("credentialed"))) as half:
        (half / "data").mkdir(parents=True)
        made = storage.new(half / "data", *spaces, env_spec=spec)
        made.update_metadata(words)
        made.update_episodes(_buffers(data, progress))
    return chosen


def load(name: str, root: Path | None = None) -> Logged:
    """Read a set that `save` wrote, bit for bit; raises BadData for another, MissingExtra without minari and h5py."""
    storages, place = ready(), folder(root) / name / "data"
    try:
        words: Mapping[str, Any] = storages.read_raw_metadata(place)
        lacking = [key for key in (_OURS, "observation_space", "action_space") if not isinstance(words.get(key), str)]
        if lacking:  # without spaces Minari would build the environment that the file names
            raise BadData(f"{name}: no {lacking[0]!r} in its metadata, so medenvs did not write it. Write it again with this adapter.")
        episodes = list(storages.read(place).get_episodes(range(int(words["total_episodes"]))))
        cases = [int(one["options"]["case"]) for one in storages.read(place).get_episode_metadata(range(len(episodes)))]
    except (OSError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, BadData):
            raise
        raise BadData(f"{name}: no Minari data set that medenvs can read under {folder(root)} ({error}). Write it again.") from None
    return _together(episodes, cases, retold(words[_OURS], name), name)


def _together(episodes: list[Any], cases: list[int], words: Mapping[str, Any], name: str) -> Logged:
    def joined(part: Callable[[Any], Any]) -> np.ndarray:
        return np.concatenate([part(one) for one in episodes])

    try:
        return Logged(
            **words,
            observations=joined(lambda e: e["observations"][:-1]),
            last=joined(lambda e: e["observations"][-1:]),
            actions=joined(lambda e: e["actions"]),
            rewards=joined(lambda e: e["rewards"]),
            costs=joined(lambda e: e["infos"]["costs"][1:]),
            terminated=joined(lambda e: e["terminations"]),
            truncated=joined(lambda e: e["truncations"]),
            propensities=joined(lambda e: e["infos"]["propensity"][1:]),
            starts=np.cumsum([0, *(len(e["rewards"]) for e in episodes)]),
            cases=np.array(cases),
        )
    except (KeyError, TypeError, IndexError, ValueError) as error:
        if isinstance(error, BadData):
            raise
        raise BadData(f"{name}: its episodes do not fit together ({error}). Write it again.") from None


def _buffers(data: Logged, progress: Callable[[str, int, int], None] | None) -> Iterator[Any]:
    buffer = importlib.import_module("minari.data_collector").EpisodeBuffer
    blank, seed = np.zeros((1, len(data.cost_names))), data.about.get("seed")
    for i, (first, end) in enumerate(zip(data.starts[:-1].tolist(), data.starts[1:].tolist(), strict=True)):
        rows, costs = slice(first, end), np.concatenate([blank, data.costs[first:end]])
        infos = {"costs": costs, "cost": costs.sum(1), "propensity": np.concatenate([[np.nan], data.propensities[rows]])}
        yield buffer(
            id=i,
            seed=seed,
            options={"case": int(data.cases[i])},
            observations=np.concatenate([data.observations[rows], data.last[i : i + 1]]),
            actions=data.actions[rows],
            rewards=data.rewards[rows],
            terminations=data.terminated[rows],
            truncations=data.truncated[rows],
            infos=infos,
        )
        if progress is not None:
            progress("writing", i + 1, data.patients)


def _spec(data: Logged) -> tuple[Any, tuple[Any, Any]]:
    """Return the environment's spec and spaces; data of real patients has only spaces."""
    if "env" in data.about:
        row = entry(str(data.about["env"]))  # a set may come from a file: only ids of the catalogue are built
        if row.family != "treatment":
            raise BadData(f"{data.name}: {row.id} is no environment of doses. Correct about['env'].")
        env = gym.make(row.id, obs_mode="numeric", **data.about.get("arguments", {}))
        return env.spec, (env.observation_space, env.action_space)
    seen = gym.spaces.Box(-np.inf, np.inf, (len(data.columns),), np.float32)
    done = gym.spaces.Box(0, np.inf, (2,), np.float32) if data.box else gym.spaces.Discrete(max(25, int(data.actions.max()) + 1))
    return None, (seen, done)


def folder(root: Path | None = None) -> Path:
    """Return the folder of all sets: `root`, else the one that Minari keeps; raises MissingExtra where only Minari knows."""
    if root is None:
        ready()
        root = Path(importlib.import_module("minari.storage.datasets_root_dir").get_dataset_path())
    return root.absolute()  # Minari loses its way in relative folders


def ready() -> Any:
    """Return Minari's storages; raises MissingExtra without minari or h5py."""
    try:
        importlib.import_module("h5py")
        return importlib.import_module("minari.dataset.minari_storage").MinariStorage
    except ImportError as error:
        raise missing(error.name or "minari", "data") from None
