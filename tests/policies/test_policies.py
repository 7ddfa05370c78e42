"""What the embedded policies promise: masks, seeds, privileged information, and that nobody can steer a terminal."""

import io

import numpy as np
import pytest
from gymnasium import spaces
from rich.console import Console

from medenvs.core.errors import BadValue
from medenvs.policies.blind import Blind, commonest, question
from medenvs.policies.constant import Constant, plainest
from medenvs.policies.gold import Gold
from medenvs.policies.human import Human, understood
from medenvs.policies.printable import one_line, printable
from medenvs.policies.random_valid import RandomValid

TEXT = spaces.Text(50, min_length=0)


def bound(agent, space):
    agent.bind(TEXT, space)
    return agent


def test_random_keeps_to_the_mask():
    agent = bound(RandomValid(), spaces.Discrete(6))
    agent.reset(1)
    mask = np.array([0, 0, 1, 0, 1, 0], np.int8)
    assert {agent.act({"action_mask": mask}, {}) for _ in range(60)} == {2, 4}


def test_random_depends_on_its_seed_alone_and_leaves_the_space_alone():
    space = spaces.Box(0, 1, (3,))
    space.seed(5)
    expected = space.sample()
    space.seed(5)
    first, second = bound(RandomValid(), space), bound(RandomValid(), space)
    first.reset(9)
    draws = [first.act(None, {}) for _ in range(3)]
    second.reset(8)
    assert not np.array_equal(second.act(None, {}), draws[0])
    second.reset(9)
    assert np.array_equal([second.act(None, {}) for _ in range(3)], draws)
    assert np.array_equal(space.sample(), expected)


def test_random_says_what_it_lacks():
    with pytest.raises(BadValue, match="bind"):
        RandomValid().act("", {})


@pytest.mark.parametrize(
    "space",
    [
        spaces.Discrete(3, start=4),
        spaces.Box(2.0, 5.0, (2,)),
        spaces.Box(-3.0, -2.0, ()),
        spaces.MultiDiscrete([2, 3]),
        spaces.MultiBinary(3),
        spaces.Dict(a=spaces.Discrete(2), b=spaces.Box(0, 1, (1,))),
        spaces.Tuple([spaces.Discrete(2)]),
    ],
    ids=str,
)
def test_plainest_is_a_member(space):
    assert space.contains(plainest(space))


def test_constant_keeps_what_it_was_given():
    assert bound(Constant("hello"), spaces.Discrete(2)).act(None, {}) == "hello"
    assert bound(Constant(), TEXT).act(None, {}) == "<answer>1</answer>"


def test_gold_reads_text_or_action_and_says_when_there_is_none():
    info = {"privileged": {"text": "<answer>2</answer>", "action": 2.0}}
    assert bound(Gold(), TEXT).act("", info) == "<answer>2</answer>"
    assert bound(Gold(), spaces.Box(0, 9, ())).act(0, info) == 2.0
    with pytest.raises(BadValue, match="reveal=True"):
        bound(Gold(), TEXT).act("", {})


def test_blind_answers_by_question_and_never_by_note():
    agent = bound(Blind(), TEXT)
    notes = [f"note {i}" for i in range(4)]
    agent.fit([(f"{n}\n\nwhich A?", "<answer>3</answer>") for n in notes] + [(f"{n}\n\nwhich B?", "<answer>7</answer>") for n in notes[:3]])
    assert agent.act("never seen\n\nwhich A?", {}) == "<answer>3</answer>"
    assert agent.act("note 0\n\nwhich B?", {}) == "<answer>7</answer>"
    assert agent.act("note 0\n\nwhich C?", {}) == "<answer>3</answer>"  # the commonest overall
    assert question("a\n\nb\n\nask") == "ask"


def test_blind_sees_the_first_number_of_an_array_only():
    agent = bound(Blind(), spaces.Box(-10, 10, ()))
    agent.fit([(np.array([kind, i]), float(kind)) for kind in (1, 2) for i in range(5)])
    assert agent.act(np.array([2.0, 99.0]), {}) == 2.0


def test_commonest_prefers_the_densest_numbers():
    assert commonest([1.0, 50.0, 100.0, 101.0, 103.0]) in (100.0, 101.0, 103.0)
    assert commonest(["<answer>9</answer>", "<answer>10.0</answer>", "<answer>10.1</answer>"]) != "<answer>9</answer>"
    assert commonest(["yes", "no", "no"]) == "no"
    assert commonest([0.0, 0.0, 5.0]) == 0.0


def person(*lines):
    screen = io.StringIO()
    human = Human(Console(file=screen, width=100))
    typed = iter(lines)
    human.console.input = lambda *_: next(typed)
    return human, screen


def test_human_is_asked_again_until_it_fits():
    human, screen = person("", "x", "99", "2")
    human.bind(TEXT, spaces.Discrete(3))
    assert human.act(np.array([1.5]), {}) == 2
    assert "not a number" in screen.getvalue() and "not allowed" in screen.getvalue()


def test_human_sees_only_what_is_new():
    human, screen = person("one", "two")
    human.bind(TEXT, TEXT)
    human.act("first part", {})
    human.act("first part, second part", {})
    assert screen.getvalue().count("first part") == 1


def test_an_answer_needs_no_tags():
    assert understood(" 12.5 ", TEXT, True) == ("<answer>12.5</answer>", None)
    assert understood("so <answer>1</answer>", TEXT, True) == ("so <answer>1</answer>", None)
    assert understood("where does it hurt?", TEXT, False) == ("where does it hurt?", None)
    assert understood("1 2", spaces.Box(0, 9, (3,)), False)[0] is None


def test_nothing_printed_steers_a_terminal():
    nasty = "a\x1b[2Jb\x00\x9b31m\u202eevil\u2066\ud800\x7f\r\nend\tok"
    shown = printable(nasty)
    assert not set(shown) & set("\x1b\x00\x9b\u202e\u2066\ud800\x7f\r")
    assert shown.endswith("\nend\tok")
    shown.encode("utf-8")
    human, screen = person("1")
    human.bind(TEXT, TEXT)
    human.act(nasty, {})
    assert "\x1b[2J" not in screen.getvalue()
    assert one_line("a\nb\x1bc") == "a b\ufffdc"
