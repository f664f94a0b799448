"""What tests of several files share."""

from __future__ import annotations

import pytest

from cli_calls import call


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder, with the starter crisis in river.yaml, 100 columns wide."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    assert call("new", "river").exit_code == 0
    return tmp_path
