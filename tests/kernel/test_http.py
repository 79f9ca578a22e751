import pytest

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
