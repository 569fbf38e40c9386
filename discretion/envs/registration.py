"""The ids under which Gymnasium knows the environments."""

from __future__ import annotations

__all__ = ["ENTRY_POINT", "ENV_ID", "MODEL_PEOPLE_ENV_ID", "VECTOR_ENTRY_POINT", "register"]

ENV_ID = "discretion/Office-v0"
MODEL_PEOPLE_ENV_ID = "discretion/OfficeModelPeople-v0"
ENTRY_POINT = "discretion.evals.gym:make_office_env"
VECTOR_ENTRY_POINT = "discretion.evals.gym:make_office_vector_env"


def register() -> None:
    """Register `discretion/Office-v0` and `discretion/OfficeModelPeople-v0`; twice is as good as once.

    In the second, a model plays the people (`people="openai:..."`), so the same seed need not give the same episode.
    The entry points are factories of a higher room, named by strings, because they wire in the default reward.
    """
    import gymnasium

    if ENV_ID not in gymnasium.registry:
        gymnasium.register(id=ENV_ID, entry_point=ENTRY_POINT, vector_entry_point=VECTOR_ENTRY_POINT)
    if MODEL_PEOPLE_ENV_ID not in gymnasium.registry:
        gymnasium.register(
            id=MODEL_PEOPLE_ENV_ID,
            entry_point=f"{ENTRY_POINT.partition(':')[0]}:make_model_people_env",
            vector_entry_point=f"{VECTOR_ENTRY_POINT.partition(':')[0]}:make_model_people_vector_env",
            nondeterministic=True,
        )
