// SPDX-License-Identifier: Apache-2.0
#include "client/report_page.h"

#include "absl/strings/str_cat.h"
#include "client/format.h"
#include "client/markup.h"
#include "client/svg.h"

namespace actbench::client {
namespace {

constexpr char kStyle[] = R"(
  :root {
    color-scheme: light dark;
    --ground: #ffffff; --panel: #f6f8fa; --text: #1f2328; --quiet: #59636e; --line: #d1d9e0; --grid: #e6eaef;
    --good: #1a7f37; --warn: #9a6700; --bad: #b42318; --hot: #ddf4ff;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --ground: #0d1117; --panel: #151b23; --text: #e6edf3; --quiet: #9da7b3; --line: #30363d; --grid: #21262d;
      --good: #3fb950; --warn: #d29922; --bad: #f97066; --hot: #12263a;
    }
  }
  * { box-sizing: border-box; }
  html { -webkit-text-size-adjust: 100%; }
  body { margin: 0; background: var(--ground); color: var(--text);
         font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
  main { max-width: 1200px; margin: 0 auto; padding: 28px 20px 48px; }
  h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
  h2 { font-size: 19px; line-height: 1.3; margin: 40px 0 6px; overflow-wrap: anywhere; }
  p { margin: 6px 0; }
  code, .code { font: 13px/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
  a { color: inherit; text-decoration-color: var(--quiet); text-underline-offset: 3px; }
  .quiet { color: var(--quiet); }
  .counts { display: flex; flex-wrap: wrap; gap: 10px; margin: 18px 0 4px; padding: 0; list-style: none; }
  .counts li { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 8px 14px; }
  .counts b { font-size: 20px; margin-right: 6px; font-variant-numeric: tabular-nums; }
  .counts .noisy b, .badge.noisy, .badge.wide { color: var(--warn); }
  .counts .error b, .badge.error { color: var(--bad); }
  .counts .skipped b, .badge.skipped { color: var(--quiet); }
  .badge { display: inline-block; border: 1px solid currentColor; border-radius: 20px; padding: 0 8px;
           font-size: 12px; line-height: 18px; white-space: nowrap; }
  .badge.fastest { color: var(--good); margin-left: 8px; }
  figure { margin: 12px 0 4px; border: 1px solid var(--line); border-radius: 10px; padding: 10px 12px 6px; }
  figcaption { color: var(--quiet); font-size: 13px; }
  .legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 2px 0 6px; padding: 0; list-style: none;
            font-size: 13px; }
  svg.key { width: 18px; height: 18px; vertical-align: -4px; margin-right: 5px; overflow: visible; }
  .plot { display: block; width: 100%; height: auto; }
  .plot.narrow { display: none; }
  .plot text { font-size: 13px; fill: var(--text); paint-order: stroke; stroke: var(--ground); stroke-width: 4px;
               stroke-linejoin: round; }
  .plot text.quiet { fill: var(--quiet); }
  .plot text.label { font-size: 12px; fill: var(--quiet); }
  .grid { stroke: var(--grid); }
  .axis { stroke: var(--quiet); fill: none; }
  .guide { stroke: var(--quiet); stroke-dasharray: 5 4; }
  .frontier { stroke: var(--quiet); stroke-width: 1.5; fill: none; opacity: .55; }
  .row { fill: var(--panel); }
  .whisker { fill: none; stroke-width: 2; }
  .mark { stroke: var(--ground); stroke-width: 1; }
  .ring { fill: var(--ground); stroke-width: 3; }
)"
                          R"(
  .noisy .mark, .noisy .ring { opacity: .5; }
  .pt { outline: none; cursor: default; }
  .pt.hot .mark, .pt.hot .ring, .pt:focus .mark, .pt:focus .ring { stroke: var(--text); stroke-width: 2.5; opacity: 1; }
  .scroll { overflow-x: auto; margin: 10px 0; border: 1px solid var(--line); border-radius: 10px; }
  table { border-collapse: collapse; width: 100%; font-size: 14px; }
  th, td { padding: 6px 10px; text-align: left; vertical-align: middle; border-top: 1px solid var(--line); }
  thead th { border-top: 0; background: var(--panel); font-weight: 600; font-size: 13px; white-space: nowrap; }
  td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
  td.why { min-width: 260px; overflow-wrap: anywhere; }
  td.facts, td.case { overflow-wrap: anywhere; }
  td.case { min-width: 280px; }
  td.kernel, td.range { white-space: nowrap; font-variant-numeric: tabular-nums; }
  th button { all: unset; cursor: pointer; }
  th button:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; border-radius: 2px; }
  th button::after { content: "↕"; color: var(--quiet); opacity: .6; margin-left: 5px; font-weight: 400; }
  th[aria-sort=ascending] button::after { content: "↑"; opacity: 1; }
  th[aria-sort=descending] button::after { content: "↓"; opacity: 1; }
  .dim .pt:not(.hot) { opacity: .12; }
  tr.hot td { background: var(--hot); }
  .interval { display: inline-block; width: 100px; height: 18px; vertical-align: -4px; margin-right: 10px; }
  .interval .axis { stroke: var(--line); }
  .interval .span { stroke-width: 5; stroke-linecap: butt; }
  details { margin: 10px 0; }
  details.group { border-top: 1px solid var(--line); margin: 0; padding: 6px 0; }
  details.group h2 { display: inline; font-size: 16px; margin: 0; }
  summary { cursor: pointer; }
  #tip { position: fixed; z-index: 2; display: none; max-width: min(420px, 92vw); padding: 8px 11px; white-space: pre-line;
         overflow-wrap: anywhere; background: var(--text); color: var(--ground); border-radius: 8px; font-size: 13px;
         line-height: 1.4; pointer-events: none; }
  footer { margin-top: 48px; color: var(--quiet); font-size: 13px; }
  @media (max-width: 640px) {
    main { padding: 18px 14px 32px; }
    h1 { font-size: 22px; }
    figure { padding: 8px 4px 4px; }
    figcaption, .legend { padding: 0 6px; }
    .plot.wide { display: none; }
    .plot.narrow { display: block; }
    th, td { padding: 6px 9px; }
  }
  @media print { .scroll { overflow: visible; } figure, tr { break-inside: avoid; } }
)";

