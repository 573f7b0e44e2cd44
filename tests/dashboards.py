# SPDX-License-Identifier: Apache-2.0
"""What the tests of the dashboards share: the expressions that are shipped, where they stand, and which metrics exist."""
import json
import pathlib
import re
import tempfile

import yaml

SOURCE = pathlib.Path(__file__).parent.parent
GRAFANA = SOURCE / "deploy/grafana"
PROMETHEUS = SOURCE / "deploy/prometheus"
# Families that Prometheus makes itself.
OF_PROMETHEUS = {"up", "ALERTS", "scrape_duration_seconds", "scrape_samples_scraped"}


def load_dashboards():
    return {path.name: json.loads(path.read_text(encoding="utf-8"))
            for path in sorted((GRAFANA / "dashboards").glob("*.json"))}


def load_rules():
    """(group, rule) of every recording and alert rule."""
    return [(group, rule) for path in sorted(PROMETHEUS.glob("*_rules.yml"))
            for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


def panels_of(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def substitute(expression):
    """What Grafana sends: variables at All, intervals that suit a test of a minute."""
    for name, value in (("$__rate_interval", "1m"), ("$__range", "15m")):
        expression = expression.replace(name, value)
    return re.sub(r"\$\w+", ".+", expression)


def expressions():
    """(where, expression, whether only the present is asked for) of each panel and annotation."""
    for name, dashboard in load_dashboards().items():
        for panel in panels_of(dashboard):
            for target in panel["targets"]:
                yield f"{name}: {panel['title']}: {target['refId']}", target["expr"], target["instant"]
        for note in dashboard["annotations"]["list"]:
            if "expr" in note:
                yield f"{name}: annotation {note['name']}", note["expr"], False


def query_variables():
    """(where, the metric and its selection, the label) of each variable."""
    for name, dashboard in load_dashboards().items():
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                selection, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
                yield f"{name}: variable {variable['name']}", selection, label


def with_bool(expression):
    """An alert's expression with comparisons that give 0 or 1 in place of leaving samples out: what it looks at. And it
    looks at the present, as a test's server has no weeks behind it."""
    return re.sub(r" (==|>|<) ", r" \1 bool ", re.sub(r" offset \w+", "", expression))


def documented_metrics():
    """The labels of each metric by its name, from docs/metrics.md, which a test holds to the server's table."""
    metrics = {}
    for line in (SOURCE / "docs/metrics.md").read_text(encoding="utf-8").splitlines():
        row = re.match(r"\| `(\w+)` \| (\w+) \| (?:`([\w, ]+)`)? *\|", line)
        if row:
            labels = set((row[3] or "").replace(" ", "").split(",")) - {""}
            suffixes = ["_bucket", "_sum", "_count"] if row[2] == "histogram" else [""]
            for suffix in suffixes:
                metrics[row[1] + suffix] = labels | ({"le"} if suffix == "_bucket" else set())
    return metrics


def selectors(expression):
    """(name, what is between its braces) of each metric in an expression."""
    rest = re.sub(r"\b(by|without|on|ignoring|group_left|group_right) *\([^)]*\)", "", expression)
    # A name with its braces, not before a parenthesis; or what is skipped whole: a range, a number.
    for match in re.finditer(r"([a-zA-Z_][\w:]*)(\{[^}]*\})?( *\()?|\[[^\]]*\]|[0-9.][\w.]*", rest):
        if match[1] and not match[3] and match[1] not in ("bool", "and", "or", "unless", "offset"):
            yield match[1], (match[2] or "{}")[1:-1]


def save_as_rules(named_expressions):
    """A file of recording rules for promtool, which parses their expressions; the caller deletes it."""
    rules = [{"record": f"checked:{place}", "expr": substitute(expression)}
             for place, expression in enumerate(named_expressions)]
    file = tempfile.NamedTemporaryFile("w", suffix=".yml", delete=False, encoding="utf-8")
    with file:
        yaml.safe_dump({"groups": [{"name": "checked", "rules": rules}]}, file)
    return file.name
