"""Fixtures that every room's tests share."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from eth_keyfile import keyfile
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.towns import Template

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of published vectors and real meter files beside the checkout; absent on a stranger's machine, never in CI."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail("../shared is absent in CI")
        pytest.skip("../shared (published vectors, real meter files) is not beside this checkout")
    return folder


@pytest.fixture(scope="session", autouse=True)
def remembered_scrypt() -> Iterator[None]:
    """Remember what scrypt answered: a pure function that is slow on purpose, asked for the same few keys by every house that opens."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keyfile, "scrypt", cache(keyfile.scrypt))
        yield


@pytest.fixture(scope="session")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A city with a centre and everything published, and no bank; `tests.towns.reopen` gives a copy."""
    from tests.towns import found_city

    return found_city(tmp_path_factory.mktemp("centre"))


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Take one worker more than there are cores: at any moment one of them waits for a server, a relay or a child process of its own."""
    return 1 + (os.cpu_count() or 1)


def pytest_configure(config: pytest.Config) -> None:
    """Give Hypothesis no time limit for an example: a busy machine is slow, and that is no finding. How many, each test says."""
    settings.register_profile("house", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("house")


def pytest_collection() -> None:
    """Let the collector of garbage rest while ten thousand tests are made: none of them is garbage."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Wake it, and never let it look at them again."""
    gc.enable()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run of CI in which a test was skipped: what needs more has its own target, which installs it."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped") and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
