"""An organisation that receives: a motif, a place, an agent with a plage, a person in front of the agent."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.agenda import creneaux
from rdv_insertion.web.agents.rdvs.grid import moment_text
from tests.factories import (
    AgentFactory,
    LieuFactory,
    MotifFactory,
    PlageOuvertureFactory,
    RdvFactory,
    UsagerFactory,
)


@pytest.fixture
def motif(organisation, configuration):
    return MotifFactory(
        organisation=organisation, motif_category=configuration.motif_category, name="Orientation"
    )


@pytest.fixture
def lieu(organisation):
    return LieuFactory(organisation=organisation, name="Maison de Die")


@pytest.fixture
def karim(organisation):
    return AgentFactory(organisation=organisation, first_name="Karim", last_name="Benali")


@pytest.fixture
def plage(motif, lieu, karim):
    return PlageOuvertureFactory(motif=motif, lieu=lieu, agent=karim)


@pytest.fixture
def usager(organisation):
    return UsagerFactory(organisation=organisation, first_name="Marina", last_name="Foïs")


@pytest.fixture
def masked_person(colleague_elsewhere):
    """Followed by another organisation of the department only."""
    (elsewhere,) = colleague_elsewhere.organisations.all()
    return UsagerFactory(
        organisation=elsewhere, first_name="Oriane", last_name="Valmont", address="1 rue Haute 26150 Die"
    )


@pytest.fixture
def first_slot(plage, motif):
    """The first créneau of all."""
    now = timezone.now()
    (offer,) = creneaux.offers([motif])
    return creneaux.find([offer], since=now, until=now + timedelta(days=14))[offer.key][0]


@pytest.fixture
def slot(first_slot, usager):
    """What the form of confirmation sends for it."""
    return {
        "motif": first_slot.motif_id,
        "lieu": f"lieu-{first_slot.lieu_id}",
        "agent": first_slot.agent_id,
        "debut": moment_text(first_slot.starts_at),
        "usager": usager.pk,
        "prevenir": "oui",
    }


@pytest.fixture
def plan(motif, lieu, agent, usager):
    """What the form of a new rdv sends: next year on a Tuesday, for an agent who has no plage."""
    return {
        "usagers": [usager.pk],
        "motif": motif.pk,
        "day": "2027-03-02",
        "start_time": "09:00",
        "minutes": "30",
        "lieu": lieu.pk,
        "agents": [agent.pk],
        "context": "Vient avec son fils",
        "prevenir": "oui",
    }


@pytest.fixture
def read_and_confirm(agent_client):
    """Send a form once, read the warnings that come back, and send it again with the box ticked."""

    def send(url, form):
        warned = agent_client.post(url, form)
        assert warned.status_code in (409, 422)
        return agent_client.post(url, {**form, "lu": warned.context["fingerprint"]})

    return send


@pytest.fixture
def atelier(organisation, configuration, lieu, agent):
    """A collective rdv to come, with two seats."""
    motif = MotifFactory(
        organisation=organisation,
        motif_category=configuration.motif_category,
        name="Atelier CV",
        collectif=True,
        max_participants_count=2,
    )
    return RdvFactory(motif=motif, lieu=lieu, agents=[agent], max_participants_count=2)


@pytest.fixture
def get(agent_client):
    """The text of a page, by its name."""

    def text(name, *args, status=200, **parameters):
        response = agent_client.get(reverse(name, args=args), parameters)
        assert response.status_code == status
        return response.content.decode()

    return text
