"""Problems with results: one clear sentence each."""

from __future__ import annotations

import errno
from pathlib import Path


class ResultError(Exception):
    """A results folder cannot be written, read or trusted (exit code 2 of the command line).

    Parameters
    ----------
    message
        One sentence that says what is wrong and what would help.
    """


def explain(error: OSError, doing: str, path: str | Path) -> ResultError:
    """Turn an error of the operating system into one sentence.

    Parameters
    ----------
    error
        What the operating system said.
    doing
        ``"write"`` or ``"read"``.
    path
        File or folder that the user named.

    Examples
    --------
    >>> str(explain(OSError(errno.ENOSPC, "No space left on device"), "write", "results/a"))
    'The disk is full, so nothing was written to results/a; free some space and run it again.'
    """
    code = error.errno
    text = str(error)
    if code in (errno.ENOSPC, errno.EDQUOT) or "No space left" in text:
        return ResultError(
            f"The disk is full, so nothing was written to {path}; free some space and run it again."
        )
    if code in (errno.EACCES, errno.EPERM):
        if doing == "write":
            return ResultError(
                f"You may not write to {path} (permission denied); "
                "choose another folder with --out."
            )
        return ResultError(f"You may not read {path} (permission denied).")
    if code == errno.EROFS:
        return ResultError(
            f"{path} is on a disk that cannot be written to; choose another folder with --out."
        )
    if code in (errno.ENOTDIR, errno.EEXIST):
        return ResultError(f"{path} cannot be a folder, because a file of that name is in the way.")
    if code == errno.ENAMETOOLONG:
        return ResultError(f"The name of {path} is too long; choose a shorter one with --out.")
    reason = error.strerror or text or type(error).__name__
    return ResultError(f"Could not {doing} {path}: {reason}.")
