//! The configuration of a decoder, and the context of each record.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use scorecard::event::Versioning;
use scorecard::fold::fast_map::FastMap;
use scorecard::measure::vocabulary::short_system;
use scorecard::record::item::{Feed, VersioningOrigin};
use scorecard::record::log_record::Position;
use scorecard::time::calendar::{Day, Timestamp, Zone};

use crate::avro::contract::Contract;
use crate::fault::{Fault, Field};
use crate::formats::demographics::Demographics;
use crate::identity::keys::Keys;
use crate::identity::pseudonym::Pseudonyms;
use crate::identity::systems::{IdentifierSystems, PREFERENCE, code_system, key};
use crate::json::object::Scalar;
use crate::json::text::{TEXT_BYTES, unprotected};

/// The configuration of a decoder.
#[derive(Clone, Debug)]
pub struct DecoderConfig {
    /// The keys of pseudonyms and hashes.
    pub keys: Keys,
    /// The declared feeds by name; all others are [`Feed::undeclared`], in `zone`.
    pub feeds: BTreeMap<String, Arc<Feed>>,
    /// The zone of feeds that are not declared.
    pub zone: Zone,
    /// Further identifier systems: URI and short name.
    pub identifier_systems: BTreeMap<String, String>,
    /// The identifier systems that name a person, best first, by short name.
    pub identifier_preference: Vec<String>,
    /// Roles by the code of a PractitionerRole: `system|code` in any spelling of the system, or a code alone for every system. They
    /// come before the built-in codes.
    pub roles: BTreeMap<String, String>,
    /// Codes of class, type and service of encounters that are no contact, such as administration: `system|code` in any spelling of
    /// the system, or a code alone for every system.
    pub no_contact: BTreeSet<String>,
    /// Codes of the code files that look as if they contained an NHS number, each as `system|code` with the system's short name, or a
    /// code alone. The operator knows them as codes, so they are not hidden.
    pub listed_codes: BTreeSet<String>,
    /// Events before this day are rejected; `None` accepts every day.
    pub first_day: Option<Day>,
    /// Ids that a schema registry gave to the schemas of the input contract, in addition to [`Contract::id`].
    pub contract_ids: BTreeMap<u32, Contract>,
}

impl Default for DecoderConfig {
    /// The published keys, nothing declared.
    fn default() -> DecoderConfig {
        DecoderConfig {
            keys: Keys::fixed(),
            feeds: BTreeMap::new(),
            zone: Zone::london(),
            identifier_systems: BTreeMap::new(),
            identifier_preference: PREFERENCE.map(str::to_owned).into(),
            roles: BTreeMap::new(),
            no_contact: BTreeSet::new(),
            listed_codes: BTreeSet::new(),
            first_day: None,
            contract_ids: BTreeMap::new(),
        }
    }
}

/// The context of a record.
#[derive(Clone, Debug)]
pub struct Context<'c> {
    /// The position of the record. Elements of lists and Bundles get an index each.
    pub position: &'c Position,
    /// The feed of FHIR resources, and of native events that name none. Without it they become rejects.
    pub feed: Option<Arc<Feed>>,
    /// The time of arrival: the version in feeds that are versioned by arrival.
    pub received_at: Timestamp,
    /// The current time.
    pub now: Timestamp,
}

/// A time is in the future when it is more than this many seconds ahead: clocks differ.
const SKEW_SECONDS: i64 = 300;

impl Context<'_> {
    /// Whether an instant is more than five minutes ahead.
    pub(crate) fn is_future(&self, at: Timestamp) -> bool {
        at > self.now.plus_seconds(SKEW_SECONDS)
    }
}

/// A configuration, ready for use.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) pseudonyms: Pseudonyms,
    pub(crate) feeds: Feeds,
    pub(crate) systems: IdentifierSystems,
    pub(crate) preference: Vec<String>,
    /// Roles by their codes in the form of [`plain_code`].
    roles: BTreeMap<String, String>,
    /// The codes of encounters that are no contact, in the form of [`plain_code`].
    pub(crate) no_contact: BTreeSet<String>,
    /// The codes of the code files that pass the rule for NHS numbers.
    listed_codes: BTreeSet<String>,
    pub(crate) first_day: Option<Day>,
    pub(crate) demographics: Demographics,
    pub(crate) contract_ids: BTreeMap<u32, Contract>,
}

impl Rules {
    pub(crate) fn new(config: DecoderConfig) -> Rules {
        Rules {
            pseudonyms: Pseudonyms::new(&config.keys),
            feeds: Feeds {
                declared: config.feeds.into_iter().collect(),
                zone: config.zone,
                met: RwLock::default(),
                fixed: RwLock::default(),
            },
            systems: IdentifierSystems::with(&config.identifier_systems),
            preference: config.identifier_preference,
            roles: config.roles.into_iter().map(|(code, role)| (plain_code(&code).into_owned(), role)).collect(),
            no_contact: config.no_contact.iter().map(|code| plain_code(code).into_owned()).collect(),
            listed_codes: config.listed_codes,
            first_day: config.first_day,
            demographics: Demographics::default(),
            contract_ids: config.contract_ids,
        }
    }
}

