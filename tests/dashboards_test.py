#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether the dashboards and rules show something: a server under mixed load, Prometheus scraping it, and the queries of
every panel, variable, annotation and rule executed.

  dashboards_test.py ACTBENCH_PROGRAM ACTBENCH_SERVER_PROGRAM DATA_DIRECTORY [unittest's arguments]
"""
import concurrent.futures
import http.server
import json
import math
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import yaml

import dashboards
from command_case import actbench_program, data_directory, server_program
from server_process import ServerProcess

# How long the load lasts; the queries follow at once.
LOAD_SECONDS = 25
SETTLE_SECONDS = 20
PATIENCE_SECONDS = 60
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class RecordedPage(http.server.BaseHTTPRequestHandler):
    """The metrics of a GPU, of which there is none here: see tests/data/README.md."""

    def do_GET(self):  # pylint: disable=invalid-name
        body = (pathlib.Path(data_directory) / "gpu_metrics.txt").read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Prometheus:
    """Debian's, with the shipped configuration but for targets and intervals."""

    def __init__(self, directory, targets):
        config = yaml.safe_load((dashboards.PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
        config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        job, = [job for job in config["scrape_configs"] if job["job_name"] == "actbench"]
        job["static_configs"] = [{"targets": targets}]
        del job["dns_sd_configs"]
        config["scrape_configs"] = [job]
        for name in config["rule_files"]:
            rules = yaml.safe_load((dashboards.PROMETHEUS / name).read_text(encoding="utf-8"))
            for group in rules["groups"]:
                group.pop("interval", None)
            (directory / name).write_text(yaml.safe_dump(rules), encoding="utf-8")
        (directory / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = (directory / "log").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data",
             f"--web.listen-address={self.url.removeprefix('http://')}"], stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.log.seek(0)
                raise RuntimeError("prometheus did not start:\n" + self.log.read())
            time.sleep(0.1)

    def _is_ready(self):
        try:
            return opener.open(self.url + "/-/ready").status == 200
        except OSError:
            return False

    def get(self, path, **parameters):
        try:
            answer = opener.open(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters, doseq=True)}")
        except urllib.error.HTTPError as error:
            answer = error
        return json.load(answer)

    def finite_samples(self, expression, instant):
        """How many there are, now or over the last minute."""
        if instant:
            answer = self.get("query", query=expression)
        else:
            answer = self.get("query_range", query=expression, start=time.time() - 60, end=time.time(), step=1)
        if answer["status"] != "success":
            raise RuntimeError(f"{answer['error']}: {expression}")
        result = answer["data"]["result"]
        values = [value for series in result for _, value in series.get("values", [series.get("value")])]
        return sum(math.isfinite(float(value)) for value in values)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


def load(server):
    """Every kind of work at a time, mistakes among it; returns what went wrong that should not have."""
    def command(*arguments):
        return [actbench_program, "--server", server.address, *arguments]
    seconds = ["--duration", str(LOAD_SECONDS), "--warm_up", "0", "--max_late_ms", "60000"]
    steady = [command("load", "silu", "--isa", "scalar", "--rate", "20", "--size", "4096", *seconds),
              command("load", "silu", "--rate", "20", "--size", "65536", *seconds),
              command("load", "gelu_erf", "--tier", "exact", "--rate", "5", "--size", "1000", *seconds)]
    mistakes = [command("eval", "silu", "--values", "1", "--provider", "nobody"),
                command("load", "silu", "--rate", "20", "--size", "1000000", "--deadline_ms", "0.1", "--duration", "1",
                        "--warm_up", "0", "--max_late_ms", "60000")]
    once = [command("accuracy", "silu", "gelu_erf", "--dtype", "f16", "--tier", "all"),
            command("eval", "silu", "--dtype", "f16", "--values", "1,2,3"),
            command("bench", "silu", "--provider", "actbench", "--time", "0.2", "--processes", "2"),
            command("accuracy", "sigmoid", "--exhaustive", "--dtype", "bf16")]
    options = {"capture_output": True, "text": True, "timeout": LOAD_SECONDS + PATIENCE_SECONDS, "check": False}

    def one_after_the_other():
        return [subprocess.run(arguments, **options) for arguments in once]

    with concurrent.futures.ThreadPoolExecutor() as pool:
        running = [pool.submit(subprocess.run, arguments, **options) for arguments in steady]
        rest = pool.submit(one_after_the_other)
        time.sleep(2)  # so that what is counted has a first sample
        failing = [pool.submit(subprocess.run, arguments, **options) for arguments in mistakes]
        for future in failing:
            future.result()
        results = [future.result() for future in running] + rest.result()
    return [f"{result.args}: {result.stderr}" for result in results if result.returncode not in (0, 3)]


@unittest.skipUnless(shutil.which("prometheus"), "prometheus is not installed")
class DashboardsTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        path = pathlib.Path(directory.name)
        os.environ["ACTBENCH_SELF_CHECK"] = "true"
        os.environ["ACTBENCH_ACCURACY_SAMPLE_RATE"] = "1"
        os.environ["ACTBENCH_LEASE_FILE"] = str(path / "lease")  # not to wait for other tests' benchmarks
        cls.server = ServerProcess(server_program, "--state_dir", str(path))
        cls.addClassCleanup(cls.server.stop)
        recorded = http.server.ThreadingHTTPServer(("127.0.0.1", 0), RecordedPage)
        cls.addClassCleanup(recorded.server_close)
        cls.addClassCleanup(recorded.shutdown)
        threading.Thread(target=recorded.serve_forever, daemon=True).start()
        cls.prometheus = Prometheus(path, [cls.server.metrics_address, f"127.0.0.1:{recorded.server_port}"])
        cls.addClassCleanup(cls.prometheus.stop)
        failures = load(cls.server)
        if failures:
            raise RuntimeError("\n".join(failures))
        cls.deadline = time.monotonic() + SETTLE_SECONDS

    def wait_for_samples(self, expression, instant):
        """The last scrape, the rules after it and the self-check take a moment."""
        while True:
            samples = self.prometheus.finite_samples(expression, instant)
            if samples or time.monotonic() > self.deadline:
                return samples
            time.sleep(1)

    def test_every_panel_and_annotation_shows_something(self):
        for where, expression, instant in dashboards.expressions():
            with self.subTest(where):
                samples = self.wait_for_samples(dashboards.substitute(expression), instant)
                print(f"{samples:7} samples  {where}")
                self.assertGreater(samples, 0, f"{where}: no finite sample: {expression}")

    def test_every_variable_has_values(self):
        for where, selection, label in dashboards.query_variables():
            with self.subTest(where):
                values = self.prometheus.get(f"label/{label}/values", **{"match[]": dashboards.substitute(selection)})
                self.assertTrue(values["data"], where)

    def test_every_rule_works_on_samples_that_are_there(self):
        groups = self.prometheus.get("rules")["data"]["groups"]
        states = {rule["name"]: rule for group in groups for rule in group["rules"]}
        for _, rule in dashboards.load_rules():
            name = rule.get("record") or rule["alert"]
            with self.subTest(name):
                self.assertEqual((states[name]["health"], states[name].get("lastError")), ("ok", None))
                looked_at = name if "record" in rule else dashboards.with_bool(rule["expr"])
                self.assertGreater(self.wait_for_samples(looked_at, True), 0, name)

    def test_what_is_exported_is_what_is_documented(self):
        page = opener.open(f"http://{self.server.metrics_address}/metrics").read().decode()
        exported = set(re.findall(r"^# TYPE (\w+) ", page, re.MULTILINE))
        documented = {re.sub(r"_(bucket|sum|count)$", "", name) for name in dashboards.documented_metrics()}
        self.assertEqual(exported, documented, "first what the server exports, then what docs/metrics.md has")

    def test_promtool_finds_nothing_wrong_with_the_page(self):
        page = opener.open(f"http://{self.server.metrics_address}/metrics").read()
        result = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)


if __name__ == "__main__":
    unittest.main()
