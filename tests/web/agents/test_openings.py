"""The pages of plages and absences: who sees and edits what, warnings, scopes, taking back."""

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.agenda.models import Absence, PlageOuverture
from rdv_insertion.agenda.schedules import Schedule
from tests.factories import (
    AbsenceFactory,
    AgentFactory,
    LieuFactory,
    MotifFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    RdvFactory,
    next_weekday,
)

NEW, PLAGES, ABSENCES = reverse("plage_new"), reverse("plages"), reverse("absences")


def monday():
    today = timezone.localdate()
    return today + timedelta(days=7 - today.weekday())


@pytest.fixture
def motif(organisation):
    return MotifFactory(organisation=organisation, name="Orientation RSA")


@pytest.fixture
def lieu(organisation):
    return LieuFactory(organisation=organisation, name="Maison de Die")


@pytest.fixture
def admin_client(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture
def typed(motif, lieu):
    """The form of a plage filled in as one fills it in."""

    def make(**values):
        return {
            "title": "Permanence",
            "motifs": [motif.pk],
            "lieu": lieu.pk,
            "first_day": monday().isoformat(),
            "start_time": "09:00",
            "end_time": "12:00",
            "repetition": "once",
            "every": "1",
            "ends": "never",
            **values,
        }

    return make


def absence_typed(**values):
    return {
        "title": "Congés",
        "first_day": monday().isoformat(),
        "end_day": "",
        "all_day": "on",
        "repetition": "once",
        "every": "1",
        "ends": "never",
        **values,
    }


def text_of(answer):
    return answer.content.decode().replace("&#x27;", "'")


def edit_url(plage, **asked):
    query = "&".join(f"{key}={value}" for key, value in asked.items())
    return f"{reverse('plage_edit', args=[plage.pk])}?{query}"


def fingerprint(answer):
    return re.search(r'name="quand-meme" value="(\w+)"', text_of(answer)).group(1)


def undo_fields(answer):
    found = re.search(r'name="changement" value="([^"]+)"', text_of(answer))
    return {"changement": found.group(1)} if found else {}


# Lists


def test_a_list_without_plage_says_what_will_appear_and_how(agent_client, organisation):
    assert "Aucune plage d'ouverture à venir" in text_of(agent_client.get(PLAGES))


def test_an_agent_sees_their_own_plages_first_and_may_see_all(agent_client, agent, motif):
    PlageOuvertureFactory(motif=motif, agent=agent, title="La mienne")
    PlageOuvertureFactory(motif=motif, title="Celle d'un collègue")
    own, every = text_of(agent_client.get(PLAGES)), text_of(agent_client.get(PLAGES, {"agent": "tous"}))
    assert ("La mienne" in own, "Celle d'un collègue" in own) == (True, False)
    assert "Celle d'un collègue" in every


def test_plages_of_other_organisations_are_not_listed(admin_client):
    PlageOuvertureFactory(title="Ailleurs")
    assert "Ailleurs" not in text_of(admin_client.get(PLAGES, {"agent": "tous"}))


def test_a_plage_that_is_over_is_in_the_past_ones(agent_client, agent, motif):
    yesterday = timezone.localdate() - timedelta(days=1)
    PlageOuvertureFactory(motif=motif, agent=agent, title="Finie", first_day=yesterday, once=True)
    assert "Finie</a>" not in text_of(agent_client.get(PLAGES))
    assert "Finie</a>" in text_of(agent_client.get(PLAGES, {"onglet": "passees"}))


@pytest.mark.parametrize("until", [0, 1])
def test_facts_18_and_19_a_plage_is_to_come_until_the_end_of_its_last_day(agent_client, agent, motif, until):
    last = timezone.localdate() + timedelta(days=until)
    PlageOuvertureFactory(motif=motif, agent=agent, title="Encore là", first_day=last, once=True)
    assert "Encore là</a>" in text_of(agent_client.get(PLAGES))


def test_plages_are_found_by_name(agent_client, agent, motif):
    for title in ("Accueil", "Téléphone"):
        PlageOuvertureFactory(motif=motif, agent=agent, title=title)
    found = text_of(agent_client.get(PLAGES, {"q": "accu"}))
    assert ("Accueil</a>" in found, "Téléphone</a>" in found) == (True, False)


@pytest.mark.parametrize("address", [PLAGES, ABSENCES])
@pytest.mark.parametrize(
    "asked", ["agent=x", "page=zzz", "onglet=%FF", "q=%FF", "agent=99999999999999999999"]
)
def test_a_list_survives_anything_in_its_address(agent_client, organisation, address, asked):
    assert agent_client.get(f"{address}?{asked}").status_code == 200


@pytest.mark.parametrize("model", [PlageOuverture, Absence])
def test_a_list_costs_the_same_queries_whatever_its_length(admin_client, organisation, motif, model):
    def add(number):
        for _ in range(number):
            agent = AgentFactory(organisation=organisation)
            if model is Absence:
                AbsenceFactory(agent=agent)
            else:
                PlageOuvertureFactory(motif=motif, agent=agent)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(PLAGES if model is PlageOuverture else ABSENCES)
        return len(captured)

    add(1)
    queries()
    few = queries()
    add(6)
    assert queries() == few


# Creating a plage


def test_a_plage_is_created_and_said_in_words(agent_client, agent, typed):
    answer = agent_client.post(NEW, typed(repetition="weekly", weekdays=["0", "3"], every="2"), follow=True)
    assert "toutes les 2 semaines, le lundi et le jeudi, de 9 h à 12 h" in text_of(answer)
    plage = PlageOuverture.objects.get()
    assert (plage.agent, plage.recurrence) == (agent, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH")


def test_a_series_begins_on_the_first_of_its_weekdays(agent_client, typed):
    agent_client.post(NEW, typed(repetition="weekly", weekdays=["2"]))
    assert PlageOuverture.objects.get().first_day == monday() + timedelta(days=2)


def test_exceptions_are_kept(agent_client, typed):
    days = [monday() + timedelta(days=7), monday() + timedelta(days=14)]
    sent = ["", days[1].isoformat(), days[0].isoformat(), ""]
    agent_client.post(NEW, typed(repetition="weekly", exception_dates=sent))
    assert PlageOuverture.objects.get().exception_dates == days


def test_an_end_after_a_number_of_times(agent_client, typed):
    agent_client.post(NEW, typed(repetition="weekly", ends="count", count="3"))
    assert PlageOuverture.objects.get().last_day == monday() + timedelta(days=14)


def test_an_end_at_a_date_is_included(agent_client, typed):
    last = monday() + timedelta(days=7)
    agent_client.post(NEW, typed(repetition="weekly", ends="until", until=last.isoformat()))
    assert PlageOuverture.objects.get().last_day == last


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"title": ""}, "obligatoire"),
        ({"motifs": []}, "Choisissez au moins un motif"),
        ({"lieu": ""}, "Choisissez un lieu : l'un des motifs se passe sur place"),
        ({"end_time": "08:00"}, "La plage doit finir après avoir commencé"),
        ({"first_day": "hier"}, "Saisissez une date valide"),
        ({"first_day": "0001-01-01"}, "Choisissez un jour entre 2018 et"),
        ({"first_day": "9999-12-31"}, "Choisissez un jour entre 2018 et"),
        ({"repetition": "daily"}, "Sélectionnez un choix valide"),
        ({"repetition": "weekly", "every": "99"}, "inférieure ou égale à 12"),
        ({"repetition": "weekly", "weekdays": ["9"]}, "Sélectionnez un choix valide"),
        ({"repetition": "weekly", "ends": "until", "until": ""}, "Choisissez le dernier jour"),
        ({"repetition": "weekly", "ends": "until", "until": "2020-01-01"}, "finit avant d'avoir commencé"),
        ({"repetition": "weekly", "ends": "count", "count": ""}, "Écrivez combien de fois"),
        ({"repetition": "weekly", "ends": "count", "count": "100000"}, "inférieure ou égale à 200"),
        ({"repetition": "weekly", "exception_dates": ["n'importe"]}, "crivez la date"),
        ({"motifs": ["99999999999999999999"]}, "Sélectionnez un choix valide"),
        ({"lieu": "x"}, "Sélectionnez un choix valide"),
    ],
)
def test_a_mistake_is_said_and_nothing_typed_is_lost(agent_client, typed, wrong, sentence):
    answer = agent_client.post(NEW, typed(**{"title": "Ma permanence", **wrong}))
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert wrong.get("title") == "" or "Ma permanence" in text_of(answer)
    assert not PlageOuverture.objects.exists()


