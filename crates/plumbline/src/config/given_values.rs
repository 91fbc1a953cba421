//! The values that a configuration gives, as texts with their origins: defaults, the TOML file, the environment and the command line.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use crate::config::config_values::is_secret;
use crate::config::did_you_mean::unknown;
use crate::config::options::{FEED_KEYS, INPUT_KEYS, OPTIONS, OptionView, TOKEN_KEYS, ValueOrigin};
use crate::kafka::registry_address::without_credentials;

/// Prefix of environment variables: `PLUMBLINE_HTTP_MAX_BODY` sets `http.max-body`.
pub(crate) const VARIABLE_PREFIX: &str = "PLUMBLINE_";

/// Options that are whole numbers.
const NUMBERS: [&str; 4] = ["http.max-connections", "http.max-elements", "kafka.replication", "partitions"];

/// Options that are true or false.
const TRUTHS: [&str; 1] = ["pages.serve"];

/// Options that are lists.
const LISTS: [&str; 5] =
    ["pages.administrators", "pages.analysts", "pages.auditors", "pages.locality-leads", "pages.proxy-addresses"];

/// One mistake and its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// File and line, variable or flag.
    pub origin: ValueOrigin,
    /// The value, the expected values and the cure.
    pub text: String,
}

/// One value.
#[derive(Clone, Debug)]
pub(crate) struct GivenValue {
    pub text: String,
    pub origin: ValueOrigin,
}

/// Tables by name, such as `[feeds.surgery]`, and their values by key.
pub(crate) type Tables = BTreeMap<String, BTreeMap<String, GivenValue>>;

/// Values as texts, by option, by feed, by input topic, by token and by property of librdkafka.
#[derive(Debug)]
pub(crate) struct GivenValues {
    pub options: BTreeMap<&'static str, GivenValue>,
    pub feeds: Tables,
    pub inputs: Tables,
    pub tokens: Tables,
    pub properties: BTreeMap<String, GivenValue>,
    pub mistakes: Vec<Mistake>,
}

impl GivenValues {
    /// The default of every option.
    pub(crate) fn defaults() -> GivenValues {
        let value = |text: &str| GivenValue { text: text.to_owned(), origin: ValueOrigin::Default };
        let options = OPTIONS.iter().map(|option| (option.key, value(option.default))).collect();
        let (feeds, inputs, tokens, properties) = (Tables::new(), Tables::new(), Tables::new(), BTreeMap::new());
        GivenValues { options, feeds, inputs, tokens, properties, mistakes: Vec::new() }
    }

    /// Sets an option. An unknown one is a mistake.
    pub(crate) fn set(&mut self, key: &str, text: String, origin: ValueOrigin) {
        match OPTIONS.iter().find(|option| option.key == key) {
            Some(option) => {
                self.options.insert(option.key, GivenValue { text, origin });
            }
            None => {
                let mut known: Vec<&str> = OPTIONS.iter().map(|option| option.key).collect();
                known.extend(["feeds", "http", "inputs", "kafka", "log", "pages", "publish", "tokens"]);
                self.mistake(origin, unknown("option", key, &known));
            }
        }
    }

    /// Records a mistake.
    pub(crate) fn mistake(&mut self, origin: ValueOrigin, text: String) {
        self.mistakes.push(Mistake { origin, text });
    }

    /// Sets the options and the values of tokens that variables give.
    pub(crate) fn variables(&mut self, variables: &BTreeMap<String, String>) {
        for option in &OPTIONS {
            let name = variable_of(option.key);
            if let Some(value) = variables.get(&name) {
                self.set(option.key, value.clone(), ValueOrigin::Environment(name));
            }
        }
        // A secret store passes hashes as variables, to a file that lists the tokens.
        for (token, values) in &mut self.tokens {
            for key in TOKEN_KEYS {
                let name = variable_of(&format!("tokens.{token}.{key}"));
                if let Some(value) = variables.get(&name) {
                    values.insert(key.to_owned(), GivenValue { text: value.clone(), origin: ValueOrigin::Environment(name) });
                }
            }
        }
    }

