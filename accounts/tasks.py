"""What a worker does for people."""

from smtplib import SMTPException

from celery import shared_task

from accounts import passwords

RETRY_SECONDS = 30
RETRIES = 5


@shared_task(
    name="send_reset_link",
    autoretry_for=(SMTPException, OSError),
    max_retries=RETRIES,
    default_retry_delay=RETRY_SECONDS,
)
def send_reset_link(email: str) -> None:
    """Mail somebody the link that sets a password. A mail server that does not answer is asked again."""
    passwords.send_reset_link(email)
