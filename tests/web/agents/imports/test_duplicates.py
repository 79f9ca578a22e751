"""Possible duplicates: both records side by side, three answers."""

import pytest
from django.test import Client
from django.urls import reverse

from rdv_insertion.imports.enums import Decision
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.usagers.models import Usager
from tests.factories import OrganisationFactory, UsagerFactory, valid_nir
from tests.imports import files
from tests.web.agents.imports.conftest import AtStep, page

HEADER = ("Nom", "Prénom", "Mail", "Tél", "id iodas", "NIR")
ZOE = ("Roux", "Zoé", "z@courriel.test", "", "", "")
LIKE_ZOE = files.csv(HEADER, ZOE)


def shown(client: Client, run: ImportRun, query: str = "") -> str:
    return client.get(reverse("import_duplicates", args=[run.pk]) + query).content.decode()


def decide(client: Client, run: ImportRun, number: int = 2, **data: object) -> str:
    """Where the answer leads."""
    response = client.post(reverse("import_decide", args=[run.pk, number]), data)
    return response.headers["Location"]


@pytest.fixture
def zoe(organisation) -> Usager:
    return UsagerFactory(
        organisation=organisation, last_name="Roux", first_name="Zoé", email="autre@courriel.test"
    )


@pytest.fixture
def three(checked: AtStep, zoe: Usager, organisation) -> ImportRun:
    """Rows 2, 4 and 5 look like somebody; row 3 does not."""
    for name in ("Petit", "Grand"):
        UsagerFactory(organisation=organisation, last_name=name, first_name="Al")
    others = [(name, "Al", f"{name}@courriel.test", "", "", "") for name in ("Seul", "Petit", "Grand")]
    return checked(files.csv(HEADER, ZOE, *others))


def test_both_records_are_side_by_side_with_what_differs_in_words(
    agent_client: Client, checked: AtStep, zoe: Usager
):
    content = shown(agent_client, checked(LIKE_ZOE))
    assert "Doublon possible 1 sur 1" in content
    line = content.split("Adresse mail</th>")[1].split("</tr>")[0]
    assert ">z@courriel.test</td>" in line
    assert ">autre@courriel.test</td>" in line
    assert "différent" in line
    assert "identique" in content.split(">Nom</th>")[1].split("</tr>")[0]


def test_accents_and_case_do_not_make_a_difference(agent_client: Client, checked: AtStep, zoe: Usager):
    content = shown(agent_client, checked(files.csv(HEADER, ("ROUX", "ZOE", "z@courriel.test", "", "", ""))))
    assert "identique" in content.split(">Prénom</th>")[1].split("</tr>")[0]


def test_the_table_leads_to_the_comparison(agent_client: Client, checked: AtStep, zoe: Usager):
    run = checked(LIKE_ZOE)
    content = agent_client.get(page(run)).content.decode()
    assert f'{reverse("import_duplicates", args=[run.pk])}?ligne=2">Comparer et décider' in content
    assert "Décider du doublon possible" in content


def test_each_answer_leads_to_the_next_one_to_decide(agent_client: Client, three: ImportRun, zoe: Usager):
    address = reverse("import_duplicates", args=[three.pk])
    assert "Doublon possible 1 sur 3" in shown(agent_client, three)
    assert (
        decide(agent_client, three, 2, decision="same", personne=zoe.pk, suite="oui") == f"{address}?ligne=4"
    )
    assert "Doublon possible 2 sur 3" in shown(agent_client, three, "?ligne=4")
    assert decide(agent_client, three, 4, decision="later", suite="oui") == f"{address}?ligne=5"
    assert decide(agent_client, three, 5, decision="different", suite="oui") == f"{address}?ligne=fin"
    content = shown(agent_client, three, "?ligne=fin")
    assert "1 doublon reste" in content
    assert "Doublon possible 2 sur 3" in shown(agent_client, three)


def test_all_decided_is_said(agent_client: Client, checked: AtStep, zoe: Usager):
    run = checked(LIKE_ZOE)
    decide(agent_client, run, decision="different", suite="oui")
    assert "Tous les doublons possibles sont décidés." in shown(agent_client, run, "?ligne=fin")


