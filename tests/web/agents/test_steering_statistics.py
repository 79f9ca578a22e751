"""Figures, charts and the tables behind them."""

import re
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from rdv_insertion.pilotage.rdv_filters import RdvState
from rdv_insertion.pilotage.rdv_statistics import Line, Step
from rdv_insertion.web.agents.steering.charts import MOST_BARS, lying, nice_ceiling, standing
from tests.factories import MotifFactory, ParticipationFactory, RdvFactory, UsagerFactory


@pytest.fixture
def motif(configuration):
    return MotifFactory(
        organisation=configuration.organisation,
        motif_category=configuration.motif_category,
        name="Premier rendez-vous",
    )


@pytest.fixture
def page(agent_client):
    def get(**parameters):
        answer = agent_client.get(reverse("rdv_statistics"), parameters)
        assert answer.status_code == 200
        return answer

    return get


def past(motif, status, days=7, **fields):
    rdv = RdvFactory(motif=motif, status=status, starts_at=timezone.now() - timedelta(days=days), **fields)
    usager = UsagerFactory(organisation=motif.organisation)
    ParticipationFactory(rdv=rdv, usager=usager, status=status, follow_up=None)
    return rdv


def figures(answer):
    return {figure["label"]: figure["value"] for figure in answer.context["figures"]}


def test_figures_come_first_and_say_what_they_count(page, motif):
    for status in ("seen", "seen", "seen", "noshow", "excused", "revoked", "unknown"):
        past(motif, status)
    answer = page()
    assert figures(answer) == {
        "Rendez-vous": "7",
        "Présence": "50\u00a0%",
        "Absence non excusée": "17\u00a0%",
        "Annulés par la personne": "1",
        "Annulés par le service": "1",
        "À renseigner": "1",
        "Délai médian": "7\u00a0jours",
    }
    text = answer.content.decode()
    assert text.index("Présence") < text.index("<svg")
    assert "des 6 participations renseignées" in text


def test_rates_of_nothing_are_dashes_rather_than_zeros(page, motif):
    past(motif, "unknown")
    assert figures(page())["Présence"] == "–"


def test_the_last_three_months_are_shown_unless_something_else_is_asked(page, motif):
    past(motif, "seen")
    past(motif, "seen", days=150)
    assert figures(page())["Rendez-vous"] == "1"
    assert figures(page(periode="12-mois"))["Rendez-vous"] == "2"


def test_one_end_of_a_period_gives_the_other(page):
    asked = page(du="2026-01-10").context["asked"]
    assert (asked.filters.first_day, asked.filters.last_day) == (date(2026, 1, 10), asked.today)
    asked = page(au="2026-01-10").context["asked"]
    assert (asked.filters.first_day, asked.filters.last_day) == (date(2025, 10, 10), date(2026, 1, 10))


def test_a_status_does_not_bend_the_rates(page, motif):
    past(motif, "seen")
    past(motif, "noshow")
    assert figures(page(statut="seen"))["Présence"] == "50\u00a0%"


def test_what_waits_for_a_status_is_one_click_away(page, motif):
    past(motif, "unknown")
    assert "statut=a-renseigner" in page().content.decode()


def test_each_chart_has_its_title_its_description_and_its_table(page, motif):
    past(motif, "seen")
    sections = re.findall(r'<section class="panel steering-chart.*?</section>', page().content.decode(), re.S)
    assert len(sections) == 6
    for section in sections:
        drawings = re.findall(r'<svg [^>]*role="img".*?</svg>', section, re.S)
        assert drawings
        for drawing in drawings:
            assert re.search(r"<title [^>]*>[^<]+</title>", drawing)
            assert re.search(r"<desc [^>]*>[^<]+Le tableau qui suit", drawing)
        assert "<summary>Voir le tableau</summary>" in section
        assert section.count('<th scope="col">') == 2 + len(RdvState)


