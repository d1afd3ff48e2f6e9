"""Entry point of `python capture/monitor`, of the zipapp and of the frozen build."""

import os
import sys

if __name__ == "__main__":
    if sys.argv[1:] == ["_send"]:  # the child that talks to the network, so that the watcher stays small
        import uploader

        uploader.main(sys.stdin, sys.stdout)
    if sys.argv[-1] == "run" and os.name == "posix" and not (sys.flags.no_site or getattr(sys, "frozen", False)):
        import child  # the same process once more without site-packages, whose hooks may cost 5 MB

        os.execv(sys.executable, child.command()[:-1] + sys.argv[1:])  # noqa: S606 - no shell is wanted
    import cli

    sys.exit(cli.main(sys.argv[1:]))
