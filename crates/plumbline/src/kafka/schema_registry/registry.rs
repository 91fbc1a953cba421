//! Translates between schema ids: `codec` writes and reads ids of Plumbline's own range, topics hold the registry's ids.
//!
//! Ids of Plumbline's own range stay readable, so a registry can be added to a log that began without one.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use codec::avro::encoding::{Form, decode_datum, unframed};
use codec::avro::known_schema::KnownSchema;
use scorecard::record::log_record::Record;
use stream::log::Topic;
use tracing::{info, warn};

use crate::kafka::registry_address::RegistryAddress;
use crate::kafka::schema_registry::registry_client::{Lookup, RegisteredSchema, RegistryClient, Verdict};
use crate::kafka::schema_registry::registry_error::RegistryError;
use crate::kafka::schema_registry::registry_file::{RegistryFile, RegistrySnapshot};
use crate::kafka::schema_registry::schema_ids::{SchemaIds, UnknownId, UnknownIds};
use crate::kafka::schema_registry::subjects::{SchemaSubject, TopicAudience, subjects};
use crate::process::limits::{REGISTRY_RETRY_FACTOR, REGISTRY_RETRY_PAUSE};
use crate::process::shutdown_signal::ShutdownSignal;

/// The largest id of a registry: a positive Java int. Most garbage that looks like a frame has a larger one.
const LAST_ID: u32 = 0x7FFF_FFFF;

/// The compatibility level of new public subjects.
const PUBLIC_LEVEL: &str = "FULL_TRANSITIVE";

/// The configuration of a [`SchemaRegistry`].
#[derive(Clone, Debug)]
pub struct RegistrySettings {
    /// Address of the registry.
    pub address: RegistryAddress,
    /// Prefix of the topics.
    pub prefix: String,
    /// The folder of [`RegistryFile`], which caches the ids.
    pub folder: PathBuf,
    /// Longest wait of a start for the registry when the cache lacks an id.
    pub patience: Duration,
    /// Ends that wait.
    pub stopping: ShutdownSignal,
}

/// The ids of a schema registry, shared by all threads. A known id takes no lock.
#[derive(Debug)]
pub struct SchemaRegistry {
    client: RegistryClient,
    file: RegistryFile,
    /// By topic and form, the id of outgoing frames; 0 where there is none. Constant after the start.
    outgoing: [[u32; FORMS]; TOPICS],
    /// The id of each subject's schema, from the file or the registry.
    subjects: Vec<(String, u32)>,
    incoming: SchemaIds,
    lookups: Mutex<LookupState>,
    answered: AtomicU64,
    failed: AtomicU64,
}

const FORMS: usize = Form::ALL.len();
const TOPICS: usize = Topic::ALL.len();

/// The results of lookups. A thread holds the lock during a request, so each id is asked for once.
#[derive(Debug, Default)]
struct LookupState {
    unknown: UnknownIds,
    /// The last failure without a later success, and the time until which it answers every lookup.
    failed: Option<(Instant, RegistryError)>,
}

/// Lookups of unknown ids since the start, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegistryCounts {
    /// Answered lookups.
    pub answered: u64,
    /// Failed lookups.
    pub failed: u64,
}

/// The schema of an incoming frame.
enum FrameSchema {
    Known(KnownSchema),
    Unknown(UnknownId),
}

impl SchemaRegistry {
    /// Finds or registers the schema of every kind of record of every topic. If the registry does not answer, the cached ids
    /// suffice; if one is missing, the start waits.
    ///
    /// # Errors
    /// [`RegistryError`]. One that [passes](RegistryError::is_passing) ends the start after `patience`.
    pub fn start(settings: &RegistrySettings) -> Result<SchemaRegistry, RegistryError> {
        let mut registry = SchemaRegistry::reading(settings);
        let subjects = subjects(&settings.prefix);
        let ids = ids_of(&registry.client, &subjects, &registry.subjects, settings)?;
        for (subject, id) in subjects.iter().zip(&ids) {
            let known = KnownSchema::Record(subject.form);
            registry.incoming.insert(*id, known);
            check_unchanged(&registry.incoming, *id, known)?;
            registry.outgoing[topic_index(subject.topic)][form_index(subject.form)] = *id;
        }
        registry.subjects = subjects.into_iter().map(|subject| subject.name).zip(ids).collect();
        registry.save();
        Ok(registry)
    }

