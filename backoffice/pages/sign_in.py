"""Signing in with a name and a password. Who may then do what is told in `permissions.py`."""

from __future__ import annotations

from django.contrib.auth.views import LoginView


class SignInView(LoginView):
    """The sign-in page; one who is signed in already goes straight to the desk."""

    template_name = "live/login.html"
    redirect_authenticated_user = True
