"""Medians of several runs of a command: user and system seconds, wall seconds, peak memory.

    python measure.py RUNS COMMAND [ARGUMENT…]
"""

import os
import statistics
import sys
import time


def run(command):
    """One run; what it cost, children included."""
    begin = time.monotonic()
    pid = os.fork()
    if pid == 0:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime, usage.ru_stime, time.monotonic() - begin, usage.ru_maxrss / 1024


runs, command = int(sys.argv[1]), sys.argv[2:]
user, system, wall, memory = (statistics.median(column) for column in zip(*(run(command) for _ in range(runs))))
print(f"user {user:.2f} s, system {system:.2f} s, wall {wall:.2f} s, peak {memory:.0f} MB")