    /// For commands that only read: it registers nothing, and asks only for ids that the file lacks.
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
            lookups: Mutex::default(),
            answered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    /// Writes the registry's id into a frame that `codec` wrote for a topic.
    pub fn outgoing(&self, topic: Topic, frame: &mut [u8]) {
        let Some((&mut [_, ref mut a, ref mut b, ref mut c, ref mut d], _)) = frame.split_first_chunk_mut() else { return };
        let ours = u32::from_be_bytes([*a, *b, *c, *d]);
        let form = Form::ALL.iter().position(|form| form.id() == ours);
        // A kind without a subject keeps Plumbline's id, which every version reads.
        if let Some(&id) = form.and_then(|form| self.outgoing[topic_index(topic)].get(form)).filter(|id| **id != 0) {
            [*a, *b, *c, *d] = id.to_be_bytes();
        }
    }

    /// Decodes a record of Plumbline's own topics. A record that cannot be decoded is [`Record::Undecodable`] with the reason.
    ///
    /// # Errors
    /// [`RegistryError`] when the registry does not resolve an unknown id; read the record again later.
    /// [`RegistryError::is_passing`] distinguishes an outage from an operator's mistake.
    pub fn decode<'b>(&self, bytes: &'b [u8]) -> Result<Record<'b>, RegistryError> {
        let (id, datum) = match unframed(bytes) {
            Ok(frame) => frame,
            Err(why) => return Ok(Record::Undecodable(why)),
        };
        Ok(match self.frame_schema(id)? {
            FrameSchema::Known(known) => decode_datum(known.id(), datum),
            FrameSchema::Unknown(why) => Record::Undecodable(format!("schema id {id} {}", reason(why))),
        })
    }

    /// A raw record of an input topic. If it is a frame with a schema of the input contract, its id becomes the contract's own id.
    /// Other bytes stay unchanged, and the decoder rejects them.
    ///
    /// # Errors
    /// As [`SchemaRegistry::decode`].
    pub fn input<'b>(&self, bytes: &'b [u8]) -> Result<Cow<'b, [u8]>, RegistryError> {
        let is_frame = matches!(bytes, [0, next, _, _, _, ..] if !matches!(next, b'{' | b'['));
        let Some((id, _)) = unframed(bytes).ok().filter(|_| is_frame) else { return Ok(Cow::Borrowed(bytes)) };
        match self.frame_schema(id)? {
            FrameSchema::Known(known) if known.id() != id => {
                let mut translated = bytes.to_vec();
                translated[1..5].copy_from_slice(&known.id().to_be_bytes());
                Ok(Cow::Owned(translated))
            }
            FrameSchema::Known(_) | FrameSchema::Unknown(_) => Ok(Cow::Borrowed(bytes)),
        }
    }

    /// Lookups since the start.
    #[must_use]
    pub fn counts(&self) -> RegistryCounts {
        RegistryCounts { answered: self.answered.load(Ordering::Relaxed), failed: self.failed.load(Ordering::Relaxed) }
    }

    fn frame_schema(&self, id: u32) -> Result<FrameSchema, RegistryError> {
        let ours = self.incoming.get(id).unwrap_or(id);
        match KnownSchema::of_id(ours) {
            Some(known) => Ok(FrameSchema::Known(known)),
            None if id == 0 || id > LAST_ID => Ok(FrameSchema::Unknown(UnknownId::Absent)),
            None => self.lookup(id),
        }
    }

    /// Asks the registry for an id, once: other threads with the same id wait for the answer.
    fn lookup(&self, id: u32) -> Result<FrameSchema, RegistryError> {
        let mut lookups = self.lookups();
        if let Some(known) = self.incoming.get(id).and_then(KnownSchema::of_id) {
            return Ok(FrameSchema::Known(known));
        }
        let now = Instant::now();
        if let Some(why) = lookups.unknown.get(id, now) {
            return Ok(FrameSchema::Unknown(why));
        }
        match &lookups.failed {
            Some((until, error)) if now < *until => return Err(error.clone()),
            _ => {}
        }
        let answer = self.client.schema(id);
        match (&answer, lookups.failed.take()) {
            (Ok(_), Some(_)) => info!("schema registry answers again"),
            (Err(error), None) => warn!(%error, id, "schema id unknown, its records wait"),
            _ => {}
        }
        let schema = answer.inspect_err(|error| {
            self.failed.fetch_add(1, Ordering::Relaxed);
            lookups.failed =
                Some((Instant::now() + REGISTRY_RETRY_PAUSE.max(now.elapsed() * REGISTRY_RETRY_FACTOR), error.clone()));
        })?;
        self.answered.fetch_add(1, Ordering::Relaxed);
        Ok(self.learn(id, &schema, &mut lookups))
    }

    fn learn(&self, id: u32, schema: &RegisteredSchema, lookups: &mut LookupState) -> FrameSchema {
        let found = match schema {
            RegisteredSchema::Avro(text) => KnownSchema::of_text(text).ok_or(UnknownId::OtherSchema),
            RegisteredSchema::NotAvro => Err(UnknownId::OtherSchema),
            RegisteredSchema::Absent => Err(UnknownId::Absent),
        };
        match found {
            Ok(known) => {
                self.incoming.insert(id, known);
                self.save();
                info!(id, schema = known.record_name(), "schema id learned");
                FrameSchema::Known(known)
            }
            Err(why) => {
                lookups.unknown.insert(id, why, Instant::now());
                warn!(id, why = reason(why), "schema id is not Plumbline's");
                FrameSchema::Unknown(why)
            }
        }
    }

    fn save(&self) {
        self.file.write(&RegistrySnapshot { subjects: self.subjects.clone(), ids: self.incoming.entries().collect() });
    }

    fn lookups(&self) -> MutexGuard<'_, LookupState> {
        self.lookups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a record with an unknown id cannot be decoded.
