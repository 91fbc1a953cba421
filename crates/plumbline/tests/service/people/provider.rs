//! Signing in at an OpenID Connect provider: a small one of the test for each error, and `oidc-provider` of npm.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::people::issuer::{CLIENT, Issuer};
use crate::people::pages::{Site, cookie, location};
use crate::server::{Response, request_as};

fn site(issuer: &str) -> Site {
    let secret = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(secret.path(), format!("{}\n", CLIENT.1)).expect("a file");
    // The service reads the file at its starts, which `provisional` waits for.
    let lines = format!("issuer = \"{issuer}\"\nclient = \"{}\"\nsecret-file = {:?}\n", CLIENT.0, secret.path());
    Site::provisional(&lines)
}

/// A sign-in that a browser began: its cookie, and the parameters for the provider.
struct SignInStart {
    cookie: String,
    parameters: BTreeMap<String, String>,
}

fn begin(site: &Site, to: &str) -> SignInStart {
    let answer = site.get("", &format!("/signin/start{to}"));
    assert_eq!(answer.status, 303, "{answer:?}");
    let cookie = format!("Cookie: plumbline-start={}\r\n", cookie(&answer, "plumbline-start"));
    let address = location(&answer);
    let pairs = address.split_once('?').expect("parameters").1.split('&').filter_map(|pair| pair.split_once('='));
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    SignInStart { cookie, parameters: pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect() }
}

impl SignInStart {
    fn of(&self, name: &str) -> &str {
        &self.parameters[name]
    }

    /// The provider sends the browser back with this code.
    fn back(&self, site: &Site, code: &str) -> Response {
        site.get(&self.cookie, &format!("/signin/return?code={code}&state={}", self.of("state")))
    }
}

/// A sign-in whose ID token has these claims.
fn signed(site: &Site, issuer: &Issuer, code: &str, claims: &Value, forged: bool) -> (SignInStart, Response) {
    let begun = begin(site, "");
    issuer.grant(code, (begun.of("nonce"), begun.of("code_challenge")), claims, forged);
    let answer = begun.back(site, code);
    (begun, answer)
}

#[test]
fn the_provider_signs_a_person_in_and_no_faulty_answer_does() {
    let issuer = Issuer::start();
    let site = site(&issuer.address);
    let begun = begin(&site, "?to=%2Fme%2F2026-01%3Fpractice%3DA81001");
    assert_eq!((begun.of("response_type"), begun.of("code_challenge_method"), begun.of("scope")), ("code", "S256", "openid"));
    assert_eq!(begun.of("redirect_uri"), format!("http://{}/signin/return", site.server.address));
    issuer.grant("c1", (begun.of("nonce"), begun.of("code_challenge")), &json!({}), false);
    let answer = begun.back(&site, "c1");
    assert_eq!((answer.status, location(&answer).as_str()), (303, "/me/2026-01?practice=A81001"), "{answer:?}");
    let session = format!("Cookie: plumbline-session={}\r\n", cookie(&answer, "plumbline-session"));
    assert!(site.get(&session, "/me").body.contains("Dr Null Ash"));
    // A replay of the answer, with and without the browser's secret.
    for headers in [&begun.cookie, &session, &String::new()] {
        let again = site.get(headers, &format!("/signin/return?code=c1&state={}", begun.of("state")));
        assert!(again.status == 403 && !again.head.contains("plumbline-session="), "{again:?}");
    }
    let faults = [
        ("wrong nonce", json!({"nonce": "other"}), false),
        ("wrong audience", json!({"aud": "another-client"}), false),
        ("a further audience", json!({"aud": [CLIENT.0, "another-client"]}), false),
        ("expired", json!({"exp": 1_000_000_000}), false),
        ("another issuer", json!({"iss": "https://evil.example"}), false),
        ("another key", json!({}), true),
        ("unknown subject", json!({"sub": "nobody"}), false),
        ("empty subject", json!({"sub": ""}), false),
    ];
    for (index, (fault, claims, forged)) in faults.iter().enumerate() {
        let (_, answer) = signed(&site, &issuer, &format!("f{index}"), claims, *forged);
        assert!(answer.status == 403 && !answer.head.contains("plumbline-session="), "{fault}: {answer:?}");
        assert!(!answer.body.contains("Ash") && !answer.body.contains("nonce"), "{fault}: {}", answer.body);
    }
    // A code of another browser's sign-in, and a state that is wrong.
    let (victim, attacker) = (begin(&site, ""), begin(&site, ""));
    issuer.grant("c2", (attacker.of("nonce"), attacker.of("code_challenge")), &json!({"sub": "birch"}), false);
    assert_eq!(victim.back(&site, "c2").status, 403, "PKCE and nonce bind the code to the browser that began");
    let wrong = site.get(&attacker.cookie, "/signin/return?code=c2&state=wrong");
    assert_eq!(wrong.status, 403);
    assert_eq!(attacker.back(&site, "c2").status, 403, "a wrong state uses the sign-in up");
    let refused = begin(&site, "");
    let path = format!("/signin/return?error=access_denied&state={}", refused.of("state"));
    assert_eq!(site.get(&refused.cookie, &path).status, 403);
    let mixed = begin(&site, "");
    issuer.grant("c3", (mixed.of("nonce"), mixed.of("code_challenge")), &json!({}), false);
    let path = format!("/signin/return?code=c3&iss=https%3A%2F%2Fevil.example&state={}", mixed.of("state"));
    assert_eq!(site.get(&mixed.cookie, &path).status, 403);
    // The way back is a page of this site, or the first page.
    for to in ["?to=https%3A%2F%2Fevil.example", "?to=%2F%2Fevil.example%2Fme", "?to=%2Fsignout"] {
        let begun = begin(&site, to);
        let code = format!("w{}", to.len());
        issuer.grant(&code, (begun.of("nonce"), begun.of("code_challenge")), &json!({}), false);
        assert_eq!(location(&begun.back(&site, &code)), "/", "{to}");
    }
}

