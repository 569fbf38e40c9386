"""Checkpoint folders: found, checked before anything heavy is loaded, and identified by the hash of their content."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from discretion.errors import InputError, MissingExtra

__all__ = ["Checkpoint", "find_checkpoint"]

_PICKLES: Final = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_HUB_ID: Final = re.compile(r"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?$")
_HUB_FILES: Final = ["*.safetensors", "*.json", "*.jinja", "*.txt", "*.model"]
_SETTINGS: Final = ("*.json", "*.jinja", "*.txt", "*.model")


class Checkpoint(NamedTuple):
    """A checkpoint on disk.

    Attributes:
        folder: Configuration, safetensors weights, tokenizer.
        adapter: The folder of a PEFT adapter on top, or `None`.
    """

    folder: Path
    adapter: Path | None = None

    @property
    def tokenizer(self) -> Path:
        """The folder of the tokenizer: the adapter's where it brings one, since its training used that."""
        if self.adapter is not None and (self.adapter / "tokenizer_config.json").is_file():
            return self.adapter
        return self.folder

    def weights_size(self) -> int:
        """Return the bytes of the base's weights."""
        return sum(path.stat().st_size for path in self.folder.glob("*.safetensors"))

    def weights_hash(self) -> str:
        """Return the hash of every safetensors file, base before adapter; it takes a second or so per 2 GB."""
        return _hash(path for folder in self if folder for path in _matching(folder, ("*.safetensors",)))

    def settings_hash(self) -> str:
        """Return the hash of everything small: configuration, tokenizer, chat template."""
        return _hash(path for folder in self if folder for path in _matching(folder, _SETTINGS))


def find_checkpoint(text: str, *, kind: str = "hf") -> Checkpoint:
    """Find and check `PATH_OR_ID[+ADAPTER]`.

    Args:
        text: A folder, or the id of a checkpoint on the Hugging Face hub (taken from the local cache, or downloaded
            where the hub can be reached); after `+` the same for a PEFT adapter.
        kind: The kind of agent that it is for, for errors.

    Raises:
        InputError: If there is no such checkpoint, or it has no configuration, no safetensors weights or no chat
            template.
        MissingExtra: If the hub is needed and its client is not installed.
    """
    base, plus, adapter = (text, "", "") if _is_folder(text) else text.rpartition("+")
    if not plus:
        base, adapter = text, ""
    if plus and not adapter:
        raise InputError("no adapter is named behind +", where=f"{kind}:{text}", remedy="write BASE, or BASE+ADAPTER")
    checkpoint = Checkpoint(_folder(base, kind), _folder(adapter, kind) if plus else None)
    _check(checkpoint.folder, "config.json", "it is no checkpoint of transformers", kind)
    _check_weights(checkpoint.folder, "*.safetensors", kind)
    _check_index(checkpoint.folder, kind)
    if (checkpoint.folder / "adapter_config.json").is_file():
        raise InputError(
            "an adapter lies beside the weights, and transformers would put it onto them",
            where=f"{kind}:{checkpoint.folder}",
            remedy="give it a folder of its own, and name both: BASE+ADAPTER",
        )
    if checkpoint.adapter is not None:
        _check(checkpoint.adapter, "adapter_config.json", "it is no PEFT adapter", kind)
        _check_weights(checkpoint.adapter, "adapter_model.safetensors", kind)
        _check_made_for(checkpoint, kind)
    _check_template(checkpoint.tokenizer, kind)
    return checkpoint


def _is_folder(text: str) -> bool:
    try:
        return Path(text).expanduser().is_dir()
    except (OSError, RuntimeError, ValueError):
        return False


