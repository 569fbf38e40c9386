"""Checkpoints behind a vLLM server that is started, shared and stopped here.

`home` finds a vLLM, `flags` says how a checkpoint is to be served, `server` keeps one process (under a `supervisor`
that outlives nobody), `fleet` shares servers between agents of one base, and `chat` is the model that agents speak to.
"""
