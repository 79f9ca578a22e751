"""The language of a person: chosen by them, or written down by an agent."""

import pytest
from django.utils import timezone

from rdv_insertion.usagers.models import Usager
from rdv_insertion.usagers.services import choose_language, edit_usager
from tests.factories import UsagerFactory


def test_a_choice_changes_the_language_and_nothing_else(db):
    usager, now = UsagerFactory(first_name="Marina"), timezone.now()
    stale = Usager.objects.get(pk=usager.pk)
    Usager.objects.filter(pk=usager.pk).update(first_name="Marine")
    choose_language(usager=stale, language="ar", now=now)
    kept = Usager.objects.get(pk=usager.pk)
    assert (kept.language, kept.first_name, kept.updated_at) == ("ar", "Marine", now)


def test_the_same_choice_twice_writes_once(db):
    usager, now = UsagerFactory(), timezone.now()
    choose_language(usager=usager, language="tr", now=now)
    choose_language(usager=usager, language="tr", now=timezone.now())
    usager.refresh_from_db()
    assert usager.updated_at == now


def test_an_unknown_language_is_refused(db):
    with pytest.raises(ValueError, match="de"):
        choose_language(usager=UsagerFactory(), language="de", now=timezone.now())


def test_an_agent_who_says_nothing_of_the_language_leaves_it(db):
    usager = UsagerFactory(language="uk")
    edit_usager(usager=usager, identity=usager.identity, attributes=["first_name"], now=timezone.now())
    usager.refresh_from_db()
    assert usager.language == "uk"
