// SPDX-License-Identifier: Apache-2.0
// What makes a page of a report: its style, its script and its tables. Tested by report_html_test.cc.
#ifndef ACTBENCH_CLIENT_REPORT_PAGE_H_
#define ACTBENCH_CLIENT_REPORT_PAGE_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace actbench::client {

// The document with this body, which is HTML, and this style after that of all pages.
std::string HtmlPage(absl::string_view title, absl::string_view body, absl::string_view style = "");

// An element that holds text, and what is small and stands out in a line of text. `style`: classes.
std::string Element(absl::string_view name, absl::string_view text, absl::string_view style = "");
std::string Badge(absl::string_view text, absl::string_view style);

// One cell of a table.
struct HtmlCell {
  std::string html;
  std::optional<double> value = std::nullopt;  // what its column is sorted by; the text if there is none
};

struct HtmlColumn {
  std::string name;   // text
  std::string style;  // a class of its cells, of the page's style: "n" for numbers, which stand at the right side
  bool sortable = true;
};

class HtmlTable {
 public:
  explicit HtmlTable(std::vector<HtmlColumn> columns) : columns_(std::move(columns)) {}
  // REQUIRES: as many cells as there are columns. `attributes` are those of the row.
  void AddRow(const std::vector<HtmlCell>& cells, absl::string_view attributes = "");
  bool empty() const { return rows_.empty(); }
  // In a box of its own that scrolls where the page is narrow.
  std::string Html() const;

 private:
  std::vector<HtmlColumn> columns_;
  std::string rows_;
};

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_REPORT_PAGE_H_
