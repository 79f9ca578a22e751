"""A convocation told to the person: they must come, or say why not."""

from django.utils.translation import gettext as _

from rdv_insertion.messaging.texts.rdvs.place import PHONE, stays_home
from rdv_insertion.messaging.texts.rdvs.rdv import CANCELLED, CREATED, REMINDER, UPDATED, Rdv
from rdv_insertion.messaging.texts.sentences import spaced


class Convocation(Rdv):
    """One event of a convocation in the active language."""

    def shorter_sms(self) -> list[list[str]]:
        """See `Rdv.shorter_sms`: nothing of what is asked is left out."""
        return [self.sms()]

    def sms_event(self) -> str:
        """See `Rdv.sms_event`."""
        summoned = self.addressee.say(
            woman=_("Bonjour, vous êtes convoquée le %(moment)s : %(title)s."),
            man=_("Bonjour, vous êtes convoqué le %(moment)s : %(title)s."),
            other=_("Bonjour, vous êtes convoqué(e) le %(moment)s : %(title)s."),
        )
        return {
            CREATED: summoned,
            UPDATED: _("Bonjour, convocation modifiée : %(title)s le %(moment)s."),
            CANCELLED: _("Bonjour, convocation annulée : votre %(title)s du %(moment)s n'aura pas lieu."),
            REMINDER: _("Bonjour, rappel de convocation : %(title)s le %(moment)s."),
        }[self.event] % self.said

    def sms_stake(self) -> str:
        """See `Rdv.sms_stake`: each time, with what they risk."""
        if not self.said["warning"]:
            return self.required()
        if self.content.location_type == PHONE:
            return _("Réponse obligatoire, sinon %(warning)s.") % self.said
        return _("Présence obligatoire, sinon %(warning)s.") % self.said

    def sms_way_out(self) -> str:
        """How to say that one cannot come."""
        if self.said["phone"]:
            return _("Empêchement ? %(phone)s ou %(link)s") % self.said
        return _("Empêchement ? Dites-le ici : %(link)s") % self.said

    def sms_help(self) -> str:
        """See `Rdv.sms_help`: the number is given already."""
        return ""

    def subject(self) -> str:
        """See `Rdv.subject`."""
        return {
            CREATED: _("Convocation : %(moment)s"),
            UPDATED: _("Convocation modifiée : %(moment)s"),
            CANCELLED: _("Convocation annulée : %(moment)s"),
            REMINDER: _("Rappel de votre convocation : %(moment)s"),
        }[self.event] % self.said

    def heading(self) -> str:
        """See `Rdv.heading`."""
        summoned = self.addressee.say(
            woman=_("Vous êtes convoquée à un rendez-vous"),
            man=_("Vous êtes convoqué à un rendez-vous"),
            other=_("Vous êtes convoqué(e) à un rendez-vous"),
        )
        return {
            CREATED: summoned,
            UPDATED: _("Votre convocation change"),
            CANCELLED: _("Votre convocation est annulée"),
            REMINDER: _("Rappel de votre convocation"),
        }[self.event]

    def letter_subject(self) -> str:
        """See `Rdv.letter_subject`."""
        return {
            CREATED: _("convocation du %(moment)s"),
            UPDATED: _("convocation modifiée, nouveau rendez-vous du %(moment)s"),
            CANCELLED: _("annulation de votre convocation du %(moment)s"),
            REMINDER: _("rappel de votre convocation du %(moment)s"),
        }[self.event] % self.said

    def intro(self) -> str:
        """See `Rdv.intro`."""
        event = {
            CREATED: self._summoned(),
            UPDATED: _("Votre convocation change. Voici les nouvelles informations pour votre %(title)s."),
            REMINDER: self._reminded(),
        }[self.event]
        purpose = _("Ce rendez-vous sert à %(purpose)s.") % self.said if self.said["purpose"] else ""
        return spaced(event % self.said, purpose)

    def _summoned(self) -> str:
        return self.addressee.say(
            woman=_("Vous êtes convoquée à votre %(title)s, à la date indiquée ci-dessous."),
            man=_("Vous êtes convoqué à votre %(title)s, à la date indiquée ci-dessous."),
            other=_("Vous êtes convoqué(e) à votre %(title)s, à la date indiquée ci-dessous."),
        )

    def _reminded(self) -> str:
        if self.content.location_type == PHONE:
            return _("Nous vous rappelons que vous devez répondre à notre appel pour votre %(title)s.")
        if stays_home(self.content):
            return _("Nous vous rappelons que votre présence est obligatoire pour votre %(title)s.")
        return _("Nous vous rappelons que vous devez vous présenter à votre %(title)s.")

    def required(self) -> str:
        """That presence is required."""
        if self.content.location_type == PHONE:
            return _("Vous devez répondre à cet appel.")
        return _("Votre présence est obligatoire.")

    def stake(self) -> tuple[str, str]:
        """See `Rdv.stake`: always."""
        return self.required(), self.consequence()

    def cannot_come(self) -> str:
        """See `Rdv.cannot_come`."""
        if not self.said["phone"]:
            return _("Vous avez un empêchement ? Dites-le dès que possible avec le bouton ci-dessous.")
        return _(
            "Vous avez un empêchement ? Dites-le dès que possible :"
            " appelez-nous, ou utilisez le bouton ci-dessous."
        )

    def button(self) -> str:
        """See `Rdv.button`."""
        if stays_home(self.content):
            return _("Voir ma convocation ou dire que je ne suis pas disponible")
        return _("Voir ma convocation ou dire que je ne peux pas venir")

    def written_way_out(self) -> str:
        """See `Rdv.written_way_out`."""
        if not self.said["phone"]:
            return _("Vous avez un empêchement ? Dites-le dès que possible à l'adresse %(link)s") % self.said
        return (
            _(
                "Vous avez un empêchement ? Dites-le dès que possible :"
                " appelez le %(phone)s, ou ouvrez l'adresse %(link)s"
            )
            % self.said
        )

    def off(self) -> str:
        """See `Rdv.off`: only the service cancels what it asked."""
        return _("Votre convocation est annulée : votre %(title)s du %(moment)s n'aura pas lieu.") % self.said

    def still_needed(self) -> tuple[str, str]:
        """See `Rdv.still_needed`: who summons sets the next date."""
        return "", _("Vous n'avez rien à faire. Nous vous écrirons si une nouvelle date est fixée.")

    def another(self) -> str:
        """See `Rdv.another`: the service sets the date; the number is at the end of the mail."""
        return ""

    def sms_another(self) -> str:
        """See `Rdv.sms_another`."""
        if self.said["phone"]:
            return _("Une question ? Appelez le %(phone)s.") % self.said
        return _("Voir : %(link)s") % self.said
