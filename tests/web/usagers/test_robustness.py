"""Whatever is asked, a page that helps: never an error, never another person's data, few queries, fast."""

from datetime import date, time, timedelta
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_insertion.kernel.models import AttemptWindow
from tests.factories import (
    AgentFactory,
    FollowUpFactory,
    InvitationFactory,
    LieuFactory,
    MotifFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    RdvFactory,
)
from tests.web.usagers.conftest import NOW, paris, text

MOMENTS = st.one_of(
    st.text(max_size=20),
    st.datetimes().map(lambda moment: f"{moment:%Y%m%dT%H%M%SZ}"),
    st.datetimes(
        min_value=(NOW - timedelta(days=3)).replace(tzinfo=None),
        max_value=(NOW + timedelta(days=100)).replace(tzinfo=None),
    ).map(lambda moment: f"{moment:%Y%m%dT%H%M00Z}"),
)
WEEKS = st.one_of(st.text(max_size=12), st.dates().map(date.isoformat), st.integers().map(str))
KEYS = st.one_of(
    st.text(max_size=12),
    st.integers().map(lambda number: f"lieu-{number}"),
    st.sampled_from(["phone", "visio", "home", "public_office", "REAL"]),
)


def _segment(value):
    return quote(value, safe="").replace(".", "%2E") or "-"


@settings(max_examples=40)
@given(key=KEYS, moment=MOMENTS, week=WEEKS, post=st.booleans(), moving=st.booleans())
def test_no_address_of_the_path_gives_an_error(client, participation, lieu, key, moment, week, post, moving):
    AttemptWindow.objects.all().delete()
    other = _invitation_without_rdv(participation)
    client.post(f"/rdv/{participation.code}", {"letters": "foi"})
    start = f"/rdv/{participation.code}/deplacer" if moving else f"/r/{other.code}/creneaux"
    slots = f"{start}/{_segment(key.replace('REAL', f'lieu-{lieu.pk}'))}"
    send = client.post if post else client.get
    for response in (client.get(slots, {"semaine": week}), send(f"{slots}/{_segment(moment)}")):
        assert response.status_code in (200, 302, 400, 404, 409)


def _invitation_without_rdv(participation):
    follow_up = FollowUpFactory(
        organisation=participation.rdv.organisation, motif_category=participation.follow_up.motif_category
    )
    return InvitationFactory(organisation=participation.rdv.organisation, follow_up=follow_up)


@settings(max_examples=40)
@given(code=st.text(max_size=40), letters=st.text(max_size=120), page=st.sampled_from(["r", "rdv"]))
def test_no_text_typed_gives_an_error(client, participation, code, letters, page):
    AttemptWindow.objects.all().delete()
    for response in (
        client.get(f"/{page}/{_segment(code)}"),
        client.post("/invitation", {"code": code}),
        Client().post(f"/rdv/{participation.code}", {"letters": letters}),
    ):
        assert response.status_code in (200, 302, 400, 404)


@pytest.fixture
def crowded(organisation, motif, lieu, category, plage):
    """Three places, the phone, thirty agents and a hundred rdvs more."""

    def fill():
        phone = MotifFactory(organisation=organisation, motif_category=category, by_phone=True)
        lieux = [lieu, *LieuFactory.create_batch(2, organisation=organisation)]
        agents = AgentFactory.create_batch(30, organisation=organisation)
        for number, one in enumerate(agents):
            PlageOuvertureFactory(motif=motif, lieu=lieux[number % 3], agent=one)
            PlageOuvertureFactory(
                motif=motif, lieu=lieux[number % 3], agent=one, start_time=time(13, 30), end_time=time(17)
            )
        PlageOuvertureFactory(motif=phone, agent=agents[0], start_time=time(17), end_time=time(18))
        for number in range(100):
            start = paris(3, time(9)) + timedelta(days=number // 30)
            RdvFactory(motif=motif, lieu=lieux[0], agents=[agents[number % 30]], starts_at=start)

    return fill


PAGES = [
    "/r/{code}",
    "/r/{code}/lieux",
    "/r/{code}/creneaux/{key}",
    "/r/{code}/creneaux/{key}/20260304T080000Z",
]
RDV_PAGES = [
    "/rdv/{rdv}",
    "/rdv/{rdv}/annuler",
    "/rdv/{rdv}/deplacer/lieux",
    "/rdv/{rdv}/deplacer/{key}",
    "/rdv/{rdv}/deplacer/{key}/20260304T080000Z",
]


@pytest.mark.parametrize("page", PAGES + RDV_PAGES)
def test_a_page_asks_as_many_queries_in_a_crowd_as_alone(
    client, participation, lieu, motif, crowded, page, django_assert_max_num_queries
):
    PlageOuvertureFactory(motif=motif)
    address = page.format(
        code=_invitation_without_rdv(participation).code, rdv=participation.code, key=f"lieu-{lieu.pk}"
    )
    client.post(f"/rdv/{participation.code}", {"letters": "foi"})
    client.get(address)
    with django_assert_max_num_queries(12) as alone:
        assert client.get(address).status_code == 200
    crowded()
    with django_assert_max_num_queries(len(alone)):
        assert client.get(address).status_code == 200


def test_no_page_tells_one_person_of_another(client, participation, lieu):
    neighbour = ParticipationFactory(
        follow_up__usager__last_name="Voisine",
        follow_up__usager__first_name="Bernadette",
        rdv__starts_at=paris(12, time(10)),
        rdv__motif=participation.rdv.motif,
        rdv__lieu=lieu,
    )
    code = _invitation_without_rdv(participation).code
    client.post(f"/rdv/{participation.code}", {"letters": "foi"})
    for page in PAGES + RDV_PAGES:
        shown = text(
            client.get(page.format(code=code, rdv=participation.code, key=f"lieu-{lieu.pk}"), follow=True)
        )
        assert "Voisine" not in shown
        assert "Bernadette" not in shown
        assert neighbour.code not in shown


def test_an_agent_logged_in_is_asked_the_name_like_anybody(agent_client, participation):
    assert "C'est bien vous" in text(agent_client.get(f"/rdv/{participation.code}"))
