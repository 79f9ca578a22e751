"""The list of rdvs, its filters kept in the address, and its export."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from rdv_insertion.agents.models import AgentRole
from rdv_insertion.pilotage import rdv_export
from tests.factories import (
    AgentFactory,
    AgentRoleFactory,
    LieuFactory,
    MotifFactory,
    OrganisationFactory,
    ParticipationFactory,
    RdvFactory,
    UsagerFactory,
)

GARBAGE = ["", "x", "-1", "9" * 20, "0001-01-01", "9999-12-31", "2026-02-30", "é" * 300, "²"]
PARAMETERS = ["du", "au", "periode", "agent", "motif", "lieu", "statut", "q", "tri", "page"]


@pytest.fixture
def motif(configuration):
    return MotifFactory(organisation=configuration.organisation, motif_category=configuration.motif_category)


@pytest.fixture
def page(agent_client):
    def get(**parameters):
        answer = agent_client.get(reverse("rdvs"), parameters)
        assert answer.status_code == 200
        return answer

    return get


@pytest.fixture
def elsewhere(agent, department):
    """A second organisation of the agent."""
    organisation = OrganisationFactory(department=department, name="Antenne de Crest", slug="crest")
    AgentRoleFactory(agent=agent, organisation=organisation)
    return organisation


def allow_exports(agent, *organisations):
    AgentRole.objects.filter(agent=agent, organisation__in=organisations).update(can_export=True)


def body(answer):
    """What was answered; a file is closed once it is read."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def shown(answer):
    return [row.rdv.pk for row in answer.context["rows"]]


def test_a_rdv_tells_who_when_where_with_whom_and_who_took_it(page, motif, agent):
    usager = UsagerFactory(organisation=motif.organisation, first_name="Marina", last_name="Foïs")
    rdv = RdvFactory(
        motif=motif,
        lieu=LieuFactory(organisation=motif.organisation, name="Centre social"),
        agents=[agent],
        starts_at=datetime(2026, 3, 3, 8, 30, tzinfo=UTC),
        status="seen",
        created_by="agent",
        created_by_agent=AgentFactory(first_name="Karim", last_name="Benali"),
        created_at=datetime(2026, 2, 20, 23, 30, tzinfo=UTC),
    )
    ParticipationFactory(rdv=rdv, usager=usager, status="seen", follow_up=None)
    text = page().content.decode()
    for words in ("03/03/2026 à 9 h 30", "Foïs Marina", "Centre social", "Alice Agent", "RDV honoré"):
        assert words in text
    assert "Karim Benali" in text
    assert "le 21/02/2026" in text
    assert reverse("usager", args=[usager.pk]) in text


def test_a_person_of_another_organisation_is_named_without_a_dead_link(page, motif):
    usager = UsagerFactory(organisation=OrganisationFactory(), last_name="Ailleurs")
    ParticipationFactory(rdv=RdvFactory(motif=motif), usager=usager, follow_up=None)
    text = page().content.decode()
    assert "Ailleurs" in text
    assert reverse("usager", args=[usager.pk]) not in text


def test_a_crowded_rdv_names_three_people_and_counts_the_others(page, organisation):
    rdv = RdvFactory(motif=MotifFactory(organisation=organisation, collectif=True))
    for _ in range(5):
        ParticipationFactory(rdv=rdv, follow_up=None, usager=UsagerFactory(organisation=organisation))
    assert "et 2 autres personnes" in page().content.decode()


def test_the_newest_come_first_unless_the_oldest_are_asked_for(page, motif):
    pks = [RdvFactory(motif=motif, starts_at=timezone.now() + timedelta(days=day)).pk for day in (1, 2, 3)]
    assert shown(page()) == pks[::-1]
    assert shown(page(tri="date")) == pks


def test_only_the_current_organisation_is_shown_until_all_are_asked_for(page, motif, elsewhere):
    here = RdvFactory(motif=motif, starts_at=timezone.now() + timedelta(days=2))
    there = RdvFactory(motif=MotifFactory(organisation=elsewhere), starts_at=timezone.now())
    assert shown(page(organisation=motif.organisation.slug)) == [here.pk]
    assert shown(page(organisation=elsewhere.slug)) == [there.pk]
    assert shown(page(organisation="toutes")) == [here.pk, there.pk]


def test_an_organisation_of_others_does_not_exist(agent_client, colleague_elsewhere):
    for name in ("rdvs", "rdvs_export", "rdv_statistics", "rdv_statistics_tables"):
        assert agent_client.get(reverse(name), {"organisation": "die"}).status_code == 404


@pytest.mark.parametrize(("status", "found"), [("a-venir", [1]), ("a-renseigner", [-1]), ("seen", [-3])])
def test_an_unknown_status_is_split_by_the_clock(page, motif, status, found):
    by_day = {
        day: RdvFactory(motif=motif, starts_at=timezone.now() + timedelta(days=day)).pk for day in (1, -1)
    }
    by_day[-3] = RdvFactory(motif=motif, starts_at=timezone.now() - timedelta(days=3), status="seen").pk
    assert shown(page(statut=status)) == [by_day[day] for day in found]


def test_filters_add_up_and_each_has_a_chip_that_removes_it_alone(page, motif, agent):
    other = MotifFactory(organisation=motif.organisation, name="Autre")
    kept = [RdvFactory(motif=one, agents=[agent], overbooked=True).pk for one in (motif, other)]
    RdvFactory(motif=motif)
    answer = page(motif=[motif.pk, other.pk], agent=agent.pk)
    assert sorted(shown(answer)) == kept
    chips = {chip.label: chip.url for chip in answer.context["asked"].chips}
    assert chips["Agent : Alice Agent"] == f"?motif={motif.pk}&motif={other.pk}"
    assert chips["Motif : Autre"] == f"?motif={motif.pk}&agent={agent.pk}"


