"""Two who share a journal, for each fault anew."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from drive_faults.people import Beginning, Two

from couplejournal.testing.couples import Couple


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Beginning:
    """Ana and Ben who have met before a simulated folder."""
    return Beginning(tmp_path_factory.mktemp("simulated"), has_sim=True)


@pytest.fixture(scope="session")
def before_a_folder(tmp_path_factory: pytest.TempPathFactory) -> Beginning:
    """Ana and Ben who have met before a real folder."""
    return Beginning(tmp_path_factory.mktemp("real"), has_sim=False)


@pytest.fixture
def two(simulated: Beginning) -> Iterator[Two]:
    """Ana and Ben before a simulated folder, at rest."""
    made = Two(simulated.couple())
    yield made
    made.couple.close()


@pytest.fixture
def real(before_a_folder: Beginning) -> Iterator[Couple]:
    """Ana and Ben before a real folder, at rest."""
    made = before_a_folder.couple()
    yield made
    made.close()