impl Rules {
    /// The feed of the source. A folder that is named after a patient gives its feed the hash of that name.
    pub(crate) fn feed_of(&self, context: &Context<'_>) -> Option<Arc<Feed>> {
        let feed = context.feed.as_ref()?;
        match self.pseudonyms.protect(Cow::Borrowed(&*feed.name)) {
            Cow::Borrowed(_) => Some(self.feeds.fixed(feed.clone())),
            Cow::Owned(name) => Some(self.feeds.fixed(Arc::new(Feed { name: name.into(), ..Feed::clone(feed) }))),
        }
    }

    /// `system|value` of a clinician or another identifier, protected and encoded.
    pub(crate) fn clinician_key(&self, system: &str, value: Cow<'_, str>) -> String {
        let system = self.systems.short(system);
        let value = self.pseudonyms.protect_identifier(system, value);
        let system = self.pseudonyms.protect(system.into());
        key(&system, &value)
    }

    /// `system|code`, protected and encoded.
    pub(crate) fn code_key(&self, system: &str, code: Cow<'_, str>) -> String {
        let system = code_system(system);
        let is_listed = !self.listed_codes.is_empty() && self.listed_codes.contains(&format!("{}|{code}", short_system(system)));
        let code = if is_listed { code } else { self.pseudonyms.protect_code(system, code) };
        let system = self.pseudonyms.protect(system.into());
        key(&system, &code)
    }

    /// Whether a code `system|code` is listed as one of an encounter that is no contact.
    pub(crate) fn is_no_contact(&self, code: &str) -> bool {
        let alone = || code.split_once('|').map_or(code, |(_, code)| code);
        !self.no_contact.is_empty() && (self.no_contact.contains(&*plain_code(code)) || self.no_contact.contains(alone()))
    }

    /// The configured role of a code.
    pub(crate) fn role_of(&self, system: &str, code: &str) -> Option<&str> {
        if self.roles.is_empty() {
            return None;
        }
        let with_system = self.roles.get(&*plain_code(&format!("{system}|{code}")));
        with_system.or_else(|| self.roles.get(code)).map(String::as_str)
    }

    /// The code of a question or an answer. Free text is refused, so it never enters the log.
    pub(crate) fn coded_word<'a>(&self, field: Field, value: &Scalar<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
        let sent = unprotected(field, value, TEXT_BYTES)?;
        match sent.map(|word| if self.listed_codes.contains(&*word) { word } else { self.pseudonyms.protect(word) }) {
            Some(word) if word.contains(char::is_whitespace) => {
                Err(Fault::malformed(field, &word, "codes such as yes_definitely; free text is not accepted"))
            }
            word => Ok(word),
        }
    }
}

/// A code with the system as it is compared: without scheme, trailing slash and capitals. A code without a system stays.
fn plain_code(code: &str) -> Cow<'_, str> {
    match code.trim().split_once('|') {
        Some((system, code)) if !system.is_empty() => Cow::Owned(format!("{}|{code}", short_system(system))),
        Some((_, code)) => Cow::Borrowed(code),
        None => Cow::Borrowed(code.trim()),
    }
}

/// Feeds by name: the declared ones, and those that events have named.
#[derive(Debug)]
pub(crate) struct Feeds {
    declared: FastMap<String, Arc<Feed>>,
    zone: Zone,
    met: RwLock<FastMap<String, Arc<Feed>>>,
    /// Feeds without a versioning in the configuration, as their first event fixed them.
    fixed: RwLock<FastMap<String, Arc<Feed>>>,
}

/// The number of undeclared feeds to remember. The name of a further feed is checked for every event.
const REMEMBERED: usize = 10_000;

impl Feeds {
    /// The feed with this protected name.
    pub(crate) fn named(&self, name: &str) -> Arc<Feed> {
        self.fixed(self.configured(name))
    }

    fn configured(&self, name: &str) -> Arc<Feed> {
        let undeclared = || Arc::new(Feed::open(name, self.zone.clone()));
        self.declared.get(name).cloned().unwrap_or_else(undeclared)
    }

    /// The feed with the versioning that its first event fixed; the feed as it is without one.
    fn fixed(&self, feed: Arc<Feed>) -> Arc<Feed> {
        if !feed.is_open() {
            return feed;
        }
        let fixed = self.fixed.read().unwrap_or_else(PoisonError::into_inner);
        fixed.get(&*feed.name).cloned().unwrap_or(feed)
    }

    /// Fixes the versioning of a feed, unless the configuration or an earlier call does.
    pub(crate) fn fix(&self, name: &str, versioning: Versioning) {
        let feed = self.configured(name);
        if !feed.is_open() {
            return;
        }
        let observed = Feed { versioning, versioning_origin: VersioningOrigin::Observed, ..Feed::clone(&feed) };
        self.fixed.write().unwrap_or_else(PoisonError::into_inner).entry(name.to_owned()).or_insert_with(|| Arc::new(observed));
        self.met.write().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// A feed that was remembered under this name, exactly as sent.
    pub(crate) fn met(&self, sent: &str) -> Option<Arc<Feed>> {
        // A poisoned lock still holds complete entries: each is inserted in one step.
        self.met.read().unwrap_or_else(PoisonError::into_inner).get(sent).cloned()
    }

    /// Remembers the feed of a name that protection leaves as it was sent.
    pub(crate) fn remember(&self, sent: &str, feed: &Arc<Feed>) {
        let mut met = self.met.write().unwrap_or_else(PoisonError::into_inner);
        if met.len() < REMEMBERED {
            met.insert(sent.to_owned(), feed.clone());
        }
    }
}
