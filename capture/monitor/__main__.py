"""Entry point of `python capture/monitor`, of the zipapp and of the frozen build."""

import sys

if __name__ == "__main__":
    if sys.argv[1:] == ["_send"]:  # the child that talks to the network, so that the watcher stays small
        import uploader

        sys.exit(uploader.main(sys.stdin, sys.stdout))
    import cli

    sys.exit(cli.main(sys.argv[1:]))
