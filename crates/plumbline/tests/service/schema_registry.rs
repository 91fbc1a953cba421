//! Records carry the schema registry's ids on the way out and in. The registry here follows the documented API and fails as real ones do.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use codec::avro::contract::Contract;
use codec::avro::encoding::{Form, encode};
use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509NameBuilder};
use plumbline::kafka::registry_address::RegistryAddress;
use plumbline::kafka::schema_registry::registry::{RegistrySettings, SchemaRegistry};
use plumbline::kafka::schema_registry::registry_error::RegistryError;
use plumbline::kafka::schema_registry::subjects::subjects;
use plumbline::process::shutdown_signal::ShutdownSignal;
use scorecard::record::log_record::{Position, Record, Reject, Tick};
use scorecard::time::calendar::Timestamp;
use stream::log::Topic;

use crate::test_registry::{Manner, TestRegistry};

fn settings(url: &str, folder: &Path) -> RegistrySettings {
    let address = RegistryAddress::parse(url).expect("an address");
    RegistrySettings {
        address,
        prefix: "plumbline.".to_owned(),
        folder: folder.to_owned(),
        patience: Duration::ZERO,
        stopping: ShutdownSignal::default(),
    }
}

/// A folder and a registry whose ids differ from ours, and a client that has started.
fn started() -> (tempfile::TempDir, TestRegistry, SchemaRegistry) {
    let (folder, registry) = (folder(), TestRegistry::start());
    let client = SchemaRegistry::start(&settings(&registry.url(), folder.path())).expect("nothing is in the way");
    registry.asked();
    (folder, registry, client)
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn tick() -> Record<'static> {
    Record::Tick(Tick { at: Timestamp(1_794_884_400_000) })
}

fn reject() -> Record<'static> {
    Record::Reject(Reject {
        position: Position { source: "inbox".into(), partition: 3, offset: 17, index: None },
        feed: None,
        reason: "not_json".into(),
        field: String::new(),
        detail: "send JSON".into(),
        excerpt: "aaa".into(),
    })
}

fn encoded(record: &Record<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(record, &mut bytes).expect("it can be written");
    bytes
}

fn framed(id: u32, datum: &[u8]) -> Vec<u8> {
    [&[0], &id.to_be_bytes()[..], datum].concat()
}

/// The same record under another id.
fn under(id: u32, record: &Record<'_>) -> Vec<u8> {
    framed(id, &encoded(record)[5..])
}

fn undecodable(record: &Record<'_>) -> String {
    match record {
        Record::Undecodable(why) => why.clone(),
        other => panic!("{other:?} opened"),
    }
}

#[test]
fn a_start_registers_every_schema_under_its_subject_and_a_second_one_writes_nothing() {
    let (folder, registry) = (folder(), TestRegistry::start());
    let start = || SchemaRegistry::start(&settings(&registry.url(), folder.path())).expect("nothing is in the way");
    start();
    let mut expected: Vec<String> = subjects("plumbline.").into_iter().map(|subject| subject.name).collect();
    expected.sort();
    assert_eq!(registry.subjects(), expected);
    registry.asked();
    start();
    let lookups: Vec<String> = subjects("plumbline.").iter().map(|subject| format!("POST /subjects/{}", subject.name)).collect();
    assert_eq!(registry.asked(), lookups);
}

#[test]
fn public_subjects_promise_full_transitive_compatibility_and_internal_ones_keep_the_registrys_level() {
    let (_folder, registry, _client) = started();
    let public = ["peer-groups", "runs", "scorecard-revisions", "scorecards"];
    let expected: BTreeMap<String, String> =
        public.iter().map(|topic| (format!("plumbline.{topic}-value"), "FULL_TRANSITIVE".to_owned())).collect();
    assert_eq!(registry.levels(), expected);
}

#[test]
fn a_frame_carries_the_registrys_id_on_its_way_out_and_opens_on_its_way_in() {
    let (_folder, registry, client) = started();
    for (topic, record, subject) in [
        (Topic::Events, tick(), "plumbline.events-plumbline.v1.Tick"),
        (Topic::Registry, tick(), "plumbline.registry-plumbline.v1.Tick"),
        (Topic::Rejects, reject(), "plumbline.rejects-value"),
    ] {
        let mut frame = encoded(&record);
        let plain = frame.clone();
        client.outgoing(topic, &mut frame);
        let id = registry.id_of(subject).expect("it is registered");
        assert_eq!(frame, framed(id, &plain[5..]));
        assert_eq!(client.decode(&frame).expect("the id is known"), record);
    }
    assert_eq!(registry.asked(), Vec::<String>::new(), "ids that were registered are not asked for");
}

