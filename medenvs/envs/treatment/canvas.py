"""A picture to draw on: twice as fine as what is handed out, so that lines are smooth; the same strokes give the same pixels."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from medenvs.core.errors import missing

Colour = tuple[int, int, int]
_FINE = 2


@cache
def _font(size: int) -> Any:
    fonts: Any = importlib.import_module("PIL.ImageFont")
    return fonts.load_default(size * _FINE)


class Canvas:
    """`width` x `height` pixels of one ground colour; raises MissingExtra without Pillow."""

    def __init__(self, width: int, height: int, ground: Colour) -> None:
        try:
            importlib.import_module("PIL")
            image: Any = importlib.import_module("PIL.Image")
            drawing: Any = importlib.import_module("PIL.ImageDraw")
        except ImportError:
            raise missing("Pillow", "render") from None
        self._page: Any = image.new("RGB", (width * _FINE, height * _FINE), ground)
        self._pen: Any = drawing.Draw(self._page)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, round_by: int = 0) -> None:
        """Fill a rectangle."""
        corners = (x0 * _FINE, y0 * _FINE, max(x1 * _FINE - 1, x0 * _FINE), max(y1 * _FINE - 1, y0 * _FINE))
        self._pen.rounded_rectangle(corners, round_by * _FINE, fill=colour)

    def line(self, points: Sequence[tuple[float, float]], colour: Colour, width: float = 1) -> None:
        """Draw a line through points."""
        fine = [(x * _FINE, y * _FINE) for x, y in points]
        self._pen.line(fine, fill=colour, width=round(width * _FINE), joint="curve")

    def dot(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Draw a disc."""
        corners = ((x - radius) * _FINE, (y - radius) * _FINE, (x + radius) * _FINE, (y + radius) * _FINE)
        self._pen.ellipse(corners, fill=colour)

    def text(self, x: float, y: float, words: str, size: int, colour: Colour, anchor: str = "lm") -> None:
        """Write words; anchor as Pillow has it: l, m or r, then m for the middle of the line."""
        self._pen.text((x * _FINE, y * _FINE), words, colour, _font(size), anchor)

    def width(self, words: str, size: int) -> float:
        """Return how wide words will be."""
        return float(_font(size).getlength(words)) / _FINE

    def pixels(self) -> np.ndarray:
        """Return the picture, (height, width, 3) uint8."""
        return np.array(self._page.reduce(_FINE), np.uint8)
