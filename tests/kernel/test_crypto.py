import base64

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from rdv_insertion.kernel import crypto

OLD = "2025:" + base64.b64encode(b"o" * 32).decode()
NEW = "2026:" + base64.b64encode(b"n" * 32).decode()


@given(st.binary(max_size=200))
def test_what_is_sealed_is_read_back(plain: bytes) -> None:
    assert crypto.decrypt(crypto.encrypt(plain)) == plain


def test_the_same_value_is_never_sealed_twice_alike() -> None:
    assert crypto.encrypt(b"185042636212346") != crypto.encrypt(b"185042636212346")


def test_a_value_sealed_with_an_old_key_still_reads_after_rotation(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    sealed = crypto.encrypt(b"185042636212346")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert crypto.decrypt(sealed) == b"185042636212346"
    assert crypto.encrypt(b"x").startswith(b"2026:")


def test_a_value_whose_key_was_withdrawn_cannot_be_read(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    sealed = crypto.encrypt(b"secret")
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(KeyError):
        crypto.decrypt(sealed)


def test_any_altered_byte_is_noticed() -> None:
    sealed = crypto.encrypt(b"185042636212346")
    start = sealed.index(b":") + 1
    for place in range(start, len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises(InvalidTag):
            crypto.decrypt(bytes(altered))


def test_the_blind_index_finds_equal_values_and_depends_on_its_key(settings: Settings) -> None:
    index = crypto.blind_index("nir:1850426362123")
    assert index == crypto.blind_index("nir:1850426362123")
    assert index != crypto.blind_index("nir:1850426362124")
    assert "1850426362123" not in index
    settings.BLIND_INDEX_KEY = "another"
    assert crypto.blind_index("nir:1850426362123") != index


def test_validating_an_encrypted_text_leaves_it_as_it_is() -> None:
    assert crypto.EncryptedTextField().clean("185042636212346", None) == "185042636212346"
    assert crypto.EncryptedJSONField().clean({"nom": "Foïs"}, None) == {"nom": "Foïs"}
