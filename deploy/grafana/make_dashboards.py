#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the JSON that Grafana is provisioned with, dashboards/*.json, from definitions/*.yaml.

  make_dashboards.py [DIRECTORY]   by default dashboards/ beside this file

The definitions say what is shown, this says how. The first key of a panel is its kind, the value its title; without a
width the panels of a row share it. The JSON is the classic schema 39, which Grafana 10.3 to 13 read.
"""
import json
import pathlib
import sys

import yaml

HERE = pathlib.Path(__file__).parent
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24
HEIGHTS = {"stat": 4, "gauge": 6, "table": 10}
GREY, GREEN, YELLOW, RED, BLUE = "text", "green", "yellow", "red", "blue"
# What 0 and 1 mean.
STATES = {"up": ("down", RED, "up", GREEN), "ready": ("not ready", RED, "ready", GREEN),
          "draining": ("no", GREEN, "draining", YELLOW), "throttled": ("no", GREEN, "throttled", YELLOW),
          "lost": ("no", GREEN, "lost", RED), "unsaved": ("saved", GREEN, "in memory", RED)}


def steps(thresholds):
    """[[green], [red, 1]]: green, from 1 on red."""
    return {"mode": "absolute", "steps": [{"color": step[0], "value": step[1] if len(step) > 1 else None}
                                          for step in thresholds]}


def state_mappings(name):
    if_0, color_0, if_1, color_1 = STATES[name]
    return [{"type": "value", "options": {"0": {"text": if_0, "color": color_0, "index": 0},
                                          "1": {"text": if_1, "color": color_1, "index": 1}}}]


def field_defaults(panel):
    defaults = {"unit": panel.get("unit", "none"), "color": {"mode": "palette-classic"}}
    defaults["thresholds"] = steps(panel.get("thresholds", [[GREY if panel["type"] == "stat" else GREEN]]))
    if "thresholds" in panel or panel["type"] in ("stat", "gauge", "table"):
        defaults["color"] = {"mode": "thresholds"}
    for name in ("min", "max", "decimals"):
        if name in panel:
            defaults[name] = panel[name]
    if "no_value" in panel:
        defaults["noValue"] = panel["no_value"]
    if "states" in panel:
        defaults["mappings"] = state_mappings(panel["states"])
    return defaults


def timeseries(panel):
    scale = {"type": "log", "log": 10} if panel.get("log") else {"type": "linear"}
    if "symlog" in panel:  # linear below that, so that 0 is shown
        scale = {"type": "symlog", "log": 10, "linearThreshold": panel["symlog"]}
    stacked = panel.get("stack", False)
    custom = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 30 if stacked else 0, "showPoints": "auto",
              "pointSize": 4, "spanNulls": False, "scaleDistribution": scale,
              "stacking": {"mode": "normal" if stacked else "none", "group": "A"}}
    many = panel.get("legend_table", False)
    legend = {"showLegend": True, "displayMode": "table" if many else "list", "placement": "bottom",
              "calcs": ["lastNotNull", "max"] if many else []}
    return {"custom": custom}, {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}


def stat(panel):
    text = "name" if panel.get("show") == "name" else "auto"
    return {}, {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "textMode": text,
                "colorMode": "value", "graphMode": "none", "justifyMode": "auto", "orientation": "auto"}


def gauge(_panel):
    return {}, {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "orientation": "auto",
                "showThresholdLabels": False, "showThresholdMarkers": True}


def bargauge(_panel):
    return {}, {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "displayMode": "basic",
                "orientation": "horizontal", "showUnfilled": True, "valueMode": "color"}


def heatmap(panel):
    return {"custom": {"scaleDistribution": {"type": "linear"}}}, {
        "calculate": False, "cellGap": 1, "showValue": "never", "filterValues": {"le": 1e-9},
        "color": {"mode": "scheme", "scheme": "Blues", "reverse": False, "exponent": 0.5, "steps": 64},
        "yAxis": {"axisPlacement": "left", "unit": panel["unit"]}, "rowsFrame": {"layout": "auto"},
        "legend": {"show": True}, "tooltip": {"show": True, "yHistogram": False}, "exemplars": {"color": RED}}


def state_timeline(_panel):
    return {"custom": {"fillOpacity": 70, "lineWidth": 0}}, {
        "mergeValues": True, "showValue": "auto", "rowHeight": 0.8, "alignValue": "left",
        "legend": {"showLegend": True, "displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "single"}}


def table(panel):
    return {"custom": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True}}, {
        "showHeader": True, "cellHeight": "sm", "footer": {"show": False},
        "sortBy": [{"displayName": panel["sort"], "desc": True}]}


KINDS = {"timeseries": timeseries, "stat": stat, "gauge": gauge, "bargauge": bargauge, "heatmap": heatmap,
         "state-timeline": state_timeline, "table": table}


def label_order(columns):
    """Of a table: what names the kernel in the order of kernel names, then the rest, then the values."""
    names = ["activation", "direction", "dtype", "provider", "tier", "isa", "device", "source", "working_set", "kind"]
    return {name: place for place, name in enumerate(names + list(columns))}


def column_override(column):
    properties = [{"id": "unit", "value": column.get("unit", "none")}]
    if "decimals" in column:
        properties.append({"id": "decimals", "value": column["decimals"]})
    if "thresholds" in column:
        properties += [{"id": "thresholds", "value": steps(column["thresholds"])},
                       {"id": "custom.cellOptions", "value": {"type": "color-background", "mode": "basic"}}]
    return {"matcher": {"id": "byName", "options": column["name"]}, "properties": properties}


def targets(panel):
    """The queries. Of a table each is a column; of what shows the present alone, one sample."""
    queries = panel.get("columns") or panel.get("queries") or [panel]
    instant = panel["type"] in ("stat", "gauge", "bargauge", "table")
    result = []
    for place, query in enumerate(queries):
        target = {"refId": chr(ord("A") + place), "datasource": DATASOURCE, "expr": query["expr"],
                  "legendFormat": query.get("legend", "__auto"), "instant": instant, "range": not instant,
                  "format": {"table": "table", "heatmap": "heatmap"}.get(panel["type"], "time_series")}
        result.append(target)
    return result


def make_panel(definition, identity, grid):
    kind = next(key for key in definition if key in KINDS)
    panel = {**definition, "type": kind}
    custom, options = KINDS[kind](panel)
    result = {"id": identity, "type": kind, "title": panel[kind], "description": panel["description"],
              "datasource": DATASOURCE, "gridPos": grid, "targets": targets(panel), "options": options,
              "fieldConfig": {"defaults": {**field_defaults(panel), **custom}, "overrides": []}}
    if kind == "table":
        # What Grafana calls their values: with one query alone it leaves out which.
        single = len(panel["columns"]) == 1
        names = {"Value" if single else f"Value #{target['refId']}": column["name"]
                 for target, column in zip(result["targets"], panel["columns"])}
        result["fieldConfig"]["overrides"] = [column_override(column) for column in panel["columns"]]
        result["transformations"] = [
            {"id": "merge", "options": {}},
            {"id": "organize", "options": {"excludeByName": {"Time": True}, "indexByName": label_order(names),
                                            "renameByName": names}}]
    return result


def make_panels(rows):
    """Rows of panels from left to right, each row under its title."""
    panels, y = [], 0
    for row in rows:
        panels.append({"id": len(panels) + 1, "type": "row", "title": row["title"], "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1}})
        x, y, height = 0, y + 1, 0
        for definition in row["panels"]:
            kind = next(key for key in definition if key in KINDS)
            width = definition.get("width", COLUMNS // len(row["panels"]))
            if x + width > COLUMNS:
                x, y, height = 0, y + height, 0
            grid = {"x": x, "y": y, "w": width, "h": definition.get("height", HEIGHTS.get(kind, 8))}
            panels.append(make_panel(definition, len(panels) + 1, grid))
            x, height = x + width, max(height, grid["h"])
        y += height
    return panels


def query_variable(name, query, chosen=None):
    current = {"text": [chosen], "value": [chosen]} if chosen else {"text": ["All"], "value": ["$__all"]}
    return {"type": "query", "name": name, "label": name, "datasource": DATASOURCE, "definition": query,
            "query": {"query": query, "refId": f"variable-{name}"}, "refresh": 2, "sort": 1, "regex": "", "hide": 0,
            "multi": True, "includeAll": True, "allValue": ".+", "options": [],
            "current": {"selected": True, **current}}


def make_variables(dashboard):
    source = {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus", "hide": 0,
              "regex": "", "refresh": 1, "multi": False, "includeAll": False, "options": [], "current": {}}
    selection = 'job=~"$job", instance=~"$instance"'
    # All jobs would be those of other programs too, of which `up` and process_* are.
    variables = [source, query_variable("job", "label_values(actbench_build_info, job)", "actbench"),
                 query_variable("instance", 'label_values(actbench_build_info{job=~"$job"}, instance)')]
    of = dashboard.get("variables", {"names": []})
    return variables + [query_variable(name, f"label_values({of['metric']}{{{selection}}}, {name})")
                        for name in of["names"]]


def make_annotations(annotations):
    builtin = {"builtIn": 1, "datasource": {"type": "grafana", "uid": "-- Grafana --"}, "enable": True, "hide": True,
               "iconColor": "rgba(0, 211, 255, 1)", "name": "Annotations & Alerts", "type": "dashboard"}
    return {"list": [builtin] + [
        {"name": note["name"], "datasource": DATASOURCE, "enable": True, "hide": False, "iconColor": BLUE,
         "expr": note["expr"], "titleFormat": note["name"], "textFormat": note["text"], "step": "",
         "useValueForTime": True} for note in annotations]}


def make_dashboard(dashboard, annotations):
    return {
        "id": None, "uid": dashboard["uid"], "title": dashboard["title"], "description": dashboard["description"],
        "tags": ["actbench"], "schemaVersion": 39, "version": 1, "editable": False, "graphTooltip": 1,
        "timezone": "browser", "time": {"from": "now-1h", "to": "now"}, "refresh": "30s",
        "links": [{"type": "dashboards", "title": "actbench", "tags": ["actbench"], "asDropdown": False, "icon": "",
                   "includeVars": True, "keepTime": True, "targetBlank": False, "tooltip": "", "url": ""}],
        "annotations": make_annotations(annotations), "templating": {"list": make_variables(dashboard)},
        "panels": make_panels(dashboard["rows"])}


def expand(value, macros):
    """Replaces <name> in all texts."""
    if isinstance(value, dict):
        return {key: expand(part, macros) for key, part in value.items()}
    if isinstance(value, list):
        return [expand(part, macros) for part in value]
    if isinstance(value, str):
        for name, text in macros.items():
            value = value.replace(f"<{name}>", text)
    return value


def make_all():
    """The text of each file by its name."""
    definitions = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
                   for path in sorted((HERE / "definitions").glob("*.yaml"))}
    macros = definitions["common"]["macros"]
    for _ in macros:  # which may have others in them
        macros = expand(macros, macros)
    definitions = expand(definitions, macros)
    annotations = definitions.pop("common")["annotations"]
    return {f"{name}.json": json.dumps(make_dashboard(dashboard, annotations), indent=1) + "\n"
            for name, dashboard in definitions.items()}


def main():
    directory = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "dashboards"
    for name, text in make_all().items():
        (directory / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
