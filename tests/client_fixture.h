// SPDX-License-Identifier: Apache-2.0
// Work for a real server, for tests of the client library.
#ifndef ACTBENCH_TESTS_CLIENT_FIXTURE_H_
#define ACTBENCH_TESTS_CLIENT_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "client/client.h"
#include "client/tensor.h"
#include "tests/server_fixture.h"

namespace actbench {

inline std::unique_ptr<Server> StartServer(const Limits& limits) {
  ServerOptions options;
  options.limits = limits;
  return StartServer(options);
}

// `n` values from -8 to 8, as a tensor of two dimensions.
inline v1::Tensor Ramp(Dtype dtype, int64_t n) {
  std::vector<double> values;
  for (int64_t i = 0; i < n; ++i) values.push_back(-8 + 16 * static_cast<double>(i) / static_cast<double>(n));
  v1::Tensor tensor = client::MakeTensor(dtype, values);
  tensor.clear_shape();
  tensor.add_shape(n / 7);
  tensor.add_shape(7);
  return tensor;
}

inline v1::EvaluateItem Item(const std::string& activation, v1::Direction direction, const v1::Tensor& x) {
  v1::EvaluateItem item;
  item.set_activation(activation);
  item.set_direction(direction);
  *item.add_inputs() = x;
  if (direction == v1::DIRECTION_GRADIENT) *item.add_inputs() = x;
  return item;
}

}  // namespace actbench

#endif  // ACTBENCH_TESTS_CLIENT_FIXTURE_H_