fn reason(why: UnknownId) -> &'static str {
    match why {
        UnknownId::OtherSchema => {
            "names a schema of the registry that this version does not know; a newer version may have written it"
        }
        UnknownId::Absent => "is none of the registry's; register the schema of its producer there",
    }
}

/// The id of each subject's schema: from the registry, or from the cache if the registry does not answer.
fn ids_of(
    client: &RegistryClient,
    subjects: &[SchemaSubject],
    cached: &[(String, u32)],
    settings: &RegistrySettings,
) -> Result<Vec<u32>, RegistryError> {
    let patience = settings.patience;
    let begun = Instant::now();
    let mut is_logged = false;
    loop {
        let ids: Result<Vec<u32>, RegistryError> = subjects.iter().map(|subject| registered(client, subject)).collect();
        let Err(error) = ids else { return ids };
        if !error.is_passing() {
            return Err(error);
        }
        let cached_id = |subject: &SchemaSubject| cached.iter().find(|(name, _)| *name == subject.name).map(|(_, id)| *id);
        if let Some(ids) = subjects.iter().map(cached_id).collect() {
            warn!(%error, "schema registry does not answer, using cached ids");
            return Ok(ids);
        }
        if begun.elapsed() >= patience || settings.stopping.wait(REGISTRY_RETRY_PAUSE.min(patience)) {
            return Err(error);
        }
        if !is_logged {
            warn!(%error, patience_seconds = patience.as_secs(), "schema registry does not answer, waiting");
            is_logged = true;
        }
    }
}

/// The id of a subject's schema. Registers the schema if it is absent, after a check of its compatibility.
fn registered(client: &RegistryClient, subject: &SchemaSubject) -> Result<u32, RegistryError> {
    let schema = subject.form.schema();
    let incompatible = |message| RegistryError::Incompatible {
        subject: subject.name.clone(),
        record: KnownSchema::Record(subject.form).record_name(),
        message,
    };
    // A registered schema needs no write, so credentials that only read suffice.
    let is_new = match client.lookup(&subject.name, schema)? {
        Lookup::Found(id) => return Ok(id),
        Lookup::OtherSchemas => false,
        Lookup::NoSubject => true,
    };
    if let Verdict::Incompatible(message) = client.verdict(&subject.name, schema)? {
        return Err(incompatible(message));
    }
    // Set the level before the first version: a crash in between must not leave a public subject without it.
    if is_new && subject.audience == TopicAudience::Public {
        client.set_level(&subject.name, PUBLIC_LEVEL)?;
    }
    let id = client.register(&subject.name, schema)?.map_err(incompatible)?;
    info!(subject = subject.name, id, "schema registered");
    Ok(id)
}

/// Fails if an id names another schema than before: old records would be decoded with the wrong schema.
fn check_unchanged(incoming: &SchemaIds, id: u32, now: KnownSchema) -> Result<(), RegistryError> {
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
