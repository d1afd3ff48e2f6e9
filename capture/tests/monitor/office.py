"""Whoever looks after the installation, at the desk: signs in, fills in forms, presses buttons. (No browser: pages.)"""

import html
import http.cookiejar
import re
import urllib.parse
import urllib.request


class Office:
    def __init__(self, url, username, password):
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener, self.url = urllib.request.build_opener(cookies), url
        self.submit("/admin/login/", username=username, password=password)

    def page(self, path):
        with self.opener.open(self.url + path, timeout=30) as answer:
            return answer.read().decode()

    def submit(self, path, to=None, **fields):
        """Sends the form of `path` to itself, or to another address; returns the page that follows."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.page(path)).group(1)
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **fields}, doseq=True).encode()
        request = urllib.request.Request(self.url + (to or path), body, {"Referer": self.url + path})  # noqa: S310
        with self.opener.open(request, timeout=30) as answer:
            return answer.read().decode()

    def issue_token(self, user, name):
        """(device id, token), as the page shows it once."""
        shown = self.submit("/admin/capture/devicetoken/add/", user=user, name=name, days=5)
        return self.device(name), html.unescape(re.search(r'id="token"[^>]* value="([^"]+)"', shown).group(1))

    def device(self, name):
        """The id of the valid device of that name."""
        listed = self.page("/admin/capture/devicetoken/?state=open")
        row = next(row for row in listed.split("<tr") if f">{name}<" in row)
        return re.search(r"devicetoken/([0-9a-f-]{36})/", row).group(1)

    def revoke(self, device):
        self.submit(
            f"/admin/capture/devicetoken/{device}/change/", f"/admin/capture/devicetoken/{device}/do/", verb="revoke"
        )

    def set_policy(self, policy, **fields):
        """Changes the policy with that id, or makes one (None); the fields not given are left open."""
        known = {"rollout_percent": 100, "patterns": "[]", "extensions": "[]", "max_size_bytes": "",
                 "check_interval_sec": ""}  # fmt: skip
        path = f"/admin/capture/monitorpolicy/{f'{policy}/change' if policy else 'add'}/"
        return self.submit(path, **{**known, **fields})

    def desktop(self, name):
        """(its row on the list, its own page) of the desktop that reported last under that name."""
        row = next(row for row in self.page("/admin/capture/devicereport/").split("<tr") if f">{name}<" in row)
        return row, self.page(re.search(r'href="(/admin/capture/devicereport/\d+/change/)', row).group(1))

    def missing(self):
        """The desktops that a missing CV was seen on."""
        listed = self.page("/admin/capture/detectedfile/")
        return re.findall(r"field-device[^>]*>\s*([^<]+?)\s*<", listed)
