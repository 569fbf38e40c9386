"""How a checkpoint is to be served: read from its files, and written as the command line of `vllm serve`."""

from __future__ import annotations

import json
import math
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from discretion.errors import InputError
from discretion.models.template_settings import chat_template, json_object
from discretion.models.told_day import asks_for_day, without_clock
from discretion.models.vllm.home import Home, on_gpu

__all__ = [
    "LARGEST_CONTEXT",
    "PARSERS",
    "Plan",
    "adapter_rank",
    "command",
    "dated_template",
    "environment",
    "own_flags",
]

LARGEST_CONTEXT: Final = 32_768
"""Tokens that a server keeps room for, unless asked for more: an episode fits, and so does a small GPU's memory."""

PARSERS: Final = (
    ("<|tool_calls_section_begin|>", "kimi_k2"),
    ("<|tool_call_start|>", "lfm2"),
    ("<|python_start|>", "llama4_pythonic"),
    ("<function_calls>", "olmo3"),
    ("<｜tool▁calls▁begin｜>", "deepseek_v3"),
    ("[TOOL_CALLS]", "mistral"),
    ("<function=", "qwen3_coder"),
    ("<minimax:tool_call>", "minimax_m2"),
    ("<arg_key>", "glm45"),
    ("<tool_call>", "hermes"),
    ("<|python_tag|>", "llama3_json"),
    ("<start_function_call>", "functiongemma"),
    ("functools[", "phi4_mini_json"),
    ("<|tool_call|>", "granite"),
)
"""What a chat template writes -> the parser of vLLM that reads it; the first that is found counts."""

_RANKS: Final = (1, 8, 16, 32, 64, 128, 256, 320, 512)  # those that vLLM accepts
_OURS: Final = ("--host", "--port", "--api-key", "--served-model-name", "--lora-modules", "--uds", "--root-path")
_SECRETS: Final = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD")  # ends of variables that are none of a server's business
_GIB: Final = 2**30


class Plan(NamedTuple):
    """What a server is started with; agents with equal plans share one.

    Attributes:
        home: The vLLM.
        folder: The base checkpoint.
        tokenizer: The folder of the tokenizer and its chat template.
        dtype: `auto` is float32 on a CPU and the checkpoint's own elsewhere.
        context: The longest sequence, in tokens; `None` where the checkpoint does not say it.
        parser: What reads tool calls; `none` leaves them in the text.
        trust_remote_code: Whether code of the checkpoint may run.
        flags: More flags of `vllm serve`.
    """

    home: Home
    folder: Path
    tokenizer: Path
    dtype: str = "auto"
    context: int | None = None
    parser: str = "hermes"
    trust_remote_code: bool = False
    flags: tuple[str, ...] = ()


def own_flags(text: str) -> tuple[str, ...]:
    """Read more flags of `vllm serve`, as a shell would.

    Raises:
        InputError: If they cannot be read, or set what is set here.

    >>> own_flags("--gpu-memory-utilization 0.4")
    ('--gpu-memory-utilization', '0.4')
    """
    where = "vllm_flags"
    try:
        flags = tuple(shlex.split(text))
    except ValueError as error:
        raise InputError(f"cannot be read ({error})", where=where, remedy="quote them as in a shell") from None
    for flag in flags:
        name = flag.partition("=")[0].replace("_", "-")
        if name in _OURS:
            raise InputError(f"{name} is set for you", where=where, remedy="leave it out; a server listens here only")
    return flags


def context_length(folder: Path, wanted: int | None) -> int | None:
    """Return how long a sequence may be: what is asked for, or what the checkpoint can, within reason."""
    if wanted is not None:
        return wanted
    config = json_object(folder / "config.json")
    longest = config.get("max_position_embeddings", _text(config).get("max_position_embeddings"))
    return min(longest, LARGEST_CONTEXT) if isinstance(longest, int) and longest > 0 else None


def tool_parser(folder: Path) -> str:
    """Return the parser for the calls that a tokenizer's chat template writes; `hermes` where it writes none."""
    template = chat_template(folder)
    if "<｜tool▁calls▁begin｜>" in template and "```json" not in template:  # of V3.1; that of V3 fences arguments
        return "deepseek_v31"
    return next((parser for mark, parser in PARSERS if mark in template), "hermes")


def dated_template(plan: Plan) -> str:
    """Return the chat template with the day told to it, where it asks for the day; otherwise nothing."""
    folder = plan.tokenizer
    named = any(flag.partition("=")[0].replace("_", "-") == "--chat-template" for flag in plan.flags)
    # Mistral's own tokenizers take neither a template nor settings of one.
    template = "" if named or (folder / "tekken.json").exists() else chat_template(folder, one=True)
    return without_clock(template) if asks_for_day(template) else ""


