//! Between the ids of our own range, which `codec` writes and reads, and those that a schema registry gave: outgoing frames get the
//! registry's id in the place of ours, incoming ones are opened by what their id stands for.
//!
//! Ids of our own range stay readable, so a registry can be added to a log that began without one.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use codec::avro::encoding::{FIRST_ID, Form, decode_datum, unframed};
use codec::avro::known_schema::KnownSchema;
use scorecard::record::log_record::Record;
use stream::log::Topic;
use tracing::{info, warn};

use crate::kafka::registry_address::RegistryAddress;
use crate::kafka::schema_registry::registry_client::{Lookup, Meaning, RegistryClient, Verdict};
use crate::kafka::schema_registry::registry_error::RegistryError;
use crate::kafka::schema_registry::registry_file::{RegistryFile, RegistrySnapshot};
use crate::kafka::schema_registry::schema_ids::{SchemaIds, UnknownId, UnknownIds};
use crate::kafka::schema_registry::subjects::{SchemaSubject, TopicAudience, subjects};
use crate::process::shutdown_signal::ShutdownSignal;

/// After a question that failed none is asked for so long: readers that wait for an id try again all the time.
const PAUSE: Duration = Duration::from_secs(1);

/// Nor for so many times as long as the failure took: who has other things to do shall not spend the time on a registry that hangs.
const REST: u32 = 4;

/// Ids beyond it are none of a registry's: they are Java's positive ints. Garbage that looks like a frame mostly ends here.
const LAST_ID: u32 = 0x7FFF_FFFF;

/// What public subjects promise, unless their registry says otherwise already.
const PUBLIC_LEVEL: &str = "FULL_TRANSITIVE";

/// What a [`SchemaRegistry`] needs to know.
#[derive(Clone, Debug)]
pub struct RegistrySettings {
    /// Where it is.
    pub address: RegistryAddress,
    /// What the topics begin with.
    pub prefix: String,
    /// The folder of the file that remembers the ids.
    pub folder: PathBuf,
    /// So long a start waits for a registry that does not answer, when the ids are not all known.
    pub patience: Duration,
    /// Ends that waiting.
    pub stopping: ShutdownSignal,
}

/// The ids of a schema registry. Shared by all threads; nobody waits who meets known ids only.
#[derive(Debug)]
pub struct SchemaRegistry {
    client: RegistryClient,
    file: RegistryFile,
    /// By topic and form, what stands in outgoing frames; 0 where there is none. Never changes after the start.
    outgoing: [[u32; FORMS]; TOPICS],
    /// The id of each subject's schema, as the file remembers it.
    subjects: Vec<(String, u32)>,
    incoming: SchemaIds,
    asking: Mutex<LookupState>,
    answered: AtomicU64,
    failed: AtomicU64,
}

const FORMS: usize = Form::ALL.len();
const TOPICS: usize = Topic::ALL.len();

/// What whoever asks has to know; held while a question is under way, so that each is asked once.
#[derive(Debug, Default)]
struct LookupState {
    strangers: UnknownIds,
    /// The last failure, if nothing was answered since, and until when it stands for the answer.
    failed: Option<(Instant, RegistryError)>,
}

/// What was asked of a registry since the start, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegistryCounts {
    /// Questions for an unknown id that were answered.
    pub answered: u64,
    /// Those that were not: the registry cannot be asked, or refuses.
    pub failed: u64,
}

/// What the id of an incoming frame stands for.
enum FrameSchema {
    Known(KnownSchema),
    Stranger(UnknownId),
}

impl SchemaRegistry {
    /// Finds or registers the schema of every kind of record of every topic. With a registry that does not answer it goes on with
    /// the ids that the file remembers, and waits for an answer where they are not all there.
    ///
    /// # Errors
    /// Every variant of [`RegistryError`]; [`RegistryError::Unreachable`] after the patience of the settings.
    pub fn start(settings: &RegistrySettings) -> Result<SchemaRegistry, RegistryError> {
        let mut registry = SchemaRegistry::reading(settings);
        let subjects = subjects(&settings.prefix);
        let ids = ids_of(&registry.client, &subjects, &registry.subjects, settings)?;
        for (subject, id) in subjects.iter().zip(&ids) {
            let known = KnownSchema::Record(subject.form);
            registry.incoming.insert(*id, known);
            check_meaning(&registry.incoming, *id, known)?;
            registry.outgoing[topic_index(subject.topic)][form_index(subject.form)] = *id;
        }
        registry.subjects = subjects.into_iter().map(|subject| subject.name).zip(ids).collect();
        registry.remember();
        Ok(registry)
    }