@pytest.mark.parametrize("availability", ["disabled", "single_use"])
def test_fact_39_a_lieu_that_is_not_open_is_not_offered(agent_client, organisation, typed, availability):
    LieuFactory(organisation=organisation, name="Pas ici", availability=availability)
    assert "Pas ici" not in text_of(agent_client.get(NEW))


def test_collective_and_deleted_motifs_are_not_offered(agent_client, organisation, motif):
    MotifFactory(organisation=organisation, name="Atelier", collectif=True)
    MotifFactory(organisation=organisation, name="Disparu", deleted_at=timezone.now())
    page = text_of(agent_client.get(NEW))
    assert ("Orientation RSA" in page, "Atelier" in page, "Disparu" in page) == (True, False, False)


def test_the_calendar_fills_in_the_form(agent_client, lieu, motif):
    asked = {"jour": "2026-12-01", "debut": "14:00", "fin": "15:30", "lieu": lieu.pk}
    page = text_of(agent_client.get(NEW, asked))
    assert all(text in page for text in ('value="2026-12-01"', 'value="14:00"', 'value="15:30"'))
    assert f'<option value="{lieu.pk}" selected>' in page


@pytest.mark.parametrize("address", [NEW, reverse("absence_new")])
@pytest.mark.parametrize(
    "asked", ["jour=0001-01-01&debut=x&fin=25:99&lieu=abc&agent=-1", "jour=%FF&next=//a.test"]
)
def test_a_form_survives_anything_in_its_address(agent_client, organisation, address, asked):
    assert agent_client.get(f"{address}?{asked}").status_code == 200


