"""What is told to whoever waits for an earlier rdv: one is kept for them, until when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from rdv_insertion.kernel import dates
from rdv_insertion.kernel.text import squish
from rdv_insertion.messaging.texts.blocks import Button, Letter, Mail, Paragraph
from rdv_insertion.messaging.texts.rdvs.content import CREATED, RdvContent
from rdv_insertion.messaging.texts.rdvs.place import box_of
from rdv_insertion.messaging.texts.rdvs.rdv import Rdv


@dataclass(frozen=True, kw_only=True)
class EarlierSlotContent(RdvContent):
    """A rdv as it would be (`starts_at`, `place`…), the one they have, and until when it is kept.

    `link` opens the page where they answer.
    """

    event: str = CREATED
    current_starts_at: datetime
    answer_before: datetime

    def sms(self) -> list[str]:
        """See `PersonalContent.sms`; two dates take the room of the address, which is behind the link."""
        telling, said = Rdv(self), self._said()
        place = squish(self.place[0]).rstrip(" .,") if self.place else ""
        offered = (
            _("Bonjour, un rendez-vous plus tôt est possible : %(moment)s, %(place)s.")
            if place
            else _("Bonjour, un rendez-vous plus tôt est possible : %(moment)s.")
        )
        return [
            offered % {**said, "place": place},
            _("Répondez avant %(before)s : %(link)s") % said,
            _("Sans réponse, votre rendez-vous du %(current_short)s reste inchangé.") % said,
            telling.sms_help(),
        ]

    def shorter_sms(self) -> Iterable[list[str]]:
        """See `PersonalContent.shorter_sms`: two dates leave nothing to take away."""
        return ()

    def mail(self) -> Mail:
        """See `PersonalContent.mail`."""
        telling, said = Rdv(self), self._said()
        strong, warning = self._stake(telling)
        blocks = (
            Paragraph(telling.hello()),
            Paragraph(
                _("Une date plus proche est libre pour votre %(title)s. Nous la gardons pour vous.") % said
            ),
            box_of(self, said["moment"], telling.with_whom()),
            Paragraph(strong=_("Répondez avant %(before)s.") % said),
            Button(_("Répondre"), self.link),
            Paragraph(_("Sans réponse, votre rendez-vous du %(current)s reste inchangé.") % said),
            *telling.to_know(),
            Paragraph(warning, strong),
        )
        return Mail(
            subject=_("Un rendez-vous plus tôt est possible : %(moment)s") % said,
            heading=_("Un rendez-vous plus tôt est possible"),
            preview=_("%(moment)s. Répondez avant %(before)s.") % said,
            blocks=tuple(one for one in blocks if one != Paragraph()),
        )

    def written(self) -> Letter:
        """Never by letter: it is kept for two hours."""
        raise NotImplementedError("an earlier slot is not offered by letter")

    def _said(self) -> dict[str, str]:
        return {
            **Rdv(self).said,
            "current": dates.long_moment(self.current_starts_at, self.zone),
            "current_short": dates.short_moment(self.current_starts_at, self.zone),
            "before": dates.clock(self.answer_before.astimezone(self.zone)),
        }

    def _stake(self, telling: Rdv) -> tuple[str, str]:
        if not telling.mandatory:
            return "", ""
        return _("À l'une ou l'autre date, votre rendez-vous est obligatoire."), telling.consequence()
