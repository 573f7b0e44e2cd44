# SPDX-License-Identifier: Apache-2.0
"""A real actbench-server in a process of its own, for the tests that are written in Python."""
import signal
import subprocess


class ServerProcess:
    """Runs on a free port until stop()."""

    def __init__(self, program, *flags, address="127.0.0.1:0"):
        self.process = subprocess.Popen([program, "--address", address, "--metrics_address", "127.0.0.1:0", *flags],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        # "actbench-server: serving gRPC on HOST:PORT", then the same for metrics.
        self.address = self._read_address()
        self.metrics_address = self._read_address()

    def _read_address(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server did not start: exit status {self.process.wait()}")
        return line.split()[-1]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Asks the server to stop and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=60)
        self.process.stdout.close()
        return status
