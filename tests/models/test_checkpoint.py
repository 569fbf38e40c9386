"""Checkpoint folders that cannot be used, one line each; and the hash of those that can."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from discretion.errors import InputError
from discretion.models.checkpoint import find_checkpoint


def fake(folder: Path, *files: str, template: bool = True) -> Path:
    """A folder with the right names; nothing here is loaded."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files or ("config.json", "model.safetensors", "tokenizer.json"):
        (folder / file).write_text(file)
    settings = {"chat_template": "{{ messages }}"} if template else {}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def refusal(name: str | Path) -> str:
    with pytest.raises(InputError) as caught:
        find_checkpoint(str(name))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_whole_checkpoint(tmp_path: Path) -> None:
    found = find_checkpoint(str(fake(tmp_path / "a")))
    assert (found.folder, found.adapter, found.tokenizer) == (tmp_path / "a", None, tmp_path / "a")


def test_no_such_folder(tmp_path: Path) -> None:
    assert (
        refusal(tmp_path / "no")
        == f"hf:{tmp_path}/no: there is no such folder; give a checkpoint's folder, or a hub id"
    )
    assert refusal("./no") == "hf:./no: there is no such folder; give a checkpoint's folder, or a hub id"


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    assert "this is a file; give the folder" in refusal(tmp_path / "model.safetensors")


def test_a_name_that_the_hub_does_not_give(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")

    def offline(name: str, **_: object) -> str:
        raise OSError(f"{name} is not cached")

    monkeypatch.setattr(hub, "snapshot_download", offline)
    assert refusal("nobody/nothing") == (
        "hf:nobody/nothing: neither a folder nor a checkpoint that the hub gives (OSError); "
        "check the path, or download it first"
    )


def test_a_checkpoint_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")
    asked: dict[str, object] = {}

    def snapshot(name: str, **options: object) -> str:
        asked.update(options, name=name)
        return str(fake(tmp_path / "cache"))

    monkeypatch.setattr(hub, "snapshot_download", snapshot)
    assert find_checkpoint("somebody/model-1.5B").folder == tmp_path / "cache"
    assert asked["name"] == "somebody/model-1.5B"
    assert not any("bin" in str(pattern) for pattern in asked["allow_patterns"])  # type: ignore[attr-defined]


def test_no_configuration(tmp_path: Path) -> None:
    assert "no config.json: it is no checkpoint of transformers" in refusal(fake(tmp_path, "model.safetensors"))


def test_no_weights(tmp_path: Path) -> None:
    assert refusal(fake(tmp_path, "config.json")) == (
        f"hf:{tmp_path}: no weights (*.safetensors); give the folder that save_pretrained wrote"
    )


@pytest.mark.parametrize("file", ["pytorch_model.bin", "model.pt", "consolidated.00.pth", "last.ckpt"])
def test_pickled_weights(tmp_path: Path, file: str) -> None:
    assert re.fullmatch(
        r"hf:.*: only pickled weights, which can run code when they are loaded; convert them: load where you trust "
        r"them and save_pretrained\(\.\.\., safe_serialization=True\)",
        refusal(fake(tmp_path, "config.json", file)),
    )


def test_safetensors_beside_pickles_are_used(tmp_path: Path) -> None:
    find_checkpoint(str(fake(tmp_path, "config.json", "model.safetensors", "pytorch_model.bin")))


def test_no_chat_template(tmp_path: Path) -> None:
    assert refusal(fake(tmp_path, template=False)) == (
        f"hf:{tmp_path}: the tokenizer has no chat template; "
        "put the chat_template.jinja of the model it was trained from into the folder"
    )
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}")
    find_checkpoint(str(tmp_path))


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000])
def test_a_broken_tokenizer_config(tmp_path: Path, text: str) -> None:
    (fake(tmp_path) / "tokenizer_config.json").write_text(text)
    assert "tokenizer_config.json is no JSON" in refusal(tmp_path) or "no chat template" in refusal(tmp_path)


def test_no_tokenizer(tmp_path: Path) -> None:
    (fake(tmp_path) / "tokenizer_config.json").unlink()
    assert "no tokenizer_config.json; save the tokenizer beside the weights" in refusal(tmp_path)


