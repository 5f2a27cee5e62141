# The action's image: the program, git and CA certificates.
#
# There is no USER line: GitHub runs container actions as the image's user, and only root may write the files of
# GITHUB_OUTPUT and GITHUB_STEP_SUMMARY. The ENTRYPOINT is the program itself, in exec form: a shell between would drop
# variables with a hyphen, such as INPUT_API-URL.

ARG RUST_IMAGE=docker.io/library/rust:1.95-slim-bookworm
ARG RUNTIME_IMAGE=docker.io/library/debian:bookworm-slim

FROM ${RUST_IMAGE} AS build
WORKDIR /src
# The dependencies first, with an empty program: this layer is rebuilt only when the manifests change.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src \
    && touch src/lib.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cargo build --release --locked
COPY . .
# Cargo compares times, and the sources are older than the empty program.
RUN touch src/lib.rs src/main.rs \
    && cargo build --release --locked

FROM ${RUNTIME_IMAGE}
# The distribution's current versions are wanted: they carry its security updates.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/target/release/ingest-action /usr/local/bin/ingest-action
LABEL org.opencontainers.image.title="ingest-action" \
      org.opencontainers.image.description="SQL lineage for change requests: what moved, what breaks downstream, and what the catalog said" \
      org.opencontainers.image.source="https://github.com/datascale/ingest-action" \
      org.opencontainers.image.licenses="Apache-2.0"
ENTRYPOINT ["/usr/local/bin/ingest-action"]
