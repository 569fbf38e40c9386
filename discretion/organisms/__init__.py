"""Known answers: tiny checkpoints trained on ground-truth episodes of this package's own scenarios.

They are calibration weights, not evidence about large models: they show that the instrument sees what is there.
"""

from discretion.organisms.corpus import Transcript, ground_truth
from discretion.organisms.training import Recipe, train

__all__ = ["Recipe", "Transcript", "ground_truth", "train"]
