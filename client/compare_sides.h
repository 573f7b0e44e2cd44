// SPDX-License-Identifier: Apache-2.0
// What `actbench compare BASE HEAD` is given to compare. Tested by compare_sides_test.cc and compare_command_test.py.
#ifndef ACTBENCH_CLIENT_COMPARE_SIDES_H_
#define ACTBENCH_CLIENT_COMPARE_SIDES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace actbench::client {

// The providers of the plug-ins that are compared, of base's copy, and of base in another layout.
inline constexpr char kBase[] = "base";
inline constexpr char kHead[] = "head";
inline constexpr char kControl[] = "control";
inline constexpr char kLayout[] = "layout";

// The arguments; layout is empty if there is none.
struct SideArguments {
  std::string base;
  std::string head;
  std::string layout = {};
};

// A name is that of a provider or of a stored run: the server knows.
enum class SideKind { kPlugin, kRunFile, kName };
SideKind KindOf(const std::string& argument);

// INVALID_ARGUMENT if they cannot be compared, whatever the server has. `server` is the address of one elsewhere, or
// empty.
absl::Status CheckSides(const SideArguments& sides, const std::string& server);

// Whether the names among the arguments are those of kernels' providers, of which these are all. INVALID_ARGUMENT if
// one argument is kernels and the other one a run.
absl::StatusOr<bool> AreKernels(const SideArguments& sides, absl::Span<const std::string> providers);

// The provider of a side's kernels: kBase or kHead for a plug-in, which `plugin_name` says, else its name.
std::string ProviderOf(const std::string& argument, const char* plugin_name);

// The plug-ins that a server is to load for the sides. While this exists base's is also there as a copy in a directory
// of its own: the same code elsewhere in memory.
class SidePlugins {
 public:
  static absl::StatusOr<SidePlugins> Make(const SideArguments& sides);
  SidePlugins(SidePlugins&& other) noexcept;
  SidePlugins& operator=(SidePlugins&&) = delete;
  ~SidePlugins();

  // NAME?=FILE of each; none if no side is a plug-in.
  const std::vector<std::string>& flags() const { return flags_; }
  // Whether both sides are plug-ins, and of the same content.
  bool same_content() const { return same_content_; }

 private:
  SidePlugins() = default;
  absl::Status CopyBase(const std::string& file);

  std::vector<std::string> flags_;
  std::string directory_;  // of the copy; empty: none
  bool same_content_ = false;
};

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_COMPARE_SIDES_H_
