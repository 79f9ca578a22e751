"""Home, health and login."""

from allauth.account import views as account
from django.contrib.auth.decorators import login_not_required
from django.urls import path

from rdv_insertion.web.public import views

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    # The only pages of django-allauth that are open: accounts are made by administrators.
    path("connexion/", login_not_required(account.login), name="account_login"),
    path(
        "connexion/code/", login_not_required(account.request_login_code), name="account_request_login_code"
    ),
    path(
        "connexion/code/saisir/",
        login_not_required(account.confirm_login_code),
        name="account_confirm_login_code",
    ),
    path("connexion/desactivee/", login_not_required(account.account_inactive), name="account_inactive"),
    path("deconnexion/", account.logout, name="account_logout"),
]
