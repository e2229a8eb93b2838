"""Addresses below /accounts/."""

from django.urls import path

from accounts.views import passwords, setup

urlpatterns = [
    # The theme's login page links to this name.
    path("password/forgot/", passwords.Forgot.as_view(), name="admin_password_reset"),
    path("password/asked/", passwords.Asked.as_view(), name="password-asked"),
    path("password/set/<uidb64>/<token>/", passwords.SetPassword.as_view(), name="password-set"),
    path("password/done/", passwords.Done.as_view(), name="password-done"),
    path("setup/", setup.SetUp.as_view(), name="setup"),
    path("setup/done/", setup.Done.as_view(), name="setup-done"),
    path("setup/<str:secret>/", setup.open_link, name="setup-link"),
]
