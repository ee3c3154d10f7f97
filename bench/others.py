"""Other libraries that stream OpenAI's answers: their environments, and what they cost.

Each is installed anew or brought up to date by pip, in an environment below `results/`. What cannot
be installed, or fails, is told with its reason and does not stop the run.
"""

import subprocess
import sys
import venv
from importlib.metadata import version
from itertools import chain
from statistics import median
from typing import NamedTuple

from lab import HERE, Lab, LegError, Quantity, Subject, compare, measure, without_paths
from parts import DRIVERS, Size, coalesced, per_event
from peers import PEERS

VENVS = HERE / "results" / "peers"


class Against(NamedTuple):
    """Microseconds per chunk; ratios to the newest SDK's loop, and to that of the SDK brought."""

    us: float
    newest: float
    own: float


class PeerCost(NamedTuple):
    """A peer, sync or async; `first` are the milliseconds to the first text of a short call."""

    name: str
    version: str
    sdk: str
    driver: str
    coalesced: Against
    per_event: Against
    first: float


class PeerFailure(NamedTuple):
    name: str
    driver: str
    reason: str


NAMES = {"sdk": "OpenAI's own SDK", "ours": "mirascope-streams"}


class Peers(NamedTuple):
    costs: list[PeerCost]
    failures: list[PeerFailure]


class Installed(NamedTuple):
    """A library in an environment, and the OpenAI SDK that is there too."""

    name: str
    python: str
    version: str
    sdk: str


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LegError(without_paths(done.stderr))
    return done.stdout


def install(name: str) -> Installed:
    """Make a peer's environment, or bring it up to date."""
    home = VENVS / name
    python = str(home / "bin" / "python")
    if not home.exists():
        venv.create(home, with_pip=True)
    pip = (python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--upgrade")
    run(*pip, PEERS[name].requirement)
    code = "import sys, importlib.metadata as m; print(*map(m.version, sys.argv[1:]))"
    return Installed(name, python, *run(python, "-c", code, PEERS[name].package, "openai").split())


def peers(lab: Lab, size: Size) -> Peers:
    """Other libraries that stream OpenAI's answers, in the same rounds as the SDK and ours."""
    failures: list[PeerFailure] = []
    ready = [Installed("openai", sys.executable, version("mirascope-streams"), version("openai"))]
    for name in PEERS:
        try:
            ready.append(install(name))
        except LegError as failed:
            failures.append(PeerFailure(name, "", str(failed)))
    legs = [(ready[0], "ours", "legs.py"), *((each, "peer", "peers.py") for each in ready[1:])]
    asked = {
        (each.name, leg, driver): [
            Quantity(Subject(each.name, leg, driver, "openai", (each.python,), script), *what)
            for what in (
                ("whole", coalesced(size.peer_coalesced)),
                ("whole", per_event(size.peer_per_event)),
                ("first", coalesced(1), size.peer_calls),
            )
        ]
        for each, mine, script in legs
        for leg in ("sdk", mine)
        for driver in DRIVERS
    }
    rounds = measure(lab, chain.from_iterable(asked.values()), size.peer_rounds)

    def cost(each: Installed, leg: str, driver: str) -> PeerCost:
        mine, own = asked[each.name, leg, driver], asked[each.name, "sdk", driver]
        newest = asked["openai", "sdk", driver]
        for quantity in (mine[0], own[0], newest[0]):
            if reason := rounds.failures.get(quantity.subject):
                raise LegError(reason)

        def against(mode: int) -> Against:
            us, newest_us, own_us = (rounds.cpu(some[mode]) for some in (mine, newest, own))
            to_newest, to_own = compare("", newest_us, us), compare("", own_us, us)
            return Against(to_newest.ours, to_newest.ratio, to_own.ratio)

        return PeerCost(
            name=NAMES.get(leg, each.name),
            version=each.sdk if leg == "sdk" else each.version,
            sdk=each.sdk,
            driver=driver,
            coalesced=against(0),
            per_event=against(1),
            first=median(rounds.first(mine[2])),
        )

    found: list[PeerCost] = []
    for each, leg in [(ready[0], "sdk"), *((each, leg) for each, leg, _ in legs)]:
        for driver in DRIVERS:
            try:
                found.append(cost(each, leg, driver))
            except LegError as failed:
                failures.append(PeerFailure(each.name, driver, str(failed)))
    return Peers(found, failures)
