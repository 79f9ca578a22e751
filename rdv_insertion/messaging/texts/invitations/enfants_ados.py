"""The model of workshops for children and teenagers: warm, and nothing is threatened in the first message."""

from django.utils.translation import gettext as _

from rdv_insertion.messaging.texts.invitations.atelier import Atelier


class EnfantsAdos(Atelier):
    """One invitation for a family."""

    def sms_call(self) -> str:
        """See `Standard.sms_call`."""
        if self.content.reminder and self.warns_in_brackets():
            return (
                _(
                    "Bonjour, il reste des places : %(title)s (obligatoire)."
                    " Choisissez le jour qui vous plaît : %(link)s"
                )
                % self.said
            )
        if self.content.reminder:
            return (
                _("Bonjour, il reste des places : %(title)s. Choisissez le jour qui vous plaît : %(link)s")
                % self.said
            )
        return (
            _("Bonjour, une place vous attend : %(title)s. Choisissez le jour qui vous plaît : %(link)s")
            % self.said
        )

    def warns_in_brackets(self) -> bool:
        """See `Standard.warns_in_brackets`."""
        return self.mandatory and self.content.reminder

    def subject(self) -> str:
        """See `Standard.subject`."""
        return self.heading()

    def heading(self) -> str:
        """See `Standard.heading`."""
        if self.content.reminder:
            return _("Il reste des places : %(title)s") % self.said
        return _("Une place vous attend : %(title)s") % self.said

    def letter_subject(self) -> str:
        """See `Standard.letter_subject`."""
        if self.content.reminder:
            return _("il reste des places, %(title)s") % self.said
        return _("une place vous attend, %(title)s") % self.said

    def preview(self) -> str:
        """See `Standard.preview`."""
        return _("Choisissez le jour qui vous plaît.")

    def why(self) -> str:
        """See `Standard.why`."""
        if self.content.reminder:
            return _("Il reste des places, et nous serions heureux de vous voir.")
        return (
            _("Nous organisons un moment pour vous et votre famille : %(title)s. Une place vous attend.")
            % self.said
        )

    def use(self) -> str:
        """See `Standard.use`."""
        return _("C'est l'occasion de %(purpose)s.") % self.said if self.said["purpose"] else ""

    def how(self) -> str:
        """See `Standard.how`."""
        return _("Regardez les jours proposés et choisissez celui qui vous plaît. C'est simple et rapide.")

    def stake(self) -> tuple[str, str]:
        """See `Standard.stake`: only when they are reminded."""
        return super().stake() if self.content.reminder else ("", "")
