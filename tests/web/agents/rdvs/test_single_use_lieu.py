"""A place for one rdv only, given with it."""

import pytest
from django.urls import reverse

from rdv_insertion.agenda.models import Lieu, Rdv


@pytest.fixture
def plan(motif, agent, usager, agent_client):
    """Post the form of a new rdv of this person, elsewhere than in a known place."""

    def post(**changes):
        form = {
            "motif": motif.pk,
            "day": "2027-03-02",
            "start_time": "10:00",
            "agents": [agent.pk],
            "usagers": [usager.pk],
            "lu": "",
            "other_lieu": "Mairie de Luc-en-Diois",
            "other_address": "Place de la Croix, 26310 Luc-en-Diois",
            **changes,
        }
        address = f"{reverse('rdv_new')}?usager={usager.pk}"
        page = agent_client.post(address, form)
        if page.status_code == 409:
            page = agent_client.post(address, {**form, "lu": page.context["fingerprint"]})
        return page

    return post


def test_the_place_is_written_with_the_rdv_and_is_proposed_for_no_other(plan, agent_client):
    assert plan().status_code == 302
    lieu = Rdv.objects.get().lieu
    assert (lieu.name, lieu.availability) == ("Mairie de Luc-en-Diois", "single_use")
    assert lieu.name not in agent_client.get(reverse("rdv_new")).content.decode()
    assert lieu.name in agent_client.get(reverse("rdv_edit", args=[Rdv.objects.get().pk])).content.decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"other_address": ""}, "Donnez le nom et l&#x27;adresse de l&#x27;autre lieu."),
        ({"other_lieu": ""}, "Donnez le nom et l&#x27;adresse de l&#x27;autre lieu."),
        ({"other_lieu": "", "other_address": ""}, "Choisissez un lieu : ce rendez-vous est sur place."),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_written(plan, changes, said):
    page = plan(**changes)
    assert page.status_code == 422
    assert said in page.content.decode()
    assert not Lieu.objects.filter(availability="single_use").exists()


def test_two_places_for_one_rdv_are_refused(plan, lieu):
    page = plan(lieu=lieu.pk)
    assert "pas les deux" in page.content.decode()
    assert not Rdv.objects.exists()
