# Writes OUTPUT, a header with the first 64 bits of the SHA-256 of the file LIBRARY.
file(SHA256 ${LIBRARY} hash)
string(SUBSTRING ${hash} 0 16 id)
file(WRITE ${OUTPUT} "#define ACTBENCH_KERNEL_BUILD_ID \"${id}\"\n")
