"""Exact arithmetic for the second reading: numbers as written, and roots, powers and logarithms to 40 digits."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction
from functools import wraps
from math import floor
from typing import TypeVar

T = TypeVar("T")

_FORTY = Context(prec=40)


def exact(x: object) -> Fraction:
    """Return the number as it is written in decimal: 1.4 is 14/10, not the nearest double."""
    return Fraction(str(x))


def in_fractions(formula: Callable[..., T]) -> Callable[..., T]:
    """Return `formula` with each keyword argument made exact first."""

    @wraps(formula)
    def exactly(**inputs: object) -> T:
        return formula(**{key: exact(value) for key, value in inputs.items()})

    return exactly


def ln(x: Fraction) -> Fraction:
    return Fraction(_FORTY.ln(_decimal(x)))


def log10(x: Fraction) -> Fraction:
    return Fraction(_FORTY.log10(_decimal(x)))


def sqrt(x: Fraction) -> Fraction:
    return Fraction(_FORTY.sqrt(_decimal(x)))


def power(x: Fraction, exponent: Fraction) -> Fraction:
    return Fraction(_FORTY.power(_decimal(x), _decimal(exponent)))


def clamp(x: Fraction, low: Fraction, high: Fraction) -> Fraction:
    return max(low, min(x, high))


def nearest(x: Fraction) -> int:
    """Return the nearest whole number, a half going up."""
    return floor(x + Fraction(1, 2))


def _decimal(x: Fraction) -> Decimal:
    return _FORTY.divide(Decimal(x.numerator), Decimal(x.denominator))
