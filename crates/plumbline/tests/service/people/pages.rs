//! Pages of a service: who sees what in which phase, signing in by a link, sessions, and the log of looks.

use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::published::slots;
use crate::server::{Response, Server, request_as};
use crate::support::Place;

/// Twenty-one clinicians of A81001. Number 1 leads it, number 2 led it until February, number 3 leads another practice.
const REGISTRY: &str = r#"
[[organisation]]
code = "Q99"
kind = "locality"
[[organisation]]
code = "A81001"
name = "High Street"
kind = "practice"
parent = "Q99"
[[organisation]]
code = "B82002"
kind = "practice"
[[person]]
id = "gmc|7000000"
name = "Dr Null Ash"
login = "ash"
[[person]]
id = "gmc|7000001"
name = "Dr One Birch"
login = "birch"
[[person]]
id = "gmc|7000002"
name = "Dr Two Cedar"
[[person]]
id = "gmc|7000003"
name = "Dr Three Date"
[[person]]
id = "auditor"
name = "Ms Audit"
login = "auditor"
[[lead]]
person = "gmc|7000001"
practice = "A81001"
from = "2026-01-01"
[[lead]]
person = "gmc|7000002"
practice = "A81001"
until = "2026-02-01"
[[lead]]
person = "gmc|7000003"
practice = "B82002"
"#;

/// `printf reader | sha256sum`, and so on.
const TOKENS: &str = "[tokens.reader]\nsha256 = \"3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30\"\n\
                      scopes = \"cards:named\"\n[tokens.north]\n\
                      sha256 = \"dc365e79d41cfae1c3c0d969319ae62165b81b1815a86c32bbc6c64cbdf2311b\"\nscopes = \"write:surgery\"\n";
/// 1 February 2026 at noon UTC.
const FEBRUARY: i64 = 1_769_947_200_000;
const DAY: i64 = 86_400_000;

pub struct Site {
    pub place: Place,
    pub server: Server,
}

impl Site {
    /// A service with further lines of configuration, whose cards of January 2026 are provisional.
    pub fn provisional(pages: &str) -> Site {
        let place = Place::new();
        let registry = place.put("registry.toml", REGISTRY);
        let text = format!("registry = {registry:?}\n{TOKENS}[pages]\nserve = true\n{pages}");
        place.put("service.toml", text);
        // Ten days pass in a second.
        let mut server = start(&place, FEBRUARY, 864_000);
        let bearing = |server: &Server, token: &str, path: &str| {
            let header = format!("Authorization: Bearer {token}\r\n");
            request_as(&server.address, &header, "GET", path, b"").expect("it answers")
        };
        let sent = request_as(&server.address, "Authorization: Bearer north\r\n", "POST", "/v1/events", slots().as_bytes());
        assert_eq!(sent.expect("it answers").json()["logged"], 420);
        loop {
            let cards = bearing(&server, "reader", "/v1/scorecards?month=2026-01");
            if cards.status == 200 && cards.json().as_array().is_some_and(|cards| cards.len() == 21) {
                break;
            }
            std::thread::yield_now();
        }
        let changes = bearing(&server, "reader", "/v1/changes?limit=1").json();
        let cut = changes[0]["cut"].as_str().expect("a cut").to_owned();
        server.kill();
        assert!(cut.as_str() < "2026-03-05", "{cut} is in the provisional weeks");
        let server = start(&place, FEBRUARY + 12 * DAY, 1);
        server.until("/readyz", |answer| answer.status == 200 || answer.body.contains("future"));
        Site { place, server }
    }

    /// The same service on 12 March, when the cards are final.
    pub fn at_last(mut self) -> Site {
        self.server.kill();
        let server = start(&self.place, FEBRUARY + 39 * DAY, 1);
        let site = Site { place: self.place, server };
        let admin = site.sign_in("operator", "analyst");
        while site.get(&admin, "/network/2026-01").status != 200 {
            std::thread::yield_now();
        }
        site
    }

    pub fn run(&self, args: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
        command.args(args).arg("--config").arg(self.place.path("service.toml")).arg("--data").arg(self.place.path("data"));
        let done = command.current_dir(self.place.path(".")).output().expect("it runs");
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("text")
    }

    /// The path of a new link.
    pub fn link(&self, person: &str, role: &str) -> String {
        let link = self.run(&["invite", person, "--role", role]);
        let path = link.trim().strip_prefix(&format!("http://{}", self.server.address)).expect("a link to this service");
        path.to_owned()
    }

