"""From a refusal to the page where it is put right."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from rdv_insertion.invitations.enums import Refusal, Where
from rdv_insertion.invitations.models import CategoryConfiguration

# Pages that only administrators open.
_OF_ADMINISTRATORS = {
    Where.MOTIFS: "motifs",
    Where.CATEGORY: "configuration_category",
    Where.MESSAGES: "configuration_messages",
}
_OF_THE_PERSON = (Where.IDENTITY, Where.PERSON, Where.RDVS, Where.SENT, Where.MEMBERSHIPS)
# Pages of the agent's, whatever the category.
_OF_THE_AGENT = {Where.PLAGES: "plages", Where.ORGANISATIONS: "organisations"}
# The part of the person's page where it is.
_PARTS = {
    Where.PERSON: "",
    Where.RDVS: "?onglet=rendez-vous",
    Where.SENT: "?onglet=messages",
    Where.MEMBERSHIPS: "?onglet=suivis#organisations",
}


@dataclass(frozen=True)
class Remedy:
    """Why somebody is refused, and the link that settles it; without an address, words only."""

    sentence: str
    label: str
    url: str = ""


@dataclass(frozen=True)
class Remedies:
    """The remedies of one category, for one agent. `back` is where a corrected contact leads back to."""

    configuration: CategoryConfiguration
    administers: bool
    back: str = ""

    def of(self, refusal: Refusal | str, usager_id: int | None = None) -> Remedy:
        """The remedy of one refusal; without `usager_id`, what concerns a person leads to those concerned."""
        known = Refusal(refusal)
        where = known.action.where
        if where in _OF_ADMINISTRATORS and not self.administers:
            return Remedy(str(known.label), "Demandez à un administrateur de votre organisation")
        if where in _OF_THE_PERSON:
            url = self._page_of(where, usager_id) if usager_id else f"?raison={known.value}#people"
            return Remedy(str(known.label), known.action.label, url)
        return Remedy(str(known.label), known.action.label, self._url(where))

    def _url(self, where: Where) -> str:
        if where in _OF_THE_AGENT:
            return reverse(_OF_THE_AGENT[where])
        slug = self.configuration.organisation.slug
        if where == Where.CATEGORY:
            return reverse(_OF_ADMINISTRATORS[where], args=[slug, self.configuration.pk])
        return reverse(_OF_ADMINISTRATORS[where], args=[slug])

    def _page_of(self, where: Where, usager_id: int) -> str:
        if where != Where.IDENTITY:
            return f"{reverse('usager', args=[usager_id])}{_PARTS[where]}"
        page = reverse("usager_edit", args=[usager_id])
        return f"{page}?{urlencode({'retour': self.back})}" if self.back else page
