# The image of Plumbline: one binary, the libraries of C that it names (OpenSSL among them), and certificates. No shell, no package manager, no root.
# `docker build -t plumbline:0.1.0 .`

# The compiler of rust-toolchain.toml.
FROM rust:1.95.0-trixie AS build
WORKDIR /source
COPY Cargo.toml Cargo.lock rust-toolchain.toml ./
COPY bench bench
COPY crates crates
COPY house house
COPY measures measures
COPY schemas schemas
COPY tests tests
COPY deploy/image/root.sh deploy/image/root.sh
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --package plumbline \
    && sh deploy/image/root.sh target/release/plumbline /image

FROM scratch
COPY --from=build /image /
# The one folder that it writes: log, keys and what waits for a repair.
COPY --from=build --chown=65532:65532 /image/data /data
USER 65532:65532
WORKDIR /data
ENV PLUMBLINE_DATA=/data
VOLUME /data
EXPOSE 8080
# Asks its own address whether it is ready; there is nothing else in here that could.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 CMD ["/plumbline", "health"]
ENTRYPOINT ["/plumbline"]
CMD ["run"]
