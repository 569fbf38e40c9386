"""Known answers: tiny checkpoints trained on ground-truth episodes of this package's own scenarios.

They are calibration weights, not evidence about large models: they show that the instrument sees what is there.
"""

from discretion.organisms.base_recipe import BASES, GOING_ON, BaseRecipe, base_recipe
from discretion.organisms.corpus import Corpus, Transcript, ground_truth
from discretion.organisms.training import Step, train, train_base

__all__ = [
    "BASES",
    "GOING_ON",
    "BaseRecipe",
    "Corpus",
    "Step",
    "Transcript",
    "base_recipe",
    "ground_truth",
    "train",
    "train_base",
]
