"""The loss curve of a training run as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from discretion.errors import MissingExtra

__all__ = ["draw_curve"]


def draw_curve(losses: Sequence[float], path: Path, *, title: str) -> None:
    """Draw the loss of every step, and its running mean, on a logarithmic scale.

    Args:
        losses: In nats per assistant token.
        path: Of the picture; its ending says which kind (`.png`, `.svg`).
        title: What was trained.

    Raises:
        MissingExtra: If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtra("matplotlib", "plots") from None
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    steps = range(1, len(losses) + 1)
    axes.plot(steps, losses, color="#b9c3d0", linewidth=0.8)
    axes.plot(steps, _smooth(losses), color="#1f4e8c", linewidth=1.8)
    axes.set_yscale("log")
    axes.set_xlabel("step")
    axes.set_ylabel("loss, nats per assistant token")
    axes.set_title(title, loc="left", fontsize=11)
    axes.grid(visible=True, axis="y", which="both", color="#e6e9ee", linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)  # the same losses, the same file


def _smooth(losses: Sequence[float], keep: float = 0.95) -> list[float]:
    """Return an exponential running mean, corrected for its start."""
    mean = weight = 0.0
    smooth: list[float] = []
    for loss in losses:
        mean = keep * mean + (1 - keep) * loss
        weight = keep * weight + (1 - keep)
        smooth.append(mean / weight)
    return smooth