#[test]
fn records_from_before_the_registry_open_without_a_question() {
    let (_folder, registry, client) = started();
    assert_eq!(client.decode(&encoded(&tick())).expect("our own ids are known"), tick());
    assert_eq!(registry.asked(), Vec::<String>::new());
}

#[test]
fn who_only_reads_registers_nothing() {
    let (folder, registry) = (folder(), TestRegistry::start());
    registry.put(5, Form::Tick.schema());
    let client = SchemaRegistry::reading(&settings(&registry.url(), folder.path()));
    assert_eq!(client.decode(&under(5, &tick())).expect("the registry answers"), tick());
    let mut frame = encoded(&tick());
    client.outgoing(Topic::Events, &mut frame);
    assert_eq!(frame, encoded(&tick()), "without a registration the id is our own");
    assert_eq!(registry.asked(), ["GET /schemas/ids/5"]);
}

#[test]
fn an_unknown_id_is_asked_for_once_by_however_many_threads() {
    let (_folder, registry, client) = started();
    // Another producer's text of the same schema, under an id of its own.
    registry.put(4_711, &Form::Tick.schema().replace("\"doc\"", "\"comment\""));
    let frame = under(4_711, &tick());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(client.decode(&frame).expect("the registry answers"), tick()));
        }
    });
    assert_eq!(registry.asked(), ["GET /schemas/ids/4711"]);
    assert_eq!(client.counts().answered, 1);
}

