// SPDX-License-Identifier: Apache-2.0
// What the programs that speak gRPC do before anything else.
#ifndef ACTBENCH_PROTO_PROGRAM_H_
#define ACTBENCH_PROTO_PROGRAM_H_

namespace actbench {

// Where a standard descriptor is closed, gRPC's next socket would get its number, and what is printed would go there:
// so it becomes /dev/null, to which nothing can be written.
void KeepStandardDescriptors();

}  // namespace actbench

#endif  // ACTBENCH_PROTO_PROGRAM_H_
