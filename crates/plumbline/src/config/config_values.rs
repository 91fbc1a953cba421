//! Parses single values of a configuration. An error says what to write instead.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use scorecard::data_kind::DataKind;
use scorecard::event::{IdScope, Versioning};
use scorecard::record::item::{DrugSource, Feed, VersioningOrigin};
use scorecard::registry::directory::civil_day;
use scorecard::time::calendar::Zone;

use crate::config::did_you_mean::unknown;
use crate::config::options::{FirstDay, LogFormat, OpenMetrics, drugs_word};
use crate::config::quantity;
use crate::config::source_rights::RegistryRight;
use crate::input_files::measure_files::BuiltIn;
use crate::kafka::registry_address::RegistryAddress;

/// Seconds of a day.
const DAY_SECONDS: u32 = 86_400;

pub(crate) fn declare(feed: &mut Feed, key: &str, text: &str) -> Result<(), String> {
    match key {
        "practice" => feed.practice = Some(needed(text)?.into()),
        "zone" => feed.zone = Zone::named(text).map_err(|error| error.to_string())?,
        "ids" => feed.ids = word(text, &[IdScope::Feed, IdScope::Kind], IdScope::word)?,
        "versioning" => {
            feed.versioning = word(text, &[Versioning::Id, Versioning::Updated, Versioning::Arrival], Versioning::word)?;
            feed.versioning_origin = VersioningOrigin::Given;
        }
        "drugs" => feed.drugs = word(text, &[DrugSource::Requests, DrugSource::Dispenses], drugs_word)?,
        // A declaration of kinds is an entry of the registry: see `sends`.
        _ => {}
    }
    Ok(())
}

/// The kinds of data that a feed declares.
pub(crate) fn sends(text: &str) -> Result<Vec<DataKind>, String> {
    let kinds: BTreeSet<DataKind> =
        text.split_whitespace().map(|one| word(one, &DataKind::ALL, DataKind::word)).collect::<Result<_, _>>()?;
    if kinds.is_empty() {
        return Err("no kind is named; name the kinds that the feed sends, or remove the line".to_owned());
    }
    Ok(kinds.into_iter().collect())
}

pub(crate) fn word<T: Copy>(text: &str, values: &[T], name: fn(T) -> &'static str) -> Result<T, String> {
    let names: Vec<&str> = values.iter().map(|value| name(*value)).collect();
    values.iter().copied().find(|value| name(*value) == text).ok_or_else(|| unknown("value", text, &names))
}

/// Whether a property of librdkafka is a secret, which is never printed.
pub(crate) fn is_secret(key: &str) -> bool {
    ["password", "secret", "jaas", "key.pem", "token"].iter().any(|part| key.contains(part))
}

pub(crate) fn replicas(text: &str) -> Result<Option<u32>, String> {
    let number = |text: &str| text.parse().ok().filter(|number| (1..=100).contains(number));
    match text {
        "" => Ok(None),
        text => number(text)
            .map(Some)
            .ok_or_else(|| format!("{text:?} is not a whole number between 1 and 100; write one, such as 3")),
    }
}

pub(crate) fn topic_prefix(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if text.bytes().all(allowed) && text.len() <= 200 {
        Ok(text.to_owned())
    } else {
        Err(format!("{text:?} cannot begin a topic's name; write at most 200 letters, digits, dots, dashes and underscores"))
    }
}

/// Kafka allows at most 249 letters, digits, `.`, `_` and `-`, as in a topic's name.
pub(crate) fn instance(text: &str) -> Result<Option<String>, String> {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    match text {
        "" => Ok(None),
        _ if text.len() <= 249 && text.bytes().all(known) => Ok(Some(text.to_owned())),
        _ => Err(format!("{text:?} is not a valid name of an instance; write at most 249 letters, digits, ., _ and -")),
    }
}

pub(crate) fn address_of_registry(text: &str) -> Result<Option<RegistryAddress>, String> {
    if text.is_empty() { Ok(None) } else { RegistryAddress::parse(text).map(Some).map_err(|error| error.to_string()) }
}

