//! Reads a configuration: defaults, the TOML file, the environment, the command line; later ones win. Every mistake is reported at
//! once, each with its source and cure.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use scorecard::data_kind::DataKind;
use scorecard::record::item::Feed;
use scorecard::time::calendar::Zone;
use scorecard::time::schedule::Grid;

use crate::config::authorizer::{Authorizer, Token, TokenHash};
use crate::config::config_values::{
    address, address_of_registry, body, built_in, count, declare, divides_a_day, first_day, format, instance, level, needed,
    offset, open_metrics, partitions, path, positive, registry_right, replicas, sends, topic_prefix, truth, word,
};
use crate::config::given_values::{GivenValue, GivenValues, VARIABLE_PREFIX, quoted_key, variable_of};
use crate::config::options::{
    Config, FEED_KEYS, Input, InputFormat, LogFormat, OPTIONS, OpenMetrics, TOKEN_KEYS, ValueOrigin, drugs_word,
};
use crate::config::quantity;
use crate::config::scope::Scope;
use crate::config::source_rights::{FeedRight, RegistryRight, SourceRights};
use crate::config::unknown_variables::unknown_variables;
use crate::input_files::code_files::{CodeFile, CodeTable};
use crate::input_files::measure_files::BuiltIn;
use crate::kafka::settings::{FIXED, KafkaSettings};

pub use crate::config::given_values::Mistake;

/// The file that is read if none is named and it exists.
pub const DEFAULT_FILE: &str = "plumbline.toml";
/// An invalid configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The named file cannot be read.
    #[error("{} cannot be read: {source}; name a configuration file, or none for the defaults", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// All mistakes.
    #[error("{}", .0.iter().map(|m| format!("{}: {}", m.origin, m.text)).collect::<Vec<_>>().join("\n"))]
    Mistakes(Vec<Mistake>),
}

/// The sources of a configuration: the named file, environment variables, and options of the command line by key.
#[derive(Clone, Debug, Default)]
pub struct ConfigSources {
    /// The named file; without one [`DEFAULT_FILE`] if it exists.
    pub file: Option<PathBuf>,
    /// Environment variables.
    pub variables: BTreeMap<String, String>,
    /// Key of the option, its flag and its value.
    pub flags: Vec<(&'static str, &'static str, String)>,
}

/// Reads and checks a configuration.
///
/// # Errors
/// [`ConfigError`] with every mistake.
pub fn read(given: &ConfigSources) -> Result<Config, ConfigError> {
    let (config, mistakes) = examined(given)?;
    if mistakes.is_empty() { Ok(config) } else { Err(ConfigError::Mistakes(mistakes)) }
}

impl ConfigSources {
    /// The named file, the variables of the process and these flags.
    #[must_use]
    pub fn of_process(file: Option<PathBuf>, flags: Vec<(&'static str, &'static str, String)>) -> ConfigSources {
        let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        ConfigSources { file, variables: std::env::vars_os().filter_map(text).collect(), flags }
    }
}

/// The variables with the prefix of options that no option has. `others` are the variables that are no options.
#[must_use]
pub fn unknown_variables_of(given: &ConfigSources, config: &Config, others: &[&str]) -> Vec<Mistake> {
    let mut known: Vec<String> = OPTIONS.iter().map(|option| variable_of(option.key)).collect();
    let shown = config.shown.iter().filter(|shown| shown.key.starts_with("tokens."));
    let tokens = shown.filter_map(|shown| shown.key.strip_prefix("tokens.")?.rsplit_once('.').map(|(token, _)| token));
    known
        .extend(tokens.flat_map(|token| TOKEN_KEYS.map(|key| variable_of(&format!("tokens.{}.{key}", token.trim_matches('"'))))));
    known.extend(others.iter().map(|name| (*name).to_owned()));
    let found = unknown_variables(VARIABLE_PREFIX, &given.variables, &known);
    found.into_iter().map(|(name, text)| Mistake { origin: ValueOrigin::Environment(name), text }).collect()
}

/// The defaults, without a file and without variables.
#[must_use]
pub fn defaults() -> Config {
    GivenValues::defaults().checked().0
}

