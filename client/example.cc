// SPDX-License-Identifier: Apache-2.0
// A whole C++ client: silu of four numbers on the server at the address given, by default 127.0.0.1:50051.
#include <cstdio>

#include "client/client.h"

int main(int argc, char** argv) {
  const float x[] = {-2, -1, 0, 1};
  actbench::v1::EvaluateItem item;
  item.set_activation("silu");
  item.set_direction(actbench::v1::DIRECTION_FORWARD);
  actbench::v1::Tensor& input = *item.add_inputs();
  input.set_dtype(actbench::v1::DTYPE_F32);
  input.add_shape(4);
  input.set_data(x, sizeof(x));
  const auto result = actbench::Client::Connect(argc > 1 ? argv[1] : "127.0.0.1:50051").Evaluate(item);
  if (!result.ok()) return std::fprintf(stderr, "%s\n", result.status().ToString().c_str()), 1;
  const auto* y = reinterpret_cast<const float*>(result->outputs(0).data().data());
  std::printf("%g %g %g %g from %s\n", y[0], y[1], y[2], y[3], result->kernel().name().c_str());
}
