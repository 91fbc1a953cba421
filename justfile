# What can be done here; CI runs `just ci`.

# Lists the recipes.
default:
    @just --list

# Formatting, lints, tests and dependencies: what must hold before a commit.
check: lint test deny

# Formats everything.
fmt:
    cargo fmt --all

# Formatting and lints, warnings being errors.
lint:
    cargo fmt --all --check
    cargo fmt --manifest-path fuzz/Cargo.toml --check
    cargo clippy --workspace --all-targets -- -D warnings

# All tests.
test:
    cargo test --workspace

# The simulation: `just sim SEEDS`, `just sim seed N`, `just sim mutants`; the real tasks on a log that fails in every way it can.
sim *ARGS:
    cargo run --release -p promises --example sim -- {{ARGS}}

# Licences, duplicates and sources of the dependencies.
deny:
    cargo deny --all-features check --hide-inclusion-graph bans licenses sources

# Known vulnerabilities of the dependencies; fetches their database.
advisories:
    cargo deny --all-features check advisories

# Runs the commands that README.md promises to be enough, exactly as they stand there.
readme:
    #!/usr/bin/env bash
    set -euo pipefail
    for command in 'cargo test --workspace' 'cargo run --release -- demo'; do
        grep -qxF "$command" README.md || { echo "README.md no longer shows the command: $command" >&2; exit 1; }
        echo "+ $command"
        $command
    done

# What CI runs: all of it, the mutants, the guard of speed, and a short fuzz of everything that takes bytes from outside.
ci: lint readme deny (sim "mutants")
    cargo run --release -p bench -- guard
    fuzz/run 20