    /// Reads a TOML file.
    pub(crate) fn file(&mut self, path: &Path, text: &str) {
        let place = |at: usize| ValueOrigin::File { path: path.to_owned(), line: text[..at].matches('\n').count() + 1 };
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            self.mistake(place(at), format!("{}; write TOML, one key = value a line", error.message()));
        }
        self.table("", document.get_ref(), &place);
    }

    fn table(&mut self, prefix: &str, table: &DeTable<'_>, place: &dyn Fn(usize) -> ValueOrigin) {
        for (name, value) in table {
            let key = if prefix.is_empty() { name.get_ref().to_string() } else { format!("{prefix}.{}", name.get_ref()) };
            let origin = place(name.span().start);
            match value.get_ref() {
                DeValue::Table(feeds) if key == "feeds" => self.feeds = self.tables("feed", feeds, &FEED_KEYS, place),
                DeValue::Table(inputs) if key == "inputs" => self.inputs = self.tables("input", inputs, &INPUT_KEYS, place),
                DeValue::Table(tokens) if key == "tokens" => self.tokens = self.tables("token", tokens, &TOKEN_KEYS, place),
                DeValue::Table(properties) if key == "kafka.properties" => self.properties("", properties, place),
                DeValue::Table(inner) if OPTIONS.iter().any(|option| option.key.starts_with(&format!("{key}."))) => {
                    self.table(&key, inner, place);
                }
                _ if is_section(&key) => self.mistake(origin, format!("{key} is not a table; write [{key}] with its keys below")),
                value => match option_text(&key, value) {
                    Some(text) => self.set(&key, text, origin),
                    None => match OPTIONS.iter().find(|option| option.key == key) {
                        Some(option) => self.mistake(origin, wrong_type(&key, value, option.default)),
                        None => self.set(&key, String::new(), origin),
                    },
                },
            }
        }
    }

    /// Reads the tables of one kind, each with the same keys.
    fn tables(&mut self, kind: &str, tables: &DeTable<'_>, keys: &[&str], place: &dyn Fn(usize) -> ValueOrigin) -> Tables {
        let mut read = Tables::new();
        for (name, declared) in tables {
            let (name, origin) = (name.get_ref().to_string(), place(name.span().start));
            let DeValue::Table(table) = declared.get_ref() else {
                self.mistake(origin, format!("{kind} {name:?} is not a table; write [{kind}s.{name}] with its keys below"));
                continue;
            };
            let mut values = BTreeMap::new();
            for (key, value) in table {
                let (key, origin) = (key.get_ref().to_string(), place(key.span().start));
                let text = match key.as_str() {
                    "scopes" | "sends" => scalar(value.get_ref()).or_else(|| words(value.get_ref())),
                    "practice-only" => scalar(value.get_ref()).or_else(|| truth_of(value.get_ref())),
                    _ => scalar(value.get_ref()),
                };
                match text {
                    _ if !keys.contains(&key.as_str()) => {
                        self.mistake(origin, unknown(&format!("key in a table of {kind}s"), &key, keys))
                    }
                    Some(text) => {
                        values.insert(key, GivenValue { text, origin });
                    }
                    None => self.mistake(origin, wrong_type(&key, value.get_ref(), "")),
                }
            }
            read.insert(name, values);
        }
        read
    }

    /// Reads `[kafka.properties]`. The names of librdkafka have dots, so a table below it is a part of a name.
    fn properties(&mut self, prefix: &str, table: &DeTable<'_>, place: &dyn Fn(usize) -> ValueOrigin) {
        for (name, value) in table {
            let (key, origin) = (format!("{prefix}{}", name.get_ref()), place(name.span().start));
            let text = match value.get_ref() {
                DeValue::Table(inner) => {
                    self.properties(&format!("{key}."), inner, place);
                    continue;
                }
                DeValue::Boolean(yes) => Some(yes.to_string()),
                value => scalar(value).or_else(|| number(value)),
            };
            match text {
                Some(text) => drop(self.properties.insert(key, GivenValue { text, origin })),
                None => self.mistake(origin, format!("{key} is neither a text nor a number; write \"{key}\" = \"...\"")),
            }
        }
    }

    /// The parsed value of an option. A mistake is recorded and replaced by `fallback`, so that the other options are checked, too.
    pub(crate) fn value<T>(&mut self, key: &str, fallback: T, read: impl FnOnce(&str) -> Result<T, String>) -> T {
        let GivenValue { text, origin } = self.options[key].clone();
        read(&text).unwrap_or_else(|why| {
            self.mistake(origin, format!("{key}: {why}"));
            fallback
        })
    }

    /// Every value with its origin. Secrets are hidden.
    pub(crate) fn shown(&self) -> Vec<OptionView> {
        let one = |key: String, value: &GivenValue| OptionView { key, value: value.text.clone(), origin: value.origin.clone() };
        let options = self.options.iter().map(|(key, value)| {
            let shown = one((*key).to_owned(), value);
            let hide = is_secret(key) && !shown.value.is_empty();
            match *key {
                _ if hide => OptionView { value: "***".to_owned(), ..shown },
                "kafka.schema-registry" => OptionView { value: without_credentials(&value.text), ..shown },
                _ => shown,
            }
        });
        let tables = [("feeds", &self.feeds), ("inputs", &self.inputs), ("tokens", &self.tokens)];
        let tables = tables.into_iter().flat_map(|(kind, tables)| tables.iter().map(move |(name, values)| (kind, name, values)));
        let tables = tables.flat_map(|(kind, name, values)| {
            values.iter().map(move |(key, value)| {
                let shown = one(format!("{kind}.{}.{key}", quoted_key(name)), value);
                if key == "sha256" { OptionView { value: "***".to_owned(), ..shown } } else { shown }
            })
        });
        let properties = self.properties.iter().map(|(key, value)| {
            let shown = one(format!("kafka.properties.{}", quoted_key(key)), value);
            if is_secret(key) { OptionView { value: "***".to_owned(), ..shown } } else { shown }
        });
        options.chain(tables).chain(properties).collect()
    }
}

