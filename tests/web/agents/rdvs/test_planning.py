"""Taking a rdv at any moment, for anybody of the department, and changing one."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.agenda.models import Rdv
from rdv_insertion.messaging.models import Message
from rdv_insertion.usagers.models import Usager
from tests.factories import (
    AgentFactory,
    LieuFactory,
    MotifFactory,
    ParticipationFactory,
    RdvFactory,
    UsagerFactory,
)

GARBAGE = ["", "abc", "-1", "9" * 30, "2026-99-99", "25:99", "é'\"<", "99999-01-01"]
FIELDS = ["usagers", "motif", "day", "start_time", "minutes", "lieu", "agents", "lu", "ajouter", "retirer"]


@pytest.fixture
def new(agent_client):
    return lambda form: agent_client.post(reverse("rdv_new"), form)


def test_a_rdv_outside_any_plage_is_first_read_then_taken(read_and_confirm, plan, usager):
    read_and_confirm(reverse("rdv_new"), plan)
    rdv = Rdv.objects.get()
    assert [one.usager for one in rdv.participations.all()] == [usager]
    assert rdv.context == "Vient avec son fils"


def test_what_was_typed_is_kept_while_the_warnings_are_read(new, plan):
    text = new(plan).content.decode()
    assert "ne reçoit pas pour ce motif à ce moment" in text
    assert "Vient avec son fils" in text
    assert 'value="2027-03-02"' in text


def test_warnings_that_changed_are_asked_again(new, plan, agent, motif):
    read = new(plan).context["fingerprint"]
    RdvFactory(motif=motif, agents=[agent], starts_at=new(plan).context["form"].plans()[0].starts_at)
    assert new({**plan, "lu": read}).status_code == 409
    assert Rdv.objects.count() == 1


def test_several_people_have_the_same_rdv(read_and_confirm, plan, usager, organisation):
    other = UsagerFactory(organisation=organisation)
    read_and_confirm(reverse("rdv_new"), {**plan, "usagers": [usager.pk, other.pk]})
    assert Rdv.objects.get().participations.count() == 2


def test_without_a_person_nothing_is_taken(new, plan):
    del plan["usagers"]
    response = new(plan)
    assert response.status_code == 422
    assert "Choisissez la personne" in response.content.decode()


def test_what_nobody_may_do_is_said_on_the_form(new, plan, lieu):
    lieu.availability = "disabled"
    lieu.save()
    assert new(plan).status_code == 422
    assert not Rdv.objects.exists()


def test_a_closed_place_may_be_kept_by_a_rdv_that_has_it(get, motif, lieu, agent):
    rdv = RdvFactory(motif=motif, lieu=lieu, agents=[agent])
    lieu.availability = "disabled"
    lieu.save()
    assert f'<option value="{lieu.pk}" selected>' in get("rdv_edit", rdv.pk)


def test_the_duration_is_that_of_the_motif_when_left_out(read_and_confirm, plan, motif):
    motif.duration = timedelta(minutes=50)
    motif.save()
    read_and_confirm(reverse("rdv_new"), {**plan, "minutes": ""})
    rdv = Rdv.objects.get()
    assert rdv.ends_at - rdv.starts_at == timedelta(minutes=50)


def test_the_address_fills_the_form(get, motif, lieu, agent, usager):
    text = get(
        "rdv_new",
        usager=usager.pk,
        motif=motif.pk,
        lieu=lieu.pk,
        jour="2027-03-02",
        debut="09:00",
        fin="09:45",
    )
    assert "Marina Foïs" in text
    assert 'value="2027-03-02"' in text
    assert 'value="45"' in text


def test_searching_keeps_what_was_typed(new, plan):
    text = new({**plan, "chercher": "oui", "q": "foïs", "usagers": []}).content.decode()
    assert "Marina Foïs" in text
    assert "Vient avec son fils" in text
    assert not Rdv.objects.exists()


def test_somebody_found_elsewhere_is_masked_then_attached(
    agent_client, read_and_confirm, plan, masked_person, organisation
):
    found = agent_client.post(reverse("rdv_new"), {**plan, "usagers": [], "chercher": "oui", "q": "Valmont"})
    text = found.content.decode()
    assert "Oriane V." in text
    assert "Valmont," not in text
    token = unescape(re.search(r'name="ajouter" value="([^"]+)"', text).group(1))
    assert not masked_person.organisations.filter(pk=organisation.pk).exists()
    read_and_confirm(reverse("rdv_new"), {**plan, "usagers": [token]})
    assert masked_person.organisations.filter(pk=organisation.pk).exists()


def test_the_nir_finds_nobody(get, usager):
    assert "Marina Foïs" not in get("rdv_new", q=usager.nir)


def test_a_person_is_created_on_the_spot(new, plan, organisation):
    response = new(
        {
            **plan,
            "usagers": [],
            "creer": "oui",
            "personne-first_name": "Lou",
            "personne-last_name": "Nouvelle",
            "personne-phone_number": "06 98 76 54 32",
        }
    )
    lou = Usager.objects.get(last_name="Nouvelle")
    assert f'name="usagers" value="{lou.pk}"' in response.content.decode()
    assert lou.organisations.get() == organisation


def test_a_new_person_without_phone_or_mail_is_refused(new, plan):
    form = {**plan, "creer": "oui", "personne-first_name": "Lou", "personne-last_name": "Nouvelle"}
    assert "Écrivez un téléphone ou une adresse mail." in new(form).content.decode()
    assert not Usager.objects.filter(last_name="Nouvelle").exists()


def test_a_known_person_is_shown_before_being_created_twice(new, plan, usager):
    form = {
        **plan,
        "usagers": [],
        "creer": "oui",
        "personne-first_name": "Marina",
        "personne-last_name": "Foïs",
        "personne-phone_number": "06 98 76 54 32",
    }
    assert "peut-être déjà connue" in new(form).content.decode()
    assert Usager.objects.filter(last_name="Foïs").count() == 1
    new({**form, "creer": "quand-meme"})
    assert Usager.objects.filter(last_name="Foïs").count() == 2


@pytest.mark.parametrize("name", FIELDS)
def test_garbage_is_survived(new, plan, name):
    assert [value for value in GARBAGE if new({**plan, name: value}).status_code >= 500] == []


@pytest.mark.parametrize("name", ["usager", "motif", "agent", "jour", "debut", "fin", "lieu", "q"])
def test_garbage_in_the_address_is_left_out(agent_client, motif, name):
    answers = [agent_client.get(reverse("rdv_new"), {name: value}).status_code for value in GARBAGE]
    assert set(answers) == {200}


def test_an_agent_a_motif_or_a_place_of_others_is_refused(new, plan):
    for name, value in (
        ("agents", AgentFactory().pk),
        ("motif", MotifFactory().pk),
        ("lieu", LieuFactory().pk),
    ):
        assert new({**plan, name: value}).status_code == 422


def test_moving_a_rdv_tells_the_person(read_and_confirm, run_jobs, motif, lieu, agent, plan, usager):
    rdv = RdvFactory(motif=motif, lieu=lieu, agents=[agent])
    ParticipationFactory(rdv=rdv, usager=usager, follow_up=None)
    read_and_confirm(reverse("rdv_edit", args=[rdv.pk]), plan)
    run_jobs("notifications")
    rdv.refresh_from_db()
    assert f"{rdv.starts_at:%Y-%m-%d}" == "2027-03-02"
    assert Message.objects.filter(usager=usager, purpose="rdv_updated").exists()


def test_a_cancelled_rdv_is_not_changed(agent_client, motif, agent, plan):
    rdv = RdvFactory(motif=motif, agents=[agent], status="revoked")
    response = agent_client.post(reverse("rdv_edit", args=[rdv.pk]), plan)
    assert response.url == reverse("rdv_show", args=[rdv.pk])
    assert Rdv.objects.get().starts_at < timezone.now() + timedelta(days=30)
