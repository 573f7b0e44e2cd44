# Writes OUTPUT, a header with the first 64 bits of the SHA-256 of those of the files LIBRARIES, in their order.
set(hashes "")
foreach(library ${LIBRARIES})
  file(SHA256 ${library} hash)
  string(APPEND hashes ${hash})
endforeach()
string(SHA256 hash "${hashes}")
string(SUBSTRING ${hash} 0 16 id)
file(WRITE ${OUTPUT} "#define ACTBENCH_KERNEL_BUILD_ID \"${id}\"\n")
