import pytest
from django.conf import LazySettings
from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.messaging.replies import message_id_of, reply_address

pytestmark = pytest.mark.usefixtures("domain")


@pytest.fixture
def domain(settings: LazySettings) -> None:
    settings.REPLY_DOMAIN = "reponses.exemple.fr"


@given(st.integers(1, 2**63 - 1).filter(lambda number: number < 10**18))
def test_an_address_leads_back_to_its_message_however_it_is_written(number: int) -> None:
    address = reply_address(number)
    assert len(address.partition("@")[0]) <= 64
    for written in (address, address.upper(), f'"CD 26" <{address}>'):
        assert message_id_of(written) == number


@pytest.mark.parametrize(
    "change",
    [
        ("reponse+42", "reponse+43"),
        ("@reponses", "@autre"),
        ("reponse+42-", "reponse+42-0"),
        ("reponse+42", "reponse"),
        ("reponse+42", "reponse+٤٢"),
    ],
)
def test_an_address_that_is_not_ours_leads_nowhere(change: tuple[str, str]) -> None:
    assert message_id_of(reply_address(42).replace(*change)) is None


@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    assert message_id_of(text) is None


def test_a_service_that_takes_no_answers_gives_no_address(settings: LazySettings) -> None:
    address = reply_address(42)
    settings.REPLY_DOMAIN = ""
    assert reply_address(42) == ""
    assert message_id_of(address) is None