/// The environment variable of an option or a value of a table.
pub(crate) fn variable_of(key: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", key.to_uppercase().replace(['.', '-'], "_"))
}

/// A part of a dotted key, quoted if TOML requires it.
pub(crate) fn quoted_key(part: &str) -> String {
    let bare = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if bare { part.to_owned() } else { serde_json::Value::from(part).to_string() }
}

/// A text. A number in its place is a mistake, because nobody can tell `data = 5` from a typing error.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    if let DeValue::String(text) = value { Some(text.to_string()) } else { None }
}

/// The text of an option: a text, a whole number, true or false, or a list, as far as the option allows each.
fn option_text(key: &str, value: &DeValue<'_>) -> Option<String> {
    scalar(value)
        .or_else(|| number(value).filter(|_| NUMBERS.contains(&key)))
        .or_else(|| truth_of(value).filter(|_| TRUTHS.contains(&key)))
        .or_else(|| words(value).filter(|_| LISTS.contains(&key)))
}

fn number(value: &DeValue<'_>) -> Option<String> {
    if let DeValue::Integer(number) = value { Some(number.as_str().to_owned()) } else { None }
}

/// Whether a key names a table of options.
fn is_section(key: &str) -> bool {
    ["feeds", "inputs", "tokens", "kafka.properties"].contains(&key)
        || OPTIONS.iter().any(|option| option.key.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
}

/// The mistake of a value with another type than its key. `example` is a valid value, or empty.
fn wrong_type(key: &str, value: &DeValue<'_>, example: &str) -> String {
    let found = match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    let example = if example.is_empty() { "..." } else { example };
    match NUMBERS.contains(&key) {
        true if example == "..." => format!("{key} is {found}; write a whole number"),
        true => format!("{key} is {found}; write a whole number, such as {key} = {example}"),
        false => format!("{key} is {found}; write a text in quotes, such as {key} = \"{example}\""),
    }
}

/// A truth value as its word.
fn truth_of(value: &DeValue<'_>) -> Option<String> {
    if let DeValue::Boolean(truth) = value { Some(truth.to_string()) } else { None }
}

/// A list of texts as one text with spaces between.
fn words(value: &DeValue<'_>) -> Option<String> {
    let DeValue::Array(list) = value else { return None };
    let words: Option<Vec<String>> = list.iter().map(|word| scalar(word.get_ref())).collect();
    words.map(|words| words.join(" "))
}
