//! The examples of the documents, run as they are written: fenced blocks are files, commands and what they show.
//!
//! The words behind the language of a fence say what a block is:
//!
//! | fence | the block is |
//! |---|---|
//! | `json file=PATH`, `toml file=PATH`, `csv file=PATH` | a file that the commands below it read; NDJSON is wrapped in the page, not in the file |
//! | `sh run`, `sh run exit=78` | commands of the binary, and the exit code of each |
//! | `json shows=PATH` | JSON documents; each is part of the document at the same place in that file |
//! | `text stdout`, `text stderr` | lines that the last command prints |
//! | `json post=PATH` | the body of a request to a service with the `plumbline.toml` of the page |
//! | `text metrics` | lines that the metrics of that service show in the end |

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Deserializer, Value};

use crate::server::{Server, command};
use crate::support::Place;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// A fenced block: the words of its opening fence and its text.
struct FencedBlock {
    words: Vec<String>,
    text: String,
    line: usize,
}

impl FencedBlock {
    fn language(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    fn has(&self, word: &str) -> bool {
        self.words.iter().skip(1).any(|found| found == word)
    }

    /// The value of `name=value` among the words.
    fn named(&self, name: &str) -> Option<&str> {
        self.words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }
}

fn read(page: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

fn blocks(page: &str) -> Vec<FencedBlock> {
    let mut blocks = Vec::new();
    let mut open: Option<FencedBlock> = None;
    for (line, text) in (1..).zip(read(page).lines()) {
        match (text.trim_start().strip_prefix("```"), &mut open) {
            (Some(words), None) => {
                let words = words.split_whitespace().map(str::to_owned).collect();
                open = Some(FencedBlock { words, text: String::new(), line });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.text = format!("{}{text}\n", block.text),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{page}: a fence is not closed");
    blocks
}

/// Markdown pages of the repository that are written for people who use it.
fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned()];
    let mut folders = vec![PathBuf::from("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(Path::new(ROOT).join(&folder)).expect("a folder of documents") {
            let name = entry.expect("an entry").file_name();
            let path = folder.join(name);
            if Path::new(ROOT).join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                pages.push(path.to_str().expect("a name in UTF-8").to_owned());
            }
        }
    }
    pages.sort();
    pages
}

/// The JSON documents of a text, one behind the other.
fn documents(text: &str, at: &str) -> Vec<Value> {
    let documents = Deserializer::from_str(text).into_iter::<Value>();
    documents.map(|document| document.unwrap_or_else(|error| panic!("{at}: {error}"))).collect()
}

/// The text of a file as its block shows it; of NDJSON one document a line.
fn file(path: &str, text: &str, at: &str) -> String {
    if path.ends_with(".ndjson") {
        documents(text, at).iter().map(|document| format!("{document}\n")).collect()
    } else {
        text.to_owned()
    }
}

/// Whether `whole` has every value of `part`. Lists are compared element by element from their beginning.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) if part.is_empty() => whole.is_empty(),
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(key, value)| whole.get(key).is_some_and(|found| contains(found, value)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            part.len() <= whole.len() && whole.iter().zip(part).all(|(whole, part)| contains(whole, part))
        }
        _ => whole == part,
    }
}

/// One page under way.
struct PageRun<'a> {
    page: &'a str,
    place: Place,
    last: Option<Output>,
    server: Option<Server>,
    checks: usize,
}

impl PageRun<'_> {
    fn block(&mut self, block: &FencedBlock) {
        let at = format!("{}:{}", self.page, block.line);
        if let Some(path) = block.named("file") {
            self.place.put(path, file(path, &block.text, &at));
        } else if block.has("run") {
            let code = block.named("exit").map_or(0, |code| code.parse().expect("an exit code is a number"));
            block.text.lines().for_each(|line| self.command(line, code, &at));
        } else if let Some(path) = block.named("shows") {
            self.shows(path, &block.text, &at);
        } else if block.has("stdout") || block.has("stderr") {
            self.printed(block, &at);
        } else if let Some(path) = block.named("post") {
            self.post(path, &block.text, &at);
        } else if block.has("metrics") {
            self.metrics(&block.text);
        } else {
            return;
        }
        self.checks += 1;
    }

    fn command(&mut self, line: &str, code: i32, at: &str) {
        let mut words = line.split_whitespace();
        assert_eq!(words.next(), Some("plumbline"), "{at}: only commands of plumbline are run");
        let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
        let output = command.args(words).current_dir(self.place.path("")).output().expect("the binary runs");
        assert_eq!(output.status.code(), Some(code), "{at}: {line}: {}", String::from_utf8_lossy(&output.stderr));
        self.last = Some(output);
    }

    fn shows(&self, path: &str, text: &str, at: &str) {
        let found = documents(&fs::read_to_string(self.place.path(path)).expect("the file was written"), at);
        let shown = documents(text, at);
        assert_eq!(found.len(), shown.len(), "{at}: {path} holds {found:#?}");
        for (found, shown) in found.iter().zip(&shown) {
            assert!(contains(found, shown), "{at}: {path} holds {found}, and the page shows {shown}");
        }
    }

    fn printed(&self, block: &FencedBlock, at: &str) {
        let last = self.last.as_ref().unwrap_or_else(|| panic!("{at}: no command was run"));
        let bytes = if block.has("stdout") { &last.stdout } else { &last.stderr };
        let text = String::from_utf8_lossy(bytes);
        for line in block.text.lines() {
            assert!(text.contains(line), "{at}: the command printed {text}");
        }
    }

    fn post(&mut self, path: &str, body: &str, at: &str) {
        let place = &self.place;
        let server = self.server.get_or_insert_with(|| {
            let mut server = Server::start(command(&place.path("data")));
            server.drain();
            server
        });
        next_millisecond();
        let answered = server.post(path, body.as_bytes());
        let answer = answered.json();
        assert_eq!((answered.status, &answer["logged"]), (200, &answer["received"]), "{at}: {answered:?}");
    }

    fn metrics(&self, text: &str) {
        let server = self.server.as_ref().expect("the page posts before it shows metrics");
        let shown = |body: &str| text.lines().all(|line| body.lines().any(|found| found == line));
        server.until("/metrics", |answered| shown(&answered.body));
    }
}

