"""`make demo` for real: its own database, its own port, and nothing left behind."""

import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from tests.demo.running import ROOT, environment, free_port, started


def _processes_on(folder: Path) -> list[psutil.Process]:
    """The processes whose command names `folder`: PostgreSQL, the providers."""
    everybody = psutil.process_iter(["cmdline"])
    return [one for one in everybody if str(folder) in " ".join(one.info["cmdline"] or [])]


def _left_of(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still live after five seconds. A dead one that nobody has buried yet does not live."""
    _, left = psutil.wait_procs(processes, timeout=5)
    return [one for one in left if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def _run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "demo", *arguments],
        cwd=ROOT,
        env={**environment(folder, free_port()), **variables},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@dataclass
class Tour:
    """What was seen of one life of the demonstration, from an empty folder to Ctrl-C."""

    folder: Path
    printed_address: str
    expected_address: str
    page: int
    second_one: subprocess.CompletedProcess[str]
    reset: subprocess.CompletedProcess[str]
    last_words: str
    exit_code: int
    left: list[psutil.Process]


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Tour:
    """Starts the demonstration from nothing, looks at it, tries what is refused, stops it: once."""
    folder = tmp_path_factory.mktemp("demo")
    with started(folder) as demo:
        address = re.search(r"http://\S+", demo.wait_until_it_says("Adresse"))
        assert address
        with urlopen(address.group(), timeout=20) as answer:
            page = answer.status
        second_one, reset = _run(folder), _run(folder, "reset")
        everybody = demo.everybody()
        assert len(everybody) >= 9
        demo.press_ctrl_c()
        left = _left_of(everybody[1:])
        last_words = demo.rest_of_the_output()
    expected = demo.url
    code = demo.process.returncode
    return Tour(folder, address.group(), expected, page, second_one, reset, last_words, code, left)


def test_from_nothing_to_a_page_that_answers_at_the_printed_address(tour: Tour) -> None:
    assert tour.printed_address == tour.expected_address
    assert tour.page == 200


def test_ctrl_c_ends_all_processes_within_five_seconds_and_is_no_error(tour: Tour) -> None:
    assert tour.left == []
    assert _processes_on(tour.folder) == []
    assert tour.exit_code == 0
    assert "Les données sont gardées" in tour.last_words


def test_a_second_one_on_the_same_data_is_refused(tour: Tour) -> None:
    assert tour.second_one.returncode == 1
    assert "tourne déjà" in tour.second_one.stderr


def test_the_data_of_a_demonstration_that_runs_is_not_erased(tour: Tour) -> None:
    assert tour.reset.returncode == 1
    assert "tourne déjà" in tour.reset.stderr


def test_a_second_start_keeps_the_data_and_one_process_that_ends_ends_all_by_its_name(tour: Tour) -> None:
    with started(tour.folder) as demo:
        demo.wait_until_it_says("La base contient déjà des données")
        demo.wait_until_it_says("Adresse")
        everybody = demo.everybody()
        web = next(one for one in everybody if "granian" in one.cmdline())
        web.send_signal(signal.SIGKILL)
        assert "« web » s'est arrêté tout seul" in demo.rest_of_the_output()
    assert demo.process.returncode != 0
    assert _left_of(everybody[1:]) == []


def test_a_reset_erases_the_database_and_the_outbox_and_nothing_else(
    tmp_path: Path,
) -> None:
    for name in ("postgres", "outbox", "test-postgres"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    assert _run(tmp_path, "reset").returncode == 0
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"test-postgres"}


def test_a_taken_port_is_said_with_what_to_type(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        taken = str(somebody.getsockname()[1])
        refused = _run(tmp_path, PORT=taken)
    assert refused.returncode == 1
    assert f"Le port {taken} est déjà pris" in refused.stderr
    assert re.search(r"PORT=\d+ make demo", refused.stderr)
    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize("typed", ["abc", "0", "65536", "80 80"])
def test_a_port_that_is_none_is_refused_in_a_sentence(tmp_path: Path, typed: str) -> None:
    refused = _run(tmp_path, PORT=typed)
    assert refused.returncode == 1
    assert f"« {typed} » n'est pas un port" in refused.stderr


def test_a_signal_during_the_preparation_leaves_nobody(tmp_path: Path) -> None:
    with started(tmp_path) as demo:
        demo.wait_until_it_says("Préparation")
        demo.press_ctrl_c()
        assert "Tout est arrêté" in demo.rest_of_the_output()
    assert demo.process.returncode == 0
    assert _processes_on(tmp_path) == []
