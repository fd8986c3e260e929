# The program and its report's figures in Debian 12:
#   docker build -t goldpan .
#   docker run --rm -v "$PWD:/work" goldpan run --data scenes:2000 --out outputs
#   docker run --rm -v "$PWD:/work" goldpan pick --embeddings E.npy --strategy typiclust --batch 200
FROM debian:12-slim AS build
COPY setup.sh /source/setup.sh
RUN /source/setup.sh --packages-only --no-networks
COPY . /source
WORKDIR /source
RUN cmake --preset release -DGOLDPAN_BUILD_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr/local \
  && cmake --build --preset release \
  && strip build/release/apps/goldpan/goldpan

FROM debian:12-slim
RUN apt-get update -qq \
  && apt-get install -y -qq --no-install-recommends \
    libopenblas0-pthread libhwy1 libssl3 libjpeg62-turbo libpng16-16 libwebp7 zlib1g libsqlite3-0 libsimdjson14 libfmt9 \
    libspdlog1.10 libtomlplusplus3 libpugixml1v5 libcpp-httplib0.11 libre2-9 gnuplot-nox fonts-dejavu-core \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /source/build/release/apps/goldpan/goldpan /usr/local/bin/goldpan
# What the container writes belongs to whoever is named by --user.
WORKDIR /work
ENTRYPOINT ["goldpan"]
