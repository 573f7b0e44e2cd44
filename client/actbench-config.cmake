# find_package(actbench): the C++ client library, as actbench::client.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(absl CONFIG)
find_dependency(Protobuf MODULE)
find_dependency(gRPC CONFIG)
include(${CMAKE_CURRENT_LIST_DIR}/actbench-targets.cmake)
