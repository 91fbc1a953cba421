//! A schema registry in this process: the part of Confluent's documented API that the tests need, with its errors.
//!
//! It shares no code with the client. Ids are given once a schema text, versions once a subject, as the real one does.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use openssl::ssl::SslAcceptor;
use serde_json::{Value, json};

/// Its behaviour.
#[derive(Clone, Debug, Default)]
pub struct Manner {
    /// Answers every request with this status and body.
    pub broken: Option<(u16, String)>,
    /// Accepts connections and never answers.
    pub silent: bool,
    /// Requires this value of `Authorization`.
    pub authorization: Option<String>,
    /// Subjects without compatible new schemas, and the reason.
    pub incompatible: BTreeMap<String, String>,
    /// Finds incompatibility only when a schema is registered: the level is transitive, the check looks at the newest.
    pub found_late: bool,
}

#[derive(Default)]
struct RegistryContents {
    manner: Manner,
    schemas: BTreeMap<u32, Value>,
    subjects: BTreeMap<String, Vec<u32>>,
    levels: BTreeMap<String, String>,
    asked: Vec<String>,
}

/// A registry that listens until it is dropped.
pub struct TestRegistry {
    scheme: &'static str,
    address: SocketAddr,
    held: Arc<Mutex<RegistryContents>>,
    ends: Arc<AtomicBool>,
}

impl TestRegistry {
    pub fn start() -> TestRegistry {
        TestRegistry::listening("http", serve)
    }

    /// One that speaks TLS, with this key and certificate.
    pub fn start_secured(acceptor: SslAcceptor) -> TestRegistry {
        TestRegistry::listening("https", move |stream, held, ends| {
            // A client that does not trust the certificate closes the connection.
            if let Ok(stream) = acceptor.accept(stream) {
                serve(stream, held, ends);
            }
        })
    }

    fn listening(
        scheme: &'static str,
        each: impl Fn(TcpStream, &Mutex<RegistryContents>, &AtomicBool) + Clone + Send + 'static,
    ) -> TestRegistry {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of this machine");
        let address = listener.local_addr().expect("it is bound");
        let (held, ends) = (Arc::new(Mutex::new(RegistryContents::default())), Arc::new(AtomicBool::new(false)));
        let (for_thread, until) = (held.clone(), ends.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                if until.load(Ordering::SeqCst) {
                    break;
                }
                let (held, until, each) = (for_thread.clone(), until.clone(), each.clone());
                thread::spawn(move || each(stream.expect("a connection"), &held, &until));
            }
        });
        TestRegistry { scheme, address, held, ends }
    }

    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    pub fn behave(&self, manner: Manner) {
        self.held().manner = manner;
    }

    /// Gives an id to a schema that somebody else registered.
    pub fn put(&self, id: u32, schema: &str) {
        self.held().schemas.insert(id, json!({ "schema": schema }));
    }

    /// Gives an id to a schema of another type.
    pub fn put_of_kind(&self, id: u32, kind: &str, schema: &str) {
        self.held().schemas.insert(id, json!({ "schema": schema, "schemaType": kind }));
    }

    /// Deletes everything, like a registry whose store was lost.
    pub fn empty(&self) {
        let mut held = self.held();
        *held = RegistryContents { manner: held.manner.clone(), ..RegistryContents::default() };
    }

    /// The newest schema of a subject, by id.
    pub fn id_of(&self, subject: &str) -> Option<u32> {
        self.held().subjects.get(subject)?.last().copied()
    }

    pub fn subjects(&self) -> Vec<String> {
        self.held().subjects.keys().cloned().collect()
    }

    pub fn levels(&self) -> BTreeMap<String, String> {
        self.held().levels.clone()
    }

    /// Method and path of every request since the last call.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.held().asked)
    }

    fn held(&self) -> MutexGuard<'_, RegistryContents> {
        self.held.lock().expect("no test panics while it holds it")
    }
}

impl Drop for TestRegistry {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // Wakes the thread that listens.
        let _ = TcpStream::connect(self.address);
    }
}

struct Request {
    method: String,
    path: String,
    authorization: Option<String>,
    body: String,
}

