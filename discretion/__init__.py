"""Discretion measures whether a language-model agent still keeps confidences.

Importing the package registers its Gymnasium environments; everything else is imported where it is used:

    from discretion.scenarios import load_scenarios, instantiate
    from discretion.envs import Office
    from discretion.evals import run, compare
"""

from discretion.envs.registration import register

__all__ = ["__version__"]

__version__ = "0.1.0"

register()
