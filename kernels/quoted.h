// SPDX-License-Identifier: Apache-2.0
// Names in messages.
#ifndef ACTBENCH_KERNELS_QUOTED_H_
#define ACTBENCH_KERNELS_QUOTED_H_

#include <string>
#include <string_view>

namespace actbench {

// `text` in quotes, for a message, as much of it as a name may be long, on one line and in whole characters.
std::string Quoted(std::string_view text);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_QUOTED_H_