    pub fn origin(&self) -> String {
        format!("Origin: http://{}\r\n", self.server.address)
    }

    /// Uses a link up as a browser does. Returns the answer.
    pub fn use_link(&self, path: &str, cookies: &str) -> Response {
        let page = self.send(cookies, "GET", path, "");
        assert_eq!(page.status, 200, "{page:?}");
        let started = cookie(&page, "plumbline-start");
        let body = form_of(&page.body);
        self.send(&format!("{cookies}Cookie: plumbline-start={started}\r\n{}", self.origin()), "POST", "/signin/link", &body)
    }

    /// The header with the cookie of a new session.
    pub fn sign_in(&self, person: &str, role: &str) -> String {
        let answer = self.use_link(&self.link(person, role), "");
        assert_eq!(answer.status, 303, "{answer:?}");
        format!("Cookie: plumbline-session={}\r\n", cookie(&answer, "plumbline-session"))
    }

    pub fn send(&self, headers: &str, method: &str, path: &str, body: &str) -> Response {
        request_as(&self.server.address, headers, method, path, body.as_bytes()).expect("it answers")
    }

    pub fn get(&self, cookie: &str, path: &str) -> Response {
        self.send(cookie, "GET", path, "")
    }
}

fn start(place: &Place, shown: i64, factor: i64) -> Server {
    let real = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    let mut command = Command::new("sh");
    // A limit on the size of files is an error of the log, and not the end of the process.
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(env!("CARGO_BIN_EXE_plumbline"));
    command.args(["run", "--accept-clock", "--listen", "127.0.0.1:0", "--data"]).arg(place.path("data"));
    command.arg("--config").arg(place.path("service.toml")).current_dir(place.path("."));
    command.env("PLUMBLINE_TIME_LAPSE", format!("{real},{shown},{factor}")).env("PLUMBLINE_LOG_FORMAT", "json");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut server = Server::start(command);
    server.drain();
    server.until("/signin", |answer| answer.status == 200);
    server
}

/// The value of a cookie that an answer sets. Heads of answers are in lower case here, so it is read from the bytes of the body's form
/// where case matters.
pub fn cookie(answer: &Response, name: &str) -> String {
    let line = answer.raw_head.lines().find_map(|line| {
        let (header, value) = line.split_once(": ")?;
        let is_cookie = header.eq_ignore_ascii_case("set-cookie");
        value.strip_prefix(&format!("{name}=")).filter(|_| is_cookie)
    });
    line.and_then(|value| value.split(';').next()).unwrap_or_else(|| panic!("{name} is set: {answer:?}")).to_owned()
}

/// The hidden fields of a page as the body of its form.
pub fn form_of(page: &str) -> String {
    let html = scraper::Html::parse_document(page);
    let selector = scraper::Selector::parse("input[type=hidden]").expect("a selector");
    let fields = html.select(&selector).map(|field| {
        format!("{}={}", field.value().attr("name").expect("a name"), field.value().attr("value").expect("a value"))
    });
    fields.collect::<Vec<_>>().join("&")
}

const OWN: &str = "/me/2026-01?practice=A81001";
const COLLEAGUE: &str = "/me/2026-01?practice=A81001&of=gmc%7C7000000";
const LEADS_OWN: &str = "/me/2026-01?practice=A81001&of=gmc%7C7000001";
const TALKS: &str = "/lead/A81001/2026-01";
const MEETING: &str = "/practice/A81001/2026-01";
const PATHS: [&str; 8] = [OWN, COLLEAGUE, LEADS_OWN, TALKS, MEETING, "/network/2026-01", "/operations", "/access"];

/// The status of each of [`PATHS`] for each reader: person and role of the link.
type StatusTable = [(&'static str, &'static str, [u16; 8]); 9];

