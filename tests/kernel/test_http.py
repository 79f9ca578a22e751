import pytest

from rdv_insertion.kernel.http import client_address

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("method", "address", "data"),
    [
        ("get", "/invitation", {"code": "AB\0CD"}),
        ("get", "/invitation", {"co\0de": "1"}),
        ("post", "/invitation", {"code": "AB\0CD"}),
        ("get", "/r/AB%00CD", {}),
        ("get", "/organisations/cd%00/usagers/", {}),
    ],
)
def test_what_the_database_cannot_hold_is_refused_politely(client, method, address, data):
    response = getattr(client, method)(address, data)
    assert response.status_code == 400
    assert "Nous n'avons pas compris cette demande" in response.content.decode()


def test_the_same_without_it_is_answered(client):
    assert client.post("/invitation", {"code": "ABCD"}).status_code == 200


@pytest.mark.parametrize(
    ("forwarded", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("203.0.113.9, 192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown", "unknown"),
    ],
)
def test_tries_are_counted_by_subscriber_as_our_own_machine_saw_them(rf, settings, forwarded, counted):
    settings.TRUSTED_PROXY_COUNT = 1
    assert client_address(rf.get("/", headers={"X-Forwarded-For": forwarded})) == counted


def test_without_a_machine_of_ours_in_front_what_a_caller_writes_counts_for_nothing(rf):
    assert client_address(rf.get("/", headers={"X-Forwarded-For": "192.0.2.7"})) == "127.0.0.1"