/// Reads a configuration with fallbacks for its faulty values, and every mistake.
///
/// # Errors
/// [`ConfigError::Unreadable`].
pub fn examined(given: &ConfigSources) -> Result<(Config, Vec<Mistake>), ConfigError> {
    let mut raw = GivenValues::defaults();
    if let Some((path, text)) = file_text(given.file.as_deref())? {
        raw.file(&path, &text);
    }
    raw.variables(&given.variables);
    for (key, flag, value) in &given.flags {
        raw.set(key, value.clone(), ValueOrigin::Flag(flag));
    }
    Ok(raw.checked())
}

fn file_text(named: Option<&Path>) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE)).to_owned();
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConfigError::Unreadable { path, source }),
    }
}

impl GivenValues {
    fn checked(mut self) -> (Config, Vec<Mistake>) {
        let data = self.value("data", PathBuf::new(), |text| needed(text).map(PathBuf::from));
        let zone = self.value("zone", Zone::london(), |text| Zone::named(text).map_err(|error| error.to_string()));
        let keys = self.value("keys", None, |text| Ok(path(text))).unwrap_or_else(|| data.join("keys.toml"));
        let every =
            self.value("publish.every", 86_400, |text| quantity::seconds(text).and_then(positive).and_then(divides_a_day));
        let at = self.value("publish.at", 0, |text| offset(text, every));
        let config = Config {
            listen: self.value("listen", SocketAddr::from(([127, 0, 0, 1], 0)), address),
            partitions: self.value("partitions", 1, partitions),
            measures: self.value("measures", None, |text| Ok(path(text))),
            built_in_measures: self.value("built-in-measures", BuiltIn::Keep, built_in),
            codes: self.code_files(),
            reference: self.value("reference", None, |text| Ok(path(text))),
            first_day: self.value("first-day", None, first_day),
            registry: self.value("registry", None, |text| Ok(path(text))),
            grid: Grid { period_seconds: every, offset_seconds: at },
            disk_reserve: self.value("disk-reserve", 0, quantity::bytes),
            refused: self.value("refused", 0, quantity::bytes),
            max_body: self.value("http.max-body", 1, body),
            max_connections: self.value("http.max-connections", 1, |text| count(text, 8, 65_536)),
            max_elements: self.value("http.max-elements", 1, |text| count(text, 1, 1_000_000)),
            max_waiting: self.value("http.max-waiting", usize::MAX, body),
            drain_seconds: self.value("http.drain", 0, quantity::seconds),
            log_level: self.value("log.level", String::new(), level),
            log_format: self.value("log.format", LogFormat::Auto, format),
            gate: self.checked_tokens(),
            open_metrics: self.value("http.open-metrics", OpenMetrics::Loopback, open_metrics),
            no_contact: self
                .value("no-contact", BTreeSet::new(), |text| Ok(text.split_whitespace().map(str::to_owned).collect())),
            sends: self.checked_sends(),
            feeds: self.checked_feeds(&zone),
            kafka: self.checked_kafka(),
            pages: self.checked_pages(),
            inputs: self.checked_inputs(),
            shown: self.shown(),
            data,
            zone,
            keys,
        };
        if config.max_waiting < config.max_body {
            let origin = self.options["http.max-waiting"].origin.clone().max(self.options["http.max-body"].origin.clone());
            let text =
                "http.max-waiting is less than http.max-body; raise the first or lower the second, so that one request fits";
            self.mistake(origin, text.to_owned());
        }
        if config.pages.as_ref().is_some_and(|pages| pages.origin.is_none()) && !config.listen.ip().is_loopback() {
            let text = "pages.url is not set, and listen is reachable from other machines; set pages.url to the https address of the \
                        proxy in front";
            self.mistake(self.options["listen"].origin.clone(), text.to_owned());
        }
        if config.is_behind_proxy() && self.tokens.is_empty() {
            let text = "pages.url is reachable from other machines, and so is the interface next to the pages; add a table [tokens.NAME] \
                        with sha256 and scopes, so that requests need tokens";
            self.mistake(self.options["pages.url"].origin.clone(), text.to_owned());
        }
        if !config.listen.ip().is_loopback() && self.tokens.is_empty() {
            let text = "listen is reachable from other machines, so requests need tokens; add a table [tokens.NAME] with sha256 and \
                        scopes for each sender and reader, or listen on 127.0.0.1";
            self.mistake(self.options["listen"].origin.clone(), text.to_owned());
        }
        // In the order of the file's lines.
        self.mistakes.sort_by(|one, other| one.origin.cmp(&other.origin));
        (config, self.mistakes)
    }