#[test]
fn each_role_sees_exactly_its_pages_in_each_phase() {
    let site = Site::provisional("");
    let provisional: StatusTable = [
        ("gmc|7000000", "self", [200, 403, 403, 403, 404, 403, 403, 403]),
        ("gmc|7000001", "lead", [403, 404, 403, 200, 404, 403, 403, 403]),
        ("gmc|7000002", "lead", [403, 403, 403, 403, 403, 403, 403, 403]),
        ("gmc|7000003", "lead", [403, 403, 403, 403, 403, 403, 403, 403]),
        ("p", "locality:Q99", [403, 403, 403, 403, 404, 404, 403, 403]),
        ("p", "locality:Q98", [403, 403, 403, 403, 403, 404, 403, 403]),
        ("p", "analyst", [403, 403, 403, 403, 403, 404, 403, 403]),
        ("p", "administrator", [403, 403, 403, 403, 403, 403, 200, 403]),
        ("p", "auditor", [403, 403, 403, 403, 403, 403, 403, 200]),
    ];
    let check = |site: &Site, table: &StatusTable, phase: &str| {
        for (person, role, statuses) in table {
            let cookie = site.sign_in(person, role);
            let found = PATHS.map(|path| site.get(&cookie, path).status);
            assert_eq!(found, *statuses, "{person} as {role}, {phase}");
        }
    };
    check(&site, &provisional, "provisional");
    // The lead sees who has a card, and no card.
    let lead = site.sign_in("gmc|7000001", "lead");
    let talks = site.get(&lead, TALKS).body;
    assert!(talks.contains("Dr Null Ash") && !talks.contains("Dr One Birch") && !talks.contains("of=gmc"), "{talks}");
    let auditor = site.sign_in("p", "auditor");
    assert!(!site.get(&auditor, "/access").body.contains("Dr One Birch"), "names alone are no look at a card");

    let site = site.at_last();
    let last: StatusTable = [
        ("gmc|7000000", "self", [200, 403, 403, 403, 200, 403, 403, 403]),
        ("gmc|7000001", "lead", [403, 200, 403, 200, 200, 403, 403, 403]),
        ("gmc|7000002", "lead", [403, 403, 403, 403, 403, 403, 403, 403]),
        ("gmc|7000003", "lead", [403, 403, 403, 403, 403, 403, 403, 403]),
        ("p", "locality:Q99", [403, 403, 403, 403, 200, 200, 403, 403]),
        ("p", "locality:Q98", [403, 403, 403, 403, 403, 200, 403, 403]),
        ("p", "analyst", [403, 403, 403, 403, 403, 200, 403, 403]),
        ("p", "administrator", [403, 403, 403, 403, 403, 403, 200, 403]),
        ("p", "auditor", [403, 403, 403, 403, 403, 403, 403, 200]),
    ];
    check(&site, &last, "final");
    looks_are_shown(&site);
    colleagues_are_closed(&site);
    nothing_is_shown_that_is_not_recorded(&site);
}

