#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The shipped dashboards and rules as files: Grafana's dashboard-linter's rules, PromQL, metrics and labels that exist.

  dashboards_lint_test.py [unittest's arguments]
"""
import os
import re
import subprocess
import sys
import unittest

import yaml

import dashboards
from dashboards import GRAFANA, PROMETHEUS, SOURCE, load_dashboards, load_rules, panels_of, selectors

sys.path.insert(0, str(GRAFANA))
import make_dashboards  # noqa: E402  # pylint: disable=wrong-import-position

UNITS = {"none", "short", "percentunit", "s", "ns", "bytes", "Bps", "reqps", "ops", "cps", "hertz", "celsius", "watt"}
ALERT_TESTS = sorted((SOURCE / "tests").glob("alert_rules_*test.yml"))
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


def each(name):
    """Runs a test for each dashboard."""
    def decorate(test):
        def run(self):
            for file, dashboard in load_dashboards().items():
                with self.subTest(file):
                    test(self, dashboard)
        run.__name__ = name
        return run
    return decorate


def promtool(*arguments):
    return subprocess.run(["promtool", *map(str, arguments)], text=True, capture_output=True, check=False)


class GeneratorTest(unittest.TestCase):

    def test_the_json_is_what_the_definitions_make(self):
        made = make_dashboards.make_all()
        self.assertEqual(sorted(made), sorted(path.name for path in (GRAFANA / "dashboards").glob("*.json")))
        for name, text in made.items():
            self.assertEqual((GRAFANA / "dashboards" / name).read_text(encoding="utf-8"), text,
                             f"{name}: run deploy/grafana/make_dashboards.py")

    def test_no_macro_is_left(self):
        for where, expression, _ in dashboards.expressions():
            self.assertNotRegex(expression, r"<\w+>", where)

    def test_there_are_the_six(self):
        names = ("overview", "kernels", "accuracy", "benchmarks", "rpc", "process")
        self.assertEqual({dashboard["uid"] for dashboard in load_dashboards().values()},
                         {f"actbench-{name}" for name in names})


class DashboardTest(unittest.TestCase):
    """The linter's rules about a dashboard, and what provisioning needs."""

    @each("provisions")
    def test_it_provisions(self, dashboard):
        self.assertIsNone(dashboard["id"])
        self.assertLessEqual(len(dashboard["uid"]), 40)
        self.assertEqual((dashboard["schemaVersion"], dashboard["refresh"]), (39, "30s"))
        self.assertIs(dashboard["editable"], False)
        self.assertNotIn("__inputs", dashboard)
        self.assertNotIn("DS_PROMETHEUS", str(dashboard))
        self.assertTrue(dashboard["description"])

    @each("variables")
    def test_its_variables(self, dashboard):
        source, job, instance, *others = dashboard["templating"]["list"]
        self.assertEqual([source[key] for key in ("type", "name", "label", "query")],
                         ["datasource", "datasource", "Data source", "prometheus"])
        self.assertEqual((job["name"], instance["name"]), ("job", "instance"))
        for variable in [job, instance, *others]:
            self.assertEqual((variable["type"], variable["datasource"]), ("query", DATASOURCE))
            self.assertEqual(variable["label"], variable["name"])
            self.assertEqual((variable["multi"], variable["includeAll"], variable["allValue"]), (True, True, ".+"))
            self.assertEqual(variable["refresh"], 2, "reload when the time range changes")

    @each("variables are used")
    def test_each_variable_is_used(self, dashboard):
        used = set(re.findall(r"\$\{?(\w+)", str(dashboard["panels"])))
        for variable in dashboard["templating"]["list"]:
            self.assertIn(variable["name"], used)
        known = {variable["name"] for variable in dashboard["templating"]["list"]}
        self.assertEqual(used - known, used & {"__rate_interval", "__range"})

    @each("panels lie side by side")
    def test_panels_do_not_overlap_and_have_their_own_ids(self, dashboard):
        panels = dashboard["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken = set()
        for panel in panels:
            grid = panel["gridPos"]
            self.assertLessEqual(grid["x"] + grid["w"], 24, panel["title"])
            cells = {(x, y) for x in range(grid["x"], grid["x"] + grid["w"])
                     for y in range(grid["y"], grid["y"] + grid["h"])}
            self.assertFalse(taken & cells, panel["title"])
            taken |= cells

    @each("rows ask")
    def test_a_row_is_titled_by_a_question(self, dashboard):
        for panel in dashboard["panels"]:
            if panel["type"] == "row":
                self.assertTrue(panel["title"].endswith("?"), panel["title"])


class PanelTest(unittest.TestCase):

    @each("panels")
    def test_panels_say_what_they_show_from_where_in_which_unit(self, dashboard):
        for panel in panels_of(dashboard):
            with self.subTest(panel["title"]):
                self.assertEqual(panel["datasource"], DATASOURCE)
                self.assertTrue(panel["title"] and panel["description"].endswith("."))
                self.assertTrue(panel["targets"])
                overrides = [entry["value"] for override in panel["fieldConfig"]["overrides"]
                             for entry in override["properties"] if entry["id"] == "unit"]
                for unit in [panel["fieldConfig"]["defaults"]["unit"], *overrides]:
                    self.assertIn(unit, UNITS)
                for target in panel["targets"]:
                    self.assertEqual(target["datasource"], DATASOURCE)

    @each("legends")
    def test_legends_are_made_of_labels_that_the_query_keeps(self, dashboard):
        for panel in panels_of(dashboard):
            for target in panel["targets"]:
                kept = set(re.findall(r"\w+", " ".join(re.findall(r"\bby (\([^)]*\))", target["expr"]))))
                labels = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
                if kept:
                    self.assertLessEqual(labels, kept, panel["title"])

    def test_a_table_is_sorted_by_one_of_its_columns(self):
        for dashboard in load_dashboards().values():
            for panel in panels_of(dashboard):
                if panel["type"] == "table":
                    sort = panel["options"]["sortBy"][0]["displayName"]
                    self.assertIn(sort, panel["transformations"][1]["options"]["renameByName"].values())

    def test_the_accuracy_tables_are_coloured_against_the_limit(self):
        for name in ("accuracy.json", "overview.json", "kernels.json"):
            columns = {override["matcher"]["options"]: override["properties"]
                       for panel in panels_of(load_dashboards()[name]) if panel["type"] == "table"
                       for override in panel["fieldConfig"]["overrides"]}
            thresholds = next(entry["value"] for entry in columns["of the claim"] if entry["id"] == "thresholds")
            self.assertEqual([step["color"] for step in thresholds["steps"]], ["green", "red"])


class ExpressionTest(unittest.TestCase):

    def all_selectors(self):
        """(where, name, braces) in panels, annotations and variables."""
        for where, expression, _ in dashboards.expressions():
            yield from ((where, name, braces) for name, braces in selectors(expression))
        for where, selection, _ in dashboards.query_variables():
            yield from ((where, name, braces) for name, braces in selectors(selection))

    def test_promtool_parses_each(self):
        named = [expression for _, expression, _ in dashboards.expressions()]
        self.assertGreater(len(named), 100)
        file = dashboards.save_as_rules(named + [selection for _, selection, _ in dashboards.query_variables()])
        self.addCleanup(os.unlink, file)
        result = promtool("check", "rules", file)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_each_metric_is_chosen_by_job_and_instance(self):
        for where, name, braces in self.all_selectors():
            if "variable job" in where:
                continue
            self.assertIn('job=~"$job"', braces, f"{where}: {name}")
            if "variable instance" not in where:
                self.assertIn('instance=~"$instance"', braces, f"{where}: {name}")

    def test_counters_stand_directly_in_a_rate_but_where_dot_lint_says_why_not(self):
        lint = yaml.safe_load((GRAFANA / "dashboards/.lint").read_text(encoding="utf-8"))["exclusions"]
        self.assertEqual(list(lint), ["target-counter-agg-rule"])
        files = {dashboard["title"]: file for file, dashboard in load_dashboards().items()}
        excluded = {f"{files[entry['dashboard']]}: {entry['panel']}"
                    for entry in lint["target-counter-agg-rule"]["entries"]}
        panels = {where.rsplit(": ", 1)[0] for where, _, _ in dashboards.expressions()}
        self.assertLessEqual(excluded, panels)
        for where, expression, _ in dashboards.expressions():
            if where.rsplit(": ", 1)[0] in excluded:
                continue
            for name, _ in selectors(expression):
                if re.search(r"_(total|bucket|sum|count)$", name):
                    self.assertRegex(expression, rf"(rate|irate|increase)\({name}\{{", where)
                    self.assertNotRegex(expression, rf"(?<!rate\()(?<!increase\()\b{name}\b", where)

    def test_rates_are_over_the_rate_interval_and_increases_over_the_range(self):
        for where, expression, _ in dashboards.expressions():
            for function, interval in re.findall(r"\b(\w+)\([\w:]+\{[^}]*\}\[([^\]]+)\]", expression):
                self.assertEqual(interval, {"rate": "$__rate_interval", "increase": "$__range"}[function], where)


class CatalogTest(unittest.TestCase):
    """docs/metrics.md, which metrics_table_test holds to the server, has every metric and label that is used."""

    def expect_known(self, where, expression):
        documented = dashboards.documented_metrics()
        recorded = {rule["record"] for _, rule in load_rules() if "record" in rule}
        for name, braces in selectors(expression):
            if name in dashboards.OF_PROMETHEUS or name in recorded:
                continue
            with self.subTest(where):
                self.assertTrue(name in documented, f"{where}: no such metric: {name}")
                labels = set(re.findall(r"(\w+) *(?:=~|!~|!=|=)", re.sub(r'"[^"]*"', '""', braces)))
                self.assertLessEqual(labels - {"job", "instance"}, documented[name], f"{where}: labels of {name}")

    def test_of_dashboards(self):
        for where, expression, _ in dashboards.expressions():
            self.expect_known(where, expression)
        for where, selection, label in dashboards.query_variables():
            self.expect_known(where, selection)
            for name, _ in selectors(selection):
                self.assertIn(label, dashboards.documented_metrics()[name] | {"job", "instance"}, where)

    def test_of_rules(self):
        for _, rule in load_rules():
            self.expect_known(f"rule {rule.get('record') or rule['alert']}", rule["expr"])

    def test_of_documents(self):
        known = set(dashboards.documented_metrics())
        known |= {re.sub(r"_(bucket|sum|count)$", "", name) for name in known}
        # Of other programs' formats (docs/formats.md), and of C.
        others = re.compile("actbench_bench_(run|result)_|actbench_set_")
        for path in [SOURCE / "README.md", *sorted((SOURCE / "docs").glob("*.md")), SOURCE / "deploy/README.md"]:
            endings = "total|bytes|seconds|ratio|ulp|info|depth|capacity|lost|throttled|threads|fds|limit|hertz|watts"
            for name in re.findall(rf"\b(?:actbench|grpc_server|process)_[a-z_]+_(?:{endings})\b",
                                   path.read_text(encoding="utf-8")):
                if not others.match(name):
                    with self.subTest(f"{path.relative_to(SOURCE)}: {name}"):
                        self.assertTrue(name in known, f"{path.relative_to(SOURCE)}: no such metric: {name}")

    def test_each_metric_of_ours_is_shown_somewhere(self):
        used = {name for _, expression, _ in dashboards.expressions() for name, _ in selectors(expression)}
        for name in dashboards.documented_metrics():
            family = re.sub(r"_(bucket|sum|count)$", "", name)
            if family != "process_virtual_memory_max_bytes":  # which is +Inf nearly everywhere
                self.assertTrue(any(re.sub(r"_(bucket|sum|count)$", "", one) == family for one in used),
                                f"no panel shows {name}")


class RulesTest(unittest.TestCase):

    def test_promtool_accepts_configuration_and_rules(self):
        for arguments in (["config", PROMETHEUS / "prometheus.yml"], ["rules", *PROMETHEUS.glob("*_rules.yml")]):
            result = promtool("check", *arguments)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_alerts_fire_when_they_shall_and_else_do_not(self):
        result = promtool("test", "rules", *ALERT_TESTS)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_each_alert_is_tested_both_ways(self):
        cases = [case for path in ALERT_TESTS for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
                 for case in test["alert_rule_test"]]
        for _, rule in load_rules():
            if "alert" in rule:
                fires = {bool(case["exp_alerts"]) for case in cases if case["alertname"] == rule["alert"]}
                self.assertEqual(fires, {True, False}, rule["alert"])

    def test_each_alert_has_its_line_in_the_runbook(self):
        runbook = (SOURCE / "deploy/README.md").read_text(encoding="utf-8")
        alerts = [rule["alert"] for _, rule in load_rules() if "alert" in rule]
        for _, rule in load_rules():
            if "alert" in rule:
                self.assertEqual(rule["annotations"]["runbook_url"], f"deploy/README.md#{rule['alert'].lower()}")
                self.assertIn(rule["labels"]["severity"], ("critical", "warning"))
                self.assertTrue(rule["annotations"]["summary"] and rule["annotations"]["description"])
        self.assertEqual(re.findall(r"^#### (\w+)$", runbook, re.MULTILINE), alerts)

    def test_recording_rules_are_named_by_level_metric_and_operation(self):
        for _, rule in load_rules():
            if "record" in rule:
                self.assertRegex(rule["record"], r"^[a-z_]+:[a-z_]+:[a-z0-9_]+$")

    def test_the_data_source_scrapes_as_prometheus_does(self):
        provisioned = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yaml").read_text(encoding="utf-8"))
        source, = provisioned["datasources"]
        prometheus = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
        self.assertEqual(source["jsonData"]["timeInterval"], prometheus["global"]["scrape_interval"])


if __name__ == "__main__":
    unittest.main()
