//! The `Dockerfile`: its compiler, the files that it copies, and its user.

use std::process::Command;

use crate::files::{path, text};
use crate::server::{Server, command};
use crate::support::Place;

/// Instructions with their arguments, continued lines joined.
fn instructions() -> Vec<(String, String)> {
    let joined = text("Dockerfile").replace("\\\n", " ");
    let lines = joined.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.split_once(' ').expect("an instruction and its arguments"))
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .collect()
}

fn arguments(instruction: &str) -> Vec<String> {
    instructions().into_iter().filter(|(name, _)| name == instruction).map(|(_, arguments)| arguments).collect()
}

#[test]
fn it_builds_with_the_compiler_of_the_toolchain_file_and_ends_with_nothing_but_the_binary() {
    let toolchain = text("rust-toolchain.toml");
    let channel = toolchain.lines().find_map(|line| line.strip_prefix("channel = ")).expect("a channel").trim_matches('"');
    let stages = arguments("FROM");
    assert!(stages[0].starts_with(&format!("rust:{channel}-")), "{stages:?} does not name {channel}");
    assert_eq!(stages.last().map(String::as_str), Some("scratch"));
}

#[test]
fn it_runs_as_a_user_without_other_rights() {
    let users = arguments("USER");
    assert_eq!(users, ["65532:65532"]);
    assert!(text("deploy/image/root.sh").contains(":65532:65532:"), "the user has no line in passwd");
}

#[test]
fn copied_files_exist_and_are_not_ignored() {
    let ignored = text(".dockerignore");
    let copied = arguments("COPY").into_iter().filter(|copy| !copy.starts_with("--from"));
    let sources = copied.flat_map(|copy| {
        let mut words: Vec<String> = copy.split(' ').map(str::to_owned).collect();
        words.pop();
        words
    });
    for source in sources {
        assert!(path(&source).exists(), "{source} is not there");
        let let_in = ignored.lines().filter_map(|line| line.strip_prefix('!')).any(|kept| source.starts_with(kept));
        assert!(let_in, ".dockerignore leaves {source} out");
    }
}

#[test]
fn it_copies_every_member_of_the_workspace() {
    let manifest: toml::Table = text("Cargo.toml").parse().expect("a manifest");
    let copied = arguments("COPY");
    for member in manifest["workspace"]["members"].as_array().expect("members") {
        let top = member.as_str().expect("a path").split('/').next().expect("a first part").to_owned();
        assert!(copied.iter().any(|copy| copy.split(' ').next() == Some(&top)), "{top} is not copied");
    }
}

#[test]
fn the_binary_itself_is_the_health_check() {
    let health = arguments("HEALTHCHECK");
    assert!(health.len() == 1 && health[0].ends_with(r#"CMD ["/plumbline", "health"]"#), "{health:?}");
}

#[test]
fn a_running_service_is_healthy_and_a_stopped_one_is_not() {
    let place = Place::new();
    let data = place.path("data");
    let health =
        || Command::new(env!("CARGO_BIN_EXE_plumbline")).args(["health", "--data"]).arg(&data).output().expect("it runs");
    let mut server = Server::start(command(&data));
    server.until("/readyz", |answered| answered.status == 200);
    let told = health();
    assert!(told.status.success() && told.stdout.starts_with(b"ready"), "{told:?}");
    server.kill();
    let told = health();
    assert!(!told.status.success() && String::from_utf8_lossy(&told.stderr).contains("no service answers"), "{told:?}");
}