fn looks_are_shown(site: &Site) {
    let reader = request_as(&site.server.address, "Authorization: Bearer reader\r\n", "GET", "/v1/scorecards/gmc%7C7000000", b"");
    assert_eq!(reader.expect("it answers").status, 200);
    let own = site.sign_in("gmc|7000000", "self");
    // The looks of the talks page, of the card and of the token come within a second.
    let page = site.server_until(&own, OWN, "Dr One Birch, clinical lead, the card, version");
    for words in ["Who looked at this card", "reader, a system with a token", "You cannot share a card earlier"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let auditor = site.sign_in("p", "auditor");
    let log = site.get(&auditor, "/access?format=csv").body;
    let looked = |words: &str| log.lines().filter(|line| line.contains(words)).count();
    assert!(looked("Dr One Birch,lead,month,Dr Null Ash,A81001,2026-01") > 0, "{log}");
    assert!(looked("Dr One Birch,lead,talks,,A81001,2026-01") > 0, "{log}");
    assert_eq!(looked("Dr Null Ash,self"), 0, "one's own card is no look");
    let other = site.sign_in("gmc|7000004", "self");
    let page = site.get(&other, OWN).body;
    assert!(
        !page.contains("Dr One Birch, clinical lead, the card") && page.contains("Dr One Birch, clinical lead, all cards"),
        "{page}"
    );
}

/// A clinician asks for a colleague's card in every spelling.
fn colleagues_are_closed(site: &Site) {
    let own = site.sign_in("gmc|7000000", "self");
    for path in [
        "/me/2026-01?of=gmc%7C7000001",
        "/me/2026-01?of=gmc%7c7000001&practice=A81001",
        "/me/2026-01/dna_rate?of=gmc%7C7000001",
        "/me/2026-01/dna_rate?of=gmc%7C7000001&format=csv",
        "/me/2026-01?of=gmc%7C9999999",
        "/%6De/2026-01?of=GMC%7C7000001",
        "/lead/a81001/2026-01",
        "/%6Cead/A81001/2026-01",
    ] {
        for method in ["GET", "HEAD"] {
            let answer = site.send(&own, method, path, "");
            assert_eq!(answer.status, 403, "{method} {path}");
            assert!(!answer.body.contains("Birch") && !answer.body.contains("7000001"), "{path}: {}", answer.body);
        }
    }
    for path in ["/as/clinician/gmc%7C7000001/me", "/as/analyst/network", "/ME/2026-01", "//me", "/me/2026-01/../../operations"] {
        assert_eq!(site.get(&own, path).status, 404, "{path}");
    }
    let part = site.send(&format!("{own}Range: bytes=0-9\r\n"), "GET", OWN, "");
    assert!(part.status == 200 && part.head.contains("cache-control: private, no-store"), "{}", part.head);
    for header in ["content-security-policy: default-src 'none'", "x-content-type-options: nosniff", "x-frame-options: deny"] {
        assert!(part.head.contains(header), "{header}: {}", part.head);
    }
    // The interface keeps its own rules.
    assert_eq!(site.get(&own, "/v1/scorecards/gmc%7C7000001").status, 401);
    assert_eq!(site.get(&own, "/v1/nothing").problem(), "unknown-path");
}

fn nothing_is_shown_that_is_not_recorded(site: &Site) {
    let (lead, own) = (site.sign_in("gmc|7000001", "lead"), site.sign_in("gmc|7000001", "self"));
    assert_eq!(site.get(&lead, COLLEAGUE).status, 200);
    let limited = Command::new("prlimit").args(["--pid", &site.server.pid(), "--fsize=1"]).status();
    assert!(limited.is_ok_and(|status| status.success()), "prlimit belongs to util-linux");
    for path in [COLLEAGUE, TALKS] {
        let answer = site.get(&lead, path);
        assert_eq!(answer.status, 503, "{path}: {}", answer.body);
        assert!(!answer.body.contains("Dr Null Ash"), "{}", answer.body);
    }
    let reader = request_as(&site.server.address, "Authorization: Bearer reader\r\n", "GET", "/v1/scorecards?month=2026-01", b"");
    let reader = reader.expect("it answers");
    assert_eq!((reader.status, reader.problem().as_str()), (503, "log-failed"));
    assert_eq!(site.get(&own, OWN).status, 200, "one's own card opens always");
}

impl Site {
    /// The body of a page once it contains these words: looks appear within half a second.
    fn server_until(&self, cookie: &str, path: &str, words: &str) -> String {
        loop {
            let page = self.get(cookie, path);
            assert_eq!(page.status, 200, "{page:?}");
            if page.body.contains(words) {
                return page.body;
            }
            std::thread::yield_now();
        }
    }
}

#[test]
fn links_and_sessions_withstand_attacks() {
    let site = Site::provisional("");
    // Without a session there is no page, and the way back stays on this site.
    for (path, to) in [
        ("/me/2026-01?practice=A81001", "/signin?to=%2Fme%2F2026-01%3Fpractice%3DA81001"),
        ("/", "/signin"),
        ("//evil.example/me", "/signin"),
        ("/operations?x=1", "/signin"),
    ] {
        let answer = site.get("", path);
        assert_eq!((answer.status, location(&answer)), (303, to.to_owned()), "{path}");
    }
    // A session id that somebody planted is never that of the session.
    let planted = format!("Cookie: plumbline-session={}\r\n", "A".repeat(43));
    let link = site.link("gmc|7000000", "self");
    let page = site.send(&planted, "GET", &link, "");
    let both = format!("Cookie: plumbline-session={}; plumbline-start={}\r\n", "A".repeat(43), cookie(&page, "plumbline-start"));
    let body = form_of(&page.body);
    // A form of another site, one without its token, and one of another browser use nothing up.
    for (headers, body) in [
        (format!("{both}Origin: http://evil.example\r\n"), body.clone()),
        (format!("{both}Origin: null\r\n"), body.clone()),
        (both.clone(), body.clone()),
        (format!("{both}{}Sec-Fetch-Site: cross-site\r\n", site.origin()), body.clone()),
        (format!("{both}{}", site.origin()), body.split('&').next().unwrap_or_default().to_owned()),
        (site.origin(), body.clone()),
    ] {
        assert_eq!(site.send(&headers, "POST", "/signin/link", &body).status, 403, "{headers} {body}");
    }
    let answer = site.send(&format!("{both}{}", site.origin()), "POST", "/signin/link", &body);
    assert_eq!(answer.status, 303, "{answer:?}");
    let id = cookie(&answer, "plumbline-session");
    assert_ne!(id, "A".repeat(43));
    assert_eq!(site.get(&planted, "/me").status, 303, "the planted id is nobody's");
    let session = format!("Cookie: plumbline-session={id}\r\n");
    assert_eq!(site.get(&session, "/me").status, 200);
    // The link is used up.
    let again = site.send(&format!("{both}{}", site.origin()), "POST", "/signin/link", &body);
    assert!(again.status == 403 && again.body.contains("used up") && !again.body.contains("7000000"), "{again:?}");
    // A second sign-in ends the session that the browser had.
    let second = site.use_link(&site.link("gmc|7000000", "self"), "");
    let second_id = cookie(&second, "plumbline-session");
    let page = site.send(&format!("Cookie: plumbline-session={second_id}\r\n"), "GET", &site.link("gmc|7000000", "self"), "");
    let headers = format!(
        "Cookie: plumbline-session={second_id}; plumbline-start={}\r\n{}",
        cookie(&page, "plumbline-start"),
        site.origin()
    );
    assert_eq!(site.send(&headers, "POST", "/signin/link", &form_of(&page.body)).status, 303);
    assert_eq!(site.get(&format!("Cookie: plumbline-session={second_id}\r\n"), "/me").status, 303);
    // Other hosts, other methods.
    let head = "GET /me HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    let foreign = crate::server::raw_request(&site.server.address, head.as_bytes()).expect("it answers");
    assert_eq!(foreign.status, 421);
    assert_eq!(site.send(&session, "DELETE", "/me", "").status, 405);
    assert_eq!(site.send(&session, "POST", "/me", "").status, 405);
    // Sign-out needs the form of the session.
    let form = form_of(&site.get(&session, "/signout").body);
    assert_eq!(site.send(&format!("{session}{}", site.origin()), "POST", "/signout", "form=0").status, 403);
    assert_eq!(site.send(&session, "POST", "/signout", &form).status, 403);
    assert_eq!(site.get(&session, "/me").status, 200);
    assert_eq!(site.send(&format!("{session}{}", site.origin()), "POST", "/signout", &form).status, 303);
    assert_eq!(site.get(&session, "/me").status, 303);
    // The operator ends sessions of a running service.
    let third = site.sign_in("gmc|7000000", "self");
    let listed = site.run(&["sessions", "list"]);
    assert!(listed.contains("gmc|7000000, self, by link"), "{listed}");
    site.run(&["sessions", "revoke", "--person", "GMC|7000000"]);
    assert_eq!(site.get(&third, "/me").status, 303);
}

#[test]
fn only_the_trusted_proxy_names_a_person() {
    let trusted =
        Site::provisional("proxy-header = \"X-Remote-User\"\nproxy-addresses = \"127.0.0.1\"\nauditors = \"auditor\"\n");
    let as_login = |site: &Site, login: &str, path: &str| site.send(&format!("X-Remote-User: {login}\r\n"), "GET", path, "");
    assert_eq!(as_login(&trusted, "ash", "/me").status, 200);
    assert_eq!(as_login(&trusted, "birch", TALKS).status, 200, "all roles of the person");
    assert_eq!(as_login(&trusted, "auditor", "/access").status, 200);
    assert_eq!(as_login(&trusted, "ash", "/access").status, 403);
    let unknown = as_login(&trusted, "nobody", "/me");
    assert!(unknown.status == 403 && unknown.body.contains("nobody is registered"), "{unknown:?}");
    let twice = trusted.send("X-Remote-User: ash\r\nX-Remote-User: birch\r\n", "GET", "/me", "");
    assert_eq!(twice.status, 303);
    let place = trusted.place.path("service.toml");
    let text = std::fs::read_to_string(&place).expect("the configuration").replace("\"127.0.0.1\"", "\"10.0.0.7\"");
    std::fs::write(&place, text).expect("a file");
    let mut server = trusted.server;
    server.kill();
    let elsewhere = Site { server: start(&trusted.place, FEBRUARY + 12 * DAY, 1), place: trusted.place };
    assert_eq!(as_login(&elsewhere, "ash", "/me").status, 303, "a header from another address counts for nothing");
}

/// The address that an answer leads to.
pub fn location(answer: &Response) -> String {
    let line = answer.raw_head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("location").then(|| value.to_owned())
    });
    line.unwrap_or_else(|| panic!("a location: {answer:?}"))
}