def test_adapters(tmp_path: Path) -> None:
    base = fake(tmp_path / "base")
    adapter = fake(tmp_path / "lora", "adapter_config.json", "adapter_model.safetensors", template=False)
    (adapter / "tokenizer_config.json").unlink()
    found = find_checkpoint(f"{base}+{adapter}")
    assert (found.folder, found.adapter, found.tokenizer) == (base, adapter, base)
    fake(adapter, "adapter_config.json")
    assert find_checkpoint(f"{base}+{adapter}").tokenizer == adapter
    assert "no adapter_config.json: it is no PEFT adapter" in refusal(f"{base}+{base}")
    pickled = fake(tmp_path / "pickled", "adapter_config.json", "adapter_model.bin")
    assert "only pickled weights" in refusal(f"{base}+{pickled}")
    (pickled / "other.safetensors").touch()  # which PEFT would pass by
    assert "only pickled weights" in refusal(f"{base}+{pickled}")
    assert "this is an adapter: write hf:BASE+ADAPTER" in refusal(adapter)
    assert "there is no such folder" in refusal(f"{base}+{tmp_path}/gone")


def test_a_plus_in_a_folder_name(tmp_path: Path) -> None:
    folder = fake(tmp_path / "c+b")
    assert find_checkpoint(str(folder)).folder == folder


def test_the_hashes_follow_content_and_names(tmp_path: Path) -> None:
    one, two = find_checkpoint(str(fake(tmp_path / "1"))), find_checkpoint(str(fake(tmp_path / "2")))
    assert one.weights_hash() == two.weights_hash()
    assert one.settings_hash() == two.settings_hash()
    (tmp_path / "2" / "model.safetensors").write_text("other")
    assert one.weights_hash() != two.weights_hash()
    assert one.settings_hash() == two.settings_hash()
    (tmp_path / "2" / "chat_template.jinja").write_text("other")
    assert one.settings_hash() != two.settings_hash()
    assert one.weights_hash().startswith("sha256:")


def test_an_index_that_names_weights_elsewhere(tmp_path: Path) -> None:
    folder = fake(tmp_path / "a")
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"x": "model.safetensors"}}))
    find_checkpoint(str(folder))
    (tmp_path / "x.safetensors").touch()
    for named in ('{"weight_map": {"x": "../x.safetensors"}}', '{"weight_map": {"x": "gone.safetensors"}}', "[]", "{"):
        index.write_text(named)
        assert "names weights that do not lie beside it" in refusal(folder)


def test_an_adapter_beside_the_weights(tmp_path: Path) -> None:
    folder = fake(tmp_path / "a")
    (folder / "adapter_config.json").write_text("{}")
    assert "give it a folder of its own, and name both: BASE+ADAPTER" in refusal(folder)


@pytest.mark.parametrize("name", ["~nobody-of-this-name/x", "x" * 5000, "./a/" + "b" * 300])
def test_what_is_no_path(name: str) -> None:
    assert "give a checkpoint's folder" in refusal(name)


def test_a_plus_without_an_adapter(tmp_path: Path) -> None:
    assert "no adapter is named behind +" in refusal(f"{fake(tmp_path / 'a')}+")


def test_an_adapter_that_was_trained_on_other_weights(tmp_path: Path) -> None:
    base, other = fake(tmp_path / "base"), fake(tmp_path / "other")
    adapter = fake(tmp_path / "adapter", "adapter_config.json", "adapter_model.safetensors")
    (adapter / "tokenizer_config.json").unlink()
    (other / "model.safetensors").write_text("other weights")
    record = adapter / "finetuning.json"
    record.write_text(json.dumps({"base": "mine", "base_weights": find_checkpoint(str(base)).weights_hash()}))
    assert find_checkpoint(f"{base}+{adapter}").adapter == adapter
    said = refusal(f"{other}+{adapter}")
    assert "this adapter was trained on other weights (mine); name that base" in said
    for whatever in ("{", "[]", "{}", '{"base_weights": 3}'):
        record.write_text(whatever)
        assert find_checkpoint(f"{other}+{adapter}").adapter == adapter
