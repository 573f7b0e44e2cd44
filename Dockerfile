# The image of the service: deploy/README.md says how it is run. deploy/build_image.sh builds it, without a registry too.
ARG BASE_IMAGE=debian:bookworm-slim
# An image whose /usr/local/cuda is a CUDA toolkit, from 12.8 on for the architectures below; then CUDA kernels are built
# too. The same programs start where there is no GPU; the driver comes from the host.
ARG CUDA_IMAGE=${BASE_IMAGE}

FROM ${CUDA_IMAGE} AS toolkit
RUN mkdir -p /usr/local/cuda

FROM ${BASE_IMAGE} AS build
COPY deploy/install_packages.sh /source/deploy/
RUN /source/deploy/install_packages.sh build
COPY --from=toolkit /usr/local/cuda/ /usr/local/cuda/
ARG BASE_IMAGE
ARG CUDA_IMAGE
RUN [ "${CUDA_IMAGE}" = "${BASE_IMAGE}" ] || [ -x /usr/local/cuda/bin/nvcc ] \
    || { echo "CUDA_IMAGE=${CUDA_IMAGE} has no /usr/local/cuda/bin/nvcc: it takes a devel image" >&2; exit 1; }
# What is built and nothing else, so that no other change builds it anew.
COPY CMakeLists.txt /source/
COPY proto/ /source/proto/
COPY kernels/ /source/kernels/
COPY server/ /source/server/
COPY client/ /source/client/
COPY tests/data/digits_images.npy tests/data/digits_labels.npy /source/tests/data/
WORKDIR /source
# Of CMake, such as "-DACTBENCH_FEW_KERNELS=ON -DACTBENCH_ISAS=avx2" for a quick build. No -march: kernels are chosen by
# the machine that runs them.
ARG CMAKE_OPTIONS=""
# Machine code for each generation of GPUs from Turing on, and code that the driver translates for those to come. An older
# toolkit takes a shorter list, from 12.0 on; each takes some 2 minutes of one core.
ARG CUDA_ARCHITECTURES="75-real;80-real;86-real;89-real;90-real;100-real;120"
ARG REVISION=""
ENV CXXFLAGS="-fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE -ffile-prefix-map=/source=." \
    LDFLAGS="-pie -Wl,-z,relro,-z,now"
# Of what these programs load, runtime_packages has the names of the packages.
RUN cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DACTBENCH_TESTS=OFF -DACTBENCH_BENCHMARKS=OFF \
      $([ -x /usr/local/cuda/bin/nvcc ] && echo "-DACTBENCH_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES=${CUDA_ARCHITECTURES}" \
        || echo "-DACTBENCH_CUDA=OFF") \
      -DACTBENCH_REVISION="${REVISION}" ${CMAKE_OPTIONS} \
    && cmake --build build --target actbench actbench-server actbench-worker \
    && install -D -s -t /programs build/bin/actbench build/bin/actbench-server build/bin/actbench-worker \
    && ldd /programs/* | awk '$2 == "=>" {print "*/" $1}' | sort -u | xargs dpkg-query -S | cut -d: -f1 | sort -u \
      > /runtime_packages

FROM ${BASE_IMAGE}
# What apt, dpkg and ldconfig leave behind differs from build to build.
COPY --from=build /runtime_packages /usr/share/doc/actbench/
RUN apt-get update -qq \
    && xargs env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      < /usr/share/doc/actbench/runtime_packages \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/cache/ldconfig/aux-cache \
      /var/lib/dpkg/*-old /var/log/* /tmp/* \
    && install -d -o 65532 -g 0 -m 0770 /var/lib/actbench
COPY LICENSE /usr/share/doc/actbench/
COPY --from=build /programs/ /usr/local/bin/

# In a container the network decides who reaches these ports: see deploy/README.md before publishing them. The driver keeps
# what it has translated, for the user has no home.
ENV ACTBENCH_ADDRESS=0.0.0.0:50051 \
    ACTBENCH_METRICS_ADDRESS=0.0.0.0:9464 \
    ACTBENCH_ALLOW_INSECURE_BIND=true \
    ACTBENCH_STATE_DIR=/var/lib/actbench \
    CUDA_CACHE_PATH=/var/lib/actbench/cuda_cache \
    ACTBENCH_SERVER=127.0.0.1:50051 \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
EXPOSE 50051 9464
VOLUME /var/lib/actbench
USER 65532:65532
WORKDIR /
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["actbench", "--timeout", "2", "health"]
ENTRYPOINT ["actbench-server"]

ARG VERSION=""
ARG REVISION=""
ARG CREATED=""
# The repository's address.
ARG SOURCE=""
LABEL org.opencontainers.image.title="actbench" \
      org.opencontainers.image.description="Evaluates, benchmarks and certifies neural-network activation functions" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
