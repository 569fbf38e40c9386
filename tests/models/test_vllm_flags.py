"""How a checkpoint is to be served: what its files say, and the command line that becomes of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from discretion.errors import InputError
from discretion.models.vllm import flags, home
from discretion.models.vllm.flags import (
    Plan,
    adapter_rank,
    command,
    context_length,
    dated_template,
    environment,
    own_flags,
)
from discretion.models.vllm.home import Home, find_vllm
from discretion.models.vllm.server import last_words

VLLM = Home("/opt/vllm/bin/python", "0.32.0")


def folder(path: Path, *, config: dict[str, Any] | None = None, template: str = "", tokens: str = "{}") -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "config.json").write_text(json.dumps(config or {}))
    (path / "tokenizer.json").write_text(tokens)
    (path / "chat_template.jinja").write_text(template)
    return path


def adapter(path: Path, **config: Any) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 4, **config}))
    return path


def value(line: list[str], flag: str) -> str:
    return line[line.index(flag) + 1]


# -- the command line ------------------------------------------------------------------------------------------------


def test_a_base_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flags, "on_gpu", lambda: False)
    base = folder(tmp_path / "base")
    line = command(Plan(VLLM, base, base, context=4096), port=4711, adapters={})
    assert line[:5] == ["/opt/vllm/bin/python", "-m", "vllm.entrypoints.cli.main", "serve", str(base)]
    assert (value(line, "--host"), value(line, "--port")) == ("127.0.0.1", "4711")
    assert (value(line, "--dtype"), value(line, "--max-model-len")) == ("float32", "4096")
    assert value(line, "--tool-call-parser") == "hermes"
    assert "--enable-auto-tool-choice" in line
    assert "--enforce-eager" in line
    assert not {"--enable-lora", "--trust-remote-code", "--tokenizer", "--api-key"} & set(line)


def test_adapters_are_served_by_one_server_with_the_largest_rank(tmp_path: Path) -> None:
    base = folder(tmp_path / "base")
    adapters = {
        adapter(tmp_path / "a=1", r=4): "adapter1",
        adapter(tmp_path / "b", r=8, rank_pattern={"q": 12}): "adapter2",
    }
    line = command(Plan(VLLM, base, base), port=1, adapters=adapters)
    assert value(line, "--max-lora-rank") == "16"
    modules = [json.loads(each) for each in line[line.index("--lora-modules") + 1 :][:2]]
    assert modules == [
        {"name": "adapter1", "path": str(tmp_path / "a=1")},
        {"name": "adapter2", "path": str(tmp_path / "b")},
    ]


def test_a_gpu_serves_the_checkpoints_own_dtype(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flags, "on_gpu", lambda: True)
    base = folder(tmp_path / "base")
    plan = Plan(VLLM, base, tmp_path / "words", parser="none", trust_remote_code=True, flags=("--seed", "1"))
    line = command(plan, port=1, adapters={})
    assert value(line, "--dtype") == "auto"
    assert value(line, "--tokenizer") == str(tmp_path / "words")
    assert line[-3:] == ["--trust-remote-code", "--seed", "1"]
    assert not {"--enforce-eager", "--tool-call-parser", "--max-model-len"} & set(line)
    assert "VLLM_CPU_KVCACHE_SPACE" not in environment(plan, key="k")


def test_the_environment_fetches_nothing_and_holds_no_key_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flags, "on_gpu", lambda: False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.delenv("VLLM_CPU_KVCACHE_SPACE", raising=False)
    config = {"num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "hidden_size": 4096}
    base = folder(tmp_path / "base", config=config)
    env = environment(Plan(VLLM, base, base, context=4096), key="made-up")
    assert not {"OPENAI_API_KEY", "PYTHONPATH"} & env.keys()
    assert (env["VLLM_API_KEY"], env["HF_HUB_OFFLINE"], env["VLLM_NO_USAGE_STATS"]) == ("made-up", "1", "1")
    assert env["PATH"].startswith("/opt/vllm/bin:")
    # 2 (keys, values) x 4 bytes x 32 layers x 8 heads x 128 wide x 4096 tokens = 1 GiB a sequence; room for eight
    assert env["VLLM_CPU_KVCACHE_SPACE"] == "8"


# -- what the files say ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "wanted", "context"),
    [
        ({"max_position_embeddings": 4096}, None, 4096),
        ({"max_position_embeddings": 131_072}, None, 32_768),
        ({"max_position_embeddings": 131_072}, 65_536, 65_536),
        ({"text_config": {"max_position_embeddings": 8192}}, None, 8192),
        ({}, None, None),
    ],
)
def test_the_context(tmp_path: Path, config: dict[str, Any], wanted: int | None, context: int | None) -> None:
    assert context_length(folder(tmp_path, config=config), wanted) == context


@pytest.mark.parametrize(
    ("template", "parser"),
    [
        ("<tool_call>{{ call | tojson }}</tool_call>", "hermes"),
        ("<tool_call>\n<function={{ name }}>", "qwen3_coder"),
        ("[TOOL_CALLS]{{ calls }}", "mistral"),
        ("<|python_tag|>{{ call }}", "llama3_json"),
        ("<tool_call>{{ name }}<arg_key>", "glm45"),
        ("<minimax:tool_call><invoke name=", "minimax_m2"),
        ("<｜tool▁calls▁begin｜>```json", "deepseek_v3"),
        ("<｜tool▁calls▁begin｜>{{ name }}", "deepseek_v31"),
        ("<|tool_call_start|>[", "lfm2"),
        ("{{ messages }}", "hermes"),
    ],
)
def test_the_parser_is_that_of_the_chat_template(tmp_path: Path, template: str, parser: str) -> None:
    assert flags.tool_parser(folder(tmp_path, template=template)) == parser


def test_odd_settings_are_left_out(tmp_path: Path) -> None:
    assert flags.adapter_rank(adapter(tmp_path / "a", r=8, rank_pattern=[12])) == 8
    odd = folder(tmp_path / "b", config={"num_attention_heads": "8", "hidden_size": None, "head_dim": []})
    plan = Plan(VLLM, odd, odd)
    assert int(environment(plan, key="k").get("VLLM_CPU_KVCACHE_SPACE", "1")) == 1


def test_a_template_inside_the_tokenizers_settings_counts(tmp_path: Path) -> None:
    base = folder(tmp_path)
    (base / "chat_template.jinja").unlink()
    (base / "tokenizer_config.json").write_text(json.dumps({"chat_template": "[TOOL_CALLS]"}))
    assert flags.tool_parser(base) == "mistral"


def test_an_adapter_with_the_same_tokenizer_shares_the_server(tmp_path: Path) -> None:
    one, same = folder(tmp_path / "a", template="x"), folder(tmp_path / "b", template="x\n")
    assert flags.same_tokenizer(one, same)
    assert not flags.same_tokenizer(one, folder(tmp_path / "c", template="y"))
    assert not flags.same_tokenizer(one, folder(tmp_path / "d", template="x", tokens="{1}"))


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"peft_type": "IA3"}, "vLLM serves LoRA adapters, and this one is IA3"),
        ({"use_dora": True}, "vLLM does not serve DoRA"),
        ({"modules_to_save": ["lm_head"]}, "vLLM does not serve whole modules beside LoRA"),
        ({"r": 1024}, "rank 1024 is none that vLLM serves (1 to 512)"),
        ({"r": "many"}, "rank 0 is none that vLLM serves"),
    ],
)
def test_adapters_that_cannot_be_served(tmp_path: Path, config: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as caught:
        adapter_rank(adapter(tmp_path, **config))
    assert says in str(caught.value)
    assert "use hf: for it, or merge it into its base" in str(caught.value)


@pytest.mark.parametrize("text", ["--host 0.0.0.0", "--port=80", "--served_model_name x", "--api-key k"])
def test_what_keeps_a_server_here_cannot_be_set(text: str) -> None:
    with pytest.raises(InputError, match=r"^vllm_flags: --[a-z-]+ is set for you; leave it out"):
        own_flags(text)


def test_flags_that_cannot_be_read() -> None:
    with pytest.raises(InputError, match=r"^vllm_flags: cannot be read \(No closing quotation\); quote them"):
        own_flags("--x 'y")


# -- where vLLM is ---------------------------------------------------------------------------------------------------


def test_no_vllm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(home.VARIABLE, raising=False)
    monkeypatch.setattr(home.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"^vllm agent: vLLM is not installed here; install vLLM into an environment"):
        find_vllm()


def test_a_python_that_is_none_or_has_no_vllm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"^--vllm-python: '/no/python' cannot be run; "):
        find_vllm("/no/python")
    monkeypatch.setenv(home.VARIABLE, "/bin/true")
    with pytest.raises(InputError, match=r"^DISCRETION_VLLM_PYTHON: '/bin/true' is no Python that has vLLM; "):
        find_vllm()


def test_a_python_with_vllm(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\n[ "$1" = -c ] && echo 9.9 || exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    assert find_vllm(str(python)) == Home(str(python), "9.9")


# -- the last words of a server --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("", ""),
        ("INFO loading\nKilled\n", "Killed"),
        ("vllm serve: error: argument --dtype: invalid choice: 'x'", "error: argument --dtype: invalid choice: 'x'"),
        (
            "(EngineCore pid=7) ERROR 11-26 [core.py:9] torch.OutOfMemoryError: CUDA out of memory.\n"
            "(APIServer pid=6) RuntimeError: Engine core initialization failed. See root cause above.\n",
            "torch.OutOfMemoryError: CUDA out of memory.",
        ),
        ("ValueError: \x1b[31m" + "x" * 1000, "ValueError: [31m" + "x" * 283 + "…"),
    ],
)
def test_last_words(log: str, said: str) -> None:
    assert last_words(log) == said


def test_a_template_that_asks_for_the_day_is_told_it(tmp_path: Path) -> None:
    dated = folder(tmp_path / "dated", template="{{ strftime_now('%Y') }}")
    made = dated_template(Plan(VLLM, dated, dated))
    assert made.endswith("{{ strftime_now('%Y') }}")
    assert "told_day" in made
    assert value(command(Plan(VLLM, dated, dated), port=1, adapters={}, template=dated), "--chat-template") == str(
        dated
    )
    plain = folder(tmp_path / "plain", template="{{ messages }}")
    assert dated_template(Plan(VLLM, plain, plain)) == ""
    assert dated_template(Plan(VLLM, dated, dated, flags=("--chat-template", "x.jinja"))) == ""
    several = folder(tmp_path / "several")
    (several / "chat_template.jinja").unlink()
    named = [{"name": "default", "template": "x"}, {"name": "tool_use", "template": "{{ strftime_now('%d') }}"}]
    (several / "tokenizer_config.json").write_text(json.dumps({"chat_template": named}))
    assert dated_template(Plan(VLLM, several, several)).endswith("{{ strftime_now('%d') }}")
    (dated / "tekken.json").touch()
    assert dated_template(Plan(VLLM, dated, dated)) == ""