def test_an_agent_opens_plages_for_themselves_only(agent_client, agent, admin, typed):
    agent_client.post(NEW, typed(agent=admin.pk))
    assert PlageOuverture.objects.get().agent == agent


def test_an_admin_opens_plages_for_the_agents_of_the_organisation(admin_client, agent, typed):
    admin_client.post(NEW, typed(agent=agent.pk))
    assert PlageOuverture.objects.get().agent == agent


def test_an_admin_opens_no_plage_for_an_agent_from_elsewhere(admin_client, agent, colleague_elsewhere, typed):
    assert admin_client.post(NEW, typed(agent=colleague_elsewhere.pk)).status_code == 422


def test_an_overlap_is_shown_before_saving_and_can_be_overridden(agent_client, agent, motif, typed):
    PlageOuvertureFactory(motif=motif, agent=agent, title="Déjà là")
    answer = agent_client.post(NEW, typed())
    assert "Rien n'est encore enregistré" in text_of(answer)
    assert "« Déjà là »" in text_of(answer)
    agent_client.post(NEW, typed(**{"quand-meme": fingerprint(answer)}))
    assert PlageOuverture.objects.count() == 2


def test_a_new_plage_can_be_taken_back(agent_client, typed):
    answer = agent_client.post(NEW, typed(), follow=True)
    taken = agent_client.post(reverse("undo_opening"), undo_fields(answer), follow=True)
    assert "tout est comme avant" in text_of(taken)
    assert not PlageOuverture.objects.exists()


@pytest.mark.parametrize("sent", [{}, {"changement": "n'importe"}, {"changement": "a:b:c"}])
def test_what_is_not_ours_is_not_taken_back(agent_client, organisation, sent):
    answer = agent_client.post(reverse("undo_opening"), sent, follow=True)
    assert "ne peut plus être annulé" in text_of(answer)


def test_nobody_takes_back_what_somebody_else_did(agent_client, admin, typed):
    fields = undo_fields(agent_client.post(NEW, typed(), follow=True))
    agent_client.force_login(admin)
    agent_client.post(reverse("undo_opening"), fields)
    assert PlageOuverture.objects.exists()


# Editing and deleting


@pytest.fixture
def series(agent, motif, lieu):
    return PlageOuvertureFactory(
        motif=motif,
        agent=agent,
        lieu=lieu,
        title="Permanence",
        first_day=monday(),
        recurrence="FREQ=WEEKLY;INTERVAL=1;BYDAY=MO",
    )


def test_a_series_asks_first_what_is_to_be_changed(agent_client, series):
    page = text_of(agent_client.get(edit_url(series)))
    assert "Que voulez-vous modifier ?" in page
    assert "Toute la série, passé compris" in page


def test_changing_one_day_leaves_the_others(agent_client, series, typed):
    day = monday() + timedelta(days=7)
    url = edit_url(series, portee="jour", jour=day.isoformat())
    assert 'name="repetition"' not in text_of(agent_client.get(url))
    agent_client.post(url, typed(first_day=day.isoformat(), start_time="14:00", end_time="16:00"))
    series.refresh_from_db()
    assert series.exception_dates == [day]
    assert PlageOuverture.objects.exclude(pk=series.pk).get().first_day == day


