# The image of Plumbline: one binary, the C libraries that the binary links (OpenSSL among them), and certificates.
# The image has no shell, no package manager and no root user.
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
    cargo build --profile dist --locked --package plumbline \
    && sh deploy/image/root.sh target/dist/plumbline /image

FROM scratch
COPY --from=build /image /
# Plumbline writes in this folder alone: the log, the keys and the rejects that wait for a retry.
COPY --from=build --chown=65532:65532 /image/data /data
USER 65532:65532
WORKDIR /data
ENV PLUMBLINE_DATA=/data
VOLUME /data
EXPOSE 8080
# The binary asks its own address: the image has no other program.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 CMD ["/plumbline", "health"]
ENTRYPOINT ["/plumbline"]
CMD ["run"]