constexpr char kScript[] = R"(
'use strict';
const tip = document.createElement('div');
tip.id = 'tip';
document.body.append(tip);
const alike = element => document.querySelectorAll(`[data-r="${element.dataset.r}"]`);
const mark = (element, on) => alike(element).forEach(one => one.classList.toggle('hot', on));
for (const point of document.querySelectorAll('.pt')) {
  const title = point.querySelector('title');
  const text = title.textContent;
  title.remove();  // else the browser shows it too
  point.setAttribute('tabindex', '0');
  point.setAttribute('role', 'img');
  point.setAttribute('aria-label', text);
  const show = () => {
    mark(point, true);
    tip.textContent = text;
    tip.style.display = 'block';
    const box = point.getBoundingClientRect();
    const left = box.left + box.width / 2 - tip.offsetWidth / 2;
    tip.style.left = Math.max(8, Math.min(left, innerWidth - tip.offsetWidth - 8)) + 'px';
    const above = box.top - tip.offsetHeight - 8;
    tip.style.top = (above > 8 ? above : box.bottom + 8) + 'px';
  };
  const hide = () => {
    mark(point, false);
    tip.style.display = 'none';
  };
  point.addEventListener('pointerenter', show);
  point.addEventListener('pointerleave', hide);
  point.addEventListener('focus', show);
  point.addEventListener('blur', hide);
}
addEventListener('scroll', () => tip.style.display = 'none', {passive: true});
for (const row of document.querySelectorAll('tr[data-r]')) {
  row.addEventListener('pointerenter', () => mark(row, true));
  row.addEventListener('pointerleave', () => mark(row, false));
}
// Rows of several results: all others step back.
for (const row of document.querySelectorAll('tr[data-all]')) {
  const all = new Set(row.dataset.all.split(' '));
  const points = [...document.querySelectorAll('#overview .pt')].filter(point => all.has(point.dataset.r));
  const set = on => {
    points.forEach(point => point.classList.toggle('hot', on));
    document.querySelectorAll('#overview .plot').forEach(plot => plot.classList.toggle('dim', on));
  };
  row.addEventListener('pointerenter', () => set(true));
  row.addEventListener('pointerleave', () => set(false));
}
)"
                           R"(