def test_no_duplicate_is_said(agent_client: Client, checked: AtStep):
    assert "Aucun doublon possible dans ce fichier." in shown(agent_client, checked(files.people(1)))


def test_several_known_people_are_each_an_answer(agent_client: Client, checked: AtStep, zoe, organisation):
    other = UsagerFactory(organisation=organisation, last_name="Roux", first_name="Zoé")
    run = checked(LIKE_ZOE)
    content = shown(agent_client, run)
    assert content.count("Même personne que") == 2
    decide(agent_client, run, decision="same", personne=other.pk)
    assert run.rows.get().usager == other


def test_each_decision_changes_what_will_be_written(agent_client: Client, checked: AtStep, zoe: Usager):
    run = checked(LIKE_ZOE)

    def said() -> str:
        return agent_client.get(page(run)).content.decode()

    decide(agent_client, run, decision=Decision.SAME, personne=zoe.pk)
    assert "0 personne à créer</strong>, 1 à mettre à jour" in said()
    decide(agent_client, run, decision=Decision.DIFFERENT)
    assert "1 personne à créer</strong>, 0 à mettre à jour" in said()
    decide(agent_client, run, decision=Decision.LATER)
    assert "1 doublon à décider" in said()
    decide(agent_client, run, decision="n'importe quoi")
    assert "1 doublon à décider" in said()


def test_the_same_person_shows_in_the_table_what_will_change(
    agent_client: Client, checked: AtStep, zoe: Usager
):
    run = checked(LIKE_ZOE)
    decide(agent_client, run, decision=Decision.SAME, personne=zoe.pk)
    content = agent_client.get(page(run)).content.decode()
    assert "<ins>z@courriel.test</ins>" in content
    assert "autre@courriel.test</del>" in content


def test_somebody_it_does_not_look_like_cannot_be_chosen(
    agent_client: Client, checked: AtStep, zoe, organisation
):
    other = UsagerFactory(organisation=organisation)
    run = checked(LIKE_ZOE)
    for personne in (other.pk, "", "abc", "9" * 30):
        assert decide(agent_client, run, decision="same", personne=personne) == page(run)
    assert run.rows.get().decision == Decision.LATER


def test_of_people_followed_elsewhere_only_the_name_and_birth_are_shown(
    agent_client: Client, checked: AtStep, department
):
    known = UsagerFactory(
        organisation=OrganisationFactory(department=department),
        last_name="Roux", first_name="Zoé", email="secret@courriel.test",
    )  # fmt: skip
    content = shown(agent_client, checked(LIKE_ZOE))
    assert "suivi par une autre organisation" in content
    assert "Non affiché" in content
    assert reverse("usager", args=[known.pk]) not in content
    for hidden in ("secret@courriel.test", known.affiliation_number):
        assert hidden not in content


def test_two_nirs_are_compared_without_being_shown(agent_client: Client, checked: AtStep, zoe: Usager):
    Usager.objects.filter(pk=zoe.pk).update(nir=valid_nir(1))
    content = shown(agent_client, checked(files.csv(HEADER, (*ZOE[:5], valid_nir(2)))))
    assert "différent" in content.split(">NIR</th>")[1].split("</tr>")[0]
    for nir in (valid_nir(1), valid_nir(2)):
        assert nir[:10] not in content


def test_a_duplicate_is_decided_after_the_others_are_written(agent_client, checked, zoe, run_jobs):
    run = checked(LIKE_ZOE + b"Roy;Al;al@courriel.test;;;\n")
    agent_client.post(page(run))
    run_jobs("imports")
    decide(agent_client, run, decision=Decision.SAME, personne=zoe.pk)
    agent_client.post(page(run))
    run_jobs("imports")
    zoe.refresh_from_db()
    assert (zoe.email, Usager.objects.count()) == ("z@courriel.test", 2)


def test_the_page_asks_a_constant_number_of_questions(
    agent_client: Client, checked: AtStep, zoe, organisation, django_assert_max_num_queries
):
    for _ in range(4):
        UsagerFactory(organisation=organisation, last_name="Roux", first_name="Zoé")
    run = checked(LIKE_ZOE)
    with django_assert_max_num_queries(24):
        assert shown(agent_client, run).count("Même personne que") == 5
