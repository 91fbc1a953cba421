//! A real schema registry (`broker/registry.sh`): it keeps the promises of the tests with a registry in their own process.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use codec::avro::contract::Contract;
use codec::avro::encoding::{Form, encode};
use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use plumbline::kafka::registry_address::RegistryAddress;
use plumbline::kafka::schema_registry::registry::{RegistrySettings, SchemaRegistry};
use plumbline::kafka::schema_registry::registry_error::RegistryError;
use plumbline::kafka::schema_registry::subjects::subjects;
use plumbline::process::shutdown_signal::ShutdownSignal;
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::{Position, Record, Tick};
use scorecard::time::calendar::Timestamp;
use serde_json::{Value, json};
use stream::log::Topic;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kafka/broker/registry.sh");

/// Finds the registry's program, and downloads it if necessary.
///
/// # Errors
/// The missing tool and the cure.
pub fn find_program() -> Result<(), String> {
    let java = Command::new("java").arg("-version").output();
    if !java.is_ok_and(|output| output.status.success()) {
        return Err("there is no java: install a JRE of 17 or later".to_owned());
    }
    let fetched = script(&["fetch"]).output().map_err(|error| format!("{SCRIPT} does not run: {error}"))?;
    let stderr = String::from_utf8_lossy(&fetched.stderr);
    if fetched.status.success() { Ok(()) } else { Err(stderr.lines().last().unwrap_or("no reason was given").to_owned()) }
}

fn script(arguments: &[&str]) -> Command {
    let mut command = Command::new(SCRIPT);
    // In the target folder, so that it is downloaded once.
    command.args(arguments).env("REGISTRY_LIB", Path::new(env!("CARGO_TARGET_TMPDIR")).join("kafka").join("registry"));
    command
}

/// The registry of a test. Drop it to stop it.
struct Registry {
    dir: tempfile::TempDir,
    port: u16,
    url: String,
}

impl Registry {
    fn start() -> Registry {
        let dir = tempfile::Builder::new().prefix("plumbline-registry-").tempdir().expect("a temporary folder");
        let mut registry = Registry { dir, port: free_port(), url: String::new() };
        let output = registry.run("start");
        assert!(output.status.success(), "registry.sh start: {}", String::from_utf8_lossy(&output.stderr));
        registry.url = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        registry
    }

    fn run(&self, verb: &str) -> Output {
        let mut command = script(&[verb]);
        command.env("REGISTRY_DIR", self.dir.path()).env("REGISTRY_PORT", self.port.to_string());
        command.env("REGISTRY_OWNER", std::process::id().to_string());
        command.output().expect("the script runs")
    }

    /// A GET request of the documented API.
    fn get(&self, path: &str) -> Value {
        let mut answer = ureq::get(format!("{}{path}", self.url)).call().expect("an answer");
        serde_json::from_str(&answer.body_mut().read_to_string().expect("a body")).expect("JSON")
    }

    fn send(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.url);
        let request = if path.starts_with("/config") { ureq::put(url) } else { ureq::post(url) };
        let mut answer = request.header("Content-Type", "application/json").send(body.to_string()).expect("an answer");
        serde_json::from_str(&answer.body_mut().read_to_string().expect("a body")).expect("JSON")
    }

    fn client(&self, prefix: &str, folder: &Path) -> Result<SchemaRegistry, RegistryError> {
        let address = RegistryAddress::parse(&self.url).expect("an address");
        SchemaRegistry::start(&RegistrySettings {
            address,
            prefix: prefix.to_owned(),
            folder: folder.to_owned(),
            patience: Duration::ZERO,
            stopping: ShutdownSignal::default(),
        })
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.run("stop");
    }
}

/// A free port whose successor is free, too.
fn free_port() -> u16 {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let begin = 30_000 + u16::try_from(std::process::id() % 900).expect("below 900") * 2;
    (begin..32_700).step_by(2).find(|port| free(*port) && free(port + 1)).expect("two ports between 30000 and 32700 are free")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn tick() -> Record<'static> {
    Record::Tick(Tick { at: Timestamp(1_794_884_400_000) })
}