def test_the_table_has_the_very_numbers_of_the_bars(page, motif):
    for status in ("seen", "seen", "noshow"):
        past(motif, status)
    (chart,) = [one for one in page().context["charts"] if one.key == "motif"]
    (bar,) = chart.bars
    assert {segment.label: segment.count for segment in bar.segments} == {
        "RDV honoré": 2,
        "Absence non excusée": 1,
    }
    assert chart.rows == [("Premier rendez-vous", 3, [2, 1, 0, 0, 0, 0])]


def test_nothing_is_styled_inline_which_the_browser_would_refuse(page, motif):
    past(motif, "seen")
    assert " style=" not in page().content.decode().split("<main")[1].split("</main>")[0]


def test_an_empty_period_says_what_will_appear(page):
    text = page().content.decode()
    assert "apparaîtront ici" in text
    assert "<svg" not in text.split("<main")[1].split("</main>")[0]


def test_the_page_costs_the_same_queries_whatever_it_counts(page, motif):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            page()
        return len(captured)

    past(motif, "seen")
    few = queries()
    for number in range(6):
        past(MotifFactory(organisation=motif.organisation), "seen", days=number + 1)
    assert queries() == few


def downloaded(agent_client, **parameters):
    answer = agent_client.get(reverse("rdv_statistics_tables"), parameters)
    return CalamineWorkbook.from_filelike(BytesIO(answer.content))


def test_all_tables_are_downloaded_together(agent_client, motif):
    past(motif, "seen")
    book = downloaded(agent_client)
    assert book.sheet_names == ["Semaine", "Statut", "Motif", "Lieu", "Agent", "Pris par"]
    assert book.get_sheet_by_name("Motif").to_python() == [
        ["Motif", "Total", *(state.label for state in RdvState)],
        ["Premier rendez-vous", 1, 1, 0, 0, 0, 0, 0],
    ]


def test_one_table_is_downloaded_alone(agent_client, motif):
    past(motif, "seen")
    assert downloaded(agent_client, tableau="lieu").sheet_names == ["Lieu"]


def test_a_motif_that_looks_like_a_formula_stays_text(agent_client, motif):
    motif.name = "=1+1"
    motif.save()
    past(motif, "seen")
    assert downloaded(agent_client, tableau="motif").get_sheet_by_index(0).to_python()[1][0] == "=1+1"


def test_the_navigation_leads_here_and_says_so(page):
    link = f'<a class="fr-nav__link" href="{reverse("rdv_statistics")}" aria-current="page">Pilotage</a>'
    assert link in page().content.decode()


def test_days_are_those_of_the_organisations_clocks(page, motif):
    midnight = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    RdvFactory(motif=motif, starts_at=midnight)
    assert figures(page(du="2026-03-02", au="2026-03-02"))["Rendez-vous"] == "1"


counts = st.dictionaries(st.sampled_from(RdvState.values), st.integers(1, 5_000))
lines = st.lists(st.builds(Line, st.text(max_size=60), counts, st.just(date(2026, 3, 2))), max_size=40)


@given(lines)
def test_bars_stay_inside_the_drawing_and_lose_nobody(drawn):
    chart = lying("x", "Titre", "Motif", drawn)
    assert len(chart.bars) <= MOST_BARS
    assert sum(bar.total for bar in chart.bars) == sum(line.total for line in drawn)
    for bar in chart.bars:
        assert sum(segment.count for segment in bar.segments) == bar.total
        for segment in bar.segments:
            assert float(segment.start.rstrip("%")) + float(segment.length.rstrip("%")) <= 100.02
        assert bar.y + 22 <= chart.height


@given(lines)
def test_columns_stand_between_the_axis_and_the_top(drawn):
    chart = standing("Titre", drawn, Step.WEEK)
    assert len({column.shown for column in chart.columns}) <= 1
    for column in chart.columns:
        assert 0 <= float(column.top) <= 320
        for segment in column.segments:
            assert 24 - 0.1 <= float(segment.start) <= 290.1
    assert [tick.value for tick in chart.ticks] == sorted({tick.value for tick in chart.ticks})


@given(st.integers(0, 10_000_000))
def test_the_axis_ends_at_a_round_number_whose_quarter_is_whole(most):
    top = nice_ceiling(most)
    assert top >= most
    assert top % 4 == 0
    assert top <= max(4, 2.5 * most)
