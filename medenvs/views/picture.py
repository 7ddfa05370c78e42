"""A conversation drawn as a picture, for `render_mode="rgb_array"` and RecordVideo."""

from __future__ import annotations

import textwrap
from typing import Any

import gymnasium as gym
import numpy as np

from medenvs.core.errors import missing

RENDER_MODES = ("ansi", "rgb_array")
_WIDTH, _HEIGHT, _MARGIN, _LINE = 880, 640, 28, 20
_PLAIN = str.maketrans({"×": "x", "−": "-", "²": "2", "³": "3", "₂": "2", "µ": "u"})  # what the built-in font lacks
_PAPER, _INK, _HEAD, _WARN = (252, 251, 247), (33, 37, 41), (26, 95, 122), (150, 60, 40)


def drawn(render_mode: str | None, title: str, text: str) -> Any:
    """Return what `render` gives: the text ("ansi"), its picture ("rgb_array"), or None with a warning without a mode."""
    if render_mode is None:
        gym.logger.warn("render() without a render_mode. Choose one when the environment is made: " + ", ".join(RENDER_MODES))
        return None
    return text if render_mode == "ansi" else picture(title, text)


def picture(title: str, text: str) -> np.ndarray:
    """Return a (640, 880, 3) uint8 picture of the end of a conversation; raises MissingExtra without Pillow."""
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError:
        raise missing("Pillow", "render") from None
    page = Image.new("RGB", (_WIDTH, _HEIGHT), _PAPER)
    pen = ImageDraw.Draw(page)
    small, large = ImageFont.load_default(15), ImageFont.load_default(20)
    pen.rectangle((0, 0, _WIDTH, 46), fill=_HEAD)
    pen.text((_MARGIN, 11), title, font=large, fill=_PAPER)
    pen.text((_WIDTH - 330, 15), "simulated - not for clinical use", font=small, fill=_PAPER)
    text = text.translate(_PLAIN)
    lines = [line for part in text.splitlines() for line in (textwrap.wrap(part, 108) or [""])]
    fits = (_HEIGHT - 46 - 2 * _MARGIN) // _LINE
    for i, line in enumerate(lines[-fits:]):
        marked = line.startswith(("ASSISTANT:", "USER:", "[Not understood"))
        pen.text((_MARGIN, 46 + _MARGIN + i * _LINE), line, font=small, fill=_WARN if marked else _INK)
    return np.array(page, dtype=np.uint8)
