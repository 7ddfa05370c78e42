"""The policy on arrays: masks hold, draws have their probabilities, numbers their densities."""

import pytest

from medenvs.core.errors import BadValue
from medenvs.core.fields import Choice, Numbers, Role
from medenvs.learning.array_policy import MASK, SEEN, ArrayPolicy, Face

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
MOVES, BOX = Face(3, 4, True), Face(3, 0, False, (0.0, -2.0), (10.0, 2.0))


def seen(n, face=MOVES):
    g = torch.Generator().manual_seed(3)
    return {SEEN: torch.randn(n, face.inputs, generator=g), **({MASK: torch.tensor([[1, 0, 1, 0]]).repeat(n, 1)} if face.masked else {})}


def test_faces_of_roles():
    numbers = {SEEN: Numbers((5,), 0, 1)}
    assert Face.of(Role("a", Choice("xyz"), numbers)) == Face(5, 3)
    assert Face.of(Role("a", Choice("xyz"), {**numbers, MASK: Numbers((3,), 0, 1, "int8")})) == Face(5, 3, True)
    assert Face.of(Role("a", Numbers((2,), -1, 4), numbers)) == Face(5, 0, False, (-1.0, -1.0), (4.0, 4.0))
    for other in ({"picture": Numbers((8, 8), 0, 1)}, {SEEN: Numbers((8, 8), 0, 1)}, {**numbers, "text": Numbers((3,), 0, 1)}):
        with pytest.raises(BadValue, match="one vector"):
            Face.of(Role("a", Choice("xyz"), other))


@pytest.mark.parametrize("action", [Numbers((), 0, 1), Numbers((2, 2), 0, 1), Numbers((2,), -float("inf"), 1)])
def test_numbers_without_a_row_or_bounds_are_refused(action):
    with pytest.raises(BadValue, match="finite bounds"):
        Face.of(Role("a", action, {SEEN: Numbers((5,), 0, 1)}))


def test_forbidden_moves_are_never_made_and_the_others_as_often_as_said():
    policy, rows = ArrayPolicy(MOVES, seed=1), seen(1)
    torch.nn.init.normal_(policy.nets["actor"][-1].weight, std=2.0, generator=torch.Generator().manual_seed(0))
    many = {name: value.repeat(40_000, 1) for name, value in rows.items()}
    done, likely = policy.act(many, torch.Generator().manual_seed(5))
    share = policy.scores(policy.scaled(rows[SEEN]), rows[MASK]).exp()[0].detach()
    counts = torch.bincount(done, minlength=4) / len(done)
    assert counts[1] == counts[3] == 0 and share[[1, 3]].sum() == 0 and 0.02 < share[0] < 0.98
    assert (counts - share).abs().max() < 5 * float((share * (1 - share) / len(done)).max() ** 0.5)
    assert torch.allclose(likely.exp(), share[done])
    assert policy.act(many)[0].unique().tolist() == [int(share.argmax())]


def test_densities_and_entropies_are_torchs_own():
    policy, rows = ArrayPolicy(BOX, seed=2), seen(7, BOX)
    done, likely = policy.act(rows, torch.Generator().manual_seed(5))
    middle = policy.scores(policy.scaled(rows[SEEN]), None)
    normal = torch.distributions.Normal(middle, policy.nets.spread.exp())
    assert torch.allclose(likely, normal.log_prob(done).sum(-1)) and torch.allclose(policy.unsure(middle), normal.entropy().sum(-1))
    named = ArrayPolicy(MOVES, seed=2)
    scores = named.scores(named.scaled(seen(7)[SEEN]), seen(7)[MASK])
    assert torch.allclose(named.unsure(scores), torch.distributions.Categorical(logits=scores).entropy(), atol=1e-6)


def test_numbers_stay_within_their_bounds():
    policy = ArrayPolicy(BOX)
    assert policy.move(torch.tensor([[-9.0, 0.0], [1.0, 9.0], [0.0, -1.0]])).tolist() == [[0.0, 0.0], [10.0, 2.0], [5.0, -2.0]]


def test_what_was_met_is_scaled():
    policy = ArrayPolicy(Face(2, 3))
    rows = torch.tensor([[10.0, -1.0], [14.0, -1.0], [12.0, 5.0], [12.0, 5.0]])
    policy.meet(rows[:2])
    policy.meet(rows[2:])
    assert policy.nets.mean.tolist() == pytest.approx([12.0, 2.0]) and int(policy.nets.met) == 4
    found = policy.scaled(rows)
    assert found.mean(0).tolist() == pytest.approx([0.0, 0.0], abs=1e-6) and found.std(0, correction=0).tolist() == pytest.approx(
        [1.0, 1.0]
    )
    assert policy.scaled(torch.tensor([[1e9, 0.0]])).max() == 8.0


def test_the_same_seed_is_the_same_policy_and_the_global_generator_is_left_alone():
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    one, two, other = (ArrayPolicy(MOVES, seed=s).nets.state_dict() for s in (4, 4, 5))
    assert all(torch.equal(one[n], two[n]) for n in one) and not all(torch.equal(one[n], other[n]) for n in one)
    assert torch.equal(before, torch.random.get_rng_state())
