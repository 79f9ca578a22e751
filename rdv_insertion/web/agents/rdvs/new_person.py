"""Creating a person while taking their rdv, after showing who they may already be."""

from datetime import datetime
from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import dates
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers import values
from rdv_insertion.usagers.enums import CreatedThrough, Title
from rdv_insertion.usagers.identity import Identity
from rdv_insertion.usagers.matching import match
from rdv_insertion.usagers.models import Usager
from rdv_insertion.usagers.services import MissingIdentity, PersonToSave, check_identity, save_people
from rdv_insertion.web.agents.rdvs import people
from rdv_insertion.web.agents.rdvs.people import Person

_ATTRIBUTES = ("title", "first_name", "last_name", "birth_date", "phone_number", "email")


class NewPersonForm(DsfrBaseForm):
    """The few attributes that one asks somebody on the phone; `identity` once valid."""

    title = forms.ChoiceField(
        label="Civilité", choices=[("", "Non renseignée"), *Title.choices], required=False
    )
    first_name = forms.CharField(label="Prénom", max_length=100)
    last_name = forms.CharField(label="Nom", max_length=100)
    birth_date = forms.CharField(
        label="Date de naissance", help_text="Exemple : 03/04/1985", max_length=30, required=False
    )
    phone_number = forms.CharField(
        label="Téléphone", help_text="Exemple : 06 12 34 56 78", max_length=40, required=False
    )
    email = forms.CharField(label="Adresse mail", max_length=254, required=False)

    def __init__(self, data: Any, *, now: datetime) -> None:
        self.today = dates.today(now)
        super().__init__(data, prefix="personne")
        self.set_autofocus = False

    def clean(self) -> dict[str, Any]:
        """Understand each text; a person needs names, and a phone or a mail to tell them from another."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, text in list(cleaned.items()):
            try:
                cleaned[name] = values.parse(name, text, today=self.today) if text else None
            except values.Refused as refusal:
                self.add_error(name, f"{str(refusal).capitalize()}.")
        if not self.errors:
            try:
                check_identity(Identity(**cleaned))
            except MissingIdentity:
                self.add_error(None, "Écrivez un téléphone ou une adresse mail.")
        return cleaned

    @property
    def identity(self) -> Identity:
        """What was typed."""
        return Identity(**{name: self.cleaned_data.get(name) for name in _ATTRIBUTES})


def lookalikes(form: NewPersonForm, organisation: Organisation, viewer: Agent) -> list[Person]:
    """The people of the department whom this new one may be."""
    (found,) = match([form.identity], organisation.department)
    ids = [found.known.pk] if found.known else found.lookalikes
    return [people.picked(viewer, one) for one in Usager.objects.filter(pk__in=ids)]


def create(form: NewPersonForm, organisation: Organisation, now: datetime) -> Usager:
    """Write the person, followed by the organisation from now on. Raises MissingIdentity."""
    (usager,) = save_people(
        people=[PersonToSave(form.identity)],
        organisation=organisation,
        created_through=CreatedThrough.FORM,
        now=now,
    )
    return usager
