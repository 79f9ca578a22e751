"""The load of benchmarks/agenda_load.py, small: parallel processes on the same agendas, and what holds."""

import pytest
from django.db import connections

from benchmarks import agenda_load
from rdv_insertion.agenda.models import RdvAgent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_connection_is_shared_with_the_processes():
    yield
    connections.close_all()


def test_people_who_book_move_and_cancel_at_once_leave_everything_right(monkeypatch):
    monkeypatch.setattr(agenda_load, "SEATS", 5)
    ground = agenda_load.prepare(agents=2, people=120)
    _, done = agenda_load.mixed_load(ground, ground.follow_up_ids, processes=3)
    assert sum(done.values()) == 120
    assert [name for name in done if name.startswith("error")] == []
    assert done["book"] > 20
    assert done["seat"] <= 5
    assert agenda_load.broken_invariants() == []


def test_people_who_confirm_one_slot_at_once_get_one_rdv_and_no_error():
    ground = agenda_load.prepare(agents=2, people=30)
    answers = agenda_load.confirm_at_once(ground, 30, processes=2)
    assert answers == {"answers 302": 1, "answers 409": 29, "booked": 1}
    assert agenda_load.broken_invariants() == []


def test_the_check_of_the_invariants_sees_a_fault():
    agenda_load.prepare(agents=2, people=1)
    part = RdvAgent.objects.order_by("starts_at").first()
    part.rdv.rdv_agents.all().delete()
    assert agenda_load.broken_invariants() == ["1 rdvs without exactly one agent"]