/// The issuer of an OpenID Connect provider. It is compared letter by letter, so it stays as it is written.
pub(crate) fn issuer(text: &str) -> Result<Option<String>, String> {
    let is_local = ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|local| text.starts_with(local));
    match text {
        "" => Ok(None),
        _ if text.starts_with("https://") || is_local => Ok(Some(text.to_owned())),
        _ => Err(format!("{text:?} has no https://; write the issuer as the provider states it")),
    }
}

pub(crate) fn truth(text: &str) -> Result<bool, String> {
    word(text, &[true, false], |value| if value { "true" } else { "false" })
}

pub(crate) fn registry_right(text: &str) -> Result<RegistryRight, String> {
    word(text, &RegistryRight::CONFIGURED, RegistryRight::word)
}

pub(crate) fn path(text: &str) -> Option<PathBuf> {
    (!text.is_empty()).then(|| PathBuf::from(text))
}

pub(crate) fn needed(text: &str) -> Result<&str, String> {
    if text.trim().is_empty() { Err("the value is empty; fill it in".to_owned()) } else { Ok(text) }
}

pub(crate) fn positive(seconds: u32) -> Result<u32, String> {
    if seconds == 0 { Err("0s is too short; write 1s or more".to_owned()) } else { Ok(seconds) }
}

/// Publications are at the same times of a day: of each day, or of each nth day.
pub(crate) fn divides_a_day(seconds: u32) -> Result<u32, String> {
    if DAY_SECONDS.is_multiple_of(seconds) || seconds.is_multiple_of(DAY_SECONDS) {
        Ok(seconds)
    } else {
        Err(format!(
            "{seconds}s does not divide a day; write an interval that does, such as 12h, 6h, 1h or 30m, or whole days, such as 7d"
        ))
    }
}

/// A civil day, such as `2021-10-05`; `None` for an empty text.
pub(crate) fn first_day(text: &str) -> Result<Option<FirstDay>, String> {
    match text {
        "" => Ok(None),
        "none" => Ok(Some(FirstDay::Unbounded)),
        text => civil_day(text)
            .map(|day| Some(FirstDay::On(day)))
            .ok_or_else(|| format!("{text:?} is not a day; write it as 2021-10-05, or none to accept every day")),
    }
}

pub(crate) fn offset(text: &str, every: u32) -> Result<u32, String> {
    let at = quantity::seconds(text)?;
    // Only the remainder counts: `publish.every = "1h"` with the default offset of 3h must not be a mistake.
    if at < 86_400 { Ok(at % every) } else { Err(format!("{text} is a day or more; write less than 1d")) }
}

pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("{text:?} is not an address; write an IP address and a port, such as 127.0.0.1:8080"))
}

pub(crate) fn partitions(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (1..=1_024).contains(number));
    number.ok_or_else(|| format!("{text:?} is not a whole number between 1 and 1024; write one, such as 4"))
}

pub(crate) fn body(text: &str) -> Result<usize, String> {
    let bytes = quantity::bytes(text)?;
    let within = (1 << 10..=4 << 30).contains(&bytes);
    if within { Ok(bytes) } else { Err(format!("{text} is not between 1KiB and 4GiB; write a size in this range, such as 8MiB")) }
}

/// A whole number within these bounds, such as `500`.
pub(crate) fn count(text: &str, least: usize, most: usize) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("{text:?} is not a whole number between {least} and {most}; write one, such as {least}"))
}

pub(crate) fn open_metrics(text: &str) -> Result<OpenMetrics, String> {
    word(text, &OpenMetrics::ALL, OpenMetrics::word)
}

pub(crate) fn level(text: &str) -> Result<String, String> {
    let levels = ["error", "warn", "info", "debug"];
    if levels.contains(&text) { Ok(text.to_owned()) } else { Err(unknown("level", text, &levels)) }
}

pub(crate) fn built_in(text: &str) -> Result<BuiltIn, String> {
    let name = |built_in: BuiltIn| if built_in == BuiltIn::Keep { "keep" } else { "drop" };
    word(text, &[BuiltIn::Keep, BuiltIn::Drop], name)
}

pub(crate) fn format(text: &str) -> Result<LogFormat, String> {
    match text {
        "auto" => Ok(LogFormat::Auto),
        "human" => Ok(LogFormat::Human),
        "json" => Ok(LogFormat::Json),
        other => Err(unknown("format", other, &["auto", "human", "json"])),
    }
}
