"""Logging in: mail and password, or a six-digit code sent by mail (django-allauth)."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from rdv_insertion.kernel.http import client_address


class AccountAdapter(DefaultAccountAdapter):
    """Agents are named by an administrator: nobody signs up alone."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that limits of tries are counted by, the same as everywhere else."""
        return client_address(request)
