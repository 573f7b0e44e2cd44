#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether Grafana of the stack (deploy/compose.yaml), which runs already, has the shipped dashboards and data for each
query. Needs Docker, so only hosted CI runs it: .github/workflows/stack.yml.

  stack_test.py [unittest's arguments]
"""
import json
import math
import subprocess
import time
import unittest
import urllib.request

import dashboards

GRAFANA = "http://127.0.0.1:3000"
# Rates take two scrapes, service `example` a minute, the rules that look at weeks two more.
PATIENCE_SECONDS = 180


def ask(path, body=None):
    request = urllib.request.Request(GRAFANA + path, data=None if body is None else json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def finite_samples(expression, instant):
    """How many Grafana's data source gives, now or over the last minutes."""
    query = {"refId": "A", "datasource": {"type": "prometheus", "uid": "prometheus"}, "instant": instant,
             "expr": dashboards.substitute(expression), "range": not instant, "intervalMs": 15000, "maxDataPoints": 100}
    frames = ask("/api/ds/query", {"queries": [query], "from": "now-5m", "to": "now"})["results"]["A"]["frames"]
    values = [value for frame in frames
              for field, column in zip(frame["schema"]["fields"], frame["data"]["values"]) if field["type"] == "number"
              for value in column]
    return sum(isinstance(value, (int, float)) and math.isfinite(value) for value in values)


class StackTest(unittest.TestCase):

    def test_grafana_is_well_and_has_the_dashboards(self):
        self.assertEqual(ask("/api/health")["database"], "ok")
        found = {dashboard["uid"] for dashboard in ask("/api/search?type=dash-db")}
        self.assertEqual(found, {dashboard["uid"] for dashboard in dashboards.load_dashboards().values()})

    def test_each_dashboard_is_the_shipped_one(self):
        for dashboard in dashboards.load_dashboards().values():
            answer = ask(f"/api/dashboards/uid/{dashboard['uid']}")
            self.assertTrue(answer["meta"]["provisioned"], dashboard["title"])
            self.assertEqual([panel["title"] for panel in answer["dashboard"]["panels"]],
                             [panel["title"] for panel in dashboard["panels"]])

    def test_every_query_shows_something(self):
        deadline = time.monotonic() + PATIENCE_SECONDS
        for where, expression, instant in dashboards.expressions():
            if "actbench_gpu_" in expression:  # there is none
                continue
            with self.subTest(where):
                while (samples := finite_samples(expression, instant)) == 0 and time.monotonic() < deadline:
                    time.sleep(2)
                self.assertGreater(samples, 0, f"{where}: no finite sample: {expression}")

    def test_nothing_was_wrong_with_provisioning(self):
        log = subprocess.run(["docker", "compose", "-f", dashboards.SOURCE / "deploy/compose.yaml", "logs", "grafana"],
                             capture_output=True, text=True, check=True).stdout
        self.assertIn("provisioning", log)
        wrong = [line for line in log.splitlines() if "logger=provisioning" in line and "level=error" in line]
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