    /// For who only reads: nothing is registered, and nothing asked before an id is met that the file does not remember.
    #[must_use]
    pub fn reading(settings: &RegistrySettings) -> SchemaRegistry {
        let client = RegistryClient::new(settings.address.clone());
        let file = RegistryFile::new(&settings.folder, client.base());
        let RegistrySnapshot { subjects, ids } = file.read();
        let incoming = SchemaIds::default();
        for (id, known) in ids {
            incoming.insert(id, known);
        }
        SchemaRegistry {
            client,
            file,
            outgoing: [[0; FORMS]; TOPICS],
            subjects,
            incoming,
            asking: Mutex::default(),
            answered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    /// Puts the registry's id into a frame that `codec` wrote for a topic.
    pub fn outgoing(&self, topic: Topic, frame: &mut [u8]) {
        let Some((&mut [_, ref mut a, ref mut b, ref mut c, ref mut d], _)) = frame.split_first_chunk_mut() else { return };
        let ours = u32::from_be_bytes([*a, *b, *c, *d]);
        let place = ours.checked_sub(FIRST_ID + 1).and_then(|place| usize::try_from(place).ok());
        // A kind that the topic's subjects do not list keeps our id, which every version opens.
        if let Some(&id) = place.and_then(|place| self.outgoing[topic_index(topic)].get(place)).filter(|id| **id != 0) {
            [*a, *b, *c, *d] = id.to_be_bytes();
        }
    }

    /// Opens a record of Plumbline's own topics. What does not open is [`Record::Undecodable`] and says why.
    ///
    /// # Errors
    /// When its id is not known and the registry does not say: the record has to be read again later. [`RegistryError::is_passing`]
    /// tells an outage from what an operator has to mend.
    pub fn decode<'b>(&self, bytes: &'b [u8]) -> Result<Record<'b>, RegistryError> {
        let (id, datum) = match unframed(bytes) {
            Ok(frame) => frame,
            Err(why) => return Ok(Record::Undecodable(why)),
        };
        Ok(match self.meaning(id)? {
            FrameSchema::Known(known) => decode_datum(known.id(), datum),
            FrameSchema::Stranger(why) => Record::Undecodable(format!("schema id {id} {}", said(why))),
        })
    }

    /// A raw record of an input topic with the contract's own id in its frame, if it is a frame and its id stands for a schema of
    /// the input contract; else as it is, and the decoder says what is wrong with it.
    ///
    /// # Errors
    /// As [`SchemaRegistry::decode`].
    pub fn input<'b>(&self, bytes: &'b [u8]) -> Result<Cow<'b, [u8]>, RegistryError> {
        let is_frame = matches!(bytes, [0, next, _, _, _, ..] if !matches!(next, b'{' | b'['));
        let Some((id, _)) = unframed(bytes).ok().filter(|_| is_frame) else { return Ok(Cow::Borrowed(bytes)) };
        match self.meaning(id)? {
            FrameSchema::Known(known) if known.id() != id => {
                let mut translated = bytes.to_vec();
                translated[1..5].copy_from_slice(&known.id().to_be_bytes());
                Ok(Cow::Owned(translated))
            }
            FrameSchema::Known(_) | FrameSchema::Stranger(_) => Ok(Cow::Borrowed(bytes)),
        }
    }

    /// What was asked since the start.
    #[must_use]
    pub fn counts(&self) -> RegistryCounts {
        RegistryCounts { answered: self.answered.load(Ordering::Relaxed), failed: self.failed.load(Ordering::Relaxed) }
    }

    fn meaning(&self, id: u32) -> Result<FrameSchema, RegistryError> {
        let ours = self.incoming.get(id).unwrap_or(id);
        match KnownSchema::of_id(ours) {
            Some(known) => Ok(FrameSchema::Known(known)),
            None if id == 0 || id > LAST_ID => Ok(FrameSchema::Stranger(UnknownId::Absent)),
            None => self.asked(id),
        }
    }

    /// Asks the registry for an id, once: whoever meets it meanwhile waits for the same answer.
    fn asked(&self, id: u32) -> Result<FrameSchema, RegistryError> {
        let mut asking = self.asking();
        if let Some(known) = self.incoming.get(id).and_then(KnownSchema::of_id) {
            return Ok(FrameSchema::Known(known));
        }
        let now = Instant::now();
        if let Some(why) = asking.strangers.get(id, now) {
            return Ok(FrameSchema::Stranger(why));
        }
        match &asking.failed {
            Some((until, error)) if now < *until => return Err(error.clone()),
            _ => {}
        }
        let answer = self.client.schema(id);
        match (&answer, asking.failed.take()) {
            (Ok(_), Some(_)) => info!("schema registry answers again"),
            (Err(error), None) => warn!(%error, id, "schema id unknown, its records wait"),
            _ => {}
        }
        let meaning = answer.inspect_err(|error| {
            self.failed.fetch_add(1, Ordering::Relaxed);
            asking.failed = Some((Instant::now() + PAUSE.max(now.elapsed() * REST), error.clone()));
        })?;
        self.answered.fetch_add(1, Ordering::Relaxed);
        Ok(self.learned(id, &meaning, &mut asking))
    }

    fn learned(&self, id: u32, meaning: &Meaning, asking: &mut LookupState) -> FrameSchema {
        let found = match meaning {
            Meaning::Avro(text) => KnownSchema::of_text(text).ok_or(UnknownId::OtherSchema),
            Meaning::NotAvro => Err(UnknownId::OtherSchema),
            Meaning::Nothing => Err(UnknownId::Absent),
        };
        match found {
            Ok(known) => {
                self.incoming.insert(id, known);
                self.remember();
                info!(id, schema = known.record_name(), "schema id learned");
                FrameSchema::Known(known)
            }
            Err(why) => {
                asking.strangers.insert(id, why, Instant::now());
                warn!(id, why = said(why), "schema id is none of ours");
                FrameSchema::Stranger(why)
            }
        }
    }

    fn remember(&self) {
        self.file.write(&RegistrySnapshot { subjects: self.subjects.clone(), ids: self.incoming.entries().collect() });
    }

    fn asking(&self) -> MutexGuard<'_, LookupState> {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a record with a stranger's id does not open.
