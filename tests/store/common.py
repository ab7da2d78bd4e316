# SPDX-License-Identifier: Apache-2.0
"""What the suites of tests/store share: a temporary store, storetool, and a strict main()."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

# As in base/event.h.
STEP, PROGRESS, DONE, FAIL, NOTE, WARN, DEBUG = range(7)

TOOL = os.environ.get("STORETOOL", "storetool")
LIBEXEC = os.environ["BELLJAR_LIBEXEC"]


def clean_environment(home):
    """No mirror, proxy, configuration or certificate of this host reaches a test; waits are short."""
    env = {k: v for k, v in os.environ.items()
           if not k.lower().endswith("_proxy") and not k.startswith(("BELLJAR_MIRROR", "SSL_", "CURL_"))}
    env.update(HOME=home, XDG_CONFIG_HOME=home + "/config", BELLJAR_APT_SOURCES=home + "/apt",
               BELLJAR_FETCH_BACKOFF_MS="10", BELLJAR_FETCH_STALL_S="2", BELLJAR_LIBEXEC=LIBEXEC)
    return env


class StoreTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="belljar-test-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.store = self.dir + "/store"
        os.makedirs(self.dir + "/apt")
        self.env = clean_environment(self.dir)

    def tool(self, *args, **more):
        """One library call. A word on stderr is a sanitizer's or a library that prints: both are failures."""
        p = subprocess.run([TOOL, self.store, *args], env={**self.env, **more}, capture_output=True, text=True,
                           timeout=120, check=False)
        self.assertEqual(p.stderr, "")
        result = json.loads(p.stdout)
        self.assertEqual(p.returncode, result.get("code", 0))
        return result

    def succeeds(self, *args, **more):
        result = self.tool(*args, **more)
        self.assertNotIn("error", result)
        return result

    def fails(self, code, *args, **more):
        result = self.tool(*args, **more)
        self.assertIn("error", result)
        self.assertEqual(result["code"], code, result["error"])
        return result["error"]

    def tree(self, hash_):
        """path -> "dir", ("file", executable, bytes) or ("link", target), all of a tree in the store."""
        top = os.fsencode(f"{self.store}/trees/{hash_}")
        found = {}
        for base, dirs, files in os.walk(top):
            for name in dirs + files:
                path = os.path.join(base, name)
                shown = os.fsdecode(os.path.relpath(path, top))
                if os.path.islink(path):
                    found[shown] = ("link", os.fsdecode(os.readlink(path)))
                elif os.path.isdir(path):
                    found[shown] = "dir"
                else:
                    st = os.stat(path)
                    self.assertEqual(st.st_nlink, 1, shown)
                    self.assertEqual(st.st_mode & 0o7022, 0, shown)
                    with open(path, "rb") as f:
                        found[shown] = ("file", bool(st.st_mode & 0o100), f.read(1 << 20))
        return found

    def listing(self, part):
        """Every name below a folder of the store."""
        top = f"{self.store}/{part}"
        return sorted(os.path.relpath(os.path.join(base, n), top)
                      for base, dirs, files in os.walk(top) for n in dirs + files)

    def assert_store_empty(self):
        """Nothing was published and no work is left over."""
        self.assertEqual(self.listing("trees"), [])
        self.assertEqual(self.listing("tmp"), [])


def main(at_least):
    """unittest.main(), but too few cases or, where asked for, a skipped one is a failure."""
    program = unittest.main(module="__main__", exit=False)
    result = program.result
    only = [a for a in sys.argv[1:] if not a.startswith("-")]
    if not only and result.testsRun < at_least:
        print(f"only {result.testsRun} of {at_least} cases ran", file=sys.stderr)
        sys.exit(1)
    if result.skipped and os.environ.get("BELLJAR_TEST_MUST_RUN") == "1":
        print("cases were skipped, and BELLJAR_TEST_MUST_RUN=1", file=sys.stderr)
        sys.exit(1)
    sys.exit(not result.wasSuccessful())
