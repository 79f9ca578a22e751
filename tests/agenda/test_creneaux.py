"""Free time as agents see it, rule by rule."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from rdv_insertion.agenda.creneaux import (
    count_for_public,
    find,
    offers,
    starts_for_public,
)
from rdv_insertion.agenda.enums import LieuAvailability
from rdv_insertion.agenda.models import Motif, PlageOuverture
from rdv_insertion.kernel import dates
from rdv_insertion.territory.models import Organisation
from tests.agenda.days import MIDNIGHT, MONDAY, clocks, keep, on_day, on_monday, paris
from tests.factories import (
    AbsenceFactory,
    LieuFactory,
    MotifFactory,
    PlageOuvertureFactory,
    RdvFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def motif(organisation: Organisation) -> Motif:
    return MotifFactory(organisation=organisation, min_public_booking_delay=timedelta(minutes=30))


@pytest.fixture
def plage(motif: Motif) -> PlageOuverture:
    """Monday the 2nd of March, from 9:00 to 12:00."""
    return PlageOuvertureFactory(motif=motif, once=True, first_day=MONDAY)


def test_a_plage_is_cut_in_rdvs_that_fit_whole(plage: PlageOuverture, motif: Motif) -> None:
    assert on_monday(motif) == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    motif.duration = timedelta(minutes=50)
    assert on_monday(motif) == ["09:00", "09:50", "10:40"]


def test_a_pause_is_left_after_each_rdv(plage: PlageOuverture, motif: Motif) -> None:
    motif.pause = timedelta(minutes=15)
    assert on_monday(motif) == ["09:00", "09:45", "10:30", "11:15"]


def test_a_rdv_takes_its_time_and_the_rest_is_cut_from_its_end(plage: PlageOuverture, motif: Motif) -> None:
    RdvFactory(
        motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "09:40"), ends_at=paris(MONDAY, "10:05")
    )
    assert on_monday(motif) == ["09:00", "10:05", "10:35", "11:05"]


def test_touching_is_not_overlapping(plage: PlageOuverture, motif: Motif) -> None:
    RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "09:30"))
    RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "08:30"))
    RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "12:00"))
    assert on_monday(motif) == ["09:00", "10:00", "10:30", "11:00", "11:30"]


@pytest.mark.parametrize("status", ["unknown", "seen", "noshow"])
def test_these_statuses_keep_the_agents_time(plage: PlageOuverture, motif: Motif, status: str) -> None:
    RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "09:00"), status=status)
    assert "09:00" not in on_monday(motif)


@pytest.mark.parametrize("status", ["excused", "revoked"])
def test_these_statuses_free_the_agents_time(plage: PlageOuverture, motif: Motif, status: str) -> None:
    RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "09:00"), status=status)
    assert "09:00" in on_monday(motif)


def test_a_rdv_of_another_organisation_takes_the_agents_time(plage: PlageOuverture, motif: Motif) -> None:
    RdvFactory(agents=[plage.agent], starts_at=paris(MONDAY, "09:00"), ends_at=paris(MONDAY, "11:30"))
    assert on_monday(motif) == ["11:30"]


def test_an_overbooked_rdv_takes_the_agents_time_like_any_other(plage: PlageOuverture, motif: Motif) -> None:
    RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "09:00"), overbooked=True)
    assert "09:00" not in on_monday(motif)


def test_the_pause_of_a_rdv_that_is_taken_is_left_too(plage: PlageOuverture, motif: Motif) -> None:
    busy = MotifFactory(organisation=motif.organisation, pause=timedelta(minutes=20))
    RdvFactory(motif=busy, agents=[plage.agent], starts_at=paris(MONDAY, "09:00"))
    assert on_monday(motif) == ["09:50", "10:20", "10:50", "11:20"]


def test_an_absence_over_several_days_closes_the_days_between(motif: Motif) -> None:
    plage = PlageOuvertureFactory(motif=motif, first_day=MONDAY)
    AbsenceFactory(
        agent=plage.agent, first_day=MONDAY, start_time=time(11), end_day=date(2026, 3, 5), end_time=time(10)
    )
    found = find(offers([motif]), since=MIDNIGHT, until=MIDNIGHT + timedelta(days=4))
    starts = [f"{one.starts_at.astimezone(dates.PARIS):%d %H:%M}" for one in next(iter(found.values()))]
    assert starts[:5] == ["02 09:00", "02 09:30", "02 10:00", "02 10:30", "05 10:00"]


def test_a_weekly_absence_comes_back(motif: Motif) -> None:
    plage = PlageOuvertureFactory(motif=motif, first_day=MONDAY)
    AbsenceFactory(
        agent=plage.agent, first_day=date(2026, 2, 2), end_time=time(11, 30), recurrence="FREQ=WEEKLY"
    )
    assert on_monday(motif) == ["11:30"]


def test_an_exception_date_closes_one_day_of_a_plage(motif: Motif) -> None:
    PlageOuvertureFactory(motif=motif, first_day=MONDAY, exception_dates=[MONDAY])
    assert on_monday(motif) == []


@pytest.mark.parametrize(
    "day", [date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25)]
)
def test_an_opening_at_nine_is_at_nine_on_both_clock_changes(motif: Motif, day: date) -> None:
    PlageOuvertureFactory(motif=motif, first_day=date(2026, 1, 5), recurrence="FREQ=DAILY", end_time=time(10))
    found = find(offers([motif]), since=paris(day, "00:00"), until=paris(day, "23:59"))
    assert clocks(found) == ["09:00", "09:30"]


def test_a_place_overseas_opens_on_its_own_clocks(motif: Motif) -> None:
    lieu = LieuFactory(organisation=motif.organisation, reunion=True)
    PlageOuvertureFactory(motif=motif, lieu=lieu, once=True, first_day=MONDAY, end_time=time(10))
    found = find(offers([motif]), since=MIDNIGHT - timedelta(days=1), until=MIDNIGHT + timedelta(days=1))
    assert [one.starts_at for one in found[f"lieu-{lieu.pk}"]] == [
        datetime(2026, 3, 2, 5, tzinfo=UTC),
        datetime(2026, 3, 2, 5, 30, tzinfo=UTC),
    ]


def test_agents_are_not_bound_by_the_booking_delays(plage: PlageOuverture, motif: Motif) -> None:
    motif.min_public_booking_delay = timedelta(days=3)
    assert len(on_monday(motif)) == 6


def test_an_agent_is_given_once_a_start_with_the_first_motif_that_fits(
    plage: PlageOuverture, motif: Motif
) -> None:
    longer = MotifFactory(organisation=motif.organisation, duration=timedelta(hours=1))
    plage.motifs.add(longer)
    for asked in ([motif, longer], [longer, motif]):
        found = next(iter(find(offers(asked), since=MIDNIGHT, until=MIDNIGHT + timedelta(days=1)).values()))
        assert [one.motif_id for one in found] == [motif.pk] * 6


def test_two_agents_at_one_start_are_two_creneaux_and_one_moment(plage: PlageOuverture, motif: Motif) -> None:
    PlageOuvertureFactory(motif=motif, lieu=plage.lieu, once=True, first_day=MONDAY, end_time=time(10))
    asked = offers([motif])
    assert on_monday(motif) == ["09:00", "09:00", "09:30", "09:30", "10:00", "10:30", "11:00", "11:30"]
    now = MIDNIGHT - timedelta(days=1)
    assert len(starts_for_public(asked, now=now)[asked[0].key]) == 6
    assert count_for_public(asked, now=now, period=timedelta(days=30)) == 8
    assert count_for_public(asked, now=now, period=timedelta(hours=12)) == 0


def test_a_deactivated_agent_receives_nobody(plage: PlageOuverture, motif: Motif) -> None:
    plage.agent.is_active = False
    plage.agent.save()
    assert on_monday(motif) == []


def test_only_the_agents_asked_for_are_looked_at(plage: PlageOuverture, motif: Motif) -> None:
    assert on_monday(motif, agents=[plage.agent_id + 1]) == on_monday(motif, agents=[]) == []
    assert len(on_monday(motif, agents=[plage.agent_id])) == 6


def test_a_rdv_that_is_moved_does_not_bar_its_own_way(plage: PlageOuverture, motif: Motif) -> None:
    rdv = RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "09:00"))
    assert on_monday(motif, ignored_rdv=rdv.pk)[0] == "09:00"


def test_what_can_be_chosen_is_open_places_by_name_then_phone_then_visio(organisation: Organisation) -> None:
    motif = MotifFactory(organisation=organisation)
    names = {
        "Valence": LieuAvailability.ENABLED,
        "Die": LieuAvailability.ENABLED,
        "Crest": LieuAvailability.DISABLED,
    }
    for name, availability in names.items():
        lieu = LieuFactory(organisation=organisation, name=name, availability=availability)
        PlageOuvertureFactory.create_batch(2, motif=motif, lieu=lieu)
    visio = PlageOuvertureFactory(motif__organisation=organisation, motif__visio=True).motifs.get()
    phone = PlageOuvertureFactory(motif__organisation=organisation, motif__by_phone=True).motifs.get()
    without_plage = MotifFactory(organisation=organisation)
    collective = PlageOuvertureFactory(motif__organisation=organisation, motif__collectif=True).motifs.get()
    found = offers([motif, visio, phone, without_plage, collective])
    assert [str(offer.lieu or offer.key) for offer in found] == ["Die", "Valence", "phone", "visio"]
    assert found[0].key == f"lieu-{found[0].lieu.pk}"


def test_a_day_of_a_weekly_absence_may_be_excepted(motif: Motif) -> None:
    plage = PlageOuvertureFactory(motif=motif, first_day=MONDAY)
    AbsenceFactory(
        agent=plage.agent, first_day=date(2026, 2, 2), recurrence="FREQ=WEEKLY", exception_dates=[MONDAY]
    )
    assert on_monday(motif)[0] == "09:00"
    assert on_day(date(2026, 3, 9), motif) == []


def test_an_absence_in_the_hour_that_clocks_skip_takes_nothing(motif: Motif) -> None:
    sunday = date(2026, 3, 29)
    plage = PlageOuvertureFactory(motif=motif, once=True, first_day=sunday, end_time=time(10))
    AbsenceFactory(agent=plage.agent, first_day=sunday, start_time=time(2, 30), end_time=time(3))
    assert on_day(sunday, motif) == ["09:00", "09:30"]


def test_a_deleted_motif_has_no_more_creneaux(plage: PlageOuverture, motif: Motif) -> None:
    asked = offers([motif])
    motif.deleted_at = MIDNIGHT
    motif.save()
    assert clocks(find(asked, since=MIDNIGHT, until=MIDNIGHT + timedelta(days=1))) == []
    assert offers([motif]) == []


def test_a_place_that_closes_has_no_more_creneaux(plage: PlageOuverture, motif: Motif) -> None:
    asked = offers([motif])
    assert plage.lieu
    plage.lieu.availability = LieuAvailability.DISABLED
    plage.lieu.save()
    assert clocks(find(asked, since=MIDNIGHT, until=MIDNIGHT + timedelta(days=1))) == []
    assert offers([motif]) == []


def test_only_its_receivers_receive_for_a_motif(plage: PlageOuverture, motif: Motif) -> None:
    other = MotifFactory(organisation=motif.organisation, duration=timedelta(hours=1))
    plage.motifs.add(other)
    (offer,) = offers([motif, other])
    whole_day = {"since": MIDNIGHT, "until": MIDNIGHT + timedelta(days=1)}
    nobody = replace(offer, receivers={motif.pk: frozenset(), other.pk: frozenset()})
    assert clocks(find([nobody], **whole_day)) == []
    them = replace(offer, receivers={motif.pk: frozenset([plage.agent_id])})
    assert len(clocks(find([them], **whole_day))) == 6
    not_for_the_first = replace(offer, receivers={motif.pk: frozenset([plage.agent_id + 1])})
    assert clocks(find([not_for_the_first], **whole_day)) == ["09:00", "10:00", "11:00"]


def test_agents_see_what_is_kept_for_the_waiting_list(plage: PlageOuverture, motif: Motif) -> None:
    keep(plage, "09:00")
    assert on_monday(motif)[0] == "09:00"