def _folder(name: str, kind: str) -> Path:
    where = f"{kind}:{name}"
    try:
        folder = Path(name).expanduser()
        if folder.is_dir():
            return folder
        there = folder.exists()
    except (OSError, RuntimeError, ValueError) as error:  # a name too long, nobody's home
        reason = " ".join(str(error).split())[:80]
        raise InputError(f"no path ({reason})", where=where[:120], remedy="give a checkpoint's folder") from None
    if there:
        raise InputError("this is a file", where=where, remedy="give the folder that holds config.json")
    if not _HUB_ID.match(name):
        raise InputError("there is no such folder", where=where, remedy="give a checkpoint's folder, or a hub id")
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise MissingExtra("huggingface_hub", "local") from None
    try:
        return Path(snapshot_download(name, allow_patterns=_HUB_FILES))
    except Exception as error:  # the hub's client raises many kinds: offline, unknown, gated
        raise InputError(
            f"neither a folder nor a checkpoint that the hub gives ({type(error).__name__})",
            where=where,
            remedy="check the path, or download it first",
        ) from None


def _check(folder: Path, file: str, otherwise: str, kind: str) -> None:
    if (folder / file).is_file():
        return
    adapter = file == "config.json" and (folder / "adapter_config.json").is_file()
    remedy = f"this is an adapter: write {kind}:BASE+ADAPTER" if adapter else "give the folder that holds it"
    raise InputError(f"no {file}: {otherwise}", where=f"{kind}:{folder}", remedy=remedy)


def _check_weights(folder: Path, pattern: str, kind: str) -> None:
    if _matching(folder, (pattern,)):
        return
    where = f"{kind}:{folder}"
    if _matching(folder, _PICKLES):
        raise InputError(
            "only pickled weights, which can run code when they are loaded",
            where=where,
            remedy="convert them: load where you trust them and save_pretrained(..., safe_serialization=True)",
        )
    raise InputError(f"no weights ({pattern})", where=where, remedy="give the folder that save_pretrained wrote")


def _check_index(folder: Path, kind: str) -> None:
    """Refuse an index that names weights elsewhere: the hash would not see them."""
    for index in _matching(folder, ("*.safetensors.index.json",)):
        try:
            shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
            fits = all((folder / shard).parent == folder and (folder / shard).is_file() for shard in shards)
        except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
            fits = False
        if not fits:
            raise InputError(
                f"{index.name} names weights that do not lie beside it",
                where=f"{kind}:{folder}",
                remedy="give the folder that save_pretrained wrote",
            )


def _check_made_for(checkpoint: Checkpoint, kind: str) -> None:
    """Refuse an adapter whose record says that it was trained on other weights."""
    record = (checkpoint.adapter or checkpoint.folder) / "finetuning.json"
    try:
        made = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return  # most adapters have none
    weights = made.get("base_weights") if isinstance(made, dict) else None
    if isinstance(weights, str) and weights != Checkpoint(checkpoint.folder).weights_hash():
        raise InputError(
            f"this adapter was trained on other weights ({str(made.get('base'))[:80]})",
            where=f"{kind}:{checkpoint.folder}+{checkpoint.adapter}",
            remedy=f"name that base; to play it on these all the same, take base_weights out of {record.name}",
        )


def _check_template(folder: Path, kind: str) -> None:
    if (folder / "chat_template.jinja").is_file() or (folder / "chat_template.json").is_file():
        return
    config = folder / "tokenizer_config.json"
    where = f"{kind}:{folder}"
    if not config.is_file():
        raise InputError("no tokenizer_config.json", where=where, remedy="save the tokenizer beside the weights")
    try:
        settings = json.loads(config.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise InputError("tokenizer_config.json is no JSON", where=where, remedy="save the tokenizer again") from None
    if not (isinstance(settings, dict) and settings.get("chat_template")):
        raise InputError(
            "the tokenizer has no chat template",
            where=where,
            remedy="put the chat_template.jinja of the model it was trained from into the folder",
        )


def _matching(folder: Path, patterns: Iterable[str]) -> list[Path]:
    return sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})


def _hash(files: Iterable[Path]) -> str:
    """Hash names and content, so that neither can change unseen."""
    total = hashlib.sha256()
    for path in files:
        state = path.stat()
        total.update(f"{path.name}:{_digest(path, state.st_size, state.st_mtime_ns)}\n".encode())
    return f"sha256:{total.hexdigest()}"


@lru_cache(maxsize=1024)
def _digest(path: Path, size: int, written_ns: int) -> str:
    """Hash a file's content; kept, since all adapters of a base ask for the base's."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
