"""A server asks the system for as many files as it may have: each connection is one."""

import resource
import subprocess
import sys

PROGRAM = """
import resource
from kyozon.bootstrap.serving import allow_many_files
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 4096))
allow_many_files()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_the_soft_limit_is_raised_as_far_as_the_hard_one_lets_it() -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= 4096
    found = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["4096", "4096"]