def test_a_place_and_a_person_are_filters_too(page, motif):
    rdv = RdvFactory(motif=motif)
    usager = UsagerFactory(organisation=motif.organisation, last_name="Zanetti")
    ParticipationFactory(rdv=rdv, usager=usager, follow_up=None)
    RdvFactory(motif=motif)
    assert shown(page(lieu=rdv.lieu_id)) == [rdv.pk]
    assert shown(page(q="zanet")) == [rdv.pk]


def test_both_days_of_a_period_are_included(page, motif):
    days = [datetime(2026, 3, day, 8, tzinfo=UTC) for day in (1, 2, 3, 4)]
    rdvs = [RdvFactory(motif=motif, starts_at=day).pk for day in days]
    assert shown(page(du="2026-03-02", au="2026-03-03", tri="date")) == rdvs[1:3]
    assert shown(page(du="02/03/2026", tri="date")) == rdvs[1:]


def test_dates_the_wrong_way_round_are_exchanged_and_said(page, motif):
    rdv = RdvFactory(motif=motif, starts_at=datetime(2026, 3, 2, 8, tzinfo=UTC))
    answer = page(du="2026-03-03", au="2026-03-01")
    assert shown(answer) == [rdv.pk]
    assert "nous avons échangé les deux dates" in answer.content.decode()


def test_a_usual_period_gives_way_to_other_dates(page):
    assert page(periode="aujourd-hui").context["asked"].preset.key == "aujourd-hui"
    answer = page(periode="aujourd-hui", du="2026-03-01", au="2026-03-02")
    assert answer.context["asked"].preset is None
    assert answer.context["asked"].period_label == "du 01/03/2026 au 02/03/2026"


@pytest.mark.parametrize("value", GARBAGE)
def test_what_makes_no_sense_is_survived(agent_client, agent, organisation, motif, value):
    allow_exports(agent, organisation)
    RdvFactory(motif=motif)
    # The pages read parameters with the same functions: each alone on one page, all at once on all four.
    asked = [("rdvs", {parameter: value}) for parameter in PARAMETERS]
    pages = ("rdvs", "rdvs_export", "rdv_statistics", "rdv_statistics_tables")
    asked += [(name, dict.fromkeys(PARAMETERS, value)) for name in pages]
    for name, parameters in asked:
        answer = agent_client.get(reverse(name), parameters)
        assert (answer.status_code, bool(body(answer))) == (200, True), (name, parameters)


def test_a_date_that_is_none_is_said_in_words(page):
    assert "La date de début n&#x27;a pas été comprise" in page(du="hier").content.decode()
    assert "elle doit être entre 2000 et 2100" in page(au="1900-01-01").content.decode()


def test_an_empty_list_says_what_will_appear_or_how_to_widen_it(page):
    assert "apparaîtront ici" in page().content.decode()
    assert "retirez un filtre" in page(q="personne").content.decode()


def test_the_list_costs_the_same_queries_whatever_its_rdvs(page, motif):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            page()
        return len(captured)

    ParticipationFactory(rdv=RdvFactory(motif=motif))
    few = queries()
    for _ in range(6):
        ParticipationFactory(rdv=RdvFactory(motif=motif))
    assert queries() == few


def test_the_button_is_there_only_for_who_may_export(page, agent, organisation, motif):
    RdvFactory(motif=motif)
    assert reverse("rdvs_export") not in page().content.decode()
    allow_exports(agent, organisation)
    assert f"{reverse('rdvs_export')}?tri=date" in page(tri="date").content.decode()


def test_the_export_is_the_list_with_the_same_filters(agent_client, agent, organisation, motif):
    allow_exports(agent, organisation)
    wanted, _ = RdvFactory(motif=motif, context="Celui-ci"), RdvFactory(motif=motif, context="Pas celui-là")
    answer = agent_client.get(reverse("rdvs_export"), {"lieu": wanted.lieu_id})
    assert f"rendez-vous-cd-drome-{timezone.localdate():%Y-%m-%d}.xlsx" in answer["Content-Disposition"]
    rows = CalamineWorkbook.from_filelike(BytesIO(body(answer))).get_sheet_by_index(0).to_python()
    assert [row[8] for row in rows] == ["contexte", "Celui-ci"]


def test_the_right_is_needed_in_every_organisation_concerned(agent_client, agent, organisation, elsewhere):
    allow_exports(agent, organisation)
    here = agent_client.get(reverse("rdvs_export"), {"organisation": organisation.slug})
    assert body(here)[:2] == b"PK"
    everywhere = agent_client.get(reverse("rdvs_export"), {"organisation": "toutes"})
    assert everywhere.status_code == 403
    text = everywhere.content.decode()
    assert "<li>Antenne de Crest</li>" in text
    assert "<li>Conseil départemental de la Drôme</li>" not in text


def test_too_many_rdvs_lead_back_to_the_list_with_a_sentence(agent_client, agent, motif, monkeypatch):
    allow_exports(agent, motif.organisation)
    monkeypatch.setattr(rdv_export, "MOST_RDVS", 1)
    for _ in range(2):
        RdvFactory(motif=motif)
    answer = agent_client.get(reverse("rdvs_export"), {"tri": "date"}, follow=True)
    assert answer.redirect_chain == [(f"{reverse('rdvs')}?tri=date", 302)]
    assert "choisissez une période plus courte" in answer.content.decode()


def test_an_agent_without_organisation_is_led_where_it_is_said(db):
    browser = Client()
    browser.force_login(AgentFactory())
    for name in ("rdvs", "rdvs_export", "rdv_statistics", "rdv_statistics_tables"):
        assert browser.get(reverse(name)).url == reverse("organisations")