#[test]
fn ids_that_stand_for_no_schema_of_ours_make_undecodable_records_and_are_asked_for_once() {
    let (_folder, registry, client) = started();
    registry.put(50, r#"{"type":"record","name":"Tick","namespace":"elsewhere","fields":[{"name":"at","type":"long"}]}"#);
    registry.put_of_kind(51, "PROTOBUF", "syntax = \"proto3\";");
    for (id, why) in
        [(50, "does not know"), (51, "does not know"), (52, "none of the registry's"), (0, "none"), (u32::MAX, "none")]
    {
        for _ in 0..2 {
            let said = undecodable(&client.decode(&under(id, &tick())).expect("the registry answers"));
            assert!(said.contains(why) && said.contains(&id.to_string()), "{said}");
        }
    }
    assert_eq!(registry.asked(), ["GET /schemas/ids/50", "GET /schemas/ids/51", "GET /schemas/ids/52"]);
    assert!(undecodable(&client.decode(&[7, 0, 0, 0, 1]).expect("no frame")).contains("0x07"));
}

#[test]
fn practice_systems_events_under_ids_of_the_registry_get_the_contracts_own_ids() {
    let (_folder, registry, client) = started();
    for (n, contract) in Contract::ALL.into_iter().enumerate() {
        let id = 100 + u32::try_from(n).expect("nine of them");
        registry.put(id, contract.schema());
        let translated = client.input(&framed(id, b"datum")).expect("the registry answers").into_owned();
        assert_eq!(translated, framed(contract.id(), b"datum"));
    }
    registry.asked();
    // A record stays as it is without a frame, with a known frame, or with the frame of another schema.
    for raw in [&b"{\"id\":\"e-1\"}"[..], b"", b"\0", b"\0{\0\"\0", &framed(Contract::OrderEvent.id(), b"datum")] {
        assert_eq!(client.input(raw).expect("nothing is asked"), Cow::Borrowed(raw));
    }
    assert_eq!(registry.asked(), Vec::<String>::new());
    let absent = framed(999, b"datum");
    assert_eq!(client.input(&absent).expect("the registry answers"), Cow::Borrowed(&absent[..]));
}

#[test]
fn a_registry_that_fails_makes_an_error_that_passes_and_never_a_reject() {
    for (status, body) in [
        (500, r#"{"error_code":50001,"message":"Error in the backend data store"}"#),
        (503, "no upstream"),
        (429, r#"{"error_code":429,"message":"Too many requests"}"#),
    ] {
        let (_folder, registry, client) = started();
        registry.put(60, Form::Tick.schema());
        let unknown = under(60, &tick());
        let mut known = encoded(&tick());
        client.outgoing(Topic::Events, &mut known);
        registry.behave(Manner { broken: Some((status, body.to_owned())), ..Manner::default() });
        let error = client.decode(&unknown).expect_err("nobody knows the id");
        assert!(error.is_passing() && error.to_string().contains(&status.to_string()), "{error}");
        assert!(client.input(&unknown).expect_err("nobody knows the id").is_passing());
        assert_eq!(client.decode(&known).expect("the id is known"), tick());
        registry.behave(Manner::default());
        assert_eq!(patiently(&client, &unknown), tick());
        // It is not asked all the time: at once after a failure the same is said again.
        let asked = registry.asked();
        assert!(asked.iter().all(|asked| asked == "GET /schemas/ids/60"));
        assert_eq!(client.counts().failed, asked.len() as u64 - 1);
        assert!(asked.len() <= 3, "{asked:?}");
    }
}

/// Reads again and again, as a task does, until the registry answers.
fn patiently(client: &SchemaRegistry, bytes: &[u8]) -> Record<'static> {
    loop {
        match client.decode(bytes) {
            Ok(Record::Tick(tick)) => return Record::Tick(tick),
            Ok(other) => panic!("{other:?}"),
            Err(error) => assert!(error.is_passing(), "{error}"),
        }
        thread::yield_now();
    }
}

#[test]
fn a_registry_that_says_nothing_is_given_up_on() {
    let (_folder, registry, client) = started();
    registry.behave(Manner { silent: true, ..Manner::default() });
    let error = client.decode(&under(61, &tick())).expect_err("nobody answers");
    assert!(error.is_passing() && error.to_string().contains("timeout"), "{error}");
}

#[test]
fn with_a_registry_that_is_down_a_restart_knows_the_ids_of_before() {
    let (folder, registry, client) = started();
    registry.put(4_711, &Form::Tick.schema().replace("\"doc\"", "\"comment\""));
    let learned = under(4_711, &tick());
    client.decode(&learned).expect("the registry answers");
    let mut written = encoded(&reject());
    client.outgoing(Topic::Rejects, &mut written);
    registry.behave(Manner { broken: Some((503, "down".to_owned())), ..Manner::default() });
    let again = SchemaRegistry::start(&settings(&registry.url(), folder.path())).expect("all ids are remembered");
    let mut rewritten = encoded(&reject());
    again.outgoing(Topic::Rejects, &mut rewritten);
    assert_eq!(rewritten, written);
    assert_eq!(again.decode(&written).expect("the id is remembered"), reject());
    assert_eq!(again.decode(&learned).expect("the id is remembered"), tick());
}

#[test]
fn a_first_start_without_a_registry_waits_and_then_says_so() {
    let unused = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it is bound");
    let error = SchemaRegistry::start(&settings(&format!("http://{unused}"), folder().path())).expect_err("nobody is there");
    assert!(error.is_passing(), "{error}");
    let (folder, registry) = (folder(), TestRegistry::start());
    registry.behave(Manner { broken: Some((503, "starting".to_owned())), ..Manner::default() });
    let settings = RegistrySettings { patience: Duration::from_secs(600), ..settings(&registry.url(), folder.path()) };
    thread::scope(|scope| {
        let start = scope.spawn(|| SchemaRegistry::start(&settings));
        while registry.asked().is_empty() {
            thread::yield_now();
        }
        registry.behave(Manner::default());
        start.join().expect("no panic").expect("the registry came up");
    });
}

#[test]
fn an_incompatible_schema_ends_the_start_with_subject_reason_and_cure_whenever_it_is_found() {
    for found_late in [false, true] {
        let (folder, registry) = (folder(), TestRegistry::start());
        let why = "reader field 'band' has no default".to_owned();
        let incompatible = BTreeMap::from([("plumbline.scorecards-value".to_owned(), why.clone())]);
        registry.behave(Manner { incompatible, found_late, ..Manner::default() });
        let error = SchemaRegistry::start(&settings(&registry.url(), folder.path())).expect_err("it is incompatible");
        assert!(matches!(error, RegistryError::Incompatible { .. }), "{error}");
        let said = error.to_string();
        for part in ["plumbline.scorecards-value", "plumbline.v2.Scorecard", &why, "kafka.prefix"] {
            assert!(said.contains(part), "{said} does not say {part}");
        }
    }
}

#[test]
fn a_registry_that_was_emptied_and_gives_ids_anew_is_noticed() {
    let (folder, registry, _client) = started();
    registry.empty();
    // Its next ids are those of before, for other schemas.
    registry.put(1, Form::Run.schema());
    let error = SchemaRegistry::start(&settings(&registry.url(), folder.path())).expect_err("an id means something else");
    assert!(matches!(&error, RegistryError::Rebuilt { .. }), "{error}");
    assert!(error.to_string().contains("backup"), "{error}");
}

#[test]
fn what_is_no_schema_registry_and_who_may_not_ask_are_told_apart() {
    let folder = folder();
    let registry = TestRegistry::start();
    let start = |url: &str| SchemaRegistry::start(&settings(url, folder.path())).expect_err("it cannot start").to_string();
    let said = start(&format!("{}/wrong/path", registry.url()));
    assert!(said.contains("does not answer") && said.contains("/apis/ccompat/v7"), "{said}");
    registry.behave(Manner { broken: Some((200, "<html>".to_owned())), ..Manner::default() });
    assert!(start(&registry.url()).contains("does not answer"));
    registry.behave(Manner {
        broken: Some((422, r#"{"error_code":42201,"message":"Invalid Avro"}"#.to_owned())),
        ..Manner::default()
    });
    assert!(start(&registry.url()).contains("Invalid Avro"));
    // RFC 7617, section 2.
    let authorization = Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".to_owned());
    registry.behave(Manner { authorization, ..Manner::default() });
    let said = start(&registry.url());
    assert!(said.contains("401") && said.contains("USER:PASSWORD"), "{said}");
    let url = registry.url().replace("http://", "http://Aladdin:open%20sesame@");
    SchemaRegistry::start(&settings(&url, folder.path())).expect("the credentials are right");
    let remembered = std::fs::read_to_string(folder.path().join("schema-ids.json")).expect("it is remembered");
    assert!(!remembered.contains("sesame") && !remembered.contains("Aladdin"));
}

/// A certificate of this machine that signs itself, and its key.
fn certificate() -> (X509, PKey<Private>) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("a curve that OpenSSL has");
    let key = PKey::from_ec_key(EcKey::generate(&group).expect("a key")).expect("a key");
    let mut name = X509NameBuilder::new().expect("a name");
    name.append_entry_by_nid(Nid::COMMONNAME, "127.0.0.1").expect("a name");
    let name = name.build();
    let mut made = X509::builder().expect("a certificate");
    made.set_version(2).expect("version 3");
    made.set_subject_name(&name).expect("a subject");
    made.set_issuer_name(&name).expect("an issuer");
    made.set_pubkey(&key).expect("a key");
    made.set_not_before(&Asn1Time::days_from_now(0).expect("a time")).expect("a time");
    made.set_not_after(&Asn1Time::days_from_now(1).expect("a time")).expect("a time");
    made.append_extension(BasicConstraints::new().critical().ca().build().expect("an extension")).expect("an extension");
    let host = SubjectAlternativeName::new().ip("127.0.0.1").build(&made.x509v3_context(None, None)).expect("an extension");
    made.append_extension(host).expect("an extension");
    made.sign(&key, MessageDigest::sha256()).expect("a signature");
    (made.build(), key)
}

/// Where the process that trusts the certificate finds the registry.
const TRUSTED_URL: &str = "PLUMBLINE_TEST_TRUSTED_URL";

#[test]
fn https_needs_a_certificate_that_the_system_trusts() {
    // The process of its own that this test starts below, with the certificate among the trusted ones.
    if let Ok(url) = std::env::var(TRUSTED_URL) {
        SchemaRegistry::start(&settings(&url, folder().path())).expect("its certificate is trusted");
        return;
    }
    let (certificate, key) = certificate();
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).expect("OpenSSL's settings");
    acceptor.set_certificate(&certificate).expect("a certificate");
    acceptor.set_private_key(&key).expect("its key");
    let registry = TestRegistry::start_secured(acceptor.build());
    let folder = folder();
    let error = SchemaRegistry::start(&settings(&registry.url(), folder.path())).expect_err("nobody trusts it");
    assert!(error.is_passing() && error.to_string().contains("certificate"), "{error}");
    assert_eq!(registry.subjects(), Vec::<String>::new());
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, certificate.to_pem().expect("PEM")).expect("a file");
    let mut trusting = Command::new(std::env::current_exe().expect("this test"));
    trusting.args(["--exact", "schema_registry::https_needs_a_certificate_that_the_system_trusts"]);
    let output = trusting.env(TRUSTED_URL, registry.url()).env("SSL_CERT_FILE", &file).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(registry.subjects().len(), subjects("plumbline.").len());
}
