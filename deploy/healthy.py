"""Exit status 0 when the web server of this container is ready. Asks under the name that PUBLIC_URL gives it."""

import os
import sys
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit


def main() -> int:
    connection = HTTPConnection("127.0.0.1", 8000, timeout=8)
    try:
        connection.request("GET", "/readyz", headers={"Host": urlsplit(os.environ["PUBLIC_URL"]).netloc})
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, HTTPException):
        return 1


if __name__ == "__main__":
    sys.exit(main())
