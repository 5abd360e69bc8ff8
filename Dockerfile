# One image for every service: `python -m tureen.node_agent`, `.placement`, `.signaling` and `.metrics`.
# Debian's Python is built with profile-guided optimization, which many others are not; docs/benchmarks.md, «The wire».
ARG BASE_IMAGE=debian:trixie-slim

FROM ${BASE_IMAGE} AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates npm python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/tureen
ENV PATH=/opt/tureen/bin:$PATH \
    TUREEN_WORKER_BUNDLE=/opt/tureen/worker \
    XDG_CACHE_HOME=/opt/tureen/cache
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY shared shared
COPY services services
RUN pip install --no-cache-dir --constraint constraints.txt .
# Status 3: no official binary could be had, so a compiler is needed after all.
RUN tureen worker install || { [ $? -eq 3 ] \
    && apt-get update \
    && apt-get install --yes --no-install-recommends $(tureen worker packages) \
    && tureen worker install --from-source; }
RUN python -m tureen.signaling.page.build

FROM ${BASE_IMAGE}
# The libraries that a worker built from source needs; the official binary brings its own.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libabsl20240722 libsrtp2-1 libssl3t64 libuv1t64 python3 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --home-dir /nonexistent tureen
COPY --from=build /opt/tureen /opt/tureen
ENV PATH=/opt/tureen/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TUREEN_WORKER_BUNDLE=/opt/tureen/worker \
    XDG_CACHE_HOME=/opt/tureen/cache
USER tureen
CMD ["tureen", "--help"]
