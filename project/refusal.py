"""What is not whole stops the start: a web server or a worker without its keys must not run half safe."""

from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured


def refuse_faults() -> None:
    """Raise ImproperlyConfigured, with a line for each fault, where a check at start finds any."""
    faults = [check for check in run_checks() if check.is_serious() and not check.is_silenced()]
    if faults:
        lines = [f"{fault.msg} ({fault.hint})" if fault.hint else str(fault.msg) for fault in faults]
        raise ImproperlyConfigured("\n* ".join(["Photomill does not start:", *lines]))
