//! [`stream::log::Log`] over Kafka: Plumbline's own topics, one partition at a time.

use std::fmt;
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use codec::avro::encoding;
use scorecard::event::Event;
use scorecard::record::log_record::Record;
use stream::log::{Fill, Log, LogEntry, LogError, Topic};

use crate::kafka::contact::Contact;
use crate::kafka::headers;
use crate::kafka::publisher::Publisher;
use crate::kafka::reader::{ReadRequest, Reader};
use crate::kafka::schema_registry::registry::SchemaRegistry;
use crate::kafka::settings::KafkaSettings;
use crate::kafka::writer::{Acknowledgements, EncodedRecord, Writer};
use crate::process::shutdown_signal::ShutdownSignal;

/// A handle on the log. A clone is a new handle: it shares the producer. It does not share unacknowledged records, the reader, or
/// the right to publish.
pub struct KafkaLog {
    shared: Arc<LogClients>,
    acknowledgements: Arc<Acknowledgements>,
    reader: Option<Reader>,
    publisher: Option<Publisher>,
}

struct LogClients {
    settings: KafkaSettings,
    contact: Contact,
    stopping: ShutdownSignal,
    registry: Option<Arc<SchemaRegistry>>,
    writer: Mutex<Option<Arc<Writer>>>,
    names: [String; Topic::ALL.len()],
}

impl KafkaLog {
    /// The log at these brokers, with the ids of a schema registry if there is one. Connects on first use.
    /// Calls that wait for brokers fail when a shutdown begins.
    #[must_use]
    pub fn new(settings: KafkaSettings, registry: Option<Arc<SchemaRegistry>>, stopping: ShutdownSignal) -> KafkaLog {
        let names = Topic::ALL.map(|topic| settings.topic(topic));
        let shared = LogClients { settings, contact: Contact::default(), stopping, registry, writer: Mutex::default(), names };
        KafkaLog::with_clients(Arc::new(shared))
    }

    fn with_clients(shared: Arc<LogClients>) -> KafkaLog {
        KafkaLog { shared, acknowledgements: Arc::default(), reader: None, publisher: None }
    }

    /// Addresses and properties of the brokers, names of the topics.
    #[must_use]
    pub fn settings(&self) -> &KafkaSettings {
        &self.shared.settings
    }

    /// The schema registry, if one is configured.
    #[must_use]
    pub fn schema_registry(&self) -> Option<&Arc<SchemaRegistry>> {
        self.shared.registry.as_ref()
    }

    /// Counters of the Kafka clients.
    #[must_use]
    pub fn contact(&self) -> &Contact {
        &self.shared.contact
    }

    /// Waits at most `at_most` for the records of this handle. Returns whether all are acknowledged.
    ///
    /// # Errors
    /// As [`Log::flush`]: [`LogError::Failed`] when a record is not stored for certain.
    pub fn acknowledged(&self, at_most: Duration) -> Result<bool, LogError> {
        self.acknowledgements.all(at_most)
    }

    /// How many partitions a topic has.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the topic does not exist, or no broker answers.
    pub fn partitions(&mut self, topic: Topic) -> Result<u32, LogError> {
        let (reader, shared) = self.reader()?;
        reader.partitions(shared.name(topic))
    }

    /// How many partitions a topic has, from one request that is not repeated. It shows whether a broker answers.
    ///
    /// # Errors
    /// [`LogError::Failed`] when no broker answers in time.
    pub fn partitions_now(&mut self, topic: Topic, at_most: Duration) -> Result<u32, LogError> {
        let (reader, shared) = self.reader()?;
        reader.partitions_now(shared.name(topic), at_most)
    }

    fn reader(&mut self) -> Result<(&mut Reader, &LogClients), LogError> {
        if self.reader.is_none() {
            let LogClients { settings, contact, stopping, registry, .. } = &*self.shared;
            self.reader = Some(Reader::new(settings, contact.clone(), registry.clone(), stopping.clone())?);
        }
        let reader = self.reader.as_mut().expect("it was set above");
        Ok((reader, &self.shared))
    }
}