    fn code_files(&mut self) -> Vec<CodeFile> {
        let file = |raw: &mut GivenValues, table: CodeTable| {
            let path = raw.value(table.option(), None, |text| Ok(path(text)))?;
            Some(CodeFile { table, path })
        };
        CodeTable::ALL.into_iter().filter_map(|table| file(self, table)).collect()
    }

    /// The tokens with their scopes. Every mistake of a table is named.
    fn checked_tokens(&mut self) -> Authorizer {
        let mut gate = Authorizer::default();
        for (name, values) in self.tokens.clone() {
            let given = |key: &str| values.get(key).filter(|value| !value.text.trim().is_empty());
            let origin = values.values().map(|value| value.origin.clone()).next().unwrap_or(ValueOrigin::Default);
            let missing = |key: &str| format!("token {name:?} has no {key}; add {key} to [tokens.{}]", quoted_key(&name));
            let (Some(hash), Some(scopes)) = (given("sha256"), given("scopes")) else {
                let absent = if given("sha256").is_none() { "sha256" } else { "scopes" };
                self.mistake(origin, missing(absent));
                continue;
            };
            let mut rights = BTreeSet::new();
            for word in scopes.text.split_whitespace() {
                match Scope::parse(word) {
                    Ok(scope) => drop(rights.insert(scope)),
                    Err(why) => self.mistake(scopes.origin.clone(), format!("scopes of token {name:?}: {why}")),
                }
            }
            let (practice_only, registry) = self.source_options("token", &name, &values, true);
            if registry == RegistryRight::Trusted && !rights.contains(&Scope::Registry) {
                let why =
                    format!("token {name:?} has registry = \"trusted\" and no scope registry; add the scope, or remove the key");
                self.mistake(scopes.origin.clone(), why);
            }
            match TokenHash::parse(&hash.text) {
                Err(why) => self.mistake(hash.origin.clone(), format!("sha256 of token {name:?}: {why}")),
                Ok(known) if gate.add(known, Token::new(&name, rights, practice_only, registry)) => {}
                Ok(_) => {
                    let why =
                        format!("token {name:?} has the sha256 of another token; create a token of its own, or join the scopes");
                    self.mistake(hash.origin.clone(), why);
                }
            }
        }
        gate
    }

    /// `practice-only` and `registry` of a token or an input.
    fn source_options(
        &mut self,
        kind: &str,
        name: &str,
        values: &BTreeMap<String, GivenValue>,
        practice_only: bool,
    ) -> (bool, RegistryRight) {
        let mut rights = (practice_only, RegistryRight::Own);
        let mut read = |key: &str, set: &mut dyn FnMut(&str) -> Result<(), String>| {
            let Some(GivenValue { text, origin }) = values.get(key).filter(|value| !value.text.is_empty()) else { return };
            if let Err(why) = set(text) {
                self.mistake(origin.clone(), format!("{key} of {kind} {name:?}: {why}"));
            }
        };
        read("practice-only", &mut |text| truth(text).map(|value| rights.0 = value));
        read("registry", &mut |text| registry_right(text).map(|value| rights.1 = value));
        rights
    }

    /// The kinds that feeds declare.
    fn checked_sends(&mut self) -> BTreeMap<String, Vec<DataKind>> {
        let mut declared = BTreeMap::new();
        for (name, values) in self.feeds.clone() {
            let Some(GivenValue { text, origin }) = values.get("sends") else { continue };
            match sends(text) {
                Ok(kinds) => drop(declared.insert(name, kinds)),
                Err(why) => self.mistake(origin.clone(), format!("sends of feed {name:?}: {why}")),
            }
        }
        declared
    }

    fn checked_feeds(&mut self, zone: &Zone) -> BTreeMap<String, Arc<Feed>> {
        let mut feeds = BTreeMap::new();
        for (name, values) in std::mem::take(&mut self.feeds) {
            let mut feed = Feed::open(&name, zone.clone());
            for (key, GivenValue { text, origin }) in &values {
                if let Err(why) = declare(&mut feed, key, text) {
                    self.mistake(origin.clone(), format!("{key} of feed {name:?}: {why}"));
                }
            }
            self.options_of_feed(&name, &feed, &values);
            feeds.insert(name, Arc::new(feed));
        }
        feeds
    }