/// The requests of a deployment in the order of its life, to one registry.
pub fn a_real_registry_gives_ids_rejects_incompatible_schemas_and_may_be_down() {
    let registry = Registry::start();
    let home = folder();
    let client = registry.client("plumbline.", home.path()).expect("an empty registry accepts all schemas");
    ids_name_the_schemas(&registry, &client);
    another_process_decodes_the_records(&registry, &client);
    events_of_a_practice_system_decode(&registry, &client);
    an_incompatible_schema_ends_the_start(&registry);
    registry.run("stop");
    // From here on the registry does not answer.
    let mut frame = encoded(&tick());
    client.outgoing(Topic::Events, &mut frame);
    let restarted = registry.client("plumbline.", home.path()).expect("all ids are cached");
    assert_eq!(restarted.decode(&frame).expect("the id is cached"), tick());
    let unknown = [&[0, 0, 0, 0xff, 0xff], &frame[5..]].concat();
    assert!(restarted.decode(&unknown).expect_err("the id is unknown").is_passing());
    let stranger = registry.client("other.", home.path()).expect_err("its ids are unknown");
    assert!(stranger.is_passing(), "{stranger}");
}

fn encoded(record: &Record<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(record, &mut bytes).expect("it can be written");
    bytes
}

/// The registry holds the schema of every topic's frames under the frame's id and the subject's name.
fn ids_name_the_schemas(registry: &Registry, client: &SchemaRegistry) {
    for subject in subjects("plumbline.") {
        let mut frame = [&[0], &subject.form.id().to_be_bytes()[..]].concat();
        client.outgoing(subject.topic, &mut frame);
        let id = u32::from_be_bytes(frame[1..5].try_into().expect("four bytes"));
        assert_ne!(id, subject.form.id(), "{}", subject.name);
        let json = |text: &Value| serde_json::from_str::<Value>(text.as_str().expect("a text")).expect("JSON");
        let ours: Value = serde_json::from_str(subject.form.schema()).expect("JSON");
        assert_eq!(json(&registry.get(&format!("/schemas/ids/{id}"))["schema"]), ours, "{}", subject.name);
        let newest = registry.get(&format!("/subjects/{}/versions/latest", subject.name));
        assert_eq!((json(&newest["schema"]), newest["id"].as_u64()), (ours, Some(id.into())), "{}", subject.name);
    }
    for topic in ["scorecards", "scorecard-revisions", "peer-groups", "runs"] {
        let level = registry.get(&format!("/config/plumbline.{topic}-value"));
        assert_eq!(level["compatibilityLevel"], "FULL_TRANSITIVE", "{topic}");
    }
}

fn another_process_decodes_the_records(registry: &Registry, client: &SchemaRegistry) {
    let elsewhere = folder();
    let other = registry.client("other.", elsewhere.path()).expect("another prefix has subjects of its own");
    let mut frame = encoded(&tick());
    client.outgoing(Topic::Events, &mut frame);
    assert_eq!(other.decode(&frame).expect("the registry answers"), tick());
}

fn events_of_a_practice_system_decode(registry: &Registry, client: &SchemaRegistry) {
    let sent = registry.send("/subjects/gp-orders-value/versions", &json!({ "schema": Contract::OrderEvent.schema() }));
    let id = u32::try_from(sent["id"].as_u64().expect("an id")).expect("small");
    // The fixture of the contract, under the id of the practice system's producer.
    let text = include_str!("../../../codec/fixtures/40-order-event.avro.hex");
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    let mut bytes: Vec<u8> = digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).expect("two digits")).collect();
    bytes[1..5].copy_from_slice(&id.to_be_bytes());
    let translated = client.input(&bytes).expect("the registry answers");
    let position = Position { source: "gp-orders".to_owned(), partition: 0, offset: 0, index: None };
    let feed = Some(Arc::new(Feed::undeclared("source")));
    let now = Timestamp(1_795_521_600_000);
    let context = Context { position: &position, feed, received_at: now, now };
    let mut ids = Vec::new();
    RecordDecoder::new(DecoderConfig::default()).decode(&translated, &context, &mut |item| match item {
        Item::Event(feed, event) => ids.push((feed.name.to_string(), event.id.to_string())),
        other => panic!("{other:?}"),
    });
    assert_eq!(ids, [("a81001-emis".to_owned(), "o-5".to_owned())]);
}

fn an_incompatible_schema_ends_the_start(registry: &Registry) {
    let run: Value = serde_json::from_str(Form::Run.schema()).expect("JSON");
    let other =
        json!({"type": "record", "name": "Run", "namespace": run["namespace"], "fields": [{"name": "needed", "type": "long"}]});
    let subject = "third.runs-value";
    registry.send(&format!("/subjects/{subject}/versions"), &json!({ "schema": other.to_string() }));
    registry.send(&format!("/config/{subject}"), &json!({ "compatibility": "FULL_TRANSITIVE" }));
    let error = registry.client("third.", folder().path()).expect_err("no version of ours reads such a run");
    assert!(matches!(&error, RegistryError::Incompatible { subject: named, .. } if named == subject), "{error}");
}
