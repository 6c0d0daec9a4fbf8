"""Run a command whose files are private, that ends with its parent and, on request, does not run as root.

    python leash.py SIGNAL USER COMMAND…

The kernel sends SIGNAL (a name such as SIGTERM) to the command when the parent dies (on Linux; elsewhere the next start
of the stack ends leftovers). USER is `same` or `not-root`: PostgreSQL refuses to run as root, so root becomes another
user inside a user namespace, and its files still belong to root outside. If the kernel forbids that, the command runs
as `nobody`, who must be able to access its files.

A script without imports of ours, so that it starts in milliseconds.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_UID_INSIDE = 1000
_NOBODY = 65534


def _leave_root() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "linux" and libc.unshare(_CLONE_NEWUSER) == 0:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{_UID_INSIDE} 0 1"),
            ("gid_map", f"{_UID_INSIDE} 0 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
        return
    os.setgroups([])
    os.setgid(_NOBODY)
    os.setuid(_NOBODY)


def main() -> None:
    """Run the command in the arguments."""
    death_signal, user, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    parent = os.getppid()
    os.umask(0o077)
    if user == "not-root" and os.geteuid() == 0:
        _leave_root()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, getattr(signal, death_signal), 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
