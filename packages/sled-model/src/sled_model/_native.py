"""The native kernels of decoding: compiled where they run, by the compiler that is there.

    SLED_NATIVE=0     never use them
    CXX=clang++       the compiler; else the first of c++, g++ and clang++ that is found

Between the products of a decode step PyTorch's operations cost more than they compute. Where
there is a C++ compiler, `native/` is built once for this processor, in some seconds, and kept in
`$XDG_CACHE_HOME/sled/native`. Where there is none, or anything else is in the way, decoding takes
its way through PyTorch's operations; `native_state` says why.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from ._files import replacing

_FLAGS = ("-std=c++17", "-O3", "-march=native", "-fno-math-errno", "-fPIC", "-fopenmp")
_COMPILERS = ("c++", "g++", "clang++")
_SOURCE = "native"
_CHECKSUM = hashlib.sha256().digest_size
_PATIENCE = 120


@dataclass(frozen=True)
class Native:
    """The library, if it can be used here, and what it was built with or why there is none."""

    library: ctypes.CDLL | None
    state: str


class _UnavailableError(Exception):
    """Says why there are no native kernels."""


def load_native() -> Native:
    """Give the library, built now if it has to be; asked again, the same one."""
    if os.environ.get("SLED_NATIVE", "1") == "0":
        return Native(None, "off (SLED_NATIVE=0)")
    if not sys.platform.startswith("linux"):
        return Native(None, f"none for {sys.platform}, only for Linux")
    named = os.environ.get("CXX", "")
    return _load(named, os.environ.get("PATH", ""), _cache_folder())


def native_state() -> str:
    """Say what the native kernels of decoding are compiled with here, or why there are none."""
    return load_native().state


@cache
def _load(named: str, _path: str, folder: Path) -> Native:
    try:
        compiler = _compiler(named)
        version = _run([*compiler, "--version"]).partition("\n")[0]
        return Native(_built(compiler, version, folder), version)
    except (_UnavailableError, OSError) as reason:
        return Native(None, str(reason))


def _cache_folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 (never fails)
    return Path(home) / "sled" / "native"


def _compiler(named: str) -> list[str]:
    if named.strip():
        return shlex.split(named)
    found = next(filter(None, map(shutil.which, _COMPILERS)), None)
    if found is None:
        raise _UnavailableError(f"no C++ compiler ({', '.join(_COMPILERS)} or $CXX)")
    return [found]


def _built(compiler: list[str], version: str, folder: Path) -> ctypes.CDLL:
    """Load the library from its place in the cache, or build it there, or aside."""
    files = {
        file.name: file.read_bytes()
        for file in (resources.files(__package__) / _SOURCE).iterdir()
        if file.name.endswith((".cpp", ".h"))
    }
    what = (sorted(files.items()), compiler, _FLAGS, version, _processor())
    digest = hashlib.sha256(repr(what).encode())
    target = folder / f"{digest.hexdigest()[:32]}.so"
    try:
        if _is_whole(target):
            return ctypes.CDLL(str(target))
    except OSError:
        pass  # Of another machine's system, perhaps; built anew.
    with tempfile.TemporaryDirectory(prefix="sled-native-") as aside:
        made = _compile(compiler, files, Path(aside))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with replacing(target) as part:
                part.write_bytes(made.read_bytes())
        except OSError:
            target = made  # No cache to write to: this process has it all the same.
        try:
            return ctypes.CDLL(str(target))
        except OSError as error:
            raise _UnavailableError(f"cannot be loaded: {error}") from None


def _is_whole(library: Path) -> bool:
    """Tell whether a library is there and ends in its own checksum, as it was written."""
    if not library.is_file():
        return False
    content = library.read_bytes()
    return hashlib.sha256(content[:-_CHECKSUM]).digest() == content[-_CHECKSUM:]


def _compile(compiler: list[str], files: dict[str, bytes], folder: Path) -> Path:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    sources = [str(folder / name) for name in sorted(files) if name.endswith(".cpp")]
    objects = [f"{source}.o" for source in sources]
    for source, compiled in zip(sources, objects, strict=True):
        _run([*compiler, *_FLAGS, "-c", source, "-o", compiled])
    made = folder / "native.so"
    # Linked without OpenMP: its functions are found in the runtime that torch has brought, so
    # that both share their threads.
    _run([*compiler, "-shared", *objects, "-o", str(made)])
    content = made.read_bytes()
    made.write_bytes(content + hashlib.sha256(content).digest())
    return made


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 (the user's own compiler)
            command,
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError) as error:
        raise _UnavailableError(f"{command[0]}: {error}") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error" in line] or ["failed"]
        raise _UnavailableError(f"{command[0]}: {lines[0].strip()}")
    return done.stdout


def _processor() -> str:
    """Say what `-march=native` hangs on."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    wanted = ("model name", "flags", "Features", "CPU part")
    return platform.machine() + "".join(sorted({each for each in lines if each.startswith(wanted)}))
