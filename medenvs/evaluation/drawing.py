"""Small plots as SVG text: axes, points with intervals, lines; no script, no font from elsewhere, every word escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#7f7f7f")  # Okabe and Ito: told apart by all
WIDTH, HEIGHT, MARGIN = 300, 260, 46


@dataclass
class Panel:
    """One plot with its ranges (low, high); things are drawn in data units, what lies outside is moved to the edge."""

    title: str
    x: tuple[float, float]
    y: tuple[float, float]
    across: str = ""
    up: str = ""
    marks: list[str] = field(default_factory=list[str])

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point lies, in pixels."""
        part = [min(max((v - low) / (high - low), 0.0), 1.0) for v, (low, high) in ((x, self.x), (y, self.y))]
        return MARGIN + part[0] * (WIDTH - MARGIN - 10), HEIGHT - MARGIN - part[1] * (HEIGHT - MARGIN - 26)

    def line(self, xs: Sequence[float], ys: Sequence[float], colour: str, dashed: bool = False, width: float = 1.6) -> None:
        """Draw a line."""
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in (self.at(x, y) for x, y in zip(xs, ys, strict=True)))
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.marks.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"{dash}/>')

    def dot(self, x: float, y: float, colour: str, size: float = 3.2) -> None:
        """Draw a point."""
        a, b = self.at(x, y)
        self.marks.append(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{size}" fill="{colour}"/>')

    def span(self, x: float, low: float, high: float, colour: str) -> None:
        """Draw an interval."""
        self.line((x, x), (low, high), colour, width=1.2)

    def svg(self, left: float, top: float) -> str:
        """Return the panel at a place of a page."""
        (a, b), (c, d) = self.at(self.x[0], self.y[0]), self.at(self.x[1], self.y[1])
        parts = [
            f'<rect x="{a}" y="{d}" width="{c - a}" height="{b - d}" fill="none" stroke="#999999"/>',
            _word(self.title, (a + c) / 2, 16, 12),
        ]
        for i in range(5):
            x, y = (low + (high - low) * i / 4 for low, high in (self.x, self.y))
            parts.append(_word(f"{x:.3g}", self.at(x, 0)[0], b + 14, 10))
            parts.append(_word(f"{y:.3g}", a - 4, self.at(0, y)[1] + 3, 10, "end"))
            parts += [f'<line x1="{a}" x2="{c}" y1="{self.at(0, y)[1]}" y2="{self.at(0, y)[1]}" stroke="#eeeeee"/>']
        parts += [_word(self.across, (a + c) / 2, b + 32, 11), _word(self.up, 12, (b + d) / 2, 11, "middle", 12)]
        return f'<g transform="translate({left} {top})">{"".join(parts)}{"".join(self.marks)}</g>'


def page(title: str, panels: Sequence[Panel], legend: Sequence[tuple[str, str]] = (), foot: str = "", columns: int = 4) -> str:
    """Return an SVG document of panels side by side; legend: (name, colour)."""
    columns = max(1, min(columns, len(panels)))
    rows, wide = -(-len(panels) // columns), max(columns * WIDTH, 600)
    places = [(MARGIN + 210 * (i % (wide // 215)), 40 + 16 * (i // (wide // 215))) for i in range(len(legend))]
    top = (places[-1][1] + 12) if places else 30
    body = [_word(title, wide / 2, 20, 14)]
    for (name, colour), (x, y) in zip(legend, places, strict=True):
        body += [
            f'<line x1="{x}" x2="{x + 18}" y1="{y - 4}" y2="{y - 4}" stroke="{colour}" stroke-width="3"/>',
            _word(name, x + 24, y, 11, "start"),
        ]
    left = (wide - columns * WIDTH) / 2
    body += [panel.svg(left + (i % columns) * WIDTH, top + (i // columns) * HEIGHT) for i, panel in enumerate(panels)]
    high = top + rows * HEIGHT + 16
    size = f'width="{wide}" height="{high}" viewBox="0 0 {wide} {high}"'
    foot_line = _word(foot, wide / 2, high - 6, 10)
    paper = f'<rect width="{wide}" height="{high}" fill="#ffffff"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">{paper}{"".join(body)}{foot_line}</svg>\n'


def _word(text: str, x: float, y: float, size: float, anchor: str = "middle", turned: float | None = None) -> str:
    turn = "" if turned is None else f' transform="rotate(-90 {x:.1f} {y:.1f})"'
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"{turn}>{escape(text)}</text>'
