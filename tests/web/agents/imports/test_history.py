"""The list of imports, and what is left of one once its rows are erased."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.imports import retention
from rdv_insertion.imports.enums import Origin, RowState, Stage
from rdv_insertion.imports.models import KEPT, ImportRow, ImportRun
from tests.factories import AgentFactory, OrganisationFactory
from tests.imports import files
from tests.web.agents.imports.conftest import AtStep, page


def history(client: Client, **parameters: str) -> str:
    return client.get(reverse("imports"), parameters).content.decode()


def names(content: str, *known: str) -> list[str]:
    return [name for name in known if f">{name}</a>" in content]


def run_of(organisation, name: str = "liste.xlsx", **values) -> ImportRun:
    now = timezone.now()
    known = {"fingerprint": "ab" * 32, "created_at": now, "kept_until": now + KEPT}
    return ImportRun.objects.create(organisation=organisation, file_name=name, **{**known, **values})


def with_rows(run: ImportRun, **states: int) -> ImportRun:
    kinds = [state for state, number in states.items() for _ in range(number)]
    ImportRow.objects.bulk_create(
        ImportRow(run=run, number=number, state=state, sealed={}, organisation=run.organisation)
        for number, state in enumerate(kinds, start=2)
    )
    return run


def erased(run: ImportRun) -> ImportRun:
    assert retention.erase_expired(now=timezone.now() + KEPT + timedelta(days=1))
    run.refresh_from_db()
    return run


def test_an_import_says_who_when_from_where_and_which_file(agent_client: Client, agent, organisation):
    run_of(organisation, agent=agent, fingerprint="0123456789abcdef" * 4)
    content = history(agent_client)
    assert f"par {agent}" in content
    assert ">01234567</span>" in content
    assert f"(SHA-256) : {'0123456789abcdef' * 4}" in content
    assert "<small>Page</small>" in content


@pytest.mark.parametrize("origin", Origin)
def test_every_origin_is_said(agent_client: Client, organisation, origin: Origin):
    run_of(organisation, origin=origin)
    assert f"<small>{origin.label}</small>" in history(agent_client)


def test_what_came_of_the_rows_is_counted_in_words(agent_client: Client, organisation):
    run = run_of(organisation, stage=Stage.DONE, written_at=timezone.now())
    with_rows(run, created=3, updated=1, refused=2, duplicate=1, to_create=1)
    content = history(agent_client)
    for words in ("8 lignes", "3 créées", "1 mise à jour", "2 refusées", "1 doublon possible", "1 non créée"):
        assert words in content


def test_before_writing_the_rows_are_still_to_create(agent_client: Client, organisation):
    with_rows(run_of(organisation, stage=Stage.PREVIEW), to_create=2)
    assert "2 à créer" in history(agent_client)


@pytest.mark.parametrize("state", RowState)
def test_every_state_has_words(agent_client: Client, organisation, state: RowState):
    with_rows(run_of(organisation, stage=Stage.PREVIEW), **{state: 2})
    assert "<small>2 " in history(agent_client)


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        (Stage.COLUMNS, "Colonnes à vérifier"),
        (Stage.CHECKING, "Lecture en cours"),
        (Stage.PREVIEW, "À vérifier"),
        (Stage.WRITING, "Enregistrement en cours"),
        (Stage.WRITTEN, "Terminé"),
        (Stage.INVITING, "Invitations en cours"),
        (Stage.DONE, "Terminé"),
    ],
)
def test_every_stage_has_a_badge(agent_client: Client, organisation, stage: Stage, words: str):
    run_of(organisation, stage=stage)
    assert words in history(agent_client)


def test_with_a_category_what_is_written_is_to_be_invited(agent_client: Client, organisation, category):
    run_of(organisation, stage=Stage.WRITTEN, motif_category=category)
    assert "À inviter" in history(agent_client)


def test_the_report_is_offered_once_people_are_written(agent_client: Client, organisation):
    run = with_rows(run_of(organisation, stage=Stage.PREVIEW), to_create=1)
    assert page(run, "import_report") not in history(agent_client)
    ImportRun.objects.update(stage=Stage.DONE, written_at=timezone.now())
    assert page(run, "import_report") in history(agent_client)


def test_how_long_rows_are_kept_is_said(agent_client: Client, organisation):
    run_of(organisation)
    assert "gardées 30 jours, puis effacées" in history(agent_client)


def test_imports_are_found_by_a_part_of_the_name_the_contacts_or_the_fingerprint(
    agent_client: Client, organisation
):
    run_of(organisation, "Entrants mars.xlsx", fingerprint="c0" * 32)
    run_of(organisation, "sortants.csv", contacts_name="contacts.csv")
    known = ("Entrants mars.xlsx", "sortants.csv")
    for search, found in {
        "mars": known[:1],
        "MARS": known[:1],
        "C0C0": known[:1],
        "contacts": known[1:],
        "rien": (),
        " ": known,
    }.items():
        assert names(history(agent_client, fichier=search), *known) == list(found), search


def test_imports_are_found_by_their_origin(agent_client: Client, organisation):
    run_of(organisation, "page.csv")
    run_of(organisation, "dossier.csv", origin=Origin.FOLDER)
    assert names(history(agent_client, origine="folder"), "page.csv", "dossier.csv") == ["dossier.csv"]


def test_a_search_that_finds_nothing_says_so_and_leads_back(agent_client: Client, organisation):
    run_of(organisation)
    content = history(agent_client, fichier="rien")
    assert "Aucun import ne correspond" in content
    assert "Aucun import pour l'instant" not in content


@pytest.mark.parametrize(
    "parameters",
    [
        {"origine": "ailleurs", "page": "abc"},
        {"fichier": "%_\\'\"<script>", "origine": "²", "page": "-1"},
        {"fichier": "x" * 5_000, "page": "9" * 40},
    ],
)
def test_whatever_is_asked_gets_an_answer(agent_client: Client, organisation, parameters):
    run_of(organisation)
    response = agent_client.get(reverse("imports"), parameters)
    assert response.status_code == 200
    assert "<script>" not in response.content.decode().split("Nom du fichier")[1].split("</form>")[0]


def test_without_any_import_the_page_says_what_to_do(agent_client: Client):
    content = history(agent_client)
    assert "Aucun import pour l'instant" in content
    assert reverse("import_new") in content
    assert reverse("import_model_xlsx") in content


def test_the_last_import_is_the_first_shown(agent_client: Client, organisation):
    run_of(organisation, "premier.csv", created_at=timezone.now() - timedelta(days=1))
    run_of(organisation, "second.csv")
    content = history(agent_client)
    assert content.index("second.csv") < content.index("premier.csv")


def test_imports_of_other_organisations_are_not_shown(agent_client: Client, organisation, department):
    run_of(OrganisationFactory(department=department), "ailleurs.csv")
    run_of(organisation, "ici.csv")
    assert names(history(agent_client), "ailleurs.csv", "ici.csv") == ["ici.csv"]


def test_the_history_asks_as_much_for_3_imports_as_for_30(
    agent_client: Client, agent, organisation, category
):
    def questions() -> int:
        with CaptureQueriesContext(connection) as captured:
            history(agent_client)
        return len(captured)

    def add(count: int) -> None:
        for _ in range(count):
            run = run_of(organisation, agent=agent, motif_category=category, stage=Stage.DONE)
            with_rows(run, created=1, refused=1)

    add(3)
    first = questions()
    add(27)
    assert questions() == first


def test_once_its_rows_are_erased_an_import_keeps_its_figures(agent_client: Client, organisation):
    run = run_of(organisation, stage=Stage.DONE, written_at=timezone.now())
    erased(with_rows(run, created=2, refused=1))
    content = history(agent_client)
    assert "2 créées" in content
    assert "lignes effacées le" in content
    assert page(run, "import_report") not in content


def test_an_erased_import_opens_on_what_was_done(agent_client: Client, agent, organisation, category):
    run = run_of(
        organisation,
        agent=agent,
        motif_category=category,
        stage=Stage.DONE,
        written_at=timezone.now(),
        invited_at=timezone.now(),
    )
    erased(with_rows(run, created=2, refused=1))
    response = agent_client.get(page(run, "import_run"))
    content = response.content.decode()
    assert response.status_code == 200
    assert "3 lignes : 2 créées, 1 refusée." in content
    assert "Invitations envoyées le" in content
    assert "ont été effacées le" in content


def test_an_erased_import_that_nobody_wrote_says_that_nobody_was(agent_client: Client, organisation):
    run = erased(with_rows(run_of(organisation, stage=Stage.PREVIEW), to_create=2))
    assert "Non enregistré" in history(agent_client)
    content = agent_client.get(page(run, "import_run")).content.decode()
    assert "Aucune personne n'a été enregistrée." in content
    assert "2 lignes : 2 non créées." in content


@pytest.mark.parametrize(
    "name",
    [
        "import_columns",
        "import_checking",
        "import_preview",
        "import_writing",
        "import_invitation",
    ],
)
def test_every_step_of_an_erased_import_leads_to_what_was_done(
    agent_client: Client, given: AtStep, name: str
):
    run = erased(given(files.people(1)))
    response = agent_client.get(page(run, name), follow=True)
    assert response.redirect_chain[-1] == (page(run, "import_run"), 302)
    assert "ont été effacées le" in response.content.decode()


def test_the_same_file_given_again_leads_to_the_erased_import(agent_client: Client, given: AtStep):
    first = erased(given(files.people(1)))
    content = agent_client.get(page(given(files.people(1)), "import_columns")).content.decode()
    assert page(first, "import_run") in content


def test_an_erased_import_is_not_found_by_a_stranger(client: Client, organisation, stranger):
    run = erased(run_of(organisation))
    client.force_login(stranger)
    assert client.get(page(run, "import_run")).status_code == 404


def test_a_colleague_sees_the_import_of_another(client: Client, agent, organisation):
    run_of(organisation, "a-reprendre.csv", agent=agent)
    client.force_login(AgentFactory(organisation=organisation))
    assert names(history(client), "a-reprendre.csv") == ["a-reprendre.csv"]