const sortBy = (table, header, index) => {
  const up = header.getAttribute('aria-sort') !== 'ascending';
  table.querySelectorAll('th').forEach(other => other.removeAttribute('aria-sort'));
  header.setAttribute('aria-sort', up ? 'ascending' : 'descending');
  const key = row => {
    const cell = row.cells[index];
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    return cell.textContent.trim();
  };
  const compare = (a, b) => {
    if (a === '' || b === '') return (a === '') - (b === '');  // what is not known comes last, up or down
    const order = typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
    return up ? order : -order;
  };
  const rows = [...table.tBodies[0].rows].map(row => [key(row), row]);
  rows.sort((a, b) => compare(a[0], b[0]));
  table.tBodies[0].append(...rows.map(pair => pair[1]));
};
for (const table of document.querySelectorAll('table')) {
  table.querySelectorAll('th').forEach((header, index) => {
    if (header.dataset.sort === undefined) return;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = header.textContent;
    header.replaceChildren(button);
    button.addEventListener('click', () => sortBy(table, header, index));
  });
}
const open = () => {
  const section = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (section && section.tagName === 'DETAILS') section.open = true;
};
addEventListener('hashchange', open);
open();
)";

// That nothing is loaded, also where some text should slip through as markup.
constexpr char kPolicy[] = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

}  // namespace

std::string HtmlPage(absl::string_view title, absl::string_view body, absl::string_view style) {
  return absl::StrCat("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
                      "<meta http-equiv=\"Content-Security-Policy\" content=\"", kPolicy, "\">\n",
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
                      "<link rel=\"icon\" href=\"data:,\">\n<title>", Escape(title), "</title>\n<style>", kStyle,
                      PaletteStyle(), style, "</style>\n</head>\n<body>\n<main>\n", body, "</main>\n<script>", kScript,
                      "</script>\n</body>\n</html>\n");
}

std::string Element(absl::string_view name, absl::string_view text, absl::string_view style) {
  return absl::StrCat("<", name, style.empty() ? "" : absl::StrCat(" class=\"", style, "\""), ">", Escape(text), "</",
                      name, ">");
}

std::string Badge(absl::string_view text, absl::string_view style) {
  return Element("span", text, absl::StrCat("badge ", style));
}

void HtmlTable::AddRow(const std::vector<HtmlCell>& cells, absl::string_view attributes) {
  absl::StrAppend(&rows_, "<tr", attributes.empty() ? "" : " ", attributes, ">");
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string value = cells[i].value.has_value()
                                  ? absl::StrCat(" data-v=\"", ShortestDecimal(*cells[i].value, Dtype::kF64), "\"")
                                  : "";
    const std::string& style = columns_[i].style;
    absl::StrAppend(&rows_, "<td", style.empty() ? "" : absl::StrCat(" class=\"", style, "\""), value, ">",
                    cells[i].html, "</td>");
  }
  absl::StrAppend(&rows_, "</tr>\n");
}

std::string HtmlTable::Html() const {
  std::string header;
  for (const HtmlColumn& column : columns_) {
    absl::StrAppend(&header, "<th scope=\"col\"", column.style == "n" ? " class=\"n\"" : "",
                    column.sortable ? " data-sort" : "", ">", Escape(column.name), "</th>");
  }
  return absl::StrCat("<div class=\"scroll\"><table>\n<thead><tr>", header, "</tr></thead>\n<tbody>\n", rows_,
                      "</tbody>\n</table></div>\n");
}

}  // namespace actbench::client
