"""Who plays the people: any model that an agent string names, or a chat model of one's own."""

from __future__ import annotations

from typing import Any

from discretion.agents.registry import model_source
from discretion.envs.people_model import PeopleModel
from discretion.errors import InputError
from discretion.models.protocol import ChatModel

__all__ = ["people_by"]


def people_by(model: str | ChatModel | PeopleModel, **options: Any) -> PeopleModel:
    """Return the model that plays the people.

    Args:
        model: An agent string that names a model (`openai:MODEL[@BASE_URL]`, `hf:PATH_OR_ID`), with options of its own
            after `?`; a chat model; or what this function returned.
        options: As for [`resolve`][discretion.agents.registry.resolve].

    Raises:
        InputError: If the string names no agent, or one that is no model, or gives words for an agent.
        MissingExtra: If the model needs a dependency that is not installed.
    """
    if isinstance(model, PeopleModel):
        return model
    if not isinstance(model, str):
        return PeopleModel(model)
    source = model_source(model, where="people", **options)
    if source.words:
        raise InputError(
            "people take no system words and no trigger", where="people", remedy="what they want is in the scenario"
        )
    return PeopleModel(source.model, name=model, known=source.known)