impl LogClients {
    fn name(&self, topic: Topic) -> &str {
        let index = Topic::ALL.iter().position(|one| *one == topic).expect("all topics are listed");
        &self.names[index]
    }

    /// The bytes of a record in a topic, with the registry's schema id.
    fn encoded(&self, topic: Topic, record: &Record<'_>) -> Result<Vec<u8>, LogError> {
        let mut value = Vec::with_capacity(256);
        encoding::encode(record, &mut value).map_err(|error| LogError::unencodable(topic, error))?;
        if let Some(registry) = &self.registry {
            registry.outgoing(topic, &mut value);
        }
        Ok(value)
    }

    /// The producer of the process; a new one after a fatal error.
    fn writer(&self) -> Result<Arc<Writer>, LogError> {
        let mut current = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match &*current {
            Some(writer) if !writer.is_dead() => Ok(writer.clone()),
            _ => Ok(current.insert(Arc::new(Writer::new(&self.settings, self.contact.clone())?)).clone()),
        }
    }
}

impl Log for KafkaLog {
    fn read(
        &mut self,
        topic: Topic,
        partition: u32,
        from: u64,
        most: usize,
        each: &mut dyn FnMut(LogEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, LogError> {
        let acknowledgements = self.acknowledgements.clone();
        let (reader, shared) = self.reader()?;
        let topic = shared.name(topic);
        let own = acknowledgements.end(topic, partition);
        let begun = Instant::now();
        let next = reader.read(&ReadRequest { topic, partition, from, most, own }, each)?;
        // A read at the end of a partition returns at once, many times a second.
        if next > from {
            shared.contact.0.timings.read.observe(begun.elapsed().as_secs_f64());
        }
        Ok(next)
    }

    fn bounds(&mut self, topic: Topic, partition: u32) -> Result<Range<u64>, LogError> {
        let (reader, shared) = self.reader()?;
        reader.bounds(shared.name(topic), partition)
    }

    fn pack(&self, event: &Event<'_>, to: &mut Vec<u8>) -> Result<(), LogError> {
        encoding::pack(event, to).map_err(|error| LogError::unencodable(Topic::Events, error))
    }

    fn append(&mut self, topic: Topic, partition: u32, key: &str, record: &Record<'_>) -> Result<(), LogError> {
        let LogClients { settings, stopping, .. } = &*self.shared;
        let value = self.shared.encoded(topic, record)?;
        let headers = headers::of(record, key, &settings.prefix);
        let encoded = EncodedRecord { topic: self.shared.name(topic), partition, key, value: &value, headers };
        self.shared.writer()?.send(encoded, &self.acknowledgements, stopping)
    }

    fn flush(&mut self) -> Result<(), LogError> {
        let begun = Instant::now();
        self.acknowledgements.wait(&self.shared.stopping)?;
        self.shared.contact.0.timings.acknowledgement.observe(begun.elapsed().as_secs_f64());
        Ok(())
    }

    fn fence(&mut self) -> Result<(), LogError> {
        let LogClients { settings, contact, stopping, .. } = &*self.shared;
        // Drop the old publisher first: two of the same process would fence each other in turn.
        self.publisher = None;
        self.publisher = Some(Publisher::take_over(settings, contact.clone(), stopping.clone())?);
        // The reader's known ends are older than the fence.
        self.reader = None;
        Ok(())
    }

    fn append_atomically(&mut self, fill: &mut Fill<'_>) -> Result<(), LogError> {
        self.flush()?;
        let Some(publisher) = &self.publisher else { return Err(LogError::Fenced) };
        let shared = &self.shared;
        let outcome = publisher.publish(|send| {
            fill(&mut |topic, partition, key, record| {
                let value = shared.encoded(topic, record)?;
                let headers = headers::of(record, key, &shared.settings.prefix);
                send(EncodedRecord { topic: shared.name(topic), partition, key, value: &value, headers })
            })
        });
        if outcome.is_err() {
            self.publisher = None;
        }
        outcome
    }
}

impl Clone for KafkaLog {
    fn clone(&self) -> KafkaLog {
        KafkaLog::with_clients(self.shared.clone())
    }
}

impl fmt::Debug for KafkaLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaLog").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}
