"""The only link in a message is the person's own: it is how they know it.

Whoever takes over the account of an administrator must not send people elsewhere in the service's name, and
operators stop the SMS that hold another link.
"""

import re

from django.core.exceptions import ValidationError

# An address to open; those of mails are none.
_WEB_ADDRESS = re.compile(
    r"https?:|www\.|(?<![@\w.-])[\w.-]+\.(?:fr|com|net|org|eu|info)\b(?!@)|\w\.[a-z]{2,}/", re.IGNORECASE
)


def refuse_other_links(words: str) -> None:
    """Raises ValidationError (French) when `words`, of an organisation, hold the address of a site."""
    if _WEB_ADDRESS.search(words):
        raise ValidationError(
            "N'écrivez pas d'adresse de site : le seul lien d'un message est celui de la personne, c'est à "
            "cela qu'elle le reconnaît. Les opérateurs arrêtent aussi les SMS qui en ont un autre.",
            code="other_link",
        )
