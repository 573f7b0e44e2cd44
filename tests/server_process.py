# SPDX-License-Identifier: Apache-2.0
"""A real actbench-server in a process of its own, for the tests that are written in Python."""
import os
import signal
import subprocess
import tempfile
import time
import urllib.request

# Both programs take flags from the environment: what a user has set there is not what is tested.
for name in [name for name in os.environ if name.startswith("ACTBENCH_")]:
    del os.environ[name]
# Nor is what a user has stored.
os.environ["ACTBENCH_STATE_DIR"] = "none"
# Tests watch the workers.
os.environ["ACTBENCH_SELF_CHECK"] = "false"
os.environ["ACTBENCH_ACCURACY_SAMPLE_RATE"] = "0"


class ServerProcess:
    """Runs on a free port until stop()."""

    def __init__(self, program, *flags, address="127.0.0.1:0"):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([program, "--address", address, "--metrics_address", "127.0.0.1:0", *flags],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True)
        # "actbench-server: serving gRPC on HOST:PORT", then the same for metrics.
        self.address = self._read_address()
        self.metrics_address = self._read_address()

    def _read_address(self):
        line = self.process.stdout.readline()
        if not line:
            status = self.process.wait()
            self.log.seek(0)
            raise RuntimeError(f"the server did not start: exit status {status}\n{self.log.read()}")
        return line.split()[-1]

    def wait_for_metric(self, series, value, patience=60):
        """Returns when the metric has this value."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + patience
        while True:
            text = opener.open(f"http://{self.metrics_address}/metrics").read().decode()
            if f"\n{series} {value}\n" in text:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"{series} did not become {value}")
            time.sleep(0.01)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Asks the server to stop and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=60)
        self.process.stdout.close()
        self.log.close()
        return status
