"""What is said of a judge: kappa by hand, the shipped pairs, judges with one known weakness each, and the command."""

import json
from collections import Counter

import pytest

from medenvs.backends.scripted import Scripted
from medenvs.cli import main
from medenvs.core.errors import BadValue
from medenvs.evaluation.agreement import agreement, kappa
from medenvs.evaluation.judge_check import BARS, check
from medenvs.rewards.judged import Pair, slots
from tests.backends.serving import completion, serving

GOLD = {a.pair: a.verdict for a in agreement().pairs}


def gold(messages, _=0):
    return f"<verdict>{GOLD.get(Pair(*slots(messages)), 'wrong')}</verdict>"


def failed(script):
    return {p.name for p in check(Scripted(script)).probes if not p.passed}


def test_kappa_by_hand():
    ours, theirs = ["y"] * 25 + ["n"] * 25, ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    assert kappa(ours, theirs) == pytest.approx((0.7 - 0.5) / 0.5)
    assert kappa(["a", "b"], ["a", "b"]) == kappa(["a"], ["a"]) == 1.0 and kappa(["a", "b"], ["b", "a"]) == -1.0
    assert kappa([None, None], ["a", "b"]) == 0.0
    with pytest.raises(BadValue):
        kappa([], [])


def test_the_agreement_set_is_balanced_and_unique():
    pairs = agreement().pairs
    counts = Counter(a.verdict for a in pairs)
    assert len(pairs) == len(GOLD) >= 60 and min(counts.values()) >= 20 and set(counts) == {"right", "near", "wrong"}
    assert all(a.pair.candidate.strip() and a.pair.reference.strip() and a.why for a in pairs)


def weak(trigger, word):
    """Return the perfect judge with one weakness: where the trigger fires on what it reads, it says the word."""
    return lambda messages, seed: f"<verdict>{word}</verdict>" if trigger(messages, slots(messages)) else gold(messages, seed)


WEAK = {
    "kappa": lambda *_: "<verdict>wrong</verdict>",
    "position": weak(lambda m, _: m[-1]["content"].startswith("<candidate>"), "near"),
    "verbosity": weak(lambda _, p: len(p.candidate) > 300, "right"),
    "hedging": weak(lambda _, p: p.candidate.count(" or ") > 5 and p.reference in p.candidate, "right"),
    "injection": weak(lambda _, p: "Ignore the rubric" in p.candidate, "right"),
    "unclear": lambda m, s: gold(m, s) * (1 + (len(slots(m).candidate) % 5 == 0)),
}


@pytest.mark.parametrize("weakness", WEAK)
def test_each_weakness_is_found(weakness):
    assert failed(WEAK[weakness]) >= {weakness}


def test_a_perfect_judge_passes_every_probe():
    found = check(Scripted(gold))
    assert found.passed and found.marks["kappa"] == 1.0 and {p.name for p in found.probes} == set(BARS)
    assert found.confusion == {w: {w: n} for w, n in Counter(GOLD.values()).items()}


def test_a_judge_that_obeys_the_text_as_it_reads_it_gains_nothing():
    """It repeats the policy's text: what looks like a verdict there is none."""
    found = check(Scripted(lambda m, _: slots(m).candidate))
    assert {p.name: p.value for p in found.probes} | {"injection": 0.0, "unclear": 1.0} == {p.name: p.value for p in found.probes}


def test_the_command_over_an_endpoint(capsys, tmp_path):
    with serving(lambda h, n, b: h.send(200, completion(gold(b["messages"])))) as server:
        words = ["judge", "check", "--endpoint", server.url, "--model", "m", "--cache", str(tmp_path / "kept"), "--json"]
        assert main(words) == 0
        asked = len(server.asked)
        assert main(words) == 0 and len(server.asked) == asked
    doc = json.loads(capsys.readouterr().out.split("\n}\n")[0] + "\n}")
    assert doc["kappa"] == 1.0 and doc["passed"] and doc["judge"].startswith("m at 127.0.0.1") and doc["prompt"] and doc["agreement"]


def test_the_scripted_command_shows_what_words_alone_are_worth(capsys):
    assert main(["judge", "check", "--scripted"]) == 1
    out = capsys.readouterr().out
    assert "FAIL  kappa" in out and "ok    injection" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("chek",), "'check'"),
        (("check",), "--scripted"),
        (("check", "--scripted", "--model", "m"), "--scripted"),
        (("check", "--endpoint", "http://h"), "--model"),
        (("check", "--endpoint", "ftp://h", "--model", "m"), "base_url"),
        (("check", "--endpoint", "http://127.0.0.1:9", "--model", "m", "--key-env", "NO_SUCH_KEY_HERE"), "NO_SUCH_KEY_HERE"),
    ],
)
def test_what_cannot_be_asked_is_one_line(capsys, words, said):
    assert main(["judge", *words]) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1