/// Waits until the clock shows another millisecond: requests of one millisecond are of one version where arrival decides.
fn next_millisecond() {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    let begun = now();
    while now() == begun {
        thread::sleep(Duration::from_micros(100));
    }
}

/// Runs the blocks of a page in order; at least this many of them are run.
fn runs(page: &str, at_least: usize) {
    let mut run = PageRun { page, place: Place::new(), last: None, server: None, checks: 0 };
    blocks(page).iter().for_each(|block| run.block(block));
    assert!(run.checks >= at_least, "{page}: only {} blocks are run", run.checks);
}

#[test]
fn native_events_give_the_sums_that_their_page_shows() {
    runs("docs/integrate/native.md", 4);
}

#[test]
fn tables_become_the_events_that_their_page_shows() {
    runs("docs/integrate/tables.md", 5);
}

#[test]
fn amendments_give_the_revisions_that_their_page_shows() {
    runs("docs/integrate/amendments.md", 4);
}

#[test]
fn versioning_decides_as_its_page_shows() {
    runs("docs/integrate/versioning.md", 5);
}

#[test]
fn a_code_file_maps_drugs_as_its_page_shows() {
    runs("docs/integrate/codes.md", 6);
}

#[test]
fn a_registry_file_joins_numbers_as_its_page_shows() {
    runs("docs/integrate/identity.md", 10);
}

/// Elements of a block that are events of the native form.
fn events(block: &FencedBlock, at: &str) -> Vec<String> {
    let is_event = |document: &Value| document.get("type").is_some_and(Value::is_string) && document.get("id").is_some();
    let flat = documents(&block.text, at).into_iter().flat_map(|document| match document {
        Value::Array(elements) => elements,
        other => vec![other],
    });
    flat.filter(is_event).map(|event| event.to_string()).collect()
}

#[test]
fn every_event_of_the_documents_is_accepted() {
    let place = Place::new();
    let mut events_of_all = 0;
    for page in pages() {
        for block in blocks(&page).iter().filter(|block| block.language() == "json") {
            let found = events(block, &format!("{page}:{}", block.line));
            events_of_all += found.len();
            if !found.is_empty() {
                let name = format!("events/{}-{}.ndjson", page.replace(['/', '.'], "-"), block.line);
                place.put(&name, found.join("\n"));
            }
        }
    }
    assert!(events_of_all > 20, "the documents show only {events_of_all} events");
    let summary = place.replay("out", &["events"], &[]);
    assert_eq!((summary.rejected.len(), summary.received), (0, events_of_all as u64), "{:?}", place.lines("out/rejects.ndjson"));
}

#[test]
fn the_readme_shows_commands_of_this_binary() {
    use clap::CommandFactory;
    let cli = plumbline::cli::Cli::command();
    let known: Vec<&str> = cli.get_subcommands().map(clap::Command::get_name).collect();
    let mut seen = 0;
    for block in blocks("README.md").iter().filter(|block| block.language() == "sh") {
        for line in block.text.lines() {
            let rest = line.strip_prefix("cargo run -- ").or_else(|| line.strip_prefix("cargo run --release -- "));
            if let Some(rest) = rest {
                let name = rest.split_whitespace().next().unwrap_or_default();
                assert!(known.contains(&name), "README.md shows the command {name:?}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 3, "README.md shows only {seen} commands");
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut others: Vec<String> =
        ["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "schemas/README.md", "bench/README.md"].map(str::to_owned).into();
    others.extend(["deploy/README.md", "deploy/kubernetes/README.md"].map(str::to_owned));
    for page in pages().into_iter().chain(others) {
        let folder = Path::new(ROOT).join(&page).parent().expect("a page lies in a folder").to_owned();
        for link in read(&page).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            if !path.contains("://") && !path.is_empty() {
                assert!(folder.join(path).exists(), "{page} links {path}");
            }
        }
    }
}