    /// Stores the values of a feed that are in force, for [`GivenValues::shown`].
    fn options_of_feed(&mut self, name: &str, feed: &Feed, given: &BTreeMap<String, GivenValue>) {
        let origin = |key: &str| given.get(key).map_or(ValueOrigin::Default, |value| value.origin.clone());
        let practice = feed.practice.as_deref().unwrap_or_default();
        let sends = given.get("sends").map_or("", |given| &given.text);
        let versioning = if feed.is_open() { "" } else { feed.versioning.word() };
        let texts = [drugs_word(feed.drugs), feed.ids.word(), practice, sends, versioning, feed.zone.name()];
        let values = FEED_KEYS.iter().zip(texts).map(|(key, text)| {
            let value = GivenValue { text: text.to_owned(), origin: origin(key) };
            ((*key).to_owned(), value)
        });
        self.feeds.insert(name.to_owned(), values.collect());
    }

    /// The settings of the brokers; `None` without `kafka.brokers`.
    fn checked_kafka(&mut self) -> Option<KafkaSettings> {
        let brokers = self.options["kafka.brokers"].text.clone();
        let prefix = self.value("kafka.prefix", String::new(), topic_prefix);
        let schema_registry = self.value("kafka.schema-registry", None, address_of_registry);
        let replication = self.value("kafka.replication", None, replicas);
        let mut properties = BTreeMap::new();
        for (key, GivenValue { text, origin }) in self.properties.clone() {
            if let Some((_, value, promise)) = FIXED.iter().find(|(fixed, ..)| *fixed == key) {
                let value = if value.is_empty() { String::new() } else { format!(" ({value})") };
                self.mistake(origin, format!("{key} is fixed{value}: {promise}; remove the line"));
            } else if key == "bootstrap.servers" {
                self.mistake(origin, "bootstrap.servers is set by kafka.brokers; remove the line".to_owned());
            } else {
                properties.insert(key, text);
            }
        }
        let instance = self.value("kafka.instance", None, instance);
        properties.extend(instance.map(|name| ("group.instance.id".to_owned(), name)));
        (!brokers.is_empty()).then_some(KafkaSettings { brokers, prefix, schema_registry, replication, properties })
    }

    fn checked_inputs(&mut self) -> BTreeMap<String, Input> {
        let mut inputs = BTreeMap::new();
        let has_brokers = !self.options["kafka.brokers"].text.is_empty();
        for (name, values) in self.inputs.clone() {
            let default = self.options["kafka.brokers"].origin.clone();
            let of_input = values.values().map(|value| value.origin.clone()).next().unwrap_or(default);
            let input = self.checked_input(&name, &values, &of_input);
            if !has_brokers {
                let why = format!(
                    "input {name:?} is a Kafka topic, and kafka.brokers is not set; set kafka.brokers, or remove [inputs.{name}]"
                );
                self.mistake(of_input.clone(), why);
            }
            inputs.insert(name, input);
        }
        inputs
    }

    /// An input topic. It is bound to one feed, or says that it holds any.
    fn checked_input(&mut self, name: &str, values: &BTreeMap<String, GivenValue>, origin: &ValueOrigin) -> Input {
        let given = |key: &str| values.get(key).filter(|value| !value.text.is_empty());
        let feed = given("feed").map(|value| value.text.clone());
        let format = given("format").and_then(|GivenValue { text, origin }| {
            let format = word(text, &InputFormat::ALL, InputFormat::word);
            format.map_err(|why| self.mistake(origin.clone(), format!("format of input {name:?}: {why}"))).ok()
        });
        let any = given("feeds");
        if let Some(GivenValue { text, origin }) = any.filter(|any| any.text != "any") {
            let why =
                format!("feeds of input {name:?} is {text:?}; write feeds = \"any\", or name the topic's only feed with feed");
            self.mistake(origin.clone(), why);
        } else if any.is_none() && feed.is_none() {
            let why = format!(
                "input {name:?} names no feed; write feed = \"NAME\", or feeds = \"any\" if each record may name its own"
            );
            self.mistake(origin.clone(), why);
        }
        let bound = feed.as_deref().filter(|_| any.is_none()).map(SourceRights::bound);
        let rights = bound.unwrap_or(SourceRights { feeds: FeedRight::Any, practice_only: false, registry: RegistryRight::Own });
        let (practice_only, registry) = self.source_options("input", name, values, rights.practice_only);
        Input { feed, format, rights: SourceRights { practice_only, registry, ..rights } }
    }
}

