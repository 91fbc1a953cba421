# Recipes of this workspace; CI runs `just ci`.

# List the recipes.
default:
    @just --list

# Check what must hold before a commit: formatting, lints, tests and dependencies.
check: lint test deny

# Format all code.
fmt:
    cargo fmt --all

# Check formatting, lints, prose, rooms and names; a warning is an error.
lint:
    cargo fmt --all --check
    cargo fmt --manifest-path fuzz/Cargo.toml --check
    cargo run -q -p house -- check
    cargo clippy --workspace --all-targets -- -D warnings

# Run all tests.
test:
    cargo test --workspace

# Simulate a log that fails in every way: `just sim SEEDS`, `just sim seed N`, `just sim mutants`.
sim *ARGS:
    cargo run --release -p promises --example sim -- {{ARGS}}

# Write everything again that is generated: released schemas, the example card, and the reference pages. Tests compare each with the code.
generate: docs
    PLUMBLINE_WRITE_RELEASE=1 cargo test -p codec --test promises released -- --test-threads 1
    PLUMBLINE_WRITE_EXAMPLES=1 cargo test -p promises example_card

# Write the reference pages of configuration, metrics and routes again; CI compares them with the code.
docs:
    UPDATE_DOCS=1 cargo test -p plumbline --test documents references

# Check licences, duplicates and sources of the dependencies.
deny:
    cargo deny --all-features check --hide-inclusion-graph bans licenses sources

# Check the dependencies for known vulnerabilities; fetches the database of advisories.
advisories:
    cargo deny --all-features check advisories

# Run the two commands that README.md shows first, exactly as written there.
readme:
    #!/usr/bin/env bash
    set -euo pipefail
    for command in 'cargo test --workspace' 'cargo run -- demo'; do
        grep -qxF "$command" README.md || { echo "README.md does not show the command: $command" >&2; exit 1; }
        echo "+ $command"
        $command
    done

# Run everything that CI runs: lints, README's commands, mutants and the guard of speed.
ci: lint readme deny
    # The build of `cargo test --workspace`, so that no crate compiles again with other features.
    cargo build --workspace --example sim
    "${CARGO_TARGET_DIR:-target}/debug/examples/sim" mutants
    # Without the crates that only whole processes need, which would double the time of these two builds.
    cargo run --release -p bench --no-default-features -- guard

# Run what is too slow for CI: ten thousand simulated histories, the second implementation of verdicts, half an hour of fuzzing a target, the image's binary.
long: (sim "10000")
    crates/scorecard/reference/verdicts.py 1 2000
    cargo test --release -p scorecard --test calibration -- --ignored --nocapture
    fuzz/run 1800
    cargo run --profile dist --locked -- demo