def test_changing_the_following_days_leaves_what_precedes(agent_client, series, typed):
    day = monday() + timedelta(days=14)
    url = edit_url(series, portee="suite", jour=day.isoformat())
    assert f'value="{day.isoformat()}"' in text_of(agent_client.get(url))
    agent_client.post(
        url, typed(first_day=day.isoformat(), start_time="14:00", end_time="16:00", repetition="weekly")
    )
    series.refresh_from_db()
    assert series.last_day == day - timedelta(days=7)


def test_changing_all_days_changes_the_series(agent_client, series, typed):
    agent_client.post(edit_url(series, portee="toutes"), typed(title="Renommée", repetition="weekly"))
    assert [plage.title for plage in PlageOuverture.objects.all()] == ["Renommée"]


def test_a_day_that_is_not_one_of_the_series_is_the_next_one(agent_client, series):
    page = text_of(agent_client.get(edit_url(series, portee="jour", jour="2026-01-01")))
    assert f'value="{monday().isoformat()}"' in page


@pytest.mark.parametrize("asked", ["portee=zzz", "portee=jour&jour=%FF", "portee=suite&jour=0000"])
def test_an_edition_survives_anything_in_its_address(agent_client, series, asked):
    assert agent_client.get(f"{edit_url(series)}{asked}").status_code == 200


def test_the_rdvs_left_outside_are_counted_and_listed_before_saving(
    agent_client, series, agent, motif, typed
):
    day = monday()
    rdv = RdvFactory(motif=motif, agents=[agent], starts_at=next_weekday(timezone.now()).replace(
        year=day.year, month=day.month, day=day.day, hour=9, minute=30))  # fmt: skip
    participation = ParticipationFactory(rdv=rdv)
    answer = agent_client.post(
        edit_url(series, portee="toutes"), typed(start_time="17:00", end_time="18:00", repetition="weekly")
    )
    page = text_of(answer)
    assert "1 rendez-vous déjà pris ne sera plus dans aucune plage" in page
    assert "Il ne sera ni déplacé ni annulé" in page
    assert reverse("rdv_show", args=[participation.rdv_id]) in page


def test_deleting_says_what_it_touches_and_can_be_taken_back(agent_client, series):
    url = reverse("plage_delete", args=[series.pk])
    assert "Aucun rendez-vous à venir n'est concerné" in text_of(agent_client.get(url))
    answer = agent_client.post(url, {"portee": "toutes"}, follow=True)
    assert not PlageOuverture.objects.exists()
    agent_client.post(reverse("undo_opening"), undo_fields(answer))
    assert PlageOuverture.objects.get().pk == series.pk


def test_deleting_one_day_of_a_series_leaves_the_others(agent_client, series):
    day = monday() + timedelta(days=7)
    url = f"{reverse('plage_delete', args=[series.pk])}?jour={day.isoformat()}"
    agent_client.post(url, {"portee": "jour"})
    assert not Schedule.of(PlageOuverture.objects.get()).starts_on(day)


def test_a_colleague_reads_a_plage_and_does_not_edit_it(agent_client, motif):
    plage = PlageOuvertureFactory(motif=motif)
    assert agent_client.get(edit_url(plage)).status_code == 403
    assert agent_client.post(reverse("plage_delete", args=[plage.pk])).status_code == 403


def test_an_admin_edits_the_plages_of_the_agents(admin_client, series):
    assert admin_client.get(edit_url(series, portee="toutes")).status_code == 200


def test_the_words_of_a_repetition_are_given_while_typing(agent_client, organisation):
    sent = {"first_day": "2026-03-11", "repetition": "monthly", "every": "2", "ends": "never"}
    page = text_of(agent_client.post(reverse("recurrence_words"), sent))
    assert "Tous les 2 mois, le 2e mercredi du mois" in page


@pytest.mark.parametrize("sent", [{}, {"first_day": "x", "repetition": "weekly"}, {"repetition": "☃"}])
def test_words_that_mean_nothing_yet_are_no_words(agent_client, organisation, sent):
    answer = agent_client.post(reverse("recurrence_words"), sent)
    assert (answer.status_code, text_of(answer).strip()) == (200, "")


# Absences


def test_a_whole_day_off_needs_no_hours(agent_client, agent):
    agent_client.post(reverse("absence_new"), absence_typed())
    absence = Absence.objects.get()
    assert (absence.agent, absence.first_day, absence.end_day) == (agent, monday(), monday())