#[cfg(test)]
mod tests {
    use scorecard::event::Versioning;

    use super::*;

    fn given(text: &str) -> (tempfile::TempDir, ConfigSources) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("service.toml");
        fs::write(&file, text).unwrap();
        (dir, ConfigSources { file: Some(file), ..ConfigSources::default() })
    }

    fn mistakes(text: &str) -> Vec<String> {
        let (_dir, given) = given(text);
        let ConfigError::Mistakes(mistakes) = read(&given).unwrap_err() else { panic!("the file can be read") };
        let line = |origin: &ValueOrigin| if let ValueOrigin::File { line, .. } = origin { *line } else { 0 };
        mistakes.iter().map(|mistake| format!("{}: {}", line(&mistake.origin), mistake.text)).collect()
    }

    #[test]
    fn every_mistake_is_named_at_once_with_its_line_and_cure() {
        let found = mistakes(
            "lisen = \"127.0.0.1:80\"\nzone = \"Europe/Londres\"\npartitions = 0\n[http]\nmax-body = \"8MB\"\n[feeds.a]\nversionin = \
             \"id\"\nversioning = \"idd\"\n",
        );
        let expect = [
            (1, "\"listen\""),
            (2, "Europe/London"),
            (3, "between 1 and 1024"),
            (5, "64MiB"),
            (7, "\"versioning\""),
            (8, "\"id\""),
        ];
        for (line, cure) in expect {
            assert!(found.iter().any(|m| m.starts_with(&format!("{line}: ")) && m.contains(cure)), "{line} {cure}: {found:#?}");
        }
        assert_eq!(found.len(), expect.len(), "{found:#?}");
    }

    #[test]
    fn the_schema_registrys_credentials_are_used_and_never_shown() {
        let text = "[kafka]\nbrokers = \"a:1\"\nschema-registry = \"http://line:hush@registry:8081/\"\n";
        let (_dir, kept) = given(text);
        let config = read(&kept).unwrap();
        assert!(config.kafka.unwrap().schema_registry.unwrap().authorization().is_some());
        let shown = config.shown.iter().find(|shown| shown.key == "kafka.schema-registry").unwrap();
        assert_eq!(shown.value, "http://registry:8081/");
        let found = mistakes(&text.replace("http://", "registry://"));
        assert!(matches!(found.as_slice(), [one] if one.starts_with("3: ") && !one.contains("hush")), "{found:#?}");
    }

    const NORTH: &str = "dc365e79d41cfae1c3c0d969319ae62165b81b1815a86c32bbc6c64cbdf2311b";

    #[test]
    fn a_token_has_a_hash_and_scopes_as_a_text_or_a_list_and_a_variable_may_hold_its_hash() {
        let lists = format!("[tokens.north-emis]\nsha256 = \"{NORTH}\"\nscopes = [\"write:north\", \"registry\"]\n");
        let text = "[tokens.north-emis]\nscopes = \"write:north registry\"\n";
        let (_one, by_file) = given(&lists);
        let (_two, mut by_variable) = given(text);
        by_variable.variables.insert("PLUMBLINE_TOKENS_NORTH_EMIS_SHA256".to_owned(), NORTH.to_owned());
        for sources in [by_file, by_variable] {
            let config = read(&sources).unwrap();
            let bearing =
                axum::http::HeaderMap::from_iter([(axum::http::header::AUTHORIZATION, "Bearer north".parse().unwrap())]);
            let rights = config.gate.rights(&bearing).unwrap();
            assert!(rights.write("north") && rights.include(&Scope::Registry) && !rights.include(&Scope::Admin), "{rights:?}");
            let value = |key: &str| config.shown.iter().find(|shown| shown.key == key).unwrap().value.clone();
            assert_eq!(value("tokens.north-emis.sha256"), "***");
            assert_eq!(value("tokens.north-emis.scopes"), "write:north registry");
        }
    }

    #[test]
    fn a_token_without_hash_or_scopes_or_with_unknown_ones_is_a_mistake_with_its_line() {
        let found = mistakes(&format!(
            "[tokens.a]\nscopes = \"metrics\"\n[tokens.b]\nsha256 = \"{NORTH}\"\n[tokens.c]\nsha256 = \"12\"\nscopes = \"reject\"\n\
             [tokens.d]\nsha256 = \"{NORTH}\"\nscopes = \"admin\"\n[tokens.e]\nsha256 = \"{NORTH}\"\nscopes = \"admin\"\n"
        ));
        let expect = [(2, "no sha256"), (4, "no scopes"), (6, "64"), (7, "did you mean \"rejects\"?"), (12, "another token")];
        for (line, cure) in expect {
            assert!(found.iter().any(|m| m.starts_with(&format!("{line}: ")) && m.contains(cure)), "{line} {cure}: {found:#?}");
        }
        assert_eq!(found.len(), expect.len(), "{found:#?}");
    }

    #[test]
    fn an_input_is_bound_to_its_feed_or_says_that_it_holds_any() {
        let with = |table: &str| format!("[kafka]\nbrokers = \"a:1\"\n[inputs.t]\n{table}");
        let rights = |table: &str| {
            let (_dir, given) = given(&with(table));
            read(&given).unwrap().inputs["t"].rights.clone()
        };
        assert_eq!(rights("feed = \"north\"\n"), SourceRights::bound("north"));
        let wide = rights("feed = \"north\"\npractice-only = false\nregistry = \"trusted\"\n");
        assert_eq!((wide.write("south"), wide.practice_only, wide.registry), (false, false, RegistryRight::Trusted));
        let any = rights("feed = \"north\"\nfeeds = \"any\"\n");
        assert_eq!((any.write("south"), any.practice_only, any.registry), (true, false, RegistryRight::Own));
        for (table, cure) in [
            ("format = \"json\"\n", "feeds = \"any\""),
            ("feeds = \"all\"\n", "feeds = \"any\""),
            ("feed = \"north\"\nregistry = \"trust\"\n", "did you mean \"trusted\"?"),
            ("feed = \"north\"\npractice-only = \"no\"\n", "known: true, false"),
        ] {
            let found = mistakes(&with(table));
            assert!(matches!(found.as_slice(), [one] if one.contains(cure)), "{table}: {found:#?}");
        }
    }

    #[test]
    fn a_trusted_token_needs_the_scope_registry() {
        let table = |rest: &str| format!("[tokens.a]\nsha256 = \"{NORTH}\"\nscopes = \"write:a{rest}\nregistry = \"trusted\"\n");
        assert!(mistakes(&table("\""))[0].starts_with("3: ") && read(&given(&table(" registry\"")).1).is_ok());
    }

    #[test]
    fn an_instance_is_a_member_of_its_groups_by_that_name() {
        let with = |name: &str| format!("[kafka]\nbrokers = \"a:1\"\ninstance = \"{name}\"\n");
        let (_dir, named) = given(&with("plumbline-0"));
        let properties = read(&named).unwrap().kafka.unwrap().properties;
        assert_eq!(properties.get("group.instance.id").map(String::as_str), Some("plumbline-0"));
        let (_dir, none) = given(&with(""));
        assert_eq!(read(&none).unwrap().kafka.unwrap().properties, BTreeMap::new());
        let found = mistakes(&with("plumbline/0"));
        assert!(matches!(found.as_slice(), [one] if one.starts_with("3: kafka.instance: ")), "{found:#?}");
    }

    #[test]
    fn broken_toml_is_named_with_its_line() {
        let found = mistakes("data = \"x\"\nlisten = \n");
        assert!(found.iter().any(|m| m.starts_with("2: ")), "{found:#?}");
    }

    #[test]
    fn a_flag_wins_over_the_environment_that_over_the_file_and_that_over_the_default() {
        let (_dir, mut given) = given("data = \"a\"\nlisten = \"127.0.0.1:1\"\nzone = \"UTC\"\n");
        given.variables.insert("PLUMBLINE_DATA".to_owned(), "b".to_owned());
        given.variables.insert("PLUMBLINE_LISTEN".to_owned(), "127.0.0.1:2".to_owned());
        given.flags.push(("data", "--data", "c".to_owned()));
        let config = read(&given).unwrap();
        assert_eq!((config.data.to_str(), config.listen.port(), config.zone.name()), (Some("c"), 2, "UTC"));
        let origin = |key: &str| config.shown.iter().find(|shown| shown.key == key).unwrap().origin.to_string();
        assert_eq!([origin("data"), origin("listen"), origin("partitions")], ["--data", "PLUMBLINE_LISTEN", "default"]);
        assert!(origin("zone").ends_with("service.toml:3"), "{}", origin("zone"));
    }

    #[test]
    fn pages_are_off_unless_they_are_turned_on_and_their_options_name_their_mistakes() {
        let (_dir, off) = given("[pages]\nanalysts = [\"p1\"]\n");
        assert_eq!(read(&off).unwrap().pages, None);
        let (_dir, on) =
            given("[pages]\nserve = true\nauditors = [\"p1\", \"p2\"]\nlocality-leads = \"p3@Q99\"\nwait = \"14d\"\n");
        let pages = read(&on).unwrap().pages.unwrap();
        assert_eq!((pages.wait_seconds, pages.idle_seconds, pages.session_seconds), (14 * 86_400, 1_800, 43_200));
        assert_eq!((pages.auditors.len(), pages.analysts.len(), pages.provider, pages.proxy), (2, 0, None, None));
        assert_eq!(pages.locality_leads, BTreeSet::from([("p3".to_owned(), "Q99".to_owned())]));
        for (table, cure) in [
            ("url = \"http://scores.example.org\"", "write https://"),
            ("url = \"https://scores.example.org\"", "[tokens.NAME]"),
            ("issuer = \"https://login.example.org\"", "pages.client is not"),
            ("client = \"plumbline\"", "pages.issuer is not"),
            ("proxy-header = \"X-User\"", "pages.proxy-addresses is not"),
            ("proxy-header = \"Cookie\"", "X-Remote-User"),
            ("proxy-addresses = [\"10.0.0.0/8\"]", "10.0.0.7"),
            ("locality-leads = [\"p1\"]", "PERSON@CODE"),
            ("idle = \"0s\"", "1s or more"),
            ("issuer = \"login.example.org\"", "https://"),
        ] {
            let found = mistakes(&format!("[pages]\nserve = true\n{table}\n"));
            assert!(matches!(found.as_slice(), [one] if one.starts_with("3: ") && one.contains(cure)), "{table}: {found:#?}");
        }
        let found = mistakes("listen = \"0.0.0.0:1\"\n[pages]\nserve = \"yes\"\n");
        assert!(found.iter().any(|one| one.starts_with("3: pages.serve")), "{found:#?}");
        assert!(
            mistakes("listen = \"0.0.0.0:1\"\n[pages]\nserve = true\n").iter().any(|one| one.contains("pages.url is not set"))
        );
    }

    #[test]
    fn a_declared_feed_takes_what_it_says_and_the_deployments_zone() {
        let (_dir, given) = given("zone = \"UTC\"\n[feeds.surgery]\npractice = \"A81001\"\nversioning = \"arrival\"\n");
        let config = read(&given).unwrap();
        let feed = &config.feeds["surgery"];
        assert_eq!((feed.practice.as_deref(), feed.versioning, feed.zone.name()), (Some("A81001"), Versioning::Arrival, "UTC"));
        assert!(config.shown.iter().any(|shown| shown.key == "feeds.surgery.practice" && shown.value == "A81001"));
    }

    #[test]
    fn a_feed_declares_the_kinds_that_it_sends_as_words_or_a_list() {
        use DataKind::{Attendance, Costs};
        for text in ["sends = [\"costs\", \"attendance\"]", "sends = \"attendance costs attendance\""] {
            let (_dir, given) = given(&format!("[feeds.a]\n{text}\n[feeds.b]\n"));
            let config = read(&given).unwrap();
            assert_eq!(config.sends, BTreeMap::from([("a".to_owned(), vec![Attendance, Costs])]), "{text}");
        }
        let found = mistakes("[feeds.a]\nsends = [\"attendance\", \"cost\"]\n");
        assert!(
            matches!(found.as_slice(), [one] if one.starts_with("2: sends of feed \"a\"") && one.contains("\"costs\"")),
            "{found:#?}"
        );
    }

    #[test]
    fn the_defaults_are_sound() {
        let (config, mistakes) = GivenValues::defaults().checked();
        assert_eq!(mistakes, []);
        assert_eq!((config.grid, config.max_body), (Grid::DAILY, 8 << 20));
    }

    #[test]
    fn a_file_that_was_named_has_to_be_there() {
        let given = ConfigSources { file: Some("no-such.toml".into()), ..ConfigSources::default() };
        assert!(matches!(read(&given), Err(ConfigError::Unreadable { .. })));
    }
}