fn said(why: UnknownId) -> &'static str {
    match why {
        UnknownId::OtherSchema => {
            "stands for a schema in the registry that this version does not know; a newer one may have written it"
        }
        UnknownId::Absent => "is none of the registry's; whoever wrote it has to register its schema there",
    }
}

/// The id of each subject's schema: from the registry, or, while it does not answer, from the file where that knows all of them.
fn ids_of(
    client: &RegistryClient,
    subjects: &[SchemaSubject],
    before: &[(String, u32)],
    settings: &RegistrySettings,
) -> Result<Vec<u32>, RegistryError> {
    let patience = settings.patience;
    let began = Instant::now();
    let mut told = false;
    loop {
        let error = match subjects.iter().map(|subject| registered(client, subject)).collect() {
            Ok(ids) => return Ok(ids),
            Err(error) => error,
        };
        let error: RegistryError = error;
        if !error.is_passing() {
            return Err(error);
        }
        let remembered = |subject: &SchemaSubject| before.iter().find(|(name, _)| *name == subject.name).map(|(_, id)| *id);
        if let Some(ids) = subjects.iter().map(remembered).collect() {
            warn!(%error, "schema registry does not answer; its ids are known from before");
            return Ok(ids);
        }
        if began.elapsed() >= patience || settings.stopping.wait(PAUSE.min(patience)) {
            return Err(error);
        }
        if !told {
            warn!(%error, patience_seconds = patience.as_secs(), "schema registry does not answer; waiting for it");
            told = true;
        }
    }
}

/// The id of a subject's schema, which is registered if it is not yet: after a check, for it may have to be right the first time.
fn registered(client: &RegistryClient, subject: &SchemaSubject) -> Result<u32, RegistryError> {
    let schema = subject.form.schema();
    let incompatible = |said| RegistryError::Incompatible {
        subject: subject.name.clone(),
        record: KnownSchema::Record(subject.form).record_name(),
        said,
    };
    // Where it is registered already nothing is written: credentials that may only read are enough.
    let is_new = match client.lookup(&subject.name, schema)? {
        Lookup::Found(id) => return Ok(id),
        Lookup::OtherSchemas => false,
        Lookup::NoSubject => true,
    };
    if let Verdict::Incompatible(said) = client.verdict(&subject.name, schema)? {
        return Err(incompatible(said));
    }
    // Before the first version, so that no crash leaves a public subject without its promise.
    if is_new && subject.audience == TopicAudience::Public {
        client.set_level(&subject.name, PUBLIC_LEVEL)?;
    }
    let id = client.register(&subject.name, schema)?.map_err(incompatible)?;
    info!(subject = subject.name, id, "schema registered");
    Ok(id)
}

/// An id that stands for another schema than before means that old records would be read as what they are not.
fn check_meaning(incoming: &SchemaIds, id: u32, now: KnownSchema) -> Result<(), RegistryError> {
    match incoming.get(id).and_then(KnownSchema::of_id) {
        Some(before) if before != now => Err(RegistryError::Rebuilt { id, before: before.record_name(), now: now.record_name() }),
        _ => Ok(()),
    }
}

fn topic_index(topic: Topic) -> usize {
    Topic::ALL.iter().position(|listed| *listed == topic).expect("all topics are listed")
}

fn form_index(form: Form) -> usize {
    Form::ALL.iter().position(|listed| *listed == form).expect("all forms are listed")
}
