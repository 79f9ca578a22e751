"""Writing plages and absences: what is written, what is warned of, what is taken back."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.exceptions import ValidationError

from rdv_insertion.agenda.models import Absence, PlageOuverture, Rdv
from rdv_insertion.agenda.opening_checks import AbsenceDraft, PlageDraft, Target, check_plage
from rdv_insertion.agenda.recurrence_rule import Frequency, RecurrenceRule
from rdv_insertion.agenda.schedules import Schedule, Scope, weekly_start
from rdv_insertion.agenda.services import openings as services
from rdv_insertion.agenda.services.openings import ToConfirm
from rdv_insertion.kernel import dates
from tests.factories import (
    AbsenceFactory,
    AgentFactory,
    AgentRoleFactory,
    LieuFactory,
    MotifFactory,
    OrganisationFactory,
    PlageOuvertureFactory,
    RdvFactory,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TUESDAY = date(2026, 3, 3)
WEEKLY = RecurrenceRule(Frequency.WEEKLY)


def schedule(first_day=TUESDAY, rule=None, start=time(9), end=time(12), exceptions=()):
    once = Schedule(first_day, start, end, first_day, exception_dates=tuple(exceptions))
    return weekly_start(once, rule) if rule else once


@pytest.fixture
def motif(organisation):
    return MotifFactory(organisation=organisation)


@pytest.fixture
def lieu(organisation):
    return LieuFactory(organisation=organisation)


@pytest.fixture
def draft(organisation, agent, motif, lieu):
    def make(when=None, **values):
        defaults = {
            "agent": agent,
            "organisation": organisation,
            "lieu": lieu,
            "motifs": (motif,),
            "title": "Permanence",
        }
        return PlageDraft(schedule=when or schedule(), **(defaults | values))

    return make


@pytest.fixture
def plage(draft):
    """A weekly plage on Tuesdays, written by the service."""
    services.create_plage(draft=draft(schedule(rule=WEEKLY)), confirmed="", now=NOW)
    return PlageOuverture.objects.get()


def create(draft, confirmed=""):
    return services.create_plage(draft=draft, confirmed=confirmed, now=NOW)


def edit(plage, target, draft, confirmed=""):
    return services.edit_plage(plage=plage, target=target, draft=draft, confirmed=confirmed, now=NOW)


def rdv_at(agent, motif, day, clock=time(10), **values):
    return RdvFactory(motif=motif, agents=[agent], starts_at=dates.at(day, clock, dates.PARIS), **values)


# Creating


def test_a_plage_is_written_with_its_motifs(draft, motif):
    create(draft())
    plage = PlageOuverture.objects.get()
    assert (plage.title, list(plage.motifs.all())) == ("Permanence", [motif])


def test_a_plage_that_happens_once_ends_on_its_day(draft):
    create(draft())
    assert PlageOuverture.objects.get().last_day == TUESDAY


def test_a_plage_without_end_has_no_last_day(plage):
    assert (plage.recurrence, plage.last_day) == ("FREQ=WEEKLY;INTERVAL=1;BYDAY=TU", None)


def test_a_counted_plage_knows_its_last_day(draft):
    create(draft(schedule(rule=RecurrenceRule(Frequency.WEEKLY, count=3))))
    assert PlageOuverture.objects.get().last_day == TUESDAY + timedelta(days=14)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (lambda o: {"motifs": ()}, "motifs"),
        (lambda o: {"motifs": (MotifFactory(organisation=o, collectif=True),)}, "motifs"),
        (lambda o: {"motifs": (MotifFactory(organisation=o, deleted_at=NOW),)}, "motifs"),
        (lambda o: {"motifs": (MotifFactory(),)}, "motifs"),
        (lambda o: {"lieu": None}, "lieu"),
        (lambda o: {"lieu": LieuFactory(organisation=o, availability="disabled")}, "lieu"),
        (lambda o: {"lieu": LieuFactory(organisation=o, availability="single_use")}, "lieu"),
        (lambda o: {"lieu": LieuFactory()}, "lieu"),
        (lambda o: {"title": ""}, "title"),
        (lambda o: {"agent": AgentFactory()}, "agent"),
    ],
)
def test_a_plage_that_cannot_be_is_refused_under_its_field(draft, organisation, wrong, field):
    with pytest.raises(ValidationError) as refusal:
        create(draft(**wrong(organisation)))
    assert list(refusal.value.message_dict) == [field]
    assert not PlageOuverture.objects.exists()


def test_a_motif_by_phone_needs_no_lieu(draft, organisation):
    create(draft(lieu=None, motifs=(MotifFactory(organisation=organisation, by_phone=True),)))
    assert PlageOuverture.objects.get().lieu is None


def test_the_database_says_in_french_that_a_plage_ends_before_it_begins(draft):
    with pytest.raises(ValidationError, match="commencer avant de finir"):
        create(draft(schedule(start=time(12), end=time(9))))


def test_a_plage_whose_days_are_all_exceptions_is_refused(draft):
    two = weekly_start(
        Schedule(TUESDAY, time(9), time(12), TUESDAY), RecurrenceRule(Frequency.WEEKLY, count=2)
    )
    nothing = Schedule(**{**vars(two), "exception_dates": (TUESDAY, TUESDAY + timedelta(days=7))})
    with pytest.raises(ValidationError, match="aucun jour"):
        create(draft(nothing))


# Warnings


def test_another_plage_at_the_same_time_is_told_before_anything_is_written(plage, draft):
    with pytest.raises(ToConfirm) as doubt:
        create(draft(schedule(TUESDAY + timedelta(days=7), start=time(11), end=time(14))))
    assert [(one.plage, one.day) for one in doubt.value.findings.overlaps] == [
        (plage, TUESDAY + timedelta(days=7))
    ]
    assert PlageOuverture.objects.count() == 1


def test_what_was_read_can_be_confirmed(plage, draft):
    again = draft(schedule(start=time(11), end=time(14)))
    with pytest.raises(ToConfirm) as doubt:
        create(again)
    create(again, confirmed=doubt.value.findings.fingerprint)
    assert PlageOuverture.objects.count() == 2


def test_a_confirmation_is_worth_nothing_for_what_was_not_read(plage, draft):
    with pytest.raises(ToConfirm):
        create(draft(schedule(start=time(11), end=time(14))), confirmed="oui")


@pytest.mark.parametrize(
    "other",
    [
        schedule(start=time(12), end=time(14)),
        schedule(start=time(7), end=time(9)),
        schedule(TUESDAY + timedelta(days=1)),
    ],
)
def test_plages_that_only_touch_do_not_overlap(plage, draft, other):
    create(draft(other))
    assert PlageOuverture.objects.count() == 2


def test_the_plage_of_somebody_else_does_not_overlap(plage, draft, organisation):
    create(draft(agent=AgentFactory(organisation=organisation)))
    assert PlageOuverture.objects.count() == 2


def test_a_plage_of_the_agent_elsewhere_overlaps_too(plage, agent):
    elsewhere = OrganisationFactory()
    AgentRoleFactory(agent=agent, organisation=elsewhere)
    motif = MotifFactory(organisation=elsewhere, by_phone=True)
    with pytest.raises(ToConfirm):
        create(PlageDraft(agent, elsewhere, None, (motif,), "Ailleurs", schedule()))


def test_an_exception_makes_room(plage, draft):
    plage.exception_dates = [TUESDAY]
    plage.save()
    create(draft())
    assert PlageOuverture.objects.count() == 2


def test_overlaps_are_looked_for_over_six_months(plage, draft):
    plage.first_day = TUESDAY + timedelta(days=7 * 30)
    plage.save()
    create(draft(schedule(rule=RecurrenceRule(Frequency.WEEKLY))))
    assert PlageOuverture.objects.count() == 2


def test_fact_25_monthly_plages_on_different_weeks_never_overlap(draft):
    monthly = RecurrenceRule(Frequency.MONTHLY)
    create(draft(schedule(TUESDAY, monthly)))
    create(draft(schedule(TUESDAY + timedelta(days=7), monthly)))
    assert PlageOuverture.objects.count() == 2


def test_monthly_plages_on_the_same_week_overlap(draft):
    monthly = RecurrenceRule(Frequency.MONTHLY)
    create(draft(schedule(TUESDAY, monthly)))
    with pytest.raises(ToConfirm):
        create(draft(schedule(TUESDAY, monthly)))


def test_fact_26_every_three_weeks_and_a_date_four_weeks_later_do_not_overlap(draft):
    create(draft(schedule(rule=RecurrenceRule(Frequency.WEEKLY, 3))))
    create(draft(schedule(TUESDAY + timedelta(days=28))))
    assert PlageOuverture.objects.count() == 2


def test_a_motif_longer_than_the_plage_is_told(draft, organisation):
    long = MotifFactory(organisation=organisation, duration=timedelta(hours=4))
    with pytest.raises(ToConfirm) as doubt:
        create(draft(motifs=(long,)))
    assert doubt.value.findings.long_motifs == [long]


# This one, this and the following, all


def test_changing_one_day_makes_an_exception_and_a_plage_of_that_day(plage, draft):
    day = TUESDAY + timedelta(days=7)
    edit(plage, Target(Scope.ONE, day), draft(schedule(day, start=time(14), end=time(17))))
    plage.refresh_from_db()
    single = PlageOuverture.objects.exclude(pk=plage.pk).get()
    assert plage.exception_dates == [day]
    assert (single.first_day, single.last_day, single.recurrence) == (day, day, "")


def test_changing_one_day_and_the_following_cuts_the_series(plage, draft):
    day = TUESDAY + timedelta(days=14)
    edit(plage, Target(Scope.FOLLOWING, day), draft(schedule(day, WEEKLY, start=time(14), end=time(17))))
    plage.refresh_from_db()
    new = PlageOuverture.objects.exclude(pk=plage.pk).get()
    assert plage.last_day == day - timedelta(days=7)
    assert (new.first_day, new.start_time, new.last_day) == (day, time(14), None)


def test_changing_from_the_first_day_on_changes_the_series_itself(plage, draft):
    edit(plage, Target(Scope.FOLLOWING, TUESDAY), draft(schedule(rule=WEEKLY, start=time(14), end=time(17))))
    assert PlageOuverture.objects.get().start_time == time(14)


def test_changing_all_changes_the_row(plage, draft):
    edit(plage, Target(Scope.ALL, TUESDAY), draft(schedule(rule=WEEKLY), title="Autre nom"))
    assert PlageOuverture.objects.get().title == "Autre nom"


def test_a_day_on_which_nothing_happens_cannot_be_changed(plage, draft):
    with pytest.raises(ValidationError, match="choisissez un autre jour"):
        edit(plage, Target(Scope.ONE, TUESDAY + timedelta(days=1)), draft())


@pytest.mark.parametrize(("scope", "left"), [(Scope.ONE, 1), (Scope.FOLLOWING, 1), (Scope.ALL, 0)])
def test_deleting_leaves_what_was_not_asked_for(plage, scope, left):
    services.delete_opening(opening=plage, target=Target(scope, TUESDAY + timedelta(days=7)))
    assert PlageOuverture.objects.count() == left
    for one in PlageOuverture.objects.all():
        assert not Schedule.of(one).starts_on(TUESDAY + timedelta(days=7))
        assert Schedule.of(one).starts_on(TUESDAY)


def test_deleting_the_last_day_left_deletes_the_row(draft):
    create(draft(schedule(rule=RecurrenceRule(Frequency.WEEKLY, count=2))))
    for day in (TUESDAY, TUESDAY + timedelta(days=7)):
        services.delete_opening(opening=PlageOuverture.objects.get(), target=Target(Scope.ONE, day))
    assert not PlageOuverture.objects.exists()


# Rdvs already taken


def test_rdvs_that_a_change_would_leave_outside_are_told(plage, draft, agent, motif):
    rdv = rdv_at(agent, motif, TUESDAY)
    with pytest.raises(ToConfirm) as doubt:
        edit(plage, Target(Scope.ALL, TUESDAY), draft(schedule(rule=WEEKLY, start=time(14), end=time(17))))
    assert doubt.value.findings.rdvs == [rdv]


def test_rdvs_already_taken_are_never_touched(plage, agent, motif):
    rdv = rdv_at(agent, motif, TUESDAY)
    known = Rdv.objects.filter(pk=rdv.pk).values().get()
    services.delete_opening(opening=plage, target=Target(Scope.ALL, TUESDAY))
    assert Rdv.objects.filter(pk=rdv.pk).values().get() == known


@pytest.mark.parametrize(("scope", "count"), [(Scope.ONE, 1), (Scope.FOLLOWING, 2), (Scope.ALL, 3)])
def test_only_the_rdvs_of_the_days_deleted_are_counted(plage, agent, motif, scope, count):
    for week in range(3):
        rdv_at(agent, motif, TUESDAY + timedelta(days=7 * week))
    target = Target(scope, TUESDAY + timedelta(days=7))
    assert len(check_plage(None, replacing=plage, target=target, now=NOW).rdvs) == count


@pytest.mark.parametrize(
    "rdv",
    [
        {"day": TUESDAY, "clock": time(15)},
        {"day": TUESDAY - timedelta(days=7)},
        {"day": TUESDAY, "status": "excused"},
    ],
)
def test_rdvs_outside_the_plage_past_or_cancelled_do_not_count(plage, agent, motif, rdv):
    plage.first_day = TUESDAY - timedelta(days=70)
    plage.save()
    rdv_at(agent, motif, **rdv)
    assert not check_plage(None, replacing=plage, target=Target(Scope.ALL, TUESDAY), now=NOW)


def test_a_rdv_that_another_plage_still_covers_does_not_count(plage, agent, motif):
    PlageOuvertureFactory(motif=motif, agent=agent, first_day=TUESDAY, once=True)
    rdv_at(agent, motif, TUESDAY)
    assert not check_plage(None, replacing=plage, target=Target(Scope.ALL, TUESDAY), now=NOW)


def test_the_queries_of_a_check_do_not_grow_with_plages_and_rdvs(
    plage, agent, motif, django_assert_max_num_queries
):
    for week in range(8):
        rdv_at(agent, motif, TUESDAY + timedelta(days=7 * week))
        PlageOuvertureFactory(
            motif=motif, agent=agent, lieu=plage.lieu, start_time=time(14), end_time=time(17)
        )
    with django_assert_max_num_queries(4):
        check_plage(None, replacing=plage, target=Target(Scope.ALL, TUESDAY), now=NOW)


# Absences


def absence_draft(agent, schedule, title="Congés"):
    return AbsenceDraft(agent=agent, title=title, schedule=schedule, time_zone_name="Europe/Paris")


def days_off(first_day, last_day):
    return Schedule(first_day, time(0), time(23, 59), last_day)


def note(draft, confirmed=""):
    return services.create_absence(draft=draft, confirmed=confirmed, now=NOW)


def test_an_absence_of_several_days_ends_on_its_last_day(agent):
    note(absence_draft(agent, days_off(TUESDAY, TUESDAY + timedelta(days=10))))
    assert Absence.objects.get().last_day == TUESDAY + timedelta(days=10)


def test_fact_21_an_absence_of_several_days_cannot_recur(agent):
    several = weekly_start(days_off(TUESDAY, TUESDAY + timedelta(days=1)), WEEKLY)
    with pytest.raises(ValidationError, match="commence et finit le même jour"):
        note(absence_draft(agent, several))


def test_the_rdvs_inside_a_new_absence_are_told_in_any_organisation(agent, motif):
    here = rdv_at(agent, motif, TUESDAY)
    elsewhere = rdv_at(agent, MotifFactory(), TUESDAY + timedelta(days=1))
    rdv_at(agent, motif, TUESDAY + timedelta(days=7))
    with pytest.raises(ToConfirm) as doubt:
        note(absence_draft(agent, days_off(TUESDAY, TUESDAY + timedelta(days=2))))
    assert doubt.value.findings.rdvs == [here, elsewhere]


def test_rdvs_that_touch_an_absence_are_not_inside(agent, motif):
    rdv_at(agent, motif, TUESDAY, time(10))
    note(absence_draft(agent, schedule(start=time(10, 30), end=time(12))))
    assert Absence.objects.exists()


def test_an_absence_that_grows_tells_only_of_what_it_did_not_cover(agent, motif):
    absence = AbsenceFactory(agent=agent, first_day=TUESDAY)
    rdv_at(agent, motif, TUESDAY)
    new = rdv_at(agent, motif, TUESDAY + timedelta(days=1))
    grown = absence_draft(agent, days_off(TUESDAY, TUESDAY + timedelta(days=1)))
    target = Target(Scope.ALL, TUESDAY)
    with pytest.raises(ToConfirm) as doubt:
        services.edit_absence(absence=absence, target=target, draft=grown, confirmed="", now=NOW)
    assert doubt.value.findings.rdvs == [new]


def test_the_name_of_an_absence_that_is_not_given_is_kept(agent):
    absence = AbsenceFactory(agent=agent, title="Dentiste")
    draft = absence_draft(agent, days_off(TUESDAY, TUESDAY), title=None)
    services.edit_absence(
        absence=absence, target=Target(Scope.ALL, TUESDAY), draft=draft, confirmed="", now=NOW
    )
    assert Absence.objects.get().title == "Dentiste"


def test_one_day_of_a_recurring_absence_keeps_its_name(agent):
    note(absence_draft(agent, schedule(rule=WEEKLY), title="Réunion"))
    day = TUESDAY + timedelta(days=7)
    draft = absence_draft(agent, schedule(day, start=time(14), end=time(15)), title=None)
    services.edit_absence(
        absence=Absence.objects.get(), target=Target(Scope.ONE, day), draft=draft, confirmed="", now=NOW
    )
    assert set(Absence.objects.values_list("title", flat=True)) == {"Réunion"}


# Taking back


def rows(model):
    known = {row.pk: row for row in model.objects.all()}
    return {
        pk: ({k: v for k, v in vars(row).items() if k != "_state"}, sorted(_motifs(row)))
        for pk, row in known.items()
    }


def _motifs(row):
    return [motif.pk for motif in row.motifs.all()] if isinstance(row, PlageOuverture) else []


@pytest.mark.parametrize("scope", list(Scope))
def test_a_deletion_is_taken_back_exactly(plage, scope):
    before = rows(PlageOuverture)
    change = services.delete_opening(opening=plage, target=Target(scope, TUESDAY + timedelta(days=7)))
    services.undo(change=change)
    assert rows(PlageOuverture) == before


@pytest.mark.parametrize("scope", list(Scope))
def test_an_edition_is_taken_back_exactly(plage, draft, scope):
    before, day = rows(PlageOuverture), TUESDAY + timedelta(days=7)
    change = edit(plage, Target(scope, day), draft(schedule(day, start=time(14), end=time(17))))
    services.undo(change=change)
    assert rows(PlageOuverture) == before


def test_a_creation_is_taken_back(draft):
    services.undo(change=create(draft()))
    assert not PlageOuverture.objects.exists()


def test_an_absence_is_taken_back_too(agent):
    change = note(absence_draft(agent, days_off(TUESDAY, TUESDAY)))
    services.undo(change=change)
    assert not Absence.objects.exists()


def test_nothing_is_taken_back_once_it_changed(plage):
    change = services.delete_opening(opening=plage, target=Target(Scope.ONE, TUESDAY))
    PlageOuverture.objects.update(title="Changé entre-temps")
    with pytest.raises(ValidationError, match="changé depuis"):
        services.undo(change=change)


def test_what_was_taken_back_is_not_taken_back_twice(plage):
    change = services.delete_opening(opening=plage, target=Target(Scope.ALL, TUESDAY))
    services.undo(change=change)
    with pytest.raises(ValidationError):
        services.undo(change=change)


def test_a_plage_whose_lieu_is_gone_does_not_come_back(plage, lieu):
    change = services.delete_opening(opening=plage, target=Target(Scope.ALL, TUESDAY))
    lieu.delete()
    with pytest.raises(ValidationError, match="changé depuis"):
        services.undo(change=change)
    assert not PlageOuverture.objects.exists()
