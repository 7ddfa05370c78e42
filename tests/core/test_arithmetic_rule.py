"""Kernels and the ledger keep the arithmetic rule, without which back ends would differ in the last bit."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULED = [
    *sorted(ROOT.glob("medenvs/envs/**/kernel*.py")),
    ROOT / "medenvs/core/reward.py",
    *(ROOT / "medenvs/envs/consultation" / f"{name}.py" for name in ("ending", "opening")),
    *(ROOT / "medenvs/worlds/sepsis" / f"{name}.py" for name in ("charting", "patients", "physiology", "sofa")),
    *(ROOT / "tests/residents" / f"{name}.py" for name in ("consultation", "sepsis")),
]
# What rounds differently alone and in a batch, or on another back end.
CALLS = {
    *("sqrt", "cbrt", "pow", "power", "float_power", "log", "log2", "log10", "log1p", "expm1", "exp2", "sin", "cos", "tan", "tanh"),
    *("matmul", "dot", "vdot", "inner", "outer", "einsum", "tensordot", "sum", "nansum", "mean", "std", "var", "prod", "cumsum", "cumprod"),
    *("divide", "true_divide", "reciprocal", "softmax", "sigmoid", "logsumexp", "norm"),
}
OURS = {"power"}  # the resident's own polynomial


def offences(source: str) -> list[str]:
    """Return what in a source text breaks the rule: "line: what"."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.BinOp, ast.AugAssign)):
            if isinstance(node.op, (ast.Pow, ast.MatMult)):
                found.append(f"{node.lineno}: {'**' if isinstance(node.op, ast.Pow) else '@'}")
            elif isinstance(node.op, ast.Div) and not _constant(node):
                found.append(f"{node.lineno}: / outside Lanes.ratio")
        elif isinstance(node, ast.Call):
            found += _call(node)
    return found


def _constant(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return _constant(node.left) and _constant(node.right)
    return isinstance(node, ast.Constant)


def _call(node: ast.Call) -> list[str]:
    called = node.func
    if isinstance(called, ast.Attribute):
        library = isinstance(called.value, ast.Name) and called.value.id in {"np", "numpy", "math", "torch"}
        if called.attr in CALLS or (library and called.attr == "exp"):
            return [f"{node.lineno}: .{called.attr}()"]
    elif isinstance(called, ast.Name) and called.id in (CALLS | {"exp"}) - OURS:
        return [f"{node.lineno}: {called.id}()"]
    return []


@pytest.mark.parametrize("path", RULED, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_rule_is_kept(path: Path) -> None:
    assert offences(path.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "x = a ** 2",
        "x **= 2",
        "x = a @ b",
        "x = a / b",
        "x = 1 / b",
        "x = a / 2",
        "x /= 2",
        "x = np.exp(a)",
        "x = math.exp(a)",
        "x = np.sqrt(a)",
        "x = a.sum(0)",
        "x = sum(a)",
        "x = np.matmul(a, b)",
        "x = a.mean(-1)",
        "x = np.log(a)",
        "x = pow(a, 2)",
        "x = torch.softmax(a, -1)",
        "from math import sqrt\nx = sqrt(a)",
    ],
)
def test_a_planted_line_is_found(line: str) -> None:
    clean = RULED[-1].read_text()
    assert offences(clean) == []
    assert offences(f"{clean}\n{line}\n"), line


@pytest.mark.parametrize("line", ["x = m.exp(a)", "x = m.ratio(a, b)", "x = a * (1 / 75)", "x = a // 2", "x = a * b + c - d"])
def test_what_is_allowed_is_not_found(line: str) -> None:
    assert offences(line) == []


def test_there_is_something_to_check() -> None:
    assert len(RULED) >= 4
    assert all(path.is_file() for path in RULED)
