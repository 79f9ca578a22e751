"""The third step: every row before anything is written."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.imports import services
from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportRun
from tests.factories import (
    FollowUpFactory,
    MembershipFactory,
    OrganisationFactory,
    UsagerFactory,
    valid_nir,
)
from tests.imports import files
from tests.web.agents.imports.conftest import AtStep, page

HEADER = ("Nom", "Prénom", "Mail", "Tél", "id iodas", "NIR")
ZOE = ("Roux", "Zoé", "z@courriel.test", "", "", "")


def shown(client: Client, run: ImportRun, query: str = "") -> str:
    response = client.get(page(run) + query)
    assert response.status_code == 200
    return response.content.decode()


def numbers(content: str) -> list[int]:
    """The rows that the page shows, in order."""
    return [int(part.split('"')[0]) for part in content.split('id="ligne-')[1:]]


def test_counts_lead_to_the_rows_of_each_state(agent_client: Client, checked: AtStep):
    run = checked(
        files.csv(HEADER, ("Roux", "Zoé", "z@courriel.test", "12", "", ""), ("Roy", "", "", "", "", ""))
    )
    content = shown(agent_client, run)
    for count, label in ((2, "Toutes les lignes"), (2, "À regarder"), (1, "En erreur"), (1, "À créer")):
        assert f"<strong>{count}</strong> {label}" in content, label
    assert "Doublon possible" not in content
    errors = shown(agent_client, run, "?etat=error")
    assert "Il manque le prénom." in errors
    assert numbers(errors) == [3]


def test_rows_are_searched_by_every_typed_word(agent_client: Client, checked: AtStep):
    run = checked(files.csv(HEADER, ZOE, ("Roux", "Ali", "a@courriel.test", "", "", "")))
    assert numbers(shown(agent_client, run, "?q=roux")) == [2, 3]
    assert numbers(shown(agent_client, run, "?q=ROUX+zoe")) == [2]


def test_rows_are_sorted_by_the_address(agent_client: Client, checked: AtStep):
    run = checked(files.csv(HEADER, ("Zola", *ZOE[1:]), ("Abel", "A", "a@courriel.test", "", "", "")))
    assert numbers(shown(agent_client, run, "?tri=nom")) == [3, 2]
    content = shown(agent_client, run, "?tri=-nom")
    assert numbers(content) == [2, 3]
    assert 'aria-sort="descending"' in content


def test_active_filters_are_chips_that_remove_themselves(agent_client: Client, checked: AtStep):
    content = shown(agent_client, checked(files.people(2)), "?etat=to_create&q=nom0&tri=nom")
    assert 'href="?etat=to_create&amp;tri=nom" title="Retirer le filtre « nom0 »"' in content
    assert 'href="?q=nom0&amp;tri=nom" title="Retirer le filtre À créer"' in content
    assert numbers(content) == [2]


def test_filters_without_rows_say_so_and_lead_back(agent_client: Client, checked: AtStep):
    content = shown(agent_client, checked(files.people(2)), "?q=personne&etat=error")
    assert "Aucune ligne ne correspond à ces filtres." in content
    assert "Voir toutes les lignes" in content


def test_people_whose_rights_ended_are_shown_and_left_alone(agent_client: Client, checked: AtStep):
    header = ("Nom", "Prénom", "Mail", "Fin des droits")
    run = checked(
        files.csv(
            header, ("Roux", "Zoé", "z@courriel.test", "03/02/2026"), ("Roy", "Al", "al@courriel.test", "")
        )
    )
    content = shown(agent_client, run, "?etat=droits-fermes")
    assert "Les droits de cette personne sont fermés depuis le 03/02/2026." in content
    assert "Enregistrer 1 personne" in content
    assert numbers(content) == numbers(shown(agent_client, run, "?etat=non-choisies")) == [2]


def test_archived_and_closed_people_are_marked_and_left_alone(
    agent_client: Client, checked: AtStep, organisation, category
):
    archived = UsagerFactory(department_internal_id="A1", department=organisation.department)
    MembershipFactory(usager=archived, organisation=organisation, archived_at=timezone.now())
    closed = FollowUpFactory(organisation=organisation, motif_category=category, closed_at=timezone.now())
    row = (
        closed.usager.last_name,
        closed.usager.first_name,
        "",
        "",
        closed.usager.department_internal_id,
        "",
    )
    run = checked(files.csv(HEADER, (archived.last_name, archived.first_name, "", "", "A1", ""), row))
    content = shown(agent_client, run)
    assert "Cette personne est archivée dans l&#x27;organisation." in content
    assert "Le suivi de cette personne est clos" in content
    assert "Aucune personne à enregistrer." in content


def test_a_problem_names_its_cell_its_text_and_why(agent_client: Client, checked: AtStep):
    content = shown(agent_client, checked(files.csv(HEADER, (*ZOE[:3], "12", "", ""))))
    assert "« 12 »" in content
    assert "D2 : ce numéro de téléphone n&#x27;existe pas" in content


def test_a_repaired_value_says_it(agent_client: Client, checked: AtStep):
    content = shown(agent_client, checked(files.csv(HEADER, (*ZOE[:3], "612345678", "", ""))))
    assert "06 12 34 56 78" in content
    assert 'class="sheet-problem sheet-problem--repaired">D2 :' in content


def test_what_changes_is_shown_before_and_after(agent_client: Client, checked: AtStep, organisation):
    known = UsagerFactory(
        organisation=organisation, department_internal_id="A1", phone_number="+33612345678", email=None
    )
    run = checked(
        files.csv(HEADER, (known.last_name, known.first_name, "neuf@courriel.test", "0698943200", "A1", ""))
    )
    content = shown(agent_client, run)
    assert "<ins>06 98 94 32 00</ins>" in content
    assert "au lieu de </span>06 12 34 56 78</del>" in content
    assert ">nouveau</span>" in content.split("<ins>neuf@courriel.test</ins>")[1][:120]


def test_what_is_known_of_somebody_followed_elsewhere_only_is_not_shown(
    agent_client: Client, checked: AtStep, department
):
    elsewhere = OrganisationFactory(department=department)
    known = UsagerFactory(organisation=elsewhere, department_internal_id="A1", phone_number="+33612345678")
    run = checked(files.csv(HEADER, (known.last_name, known.first_name, "", "0698943200", "A1", "")))
    content = shown(agent_client, run)
    assert "au lieu de </span>Non affiché</del>" in content
    assert "06 12 34 56 78" not in content
    assert reverse("usager", args=[known.pk]) not in content


def test_a_nir_is_said_to_be_there_and_never_shown(agent_client: Client, checked: AtStep, organisation):
    old, new = valid_nir(1), valid_nir(2)
    known = UsagerFactory(organisation=organisation, department_internal_id="A1", nir=old)
    run = checked(
        files.csv(
            HEADER,
            (known.last_name, known.first_name, "", "", "A1", old),
            ("Faux", "Nir", "f@courriel.test", "", "", new[:-1] + "x"),
            ("Bon", "Nir", "b@courriel.test", "", "", new),
        )
    )
    pages = [shown(agent_client, run)] + [
        agent_client.get(reverse("import_row", args=[run.pk, number])).content.decode()
        for number in (2, 3, 4)
    ]
    assert "NIR présent" in pages[0]
    for content in pages:
        for nir in (old, new):
            assert nir[:10] not in content


def test_two_rows_of_one_person_lead_to_each_other(agent_client: Client, checked: AtStep):
    run = checked(files.csv(HEADER, ("Roux", "Zoé", "", "", "A1", ""), ("Roux", "Zoé", "", "", "A1", "")))
    content = shown(agent_client, run)
    assert 'data-row="2">ligne 2</a>' in content
    assert 'data-row="3">la ligne 3</a>' in content
    response = agent_client.get(page(run) + "?ligne=3")
    assert response.headers["Location"] == f"{page(run)}?page=1#ligne-3"


def test_a_link_to_a_row_opens_its_page(agent_client: Client, checked: AtStep):
    run = checked(files.people(120))
    response = agent_client.get(page(run) + "?ligne=53")
    assert response.headers["Location"] == f"{page(run)}?page=2#ligne-53"
    assert 53 in numbers(shown(agent_client, run, "?page=2"))


def test_the_bar_says_what_waits_and_what_will_not_be_written(
    agent_client: Client, checked: AtStep, organisation
):
    UsagerFactory(organisation=organisation, last_name="Roux", first_name="Zoé")
    run = checked(
        files.csv(HEADER, ZOE, ("Roy", "", "", "", "", ""), ("Petit", "Al", "al@courriel.test", "", "", ""))
    )
    content = shown(agent_client, run)
    assert "Enregistrer 1 personne" in content
    bar = content.split('id="save-bar"')[1]
    assert "Ne seront pas enregistrées" in bar
    assert "1 doublon à décider" in bar
    assert "1 ligne en erreur" in bar


def test_nothing_is_started_when_nothing_is_chosen(agent_client: Client, checked: AtStep):
    run = checked(files.csv(HEADER, ("Roy", "", "", "", "", "")))
    response = agent_client.post(page(run), follow=True)
    assert "Aucune ligne n&#x27;est à enregistrer." in response.content.decode()
    run.refresh_from_db()
    assert run.stage == Stage.PREVIEW


def test_a_colleague_sees_and_resumes_what_was_left(client: Client, checked: AtStep, organisation, admin):
    run = checked(files.people(2))
    services.correct(row=run.rows.get(number=2), attribute="first_name", text="Léa", now=timezone.now())
    client.force_login(admin)
    content = shown(client, run)
    assert "Léa" in content
    assert "corrigé" in content


@pytest.mark.parametrize("count", [20, 120])
def test_the_page_is_cut_every_50_rows_and_asks_a_constant_number_of_questions(
    agent_client: Client, checked: AtStep, organisation, django_assert_max_num_queries, count: int
):
    for number in range(0, count, 4):
        UsagerFactory(organisation=organisation, last_name=f"Nom{number}", first_name=f"Prenom{number}")
    run = checked(files.people(count))
    with django_assert_max_num_queries(22):
        content = shown(agent_client, run, "?page=1&q=nom")
    assert len(numbers(content)) == min(count, 50)


def test_two_clicks_write_once(agent_client: Client, checked: AtStep, run_jobs):
    run = checked(files.people(1))
    for _ in range(2):
        agent_client.post(page(run))
    assert run_jobs("imports") == 1
    run.refresh_from_db()
    assert run.stage == Stage.WRITTEN


def test_a_contact_file_that_matches_nobody_is_told(agent_client: Client, checked: AtStep):
    run = checked(files.people(1), contacts=files.contacts())
    assert "Aucune ligne de contacts.csv ne correspond" in shown(agent_client, run)


def test_written_rows_are_shown_and_not_corrected_any_more(agent_client: Client, written: AtStep):
    run = written(files.people(2))
    content = shown(agent_client, run)
    assert "Créé" in content
    assert "data-cell" not in content
    response = agent_client.get(reverse("import_row", args=[run.pk, 2]))
    assert response.status_code == 302


GARBAGE = (
    "",
    "0",
    "-1",
    "99999999999999999999999",
    "abc",
    "é\x00",
    "2,3",
    "%",
    "'; DROP TABLE",
    "½",
    "²",
    "٣",
    "fin",
)


@pytest.mark.parametrize("parameter", ["etat", "q", "tri", "page", "organisation", "ligne", "champ"])
def test_whatever_the_address_says_the_page_answers(agent_client: Client, checked: AtStep, parameter: str):
    run = checked(files.people(3))
    for value in (*GARBAGE, "x" * 5_000):
        for name, arguments in (("import_preview", []), ("import_duplicates", []), ("import_row", [2])):
            address = reverse(name, args=[run.pk, *arguments])
            assert agent_client.get(address, {parameter: value}).status_code < 500


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("import_select", ("choisie", "visibles", "colonnes")),
        ("import_decide", ("decision", "personne", "suite")),
        ("import_row", ("champ", "texte", "reprendre", "effacer", "visibles", "colonnes", "texte-email")),
        ("import_several", ("portee", "lignes", "action", "affectation")),
        ("import_several_undo", ("lignes", "choisir", "affectation")),
        ("import_create_tags", ("tags",)),
    ],
)
@pytest.mark.parametrize("scripted", [False, True])
def test_whatever_a_form_sends_is_survived(
    agent_client: Client, checked: AtStep, name: str, fields: tuple[str, ...], scripted: bool
):
    run = checked(files.people(3))
    arguments = (
        [run.pk] if name in ("import_several", "import_several_undo", "import_create_tags") else [run.pk, 2]
    )
    headers = {"HX-Request": "true", "HX-Current-URL": "://[é"} if scripted else {}
    for field in fields:
        for value in (*GARBAGE, "x" * 5_000, "laisser", "affecter", "email", "nir", "same", "aucune"):
            data = {"champ": "email", "action": "choisir", field: value, "next": "//ailleurs.test/"}
            response = agent_client.post(reverse(name, args=arguments), data, headers=headers)
            assert response.status_code < 500, (field, value)
            assert "ailleurs.test" not in response.headers.get("Location", "")


@pytest.mark.parametrize("name", ["import_select", "import_decide", "import_row"])
def test_a_row_of_another_import_is_not_found(agent_client: Client, checked: AtStep, name: str):
    run = checked(files.people(1))
    for number in (99, 0, 10**20):
        address = reverse(name, args=[run.pk, number])
        assert agent_client.post(address, {"decision": "later"}).status_code == 404


def test_a_script_is_led_to_the_step_where_the_import_is(agent_client: Client, checked: AtStep):
    run = checked(files.people(1))
    ImportRun.objects.update(stage=Stage.WRITING)
    address = reverse("import_row", args=[run.pk, 2])
    response = agent_client.post(
        address, {"champ": "email", "texte": "n@courriel.test"}, headers={"HX-Request": "true"}
    )
    assert response.headers["HX-Redirect"] == page(run, "import_writing")
    assert "est à l&#x27;étape" in agent_client.get(page(run, "import_writing")).content.decode()
