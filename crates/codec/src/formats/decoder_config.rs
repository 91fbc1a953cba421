//! The configuration of a decoder, and the context of each record.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use scorecard::event::{Answer, Category};
use scorecard::fold::fast_map::FastMap;
use scorecard::record::item::Feed;
use scorecard::record::log_record::Position;
use scorecard::time::calendar::{Timestamp, Zone};

use crate::avro::contract::Contract;
use crate::fault::{Fault, Field};
use crate::identity::keys::Keys;
use crate::identity::pseudonym::Pseudonyms;
use crate::identity::systems::{CodeMap, IdentifierSystems, PREFERENCE, code_system, is_appliance, key};
use crate::json::object::Scalar;
use crate::json::text::{TEXT_BYTES, text};

/// How a questionnaire's answers are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionnaireMap {
    /// `linkId`s of the Friends and Family question.
    pub friends_and_family: Vec<String>,
    /// Further questions by `linkId`. A question in neither list never enters the log.
    pub questions: BTreeMap<String, String>,
    /// Further codes and texts that mean a Friends and Family answer. The answers' own names and titles are known.
    pub answers: BTreeMap<String, Answer>,
}

impl Default for QuestionnaireMap {
    fn default() -> QuestionnaireMap {
        let links = ["fft", "friends-and-family", "answer"];
        QuestionnaireMap {
            friends_and_family: links.map(str::to_owned).into(),
            questions: BTreeMap::new(),
            answers: BTreeMap::new(),
        }
    }
}

/// The configuration of a decoder.
#[derive(Clone, Debug)]
pub struct DecoderConfig {
    /// The keys of pseudonyms and hashes.
    pub keys: Keys,
    /// The declared feeds by name; all others are [`Feed::undeclared`], in `zone`.
    pub feeds: BTreeMap<String, Arc<Feed>>,
    /// The zone of feeds that are not declared.
    pub zone: Zone,
    /// Drug codes of other systems as BNF codes.
    pub drug_codes: CodeMap,
    /// Further identifier systems: URI and short name.
    pub identifier_systems: BTreeMap<String, String>,
    /// The identifier systems that name a person, best first, by short name.
    pub identifier_preference: Vec<String>,
    /// How questionnaires are read.
    pub questionnaires: QuestionnaireMap,
    /// Ids that a schema registry gave to the schemas of the input contract, in addition to [`Contract::id`].
    pub contract_ids: BTreeMap<u32, Contract>,
    /// Categories of orders by code, in addition to those that are recognised.
    pub order_categories: BTreeMap<String, Category>,
}

impl Default for DecoderConfig {
    /// The published keys, nothing declared, nothing mapped.
    fn default() -> DecoderConfig {
        DecoderConfig {
            keys: Keys::fixed(),
            feeds: BTreeMap::new(),
            zone: Zone::london(),
            drug_codes: CodeMap::default(),
            identifier_systems: BTreeMap::new(),
            identifier_preference: PREFERENCE.map(str::to_owned).into(),
            questionnaires: QuestionnaireMap::default(),
            contract_ids: BTreeMap::new(),
            order_categories: BTreeMap::new(),
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
    pub(crate) drug_codes: CodeMap,
    pub(crate) systems: IdentifierSystems,
    pub(crate) preference: Vec<String>,
    pub(crate) questionnaires: QuestionnaireMap,
    pub(crate) contract_ids: BTreeMap<u32, Contract>,
    pub(crate) order_categories: BTreeMap<String, Category>,
}

impl Rules {
    pub(crate) fn new(config: DecoderConfig) -> Rules {
        Rules {
            pseudonyms: Pseudonyms::new(&config.keys),
            feeds: Feeds { declared: config.feeds.into_iter().collect(), zone: config.zone, met: RwLock::default() },
            drug_codes: config.drug_codes,
            systems: IdentifierSystems::with(&config.identifier_systems),
            preference: config.identifier_preference,
            questionnaires: config.questionnaires,
            contract_ids: config.contract_ids,
            order_categories: config.order_categories,
        }
    }
}

impl Rules {
    /// The feed of the source. A folder that is named after a patient gives its feed the hash of that name.
    pub(crate) fn feed_of(&self, context: &Context<'_>) -> Option<Arc<Feed>> {
        let feed = context.feed.as_ref()?;
        match self.pseudonyms.protect(Cow::Borrowed(&*feed.name)) {
            Cow::Borrowed(_) => Some(feed.clone()),
            Cow::Owned(name) => Some(Arc::new(Feed { name: name.into(), ..Feed::clone(feed) })),
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
        let code = self.pseudonyms.protect_code(system, code);
        let system = self.pseudonyms.protect(system.into());
        key(&system, &code)
    }

    /// This BNF code, unless it contains an NHS number; no map knows such a code.
    ///
    /// The eleven digits of an appliance pass, although ten in a row have a valid check digit in one code of six.
    pub(crate) fn bnf<'a>(&self, code: Cow<'a, str>) -> Option<Cow<'a, str>> {
        (is_appliance(&code) || !self.pseudonyms.must_hide(&code)).then_some(code)
    }

    /// The code of a question or an answer. Free text is refused, so it never enters the log.
    pub(crate) fn coded_word<'a>(&self, field: Field, value: &Scalar<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
        match text(field, value, TEXT_BYTES, &self.pseudonyms)? {
            Some(word) if word.contains(char::is_whitespace) => {
                Err(Fault::malformed(field, &word, "codes such as yes_definitely; free text is not accepted"))
            }
            word => Ok(word),
        }
    }
}

/// Feeds by name: the declared ones, and those that events have named.
#[derive(Debug)]
pub(crate) struct Feeds {
    declared: FastMap<String, Arc<Feed>>,
    zone: Zone,
    met: RwLock<FastMap<String, Arc<Feed>>>,
}

/// The number of undeclared feeds to remember. The name of a further feed is checked for every event.
const REMEMBERED: usize = 10_000;

impl Feeds {
    /// The feed with this protected name.
    pub(crate) fn named(&self, name: &str) -> Arc<Feed> {
        let undeclared = || Arc::new(Feed { zone: self.zone.clone(), ..Feed::undeclared(name) });
        self.declared.get(name).cloned().unwrap_or_else(undeclared)
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
