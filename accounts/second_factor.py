"""The second step of a login to the admin: a code from an app (RFC 6238), or a recovery code where the phone is lost.

The secret that the app shares with us is encrypted at rest and shown once, recovery codes are kept as hashes. A code
is good once, in its own 30 seconds and those before and after.
"""

import secrets
from base64 import b32decode, b32encode
from urllib.parse import quote, urlencode, urlsplit

import segno
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django_otp.oath import TOTP

from accounts.errors import BadCredentials
from accounts.keys import hash_secret
from accounts.limits import refund, spend
from accounts.models import Authenticator, RecoveryCode, User
from accounts.tokens import revoke_all

STEP_SECONDS = 30
DIGITS = 6
STEPS_AROUND = 1
SECRET_BYTES = 20
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
LIMITS = {15 * 60: 5, 24 * 3600: 20}
"""Tries in so many seconds. With three codes good at any time, guessing takes more than a year to get to 3 %."""

MODES = ("operators", "staff", "off")
WRONG = "This code is wrong, or was used before."


def is_required(user: User) -> bool:
    """Whether this person may use the admin only with a second step. Whoever has set one up is always asked for it."""
    wanted = {"operators": user.is_operator, "staff": user.is_staff, "off": False}
    return wanted[settings.PHOTOMILL_REQUIRE_2FA]


def is_set_up(user: User) -> bool:
    """Whether a login of this person takes a code."""
    return Authenticator.objects.filter(user=user, confirmed_at__isnull=False).exists()


def start_setup(user: User) -> Authenticator:
    """A new secret for an app. It counts once a code has been read from it; until then it can be replaced."""
    Authenticator.objects.filter(user=user, confirmed_at=None).delete()
    return Authenticator.objects.create(user=user, secret=b32encode(secrets.token_bytes(SECRET_BYTES)).decode())


def find_setup(user: User) -> Authenticator | None:
    """What was started and not finished."""
    return Authenticator.objects.filter(user=user, confirmed_at=None).first()


def finish_setup(authenticator: Authenticator, code: str, *, at: float | None = None) -> list[str]:
    """Take the app into use and give the recovery codes, once. Raises BadCredentials.

    Every session and token of the person ends: they were got without the second step.
    """
    step = _find_step(authenticator, _plain(code), at)
    if step is None:
        raise BadCredentials("This code is not the one that the app shows for this picture.")
    with transaction.atomic():
        rows = Authenticator.objects.filter(pk=authenticator.pk, confirmed_at=None)
        if not rows.update(confirmed_at=Now(), last_step=step):
            raise BadCredentials("Another app has been set up in the meantime.")
        codes = replace_recovery_codes(authenticator.user)
        revoke_all(authenticator.user)
    return codes


def check_code(user: User, code: str, *, at: float | None = None) -> str:
    """Use a code up, and say which kind it was: `app` or `recovery code`. Raises BadCredentials or TooManyRequests."""
    plain = _plain(code)
    for seconds, tries in LIMITS.items():
        spend(f"code:{user.pk}:{seconds}", tries, seconds)
    if _use_app_code(user, plain, at):
        kind = "app"
    elif _use_recovery_code(user, plain):
        kind = "recovery code"
    else:
        raise BadCredentials(WRONG)
    for seconds in LIMITS:
        refund(f"code:{user.pk}:{seconds}", seconds)
    return kind


def replace_recovery_codes(user: User) -> list[str]:
    """New recovery codes, which can never be read again; those before them are good no longer."""
    codes = [_group(b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode()) for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        RecoveryCode.objects.filter(user=user).delete()
        rows = [RecoveryCode(user=user, code_hash=hash_secret(_plain(code))) for code in codes]
        RecoveryCode.objects.bulk_create(rows)
    return codes


def count_recovery_codes(user: User) -> int:
    """How many are left."""
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def forget(user: User) -> bool:
    """Take the second step away, and end every session and token. Whether there was one."""
    with transaction.atomic():
        deleted, _ = Authenticator.objects.filter(user=user).delete()
        RecoveryCode.objects.filter(user=user).delete()
        revoke_all(user)
    return bool(deleted)


def draw(authenticator: Authenticator) -> str:
    """What the app's camera reads, as SVG."""
    svg: str = segno.make(to_address(authenticator), error="m").svg_inline(scale=5, light="#fff", omitsize=True)
    return svg


def to_address(authenticator: Authenticator) -> str:
    """The app's own kind of address (github.com/google/google-authenticator/wiki/Key-Uri-Format)."""
    issuer = f"Photomill {urlsplit(settings.PHOTOMILL_PUBLIC_URL).hostname or ''}".strip().replace(":", " ")
    facts = {"secret": authenticator.secret, "issuer": issuer, "digits": DIGITS, "period": STEP_SECONDS}
    return f"otpauth://totp/{quote(f'{issuer}:{authenticator.user.email}')}?{urlencode(facts, quote_via=quote)}"


def spell(authenticator: Authenticator) -> str:
    """What is typed into an app without a camera."""
    return _group(authenticator.secret)


def _use_app_code(user: User, code: str, at: float | None) -> bool:
    authenticator = Authenticator.objects.filter(user=user, confirmed_at__isnull=False).first()
    step = _find_step(authenticator, code, at) if authenticator else None
    if authenticator is None or step is None:
        return False
    # Of two that come with the same code at once, one is let in.
    unused = Authenticator.objects.filter(pk=authenticator.pk, last_step__lt=step)
    return bool(unused.update(last_step=step, last_used_at=Now()))


def _use_recovery_code(user: User, code: str) -> bool:
    if not is_set_up(user):
        return False
    rows = RecoveryCode.objects.filter(user=user, code_hash=hash_secret(code), used_at=None)
    return bool(rows.update(used_at=Now()))


def _find_step(authenticator: Authenticator, code: str, at: float | None) -> int | None:
    """The step whose code this is, if it is near enough and newer than the last one used."""
    if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
        return None
    clock = TOTP(b32decode(authenticator.secret), step=STEP_SECONDS, digits=DIGITS)
    clock.time = at
    is_good = clock.verify(int(code), tolerance=STEPS_AROUND, min_t=authenticator.last_step + 1)
    return int(clock.t()) if is_good else None


def _plain(code: str) -> str:
    """The code as it was made, however it was typed."""
    return "".join(code.split()).replace("-", "").upper()


def _group(text: str) -> str:
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4)).lower()
