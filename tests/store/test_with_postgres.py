from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts import with_postgres


@pytest.mark.postgres
def test_the_command_gets_a_running_server_and_its_exit_code_comes_back(root: Path) -> None:
    missing = with_postgres.find_missing()
    if missing:
        pytest.skip(missing)
    code = (
        "import os, psycopg, sys; connection = psycopg.connect(os.environ['LINGTAN_TEST_POSTGRES_URL']); "
        "sys.exit(connection.execute('SELECT 41 + 1').fetchone()[0])"
    )
    done = subprocess.run([sys.executable, "-m", "scripts.with_postgres", sys.executable, "-c", code], cwd=root, check=False)
    assert done.returncode == 42


def test_a_missing_installation_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(with_postgres, "BINARIES", Path("/nonexistent"))
    assert with_postgres.main(["true"]) == 3
    assert "postgresql-15" in capsys.readouterr().err
