//! The whole way over a real broker: an input topic of native events, one a record, through `run intake` and `run tally`; and the bare
//! client on the same topic, which does nothing with what it reads or writes.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use stream::partition::partition_of;

use crate::local::CLINICIANS;
use crate::process::Process;
use crate::service::{Service, plumbline};
use crate::traffic::Traffic;

/// Partitions of the input topic and of `events`.
const PARTITIONS: u32 = 4;
/// So often a service is asked how far it is; asking costs it something, too.
const LOOK: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(30);

/// What a step cost.
struct Cost {
    seconds: f64,
    cpu: f64,
    broker: Option<f64>,
}

impl Cost {
    fn print(&self, what: &str, events: u64) {
        let each = |seconds: f64| seconds * 1e6 / events as f64;
        let broker = self.broker.map(|cpu| format!(", broker {:.2} us", each(cpu))).unwrap_or_default();
        let rate = events as f64 / self.seconds / 1e3;
        println!("{what:<28} {:>6.2} us of CPU an event{broker}, {rate:.0} k events/s", each(self.cpu));
    }
}

/// Prints what each role costs an event. `BROKER_PID` in the environment names the broker's process, whose CPU is told then.
pub fn measure(brokers: &str, events: u64) -> Result<()> {
    let broker = std::env::var("BROKER_PID").ok().and_then(|pid| pid.parse().ok()).map(Process::numbered);
    let folder = tempfile::tempdir()?;
    let prefix = format!("bench-{}.", std::process::id());
    let input = format!("{prefix}input");
    configure(folder.path(), brokers, &prefix, &input)?;
    let made = plumbline(folder.path(), &["topics", "--apply"])?.output()?;
    ensure!(made.status.success(), "topics: {}", String::from_utf8_lossy(&made.stderr));
    make(brokers, &input)?;

    cost(&Process::own(), broker.as_ref(), || produce(brokers, &input, events))?.print("bare producer (and traffic)", events);
    cost(&Process::own(), broker.as_ref(), || consume(brokers, &input, events))?.print("bare consumer", events);
    intake(folder.path(), broker.as_ref(), events)?;
    tally(folder.path(), broker.as_ref(), events, "tally")?;
    // Whoever comes after a `kill -9` does what the first did: the log is all there is.
    tally(folder.path(), broker.as_ref(), events, "tally, started again")
}

fn configure(folder: &Path, brokers: &str, prefix: &str, input: &str) -> Result<()> {
    let text =
        format!("partitions = {PARTITIONS}\n[kafka]\nbrokers = \"{brokers}\"\nprefix = \"{prefix}\"\n[inputs.\"{input}\"]\n");
    fs::write(folder.join("plumbline.toml"), text).context("writing the configuration")
}

fn client(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    config
}

fn make(brokers: &str, input: &str) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> = client(brokers).create()?;
    let topic = NewTopic::new(input, PARTITIONS.cast_signed(), TopicReplication::Fixed(1));
    let made = pollster(admin.create_topics([&topic], &AdminOptions::new()))?;
    for one in made {
        one.map_err(|(name, code)| anyhow::anyhow!("{name}: {code}"))?;
    }
    Ok(())
}

fn pollster<T>(future: impl Future<Output = Result<T, KafkaError>>) -> Result<T> {
    Ok(tokio::runtime::Builder::new_current_thread().build()?.block_on(future)?)
}

fn cost(process: &Process, broker: Option<&Process>, work: impl FnOnce() -> Result<()>) -> Result<Cost> {
    let begun = (Instant::now(), process.cpu_seconds()?, broker.map(Process::cpu_seconds).transpose()?);
    work()?;
    let broker = broker.map(Process::cpu_seconds).transpose()?.zip(begun.2).map(|(after, before)| after - before);
    Ok(Cost { seconds: begun.0.elapsed().as_secs_f64(), cpu: process.cpu_seconds()? - begun.1, broker })
}

fn produce(brokers: &str, topic: &str, events: u64) -> Result<()> {
    let mut config = client(brokers);
    config.set("linger.ms", "10").set("batch.size", "1000000").set("enable.idempotence", "true").set("compression.type", "lz4");
    let producer: BaseProducer = config.create()?;
    let mut traffic = Traffic::new(3, CLINICIANS);
    let mut text = String::new();
    for _ in 0..events {
        text.clear();
        traffic.event(&mut text);
        let feed = text.split('"').nth(3).context("an event begins with its feed")?;
        let partition = partition_of(feed, PARTITIONS).cast_signed();
        let mut record = BaseRecord::<str, str>::to(topic).key(feed).payload(text.trim_end()).partition(partition);
        while let Err((error, back)) = producer.send(record) {
            ensure!(error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull), "{error}");
            record = back;
            producer.poll(Duration::from_millis(10));
        }
        producer.poll(Duration::ZERO);
    }
    Ok(producer.flush(PATIENCE)?)
}

fn consume(brokers: &str, topic: &str, events: u64) -> Result<()> {
    let mut config = client(brokers);
    config.set("group.id", "bench").set("enable.auto.commit", "false");
    let consumer: BaseConsumer = config.create()?;
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        list.add_partition_offset(topic, partition.cast_signed(), Offset::Beginning)?;
    }
    consumer.assign(&list)?;
    let mut seen = 0;
    while seen < events {
        if consumer.poll(PATIENCE).context("the topic went silent")?.is_ok() {
            seen += 1;
        }
    }
    Ok(())
}

fn intake(folder: &Path, broker: Option<&Process>, events: u64) -> Result<()> {
    let service = Service::start(folder, &["run", "intake"])?;
    let mut connection = service.connection()?;
    let spent = cost(&service.process(), broker, || {
        while connection.metric("plumbline_intake_received_total")? < events {
            sleep(LOOK);
        }
        Ok(())
    })?;
    spent.print("intake", events);
    println!("{:<28} {:.0} MB at most", "", service.process().peak_rss()? as f64 / 1e6);
    Ok(())
}

fn tally(folder: &Path, broker: Option<&Process>, events: u64, what: &str) -> Result<()> {
    let begun = Instant::now();
    let service = Service::start(folder, &["run", "tally"])?;
    let mut connection = service.connection()?;
    let empty = service.process().peak_rss()?;
    let spent = cost(&service.process(), broker, || {
        while connection.metric("plumbline_tally_events_total")? < events {
            sleep(LOOK);
        }
        Ok(())
    })?;
    spent.print(what, events);
    let (facts, peak) = (connection.metric("plumbline_facts")?, service.process().peak_rss()?);
    let bytes = (peak - empty) as f64 / facts as f64;
    println!(
        "{:<28} {:.1} s from its start, {facts} facts, {:.0} MB at most, {bytes:.0} bytes a fact",
        "",
        begun.elapsed().as_secs_f64(),
        peak as f64 / 1e6
    );
    Ok(())
}
