//! A small OpenID Connect provider for tests: it signs what a test tells it to sign, and checks PKCE and the single use of a code.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use serde_json::{Value, json};

/// The client that the provider knows, and its secret.
pub const CLIENT: (&str, &str) = ("plumbline", "hush");

/// The content that the provider signs for a code.
#[derive(Clone)]
pub struct Grant {
    pub claims: Value,
    /// The challenge that the verifier must have.
    pub challenge: String,
    /// Whether the signature is that of another key.
    pub forged: bool,
}

#[derive(Default)]
struct IssuerState {
    grants: BTreeMap<String, Grant>,
    used: BTreeSet<String>,
}

pub struct Issuer {
    pub address: String,
    state: Arc<Mutex<IssuerState>>,
}

impl Issuer {
    pub fn start() -> Issuer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("it listens"));
        let state = Arc::new(Mutex::new(IssuerState::default()));
        let [key, other] = [(); 2].map(|()| PKey::from_rsa(Rsa::generate(2048).expect("a key")).expect("a key"));
        let (shared, base) = (state.clone(), address.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.expect("a connection"), &base, &shared, (&key, &other));
            }
        });
        Issuer { address, state }
    }

    /// Adds a code. Claims of the test win over valid ones for this nonce.
    pub fn grant(&self, code: &str, (nonce, challenge): (&str, &str), claims: &Value, forged: bool) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let mut all = json!({"iss": self.address, "aud": CLIENT.0, "sub": "ash", "nonce": nonce, "iat": now, "exp": now + 300});
        for (name, value) in claims.as_object().expect("claims") {
            all[name] = value.clone();
        }
        let grant = Grant { claims: all, challenge: challenge.to_owned(), forged };
        self.state.lock().expect("no test panics with it").grants.insert(code.to_owned(), grant);
    }
}

fn answer(mut stream: TcpStream, base: &str, state: &Mutex<IssuerState>, (key, other): (&PKey<Private>, &PKey<Private>)) {
    let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
    let mut line = String::new();
    reader.read_line(&mut line).expect("a request");
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).expect("a header");
        let Some((name, value)) = header.trim().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().expect("a length"),
            "authorization" => authorization = value.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let (status, content) = match path.as_str() {
        "/.well-known/openid-configuration" => (200, metadata(base)),
        "/jwks" => (200, keys(key)),
        "/token" => token(&String::from_utf8(body).expect("a form"), &authorization, state, (key, other)),
        _ => (404, json!({})),
    };
    let content = content.to_string();
    let head = format!(
        "HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        content.len()
    );
    let _ = stream.write_all(format!("{head}{content}").as_bytes());
}

fn metadata(base: &str) -> Value {
    json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "jwks_uri": format!("{base}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    })
}

fn keys(key: &PKey<Private>) -> Value {
    let rsa = key.rsa().expect("an RSA key");
    let text = |bytes: Vec<u8>| URL_SAFE_NO_PAD.encode(bytes);
    json!({"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one", "n": text(rsa.n().to_vec()), "e": text(rsa.e().to_vec())}]})
}

fn token(
    form: &str,
    authorization: &str,
    state: &Mutex<IssuerState>,
    (key, other): (&PKey<Private>, &PKey<Private>),
) -> (u16, Value) {
    let fields: BTreeMap<&str, &str> = form.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", CLIENT.0, CLIENT.1)));
    if authorization != basic {
        return (401, json!({"error": "invalid_client"}));
    }
    let (code, verifier) =
        (fields.get("code").copied().unwrap_or_default(), fields.get("code_verifier").copied().unwrap_or_default());
    let mut state = state.lock().expect("no test panics with it");
    let challenge = URL_SAFE_NO_PAD.encode(openssl::sha::sha256(verifier.as_bytes()));
    let grant = state.grants.get(code).cloned().filter(|grant| grant.challenge == challenge);
    let Some(grant) = grant.filter(|_| state.used.insert(code.to_owned())) else {
        return (400, json!({"error": "invalid_grant"}));
    };
    let signer = if grant.forged { other } else { key };
    let parts = [json!({"alg": "RS256", "kid": "one"}), grant.claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let text = parts.join(".");
    let mut signing = Signer::new(MessageDigest::sha256(), signer).expect("a signer");
    signing.update(text.as_bytes()).expect("it signs");
    let id_token = format!("{text}.{}", URL_SAFE_NO_PAD.encode(signing.sign_to_vec().expect("it signs")));
    (200, json!({"access_token": "a", "token_type": "Bearer", "id_token": id_token}))
}