def test_several_days_off(agent_client, agent):
    last = monday() + timedelta(days=11)
    agent_client.post(reverse("absence_new"), absence_typed(end_day=last.isoformat()))
    assert Absence.objects.get().last_day == last


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"end_day": "2020-01-01"}, "Le dernier jour suit le premier"),
        ({"all_day": "", "start_time": "", "end_time": "10:00"}, "Écrivez l'heure de début"),
        ({"all_day": "", "start_time": "11:00", "end_time": "10:00"}, "doit finir après avoir commencé"),
        ({"title": ""}, "obligatoire"),
        ({"first_day": "☃"}, "Saisissez une date valide"),
    ],
)
def test_an_absence_that_cannot_be_is_refused_in_words(agent_client, organisation, wrong, sentence):
    answer = agent_client.post(reverse("absence_new"), absence_typed(**wrong))
    assert (answer.status_code, Absence.objects.count()) == (422, 0)
    assert sentence in text_of(answer)


def test_several_days_do_not_recur(agent_client, organisation):
    sent = absence_typed(end_day=(monday() + timedelta(days=1)).isoformat(), repetition="weekly")
    assert "commence et finit le même jour" in text_of(agent_client.post(reverse("absence_new"), sent))


def test_the_name_of_an_absence_is_private(agent_client, agent, admin):
    AbsenceFactory(agent=admin, title="Chimiothérapie")
    AbsenceFactory(agent=agent, title="Dentiste")
    page = text_of(agent_client.get(ABSENCES, {"agent": "tous"}))
    assert ("Chimiothérapie" in page, "Indisponibilité" in page, "Dentiste" in page) == (False, True, True)


def test_the_name_of_a_colleagues_absence_cannot_be_searched(agent_client, admin):
    AbsenceFactory(agent=admin, title="Chimiothérapie")
    page = text_of(agent_client.get(ABSENCES, {"agent": "tous", "q": "chimio"}))
    assert "Indisponibilité</" not in page


def test_an_admin_changes_an_absence_without_reading_its_name(admin_client, agent):
    absence = AbsenceFactory(agent=agent, title="Chimiothérapie", first_day=monday())
    url = reverse("absence_edit", args=[absence.pk])
    assert "Chimiothérapie" not in text_of(admin_client.get(url))
    sent = absence_typed(end_day=(monday() + timedelta(days=1)).isoformat(), title="Autre")
    assert "Chimiothérapie" not in text_of(admin_client.post(url, sent, follow=True))
    absence.refresh_from_db()
    assert (absence.title, absence.end_day) == ("Chimiothérapie", monday() + timedelta(days=1))


def test_an_admin_takes_back_a_change_without_receiving_the_name(admin_client, agent):
    absence = AbsenceFactory(agent=agent, title="Chimiothérapie", first_day=monday())
    url = reverse("absence_edit", args=[absence.pk])
    answer = admin_client.post(
        url, absence_typed(end_day=(monday() + timedelta(days=1)).isoformat()), follow=True
    )
    assert len(undo_fields(answer)["changement"]) < 20
    admin_client.post(reverse("undo_opening"), undo_fields(answer))
    assert Absence.objects.get().end_day == monday()


def test_a_colleague_does_not_edit_an_absence(agent_client, admin):
    absence = AbsenceFactory(agent=admin)
    assert agent_client.get(reverse("absence_edit", args=[absence.pk])).status_code == 403


def test_deleting_an_absence_can_be_taken_back(agent_client, agent):
    absence = AbsenceFactory(agent=agent)
    answer = agent_client.post(reverse("absence_delete", args=[absence.pk]), follow=True)
    assert not Absence.objects.exists()
    agent_client.post(reverse("undo_opening"), undo_fields(answer))
    assert Absence.objects.get() == absence


def test_the_rdvs_inside_a_new_absence_are_told(agent_client, agent, motif):
    starts_at = next_weekday(timezone.now())
    RdvFactory(motif=motif, agents=[agent], starts_at=starts_at)
    RdvFactory(agents=[agent], starts_at=starts_at + timedelta(hours=1))
    day = starts_at.date().isoformat()
    page = text_of(agent_client.post(reverse("absence_new"), absence_typed(first_day=day)))
    assert "2 rendez-vous déjà pris pendant l'absence" in page
    assert "dans une autre organisation" in page


def test_a_date_in_a_list_of_days_is_read_as_french_people_write_it(agent_client, typed):
    day = monday() + timedelta(days=7)
    agent_client.post(NEW, typed(repetition="weekly", exception_dates=[f"{day:%d/%m/%Y}"]))
    assert PlageOuverture.objects.get().exception_dates == [date.fromisoformat(day.isoformat())]
