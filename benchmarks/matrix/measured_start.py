"""``measured_start.py SECONDS PROGRAM …``: starts a program and tells how it ended.

A process of its own, small on purpose; it kills the program after so many seconds.
On Linux the peak memory of a process begins with that of whoever started it. So the pulls of the
matrix are started from here and not from the process that holds the store. Prints one line of JSON
on standard error; standard output is the program's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time


def main() -> None:
    started = time.perf_counter()
    process = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    watch = threading.Timer(float(sys.argv[1]), process.kill)
    watch.start()
    _, status, used = os.wait4(process.pid, 0)
    watch.cancel()
    found = {
        "code": os.waitstatus_to_exitcode(status),
        "seconds": time.perf_counter() - started,
        "memory": used.ru_maxrss / 1024,
    }
    sys.stderr.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