/// Answers the requests of a connection, one after the other.
fn serve(stream: impl Read + Write, held: &Mutex<RegistryContents>, ends: &AtomicBool) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader) {
        let (status, body) = {
            let mut held = held.lock().expect("no test panics while it holds it");
            held.asked.push(format!("{} {}", request.method, request.path));
            if held.manner.silent {
                drop(held);
                // Until the client closes the connection, or the test ends.
                while !ends.load(Ordering::SeqCst) && reader.fill_buf().is_ok_and(|bytes| !bytes.is_empty()) {}
                return;
            }
            answer(&mut held, &request)
        };
        let head = format!(
            "HTTP/1.1 {status} Whatever\r\nContent-Type: application/vnd.schemaregistry.v1+json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        if reader.get_mut().write_all(format!("{head}{body}").as_bytes()).is_err() || ends.load(Ordering::SeqCst) {
            return;
        }
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let (mut length, mut authorization) = (0, None);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().expect("a number of bytes"),
            "authorization" => authorization = Some(value.trim().to_owned()),
            "transfer-encoding" => panic!("a body of unknown length: {value}"),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, authorization, body: String::from_utf8(body).expect("JSON") })
}

fn fault(status: u16, code: u32, message: &str) -> (u16, String) {
    (status, json!({ "error_code": code, "message": message }).to_string())
}

fn answer(held: &mut RegistryContents, request: &Request) -> (u16, String) {
    if let Some((status, body)) = held.manner.broken.clone() {
        return (status, body);
    }
    if held.manner.authorization.is_some() && held.manner.authorization != request.authorization {
        return fault(401, 40_101, "Unauthorized");
    }
    let path = request.path.split('?').next().expect("a first part");
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
    match (request.method.as_str(), parts.as_slice()) {
        ("POST", ["subjects", subject]) => lookup(held, subject, &body["schema"]),
        ("POST", ["subjects", subject, "versions"]) => register(held, subject, &body["schema"]),
        ("POST", ["compatibility", "subjects", subject, "versions", "latest"]) => compatibility(held, subject),
        ("PUT", ["config", subject]) => set_level(held, subject, &body["compatibility"]),
        ("GET", ["schemas", "ids", id]) => match held.schemas.get(&id.parse().expect("an id")) {
            Some(schema) => (200, schema.to_string()),
            None => fault(404, 40_403, "Schema not found"),
        },
        _ => (404, "<html>nothing here</html>".to_owned()),
    }
}

fn lookup(held: &RegistryContents, subject: &str, schema: &Value) -> (u16, String) {
    let Some(versions) = held.subjects.get(subject) else { return fault(404, 40_401, "Subject not found") };
    match versions.iter().find(|id| held.schemas[id]["schema"] == *schema) {
        Some(id) => (200, json!({ "subject": subject, "id": id, "version": 1, "schema": schema }).to_string()),
        None => fault(404, 40_403, "Schema not found"),
    }
}

fn register(held: &mut RegistryContents, subject: &str, schema: &Value) -> (u16, String) {
    if let Some(why) = held.manner.incompatible.get(subject) {
        return fault(409, 409, &format!("Schema being registered is incompatible with an earlier schema: {why}"));
    }
    if serde_json::from_str::<Value>(schema.as_str().unwrap_or_default()).is_err() {
        return fault(422, 42_201, "Invalid schema");
    }
    let known = held.schemas.iter().find(|(_, known)| known["schema"] == *schema).map(|(id, _)| *id);
    let id = known.unwrap_or_else(|| held.schemas.keys().max().map_or(1, |most| most + 1));
    held.schemas.insert(id, json!({ "schema": schema }));
    held.subjects.entry(subject.to_owned()).or_default().push(id);
    (200, json!({ "id": id }).to_string())
}

fn compatibility(held: &RegistryContents, subject: &str) -> (u16, String) {
    match held.manner.incompatible.get(subject).filter(|_| !held.manner.found_late) {
        Some(why) => (200, json!({ "is_compatible": false, "messages": [why] }).to_string()),
        None if held.subjects.contains_key(subject) => (200, json!({ "is_compatible": true }).to_string()),
        None => fault(404, 40_401, "Subject not found"),
    }
}

fn set_level(held: &mut RegistryContents, subject: &str, level: &Value) -> (u16, String) {
    held.levels.insert(subject.to_owned(), level.as_str().expect("a level").to_owned());
    (200, json!({ "compatibility": level }).to_string())
}
