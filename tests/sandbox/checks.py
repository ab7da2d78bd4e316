# SPDX-License-Identifier: Apache-2.0
"""The count of what a suite has checked, and the line that the test driver reads."""


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def __call__(self, good, what):
        self.passed += bool(good)
        self.failed += not good
        if not good:
            print("FAILED:", what)

    def summary(self, skipped=0):
        print("%d passed, %d failed, %d skipped" % (self.passed, self.failed, skipped))


check = Checks()
