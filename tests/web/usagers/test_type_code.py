"""Typing a code by hand, and what unknown codes cost."""

import pytest
from django.test import Client

from rdv_insertion.web.usagers.forms import code_problem
from tests.web.usagers.conftest import text


@pytest.mark.parametrize("address", ["/invitation", "/invitation/"])
def test_the_page_of_the_letter_opens_with_and_without_a_slash(client, db, address):
    assert "Tapez votre code" in text(client.get(address))


@pytest.mark.parametrize("address", ["/r", "/r/", "/rdv", "/rdv/"])
def test_a_link_cut_before_its_code_leads_to_the_page_where_it_is_typed(client, db, address):
    assert client.get(address).url == "/invitation"


@pytest.mark.parametrize(
    "typed",
    ["ABCD2345", "abcd 2345", " abcd-2345 ", "http://testserver/r/abcd2345", "testserver/r/ABCD2345/"],
)
def test_a_code_is_understood_however_it_is_typed(client, invitation, typed):
    assert client.post("/invitation", {"code": typed}).url == "/r/ABCD2345"


def test_the_code_of_a_rdv_leads_to_the_rdv(client, participation):
    assert client.post("/invitation", {"code": participation.code}).url == f"/rdv/{participation.code}"


@pytest.mark.parametrize("character", ["0", "O", "1", "I", "L", "o", "l"])
def test_a_look_alike_is_explained_gently(client, db, character):
    page = text(client.post("/invitation", {"code": f"ABC{character}2345"}))
    assert f"Vous avez tapé « {character.upper()} »." in page
    assert "Un code n'a jamais de chiffre 0 ou 1, ni de lettre O, I ou L." in page
    assert f'value="ABC{character}2345"' in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Tapez votre code."),
        ("ABC", "Un code a 8 caractères. Vous en avez tapé 3."),
        ("ABCD23456", "Un code a 8 caractères. Vous en avez tapé 9."),
        ("ABCDÉ234", "Vous avez tapé « É »."),
        ("ABCD2346", "Ce code n'existe pas."),
        ("A" * 500, "Tapez seulement les 8 caractères du code."),
    ],
)
def test_what_is_no_code_is_said_in_a_sentence(client, db, typed, said):
    response = client.post("/invitation", {"code": typed})
    assert said in text(response)
    assert "<title>Erreur : Tapez votre code" in text(response)
    assert 'aria-invalid="true"' in text(response)


def test_every_character_of_a_real_code_is_accepted():
    assert code_problem("ABCDEFGH") == code_problem("JKMNPQRS") == code_problem("TUVWXYZ2") == ""


@pytest.mark.parametrize(
    "address", ["/r/ABCD2346", "/rdv/ABCD2346", "/r/ABCD2346/lieux", "/rdv/ABCD2346/annuler"]
)
def test_an_unknown_code_is_asked_again(client, db, address):
    response = client.get(address)
    assert response.status_code == 404
    assert "Ce code n'existe pas." in text(response)
    assert 'value="ABCD2346"' in text(response)


def test_the_code_of_a_rdv_works_in_the_address_of_an_invitation(client, participation):
    assert client.get(f"/r/{participation.code}").url == f"/rdv/{participation.code}"


def test_the_code_of_an_invitation_works_in_the_address_of_a_rdv(client, invitation):
    assert client.get("/rdv/ABCD2345").url == "/r/ABCD2345"


def test_an_address_that_tries_thirty_unknown_codes_pauses_even_with_a_right_one(client, invitation):
    for _ in range(30):
        assert client.get("/r/ZZZZ2222").status_code == 404
    response = client.get("/r/ABCD2345")
    assert response.status_code == 429
    assert response["Retry-After"] == "600"
    assert "Faisons une pause" in text(response)
    assert "Revenez dans <strong>10 minutes</strong>" in text(response)
    assert "Marina" not in text(response)


def test_codes_typed_by_hand_count_with_those_of_links(client, db):
    for _ in range(15):
        client.get("/r/ZZZZ2222")
        client.post("/invitation", {"code": "ZZZZ2222"})
    assert client.post("/invitation", {"code": "ZZZZ2222"}).status_code == 429


def test_the_pause_is_that_of_one_address(client, invitation):
    for _ in range(31):
        client.get("/r/ZZZZ2222")
    assert Client(REMOTE_ADDR="192.0.2.7").get("/r/ABCD2345").status_code == 200


def test_the_pause_ends(client, invitation, monday_morning):
    for _ in range(30):
        client.get("/r/ZZZZ2222")
    monday_morning.shift(600)
    assert client.get("/r/ABCD2345").status_code == 200


def test_right_codes_count_for_nothing(client, invitation):
    for _ in range(40):
        assert client.get("/r/ABCD2345").status_code == 200
