"""The learned model on a chain whose rules are known, and its error on patients it has not seen."""

import numpy as np
import pytest

from medenvs.core.errors import BadData, BadValue
from medenvs.learning.offline.dynamics import Dynamics, Forecasting, errors
from medenvs.systems.sepsis_logs import logged
from tests.learning.chains import COSTS, SEEN, after, chain, paid

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
torch.set_num_threads(1)
SMALL = Forecasting(members=3, width=32, updates=500, batch=128, rate=1e-2, doses=3)


@pytest.mark.parametrize("dose", [0, 1])
def test_what_a_dose_does_is_learned(dose):
    model = Dynamics(chain(rewards=paid(0)), SMALL)
    doses = torch.full((4,), dose)
    seen, rewards, costs, _ = model.step(torch.from_numpy(SEEN), doses, torch.zeros(4))
    assert seen.numpy() == pytest.approx(SEEN[after(np.arange(4), dose)], abs=0.1)
    assert rewards.numpy() == pytest.approx(paid(0)[:, dose], abs=0.1) and costs[:, 0].numpy() == pytest.approx(COSTS[:, dose], abs=0.6)
    assert (costs[:, 1] == 0).all(), "a cost that nobody ever paid"


def test_episodes_end_where_they_end():
    model = Dynamics(chain(), SMALL)
    for age, chance in ((2, 0.0), (5, 1.0)):
        ends = model.step(torch.from_numpy(SEEN), torch.tensor([0, 1, 1, 0]), torch.full((4,), age))[3]
        assert ends.numpy() == pytest.approx(chance, abs=0.1)


def test_the_clinicians_return_and_costs_in_the_model_are_those_of_their_patients():
    data = logged("medium", 300)
    model = Dynamics(data, Forecasting(members=2, width=64, updates=500, rate=3e-3))
    seen, doses, age = (torch.from_numpy(x) for x in (data.observations, data.actions, data.step))
    _, rewards, costs, ends = model.step(seen, doses, age)
    assert float(rewards.sum()) / 300 == pytest.approx(data.returns.mean(), abs=0.1)
    assert costs.sum(0).numpy() / 300 == pytest.approx(data.episode_costs.mean(0), abs=2.0)
    assert float(ends.sum()) / 300 == pytest.approx(1, abs=0.15)
    late = data.step == 19
    assert float(rewards[late].mean()) == pytest.approx(data.rewards[late].mean(), abs=0.1)


def test_errors_are_those_written_out_and_small_where_the_rules_are_simple():
    data, model = chain(30, seed=5), Dynamics(chain(), SMALL)
    found = errors(model, data, (1, 3, 6))
    assert [found[k]["rows"] for k in (1, 3, 6)] == [180, 120, 30]
    assert all(f["error"] < 0.3 and f["still"] > 0.8 for f in found.values())
    off = []
    for i in range(30):
        seen = torch.from_numpy(data.observations[data.starts[i]][None])
        for t in range(6):
            seen = model.step(seen, torch.from_numpy(data.actions[data.starts[i] + t][None]), torch.tensor([t]))[0]
        off.append((seen.numpy()[0] - data.last[i]) / data.observations.std(0))
    assert found[6]["error"] == pytest.approx(np.sqrt(np.mean(np.square(off))), rel=0.02)


def test_draws_follow_the_generator_and_stay_within_the_data():
    data = logged("medium", 60)
    model = Dynamics(data, Forecasting(members=2, width=16, updates=30))
    seen, doses, age = (torch.from_numpy(x[:200]) for x in (data.observations, data.actions, data.step))
    play = lambda clip, seed=0: model.step(seen, doses, age, torch.Generator().manual_seed(seed), clip)[0]  # noqa: E731
    drawn, free = play(True), play(False)
    assert torch.equal(drawn, play(True)) and not torch.equal(drawn, play(True, 1))
    assert (drawn >= model.low).all() and (drawn <= model.high).all() and not ((free >= model.low) & (free <= model.high)).all()
    fixed = [data.columns.index(name) for name in ("age", "male", "weight")]
    assert torch.equal(drawn[:, fixed], seen[:, fixed]), "who the patient is never changes"
    hour = data.columns.index("hour")
    assert drawn[:, hour].numpy() == pytest.approx(seen[:, hour].numpy() + 4)


def test_it_forecasts_patients_better_than_no_change():
    model = Dynamics(logged("medium", 200), Forecasting(members=2, width=48, updates=250, rate=3e-3))
    found = errors(model, logged("medium", 40, split="validation"), (1, 5))
    assert found[1]["error"] < 0.8 * found[1]["still"] and found[5]["error"] < found[5]["still"] and found[1]["error"] < found[5]["error"]


def test_bad_sets_are_refused():
    for wrong, kind, said in (
        (chain(about={"split": "test"}), BadData, "train patients only"),
        (logged("medium", 3, box=True), BadData, "box=False"),
        (chain(1), BadData, "one patient"),
    ):
        with pytest.raises(kind, match=said):
            Dynamics(wrong, SMALL)
    with pytest.raises(BadValue, match="at least 2"):
        Forecasting(doses=1)
    model = Dynamics(chain(), Forecasting(members=1, width=4, updates=1, doses=3))
    with pytest.raises(BadValue, match="up to 6"):
        errors(model, chain(30), (7,))
    with pytest.raises(BadValue, match="other columns"):
        errors(model, chain(30, columns=("a", "b", "c", "e")), (1,))
    with pytest.raises(BadValue, match="diverged"):
        Dynamics(chain(), Forecasting(members=1, width=4, updates=3, doses=3, rate=float("inf")))
