//! What a decoder knows beforehand, and what comes with each record.

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
    /// Further questions by `linkId`. Questions that stand in neither list never enter the log.
    pub questions: BTreeMap<String, String>,
    /// Codes and texts that stand for a Friends and Family answer, besides the answers' own names and titles.
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

/// What a decoder knows beforehand.
#[derive(Clone, Debug)]
pub struct DecoderConfig {
    /// The keys of pseudonyms and hashes.
    pub keys: Keys,
    /// The declared feeds by name; all others are [`Feed::undeclared`], in `zone`.
    pub feeds: BTreeMap<String, Arc<Feed>>,
    /// The zone of feeds that nobody declared.
    pub zone: Zone,
    /// Drug codes of other systems as BNF codes.
    pub drug_codes: CodeMap,
    /// Further identifier systems: URI and short name.
    pub identifier_systems: BTreeMap<String, String>,
    /// Which identifier names a person, best first, by short name.
    pub identifier_preference: Vec<String>,
    /// How questionnaires are read.
    pub questionnaires: QuestionnaireMap,
    /// Ids that a schema registry gave to the schemas of the input contract, besides [`Contract::id`].
    pub contract_ids: BTreeMap<u32, Contract>,
    /// Categories of orders by code, besides those that are recognised.
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

/// What comes with each record.
#[derive(Clone, Debug)]
pub struct Context<'c> {
    /// Where the record stands; elements of lists and Bundles get an index of their own.
    pub position: &'c Position,
    /// The feed of FHIR resources, and of native events that name none. Without it such are rejects.
    pub feed: Option<Arc<Feed>>,
    /// When the record came in: the version in feeds that are versioned by arrival.
    pub received_at: Timestamp,
    /// The present.
    pub now: Timestamp,
}

/// So far ahead a clock may be before a time is called the future.
const SKEW_SECONDS: i64 = 300;

impl Context<'_> {
    /// Whether an instant lies in the future, a clock's skew of five minutes allowed.
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
    /// The source's own feed. A folder that is named after a patient gives its feed the hash of that name.
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

    /// This BNF code, if it may go on. One that holds an NHS number is none that a map knows; an appliance's eleven digits are none,
    /// though ten in a row have the check digit in one of six.
    pub(crate) fn bnf<'a>(&self, code: Cow<'a, str>) -> Option<Cow<'a, str>> {
        (is_appliance(&code) || !self.pseudonyms.must_hide(&code)).then_some(code)
    }

    /// A question's or an answer's code. Free text is no code: it never enters the log.
    pub(crate) fn coded_word<'a>(&self, field: Field, value: &Scalar<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
        match text(field, value, TEXT_BYTES, &self.pseudonyms)? {
            Some(word) if word.contains(char::is_whitespace) => {
                Err(Fault::malformed(field, &word, "codes such as yes_definitely; free text is not taken"))
            }
            word => Ok(word),
        }
    }
}

/// Feeds by name: the declared ones, and those that were met.
#[derive(Debug)]
pub(crate) struct Feeds {
    declared: FastMap<String, Arc<Feed>>,
    zone: Zone,
    met: RwLock<FastMap<String, Arc<Feed>>>,
}

/// So many feeds are remembered once they were met; further ones are looked at anew each time.
const REMEMBERED: usize = 10_000;

impl Feeds {
    /// The feed of a name that may go on.
    pub(crate) fn named(&self, name: &str) -> Arc<Feed> {
        let undeclared = || Arc::new(Feed { zone: self.zone.clone(), ..Feed::undeclared(name) });
        self.declared.get(name).cloned().unwrap_or_else(undeclared)
    }

    /// A feed that was remembered under this name, just as it was sent.
    pub(crate) fn met(&self, sent: &str) -> Option<Arc<Feed>> {
        // A poisoned lock still holds whole entries: each is inserted in one step.
        self.met.read().unwrap_or_else(PoisonError::into_inner).get(sent).cloned()
    }

    /// Remembers the feed of a name that goes on just as it was sent.
    pub(crate) fn remember(&self, sent: &str, feed: &Arc<Feed>) {
        let mut met = self.met.write().unwrap_or_else(PoisonError::into_inner);
        if met.len() < REMEMBERED {
            met.insert(sent.to_owned(), feed.clone());
        }
    }
}