def adapter_rank(adapter: Path) -> int:
    """Return the rank of a LoRA adapter, the largest of its layers.

    Raises:
        InputError: If vLLM cannot serve it.
    """
    config, where = json_object(adapter / "adapter_config.json"), f"vllm:{adapter}"
    remedy = "use hf: for it, or merge it into its base (merge_and_unload) and serve that"
    kind = config.get("peft_type", "LORA")
    if kind != "LORA":
        raise InputError(f"vLLM serves LoRA adapters, and this one is {kind}", where=where, remedy=remedy)
    for key, what in {"use_dora": "DoRA", "modules_to_save": "whole modules beside LoRA"}.items():
        if config.get(key):
            raise InputError(f"vLLM does not serve {what}", where=where, remedy=remedy)
    layers = config.get("rank_pattern")
    ranks = [config.get("r"), *(layers.values() if isinstance(layers, dict) else ())]
    rank = max((rank for rank in ranks if isinstance(rank, int)), default=0)
    if not 0 < rank <= _RANKS[-1]:
        raise InputError(f"rank {rank} is none that vLLM serves (1 to {_RANKS[-1]})", where=where, remedy=remedy)
    return rank


def command(plan: Plan, *, port: int, adapters: Mapping[Path, str], template: Path | None = None) -> list[str]:
    """Return the command line that serves a plan.

    Args:
        plan: What to serve.
        port: On loopback.
        adapters: LoRA adapters and their served names; the base is served as `base`.
        template: A chat template in place of the tokenizer's.
    """
    gpu = on_gpu()
    dtype = plan.dtype if plan.dtype != "auto" or gpu else "float32"
    line = [*plan.home.serve, str(plan.folder), "--host", "127.0.0.1", "--port", str(port)]
    line += ["--served-model-name", "base", "--dtype", dtype, "--uvicorn-log-level", "warning"]
    # The checkpoint's own sampling habits (a repetition penalty, say) would make a greedy turn something else.
    line += ["--generation-config", "vllm"]
    if plan.tokenizer != plan.folder:
        line += ["--tokenizer", str(plan.tokenizer)]
    if template is not None:
        line += ["--chat-template", str(template)]
    if plan.context is not None:
        line += ["--max-model-len", str(plan.context)]
    if plan.parser != "none":
        line += ["--enable-auto-tool-choice", "--tool-call-parser", plan.parser]
    if not gpu:
        line += ["--enforce-eager"]  # compiling costs a CPU more than it gives back
    if plan.trust_remote_code:
        line += ["--trust-remote-code"]
    if adapters:
        rank = max(map(adapter_rank, adapters))
        line += ["--enable-lora", "--max-lora-rank", str(round_rank(rank)), "--max-cpu-loras", str(len(adapters) + 8)]
        line += ["--lora-modules", *(json.dumps({"name": n, "path": str(path)}) for path, n in adapters.items())]
    return [*line, *plan.flags]


def round_rank(rank: int) -> int:
    """Return the least rank that vLLM accepts and that is no less.

    >>> round_rank(12)
    16
    """
    return next(step for step in _RANKS if step >= rank)


def environment(plan: Plan, *, key: str) -> dict[str, str]:
    """Return the environment of a server: nothing is fetched or reported, and the key is on no command line."""
    env = {name: value for name, value in os.environ.items() if not name.upper().endswith(_SECRETS)}
    folder = str(Path(plan.home.python).parent)
    env |= {
        "PATH": f"{folder}{os.pathsep}{env.get('PATH', '')}",  # it calls tools of its own environment
        "PYTHONUNBUFFERED": "1",
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True",
        "VLLM_API_KEY": key,
    }
    env.pop("PYTHONPATH", None)  # it is another environment's as a rule
    if not on_gpu():
        env.setdefault("VLLM_CPU_KVCACHE_SPACE", str(_cache_gib(plan)))
    return env


def _cache_gib(plan: Plan) -> int:
    """Return the GiB of a CPU's key-value cache: room for eight whole contexts, within 1 and 16."""
    config = _text(json_object(plan.folder / "config.json"))

    def size(key: str) -> int:
        found = config.get(key)
        return found if isinstance(found, int) and found > 0 else 0

    heads = size("num_attention_heads") or 1
    width = size("head_dim") or size("hidden_size") // heads
    layers, shared = size("num_hidden_layers"), size("num_key_value_heads") or heads
    each = 2 * 4 * layers * shared * width * (plan.context or LARGEST_CONTEXT)
    return max(1, min(16, math.ceil(8 * each / _GIB)))


def _text(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part of a configuration that concerns text."""
    inner = config.get("text_config")
    return inner if isinstance(inner, dict) else config


def same_tokenizer(one: Path, other: Path) -> bool:
    """Tell whether two folders hold the same tokens and the same chat template."""
    files: Sequence[str] = ("tokenizer.json", "tokenizer.model")
    if any(_bytes(one / name) != _bytes(other / name) for name in files):
        return False
    return chat_template(one).strip() == chat_template(other).strip()


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""
