//! Asks librdkafka whether it accepts the properties of a configuration. No broker is asked.

use rdkafka::consumer::BaseConsumer;
use rdkafka::producer::BaseProducer;

use crate::kafka::settings::KafkaSettings;

/// The library's complaints about the properties of its clients, each once.
#[must_use]
pub fn property_mistakes(settings: &KafkaSettings) -> Vec<String> {
    let consumer = settings.reader().create::<BaseConsumer>().err();
    let producer = settings.producer().create::<BaseProducer>().err();
    let mut said: Vec<String> = [consumer, producer].into_iter().flatten().map(|error| error.to_string()).collect();
    said.dedup();
    said.into_iter().map(|error| format!("kafka.properties: {error}; correct [kafka.properties]")).collect()
}
