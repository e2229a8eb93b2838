"""A bare Debian in a folder, as a stranger's new server is: no pip, no git, no curl, no certificates, no GL.

Where packages come from is this machine's own affair: its apt, pip and certificates say it, here and there alike.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import run

OWN = Path(__file__).parent
HOME = "/home/stranger"
CLONE = f"{HOME}/photomill"
CERTIFICATES = "/etc/own-certificates.pem"  # a package may write the usual one anew
PACKAGE_SETTINGS = ("index-url", "extra-index-url", "proxy", "trusted-host")
MIRROR_SETTINGS = ("--format", "$(REPO_URI)", "Created-By: Packages")
PASSED_ON = ("http_proxy", "https_proxy", "no_proxy")


class Debian:
    """The folder, its user `stranger`, and what is typed there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, release: str) -> None:
        """The fewest packages that Debian calls a Debian. Takes a minute or two."""
        command = ["debootstrap", "--variant=minbase", release, str(self.folder), find_mirror()]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for name in ("resolv.conf", "hosts"):
            shutil.copyfile(f"/etc/{name}", self.folder / "etc" / name)
        self._trust_as_this_machine_does()
        self.type("useradd --create-home stranger", user="root")

    def clone(self, repository: Path) -> None:
        """What is committed, as whoever fetches it has it."""
        subprocess.run(["git", "clone", "--quiet", str(repository), f"{self.folder}{CLONE}"], check=True)
        self.type(f"chown -R stranger: {HOME}", user="root")

    def type(self, script: str, *, user: str = "stranger", is_alone: bool = False) -> str:
        """What the shell prints. is_alone: in a network of its own, so that every port is free.

        Raises AssertionError with the end of what was printed where it fails.
        """
        namespaces = ["--mount", "--pid", "--fork", "--kill-child", *(["--net"] if is_alone else [])]
        entering = ["unshare", *namespaces, "sh", str(OWN / "enter.sh"), str(self.folder), user]
        where = CLONE if user == "stranger" and (self.folder / CLONE[1:]).exists() else "/"
        command = [*entering, "env", "-i", *self._environment(user), "sh", "-euc", f"cd {where}\n{script}"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        assert done.returncode == 0, f"{script}\n{done.stdout[-6000:]}"
        return done.stdout

    def _environment(self, user: str) -> list[str]:
        home = HOME if user == "stranger" else "/root"
        own = {"HOME": home, "LANG": "C.UTF-8", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        trusted = {"SSL_CERT_FILE": CERTIFICATES} if (self.folder / CERTIFICATES[1:]).exists() else {}
        noise = {"DEBIAN_FRONTEND": "noninteractive"}
        return [f"{name}={value}" for name, value in {**own, **passed, **trusted, **noise}.items()]

    def _trust_as_this_machine_does(self) -> None:
        """pip's indexes and certificate where this machine has set any; what lies in its own folders stays behind."""
        listing = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
        settings = run.read_pip_settings(listing)
        lines = ["[global]"]
        for name in PACKAGE_SETTINGS:
            words = [word for word in settings.get(name, "").split() if not word.startswith("file:")]
            lines += [f"{name} = {' '.join(words)}"] if words else []
        if "cert" in settings:
            shutil.copyfile(settings["cert"], self.folder / CERTIFICATES[1:])
            lines.append(f"cert = {CERTIFICATES}")
        (self.folder / "etc" / "pip.conf").write_text("\n".join(lines) + "\n")


def find_mirror() -> str:
    """Where this machine's apt gets its packages."""
    done = subprocess.run(["apt-get", "indextargets", *MIRROR_SETTINGS], capture_output=True, text=True, check=True)
    return next(line for line in done.stdout.splitlines() if "security" not in line)


def find_release() -> str:
    """The name of this machine's release, as `bookworm`."""
    pairs = (line.partition("=") for line in Path("/etc/os-release").read_text().splitlines())
    return {name: value.strip('"') for name, _, value in pairs}["VERSION_CODENAME"]


def what_is_lacking() -> str | None:
    """Why no Debian can be made here."""
    if os.geteuid() != 0:
        return "only root can make a Debian in a folder"
    for program, package in (
        ("debootstrap", "debootstrap"),
        ("unshare", "util-linux"),
        ("ip", "iproute2"),
        ("git", "git"),
    ):
        if shutil.which(program) is None:
            return f"{program} is missing: apt install {package}"
    return None