/// Follows the provider's redirects as a browser does, until one leads back to the service. Returns that address.
fn through(address: &str, back: &str) -> String {
    let (mut address, mut cookies) = (address.to_owned(), BTreeMap::new());
    for _ in 0..10 {
        if address.starts_with(back) {
            return address;
        }
        let (host, path) = address.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("an address");
        let sent: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request_as(host, &format!("Cookie: {}\r\n", sent.join("; ")), "GET", &format!("/{path}"), b"");
        let answer = answer.expect("it answers");
        assert!([302, 303].contains(&answer.status), "{address}: {answer:?}");
        let set = answer.raw_head.lines().filter_map(|line| line.split_once(": "));
        for (_, value) in set.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            let (name, value) = value.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let next = location(&answer);
        address = if next.starts_with('/') { format!("http://{host}{next}") } else { next };
    }
    panic!("the provider never sends the browser back: {address}");
}

#[test]
#[ignore = "needs node and npm's oidc-provider: `npm install oidc-provider` in a folder, and PLUMBLINE_OIDC_PROVIDER=FOLDER"]
fn a_real_provider_signs_a_person_in() {
    let folder = std::env::var("PLUMBLINE_OIDC_PROVIDER").expect("PLUMBLINE_OIDC_PROVIDER names the folder");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service/people/oidc_provider.mjs");
    let mut command = Command::new("node");
    command.args([script, &folder]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut node = KilledChild(command.spawn().expect("node runs"));
    let mut lines = BufReader::new(node.0.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
    let issuer = lines.next().expect("the issuer");
    let site = site(&issuer);
    let back = format!("http://{}/signin/return", site.server.address);
    writeln!(node.0.stdin.as_mut().expect("it is piped"), "{back}").expect("node reads");
    assert_eq!(lines.next().as_deref(), Some("ready"));
    let answer = site.get("", "/signin/start?to=%2Fme");
    let browser = format!("Cookie: plumbline-start={}\r\n", cookie(&answer, "plumbline-start"));
    let returned = through(&location(&answer), &back);
    let path = returned.strip_prefix(&format!("http://{}", site.server.address)).expect("the service").to_owned();
    let answer = site.get(&browser, &path);
    assert_eq!((answer.status, location(&answer).as_str()), (303, "/me"), "{answer:?}");
    let session = format!("Cookie: plumbline-session={}\r\n", cookie(&answer, "plumbline-session"));
    assert!(site.get(&session, "/me").body.contains("Dr Null Ash"));
    assert_eq!(site.get(&browser, &path).status, 403, "an answer works once");
}

/// A process that ends with the test.
struct KilledChild(Child);

impl Drop for KilledChild {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
