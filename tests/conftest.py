"""What tests of several files share."""

from __future__ import annotations

import pytest

from cli_calls import call


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    """Text is 100 columns wide, whatever the terminal that the tests run in."""
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder, with the starter crisis in river.yaml."""
    monkeypatch.chdir(tmp_path)
    assert call("new", "river").exit_code == 0
    return tmp_path
