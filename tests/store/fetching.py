# SPDX-License-Identifier: Apache-2.0
"""What the suites about fetching share: a server per test, and the two ways in which a fetch may end."""
import hashlib
import json
import os

import common
import server

DATA = bytes(i * 7 % 251 for i in range(300_000))


def sha(data):
    return hashlib.sha256(data).hexdigest()


class FetchTest(common.StoreTest):
    def setUp(self):
        super().setUp()
        self.server = server.Server()
        self.addCleanup(self.server.close)

    def url(self, path):
        return self.server.url + path

    def item(self, *paths, data=DATA, name="f.tar", **more):
        urls = [p if ":" in p else self.url(p) for p in paths]
        return {"name": name, "sha256": sha(data), "size": len(data), "urls": urls, **more}

    def fetch(self, *items, env=None, **options):
        return self.tool("fetch", json.dumps({"items": items, **options}), **(env or {}))

    def blobs(self):
        return [n for n in self.listing("blobs") if len(os.path.basename(n)) == 64]

    def gets(self, *items, **options):
        """All of it arrives, and no partial file stays."""
        result = self.fetch(*items, **options)
        self.assertNotIn("error", result)
        for item in items:
            if "out" not in item:
                with open(f"{self.store}/blobs/sha256/{item['sha256'][:2]}/{item['sha256']}", "rb") as f:
                    self.assertEqual(sha(f.read()), item["sha256"])
        if os.path.exists(self.store + "/partial"):
            self.assertEqual(os.listdir(self.store + "/partial"), [])
        return result

    def lacks(self, *items, code=3, **options):
        """None of it arrives: the error, and no blob."""
        result = self.fetch(*items, **options)
        self.assertIn("error", result)
        self.assertEqual(result["code"], code, result["error"])
        self.assertEqual(self.blobs(), [])
        self.assertEqual(self.listing("tmp"), [])
        return result["error"]

    def refusal(self, item, reason, **options):
        """One URL, failing for exactly this reason."""
        self.assertEqual(self.lacks(item, **options),
                         f"cannot fetch f.tar (sha256 {item['sha256']}): the file can also be given with --from DIR; "
                         f"tried: {item['urls'][0]}: {reason}")
