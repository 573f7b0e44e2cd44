// SPDX-License-Identifier: Apache-2.0
#include "proto/program.h"

#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>

namespace actbench {

void KeepStandardDescriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) == -1) open("/dev/null", O_RDONLY);
  }
}

}  // namespace actbench
