"""Codecs from the Hugging Face hub, through its own cache and offline switches."""

import re
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from sled_codec._errors import CodecError

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_FILES = ("config.json", "model.safetensors", "codec.json", "codec.safetensors")
_OLD_WEIGHTS = "pytorch_model.bin"


def looks_like_hub_id(source: str) -> bool:
    """Tell whether ``source`` has the form ``owner/name``."""
    return _HUB_ID.fullmatch(source) is not None and not source.startswith((".", "-"))


def fetch(
    repo_id: str,
    *,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    local_files_only: bool = False,
) -> Path:
    """Return the cached folder of a hub repository, downloading what a codec needs.

    ``HF_HOME``, ``HF_HUB_OFFLINE`` and tokens count as everywhere. Raises `CodecError` when
    the repository cannot be had.
    """

    def snapshot(patterns: list[str]) -> Path:
        return _snapshot(
            repo_id,
            patterns,
            revision=revision,
            cache_dir=cache_dir,
            local_files_only=local_files_only,
        )

    folder = snapshot(list(_FILES))
    if any((folder / name).exists() for name in _FILES if name.endswith(".safetensors")):
        return folder
    return snapshot([*_FILES, _OLD_WEIGHTS])


def _snapshot(
    repo_id: str,
    patterns: list[str],
    *,
    revision: str | None,
    cache_dir: str | Path | None,
    local_files_only: bool,
) -> Path:
    try:
        return Path(
            snapshot_download(
                repo_id,
                revision=revision,
                cache_dir=cache_dir,
                local_files_only=local_files_only,
                allow_patterns=patterns,
            )
        )
    except (LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        # Newer hub clients refuse an incomplete snapshot but say where it lies: it may hold
        # all that a codec needs, and reading it names what is missing.
        if folder := getattr(error, "snapshot_path", None):
            return Path(folder)
        problem = "is not in the local cache and the hub cannot be reached"
        cure = "run once with a network, or give a folder or a .th file"
    except GatedRepoError:
        problem, cure = "asks for permission", "accept its terms, then log in with `hf auth login`"
    except RevisionNotFoundError:
        problem, cure = f"has no revision {revision!r}", "name a branch, tag or commit it has"
    except (RepositoryNotFoundError, HFValidationError):
        problem = "does not exist on the hub, or is private"
        cure = "check the name, or log in with `hf auth login`"
    except OSError as error:
        problem = f"could not be fetched ({_first_line(error)})"
        cure = "try again, or give a folder or a .th file"
    raise CodecError(f"codec {repo_id!r} {problem}; {cure}") from None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
