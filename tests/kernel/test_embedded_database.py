import json
import os
import subprocess
import sys
from pathlib import Path

from rdv_insertion.kernel import embedded_database


def test_dead_processes_are_forgotten_and_living_ones_kept(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    register = tmp_path / ".handle_pids.json"
    register.write_text(json.dumps([dead.pid, os.getppid()]))
    embedded_database._forget_dead_processes(register)
    assert json.loads(register.read_text()) == [os.getppid()]


def test_a_folder_never_used_and_an_empty_register_are_no_trouble(tmp_path: Path) -> None:
    register = tmp_path / ".handle_pids.json"
    embedded_database._forget_dead_processes(register)
    assert not register.exists()
    register.write_text("")
    embedded_database._forget_dead_processes(register)
    assert json.loads(register.read_text()) == []
