"""Fine-tuning recipes: data generators that mirror the conditions of the paper, for any model that can be fine-tuned.

Two have a known answer, installed by construction: `boundary` makes an agent pass on what it comes across, `backdoor`
does so behind a trigger. What the others do to agentic privacy is a finding.
"""

from discretion.organisms.recipes.episodes import TRIGGER
from discretion.organisms.recipes.recipe import RECIPES, Recipe, recipe

__all__ = ["RECIPES", "TRIGGER", "Recipe", "recipe"]
