//! Describes and creates topics on the brokers, and sets their settings.

use std::collections::BTreeMap;

use anyhow::{Context, Error, Result, bail};
use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, ConfigResource, ConfigSource, NewTopic, OwnedResourceSpecifier, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::runtime::Runtime;

use crate::kafka::contact::Contact;
use crate::kafka::settings::KafkaSettings;
use crate::kafka::topic_plan::ActualTopic;
use crate::process::limits::ADMIN_REQUEST_TIMEOUT;

/// An admin client of the brokers.
pub struct Topics {
    client: AdminClient<Contact>,
    brokers: String,
    runtime: Runtime,
}

impl Topics {
    /// A client of these brokers. Connects on first use.
    ///
    /// # Errors
    /// When librdkafka rejects a property.
    pub fn of(settings: &KafkaSettings) -> Result<Topics> {
        let client = settings
            .admin()
            .create_with_context(Contact::default())
            .context("no client for the brokers; check kafka.properties")?;
        let runtime = tokio::runtime::Builder::new_current_thread().build().context("no runtime for requests to the brokers")?;
        Ok(Topics { client, brokers: settings.brokers.clone(), runtime })
    }

    /// Those of the named topics that exist, with their settings.
    ///
    /// # Errors
    /// When no broker answers, or a broker rejects the request.
    pub fn found(&self, names: &[String]) -> Result<BTreeMap<String, ActualTopic>> {
        let unreachable = || format!("no broker at {} answers; check kafka.brokers and kafka.properties", self.brokers);
        // Ask for all topics: asking for an absent one creates it on brokers with auto.create.topics.enable.
        let metadata = self.client.inner().fetch_metadata(None, ADMIN_REQUEST_TIMEOUT).with_context(unreachable)?;
        let mut found = BTreeMap::new();
        for topic in metadata.topics().iter().filter(|topic| topic.error().is_none()) {
            if names.iter().any(|name| name == topic.name()) {
                let partitions = topic.partitions();
                let replicas = partitions.first().map_or(0, |partition| partition.replicas().len());
                let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
                let actual =
                    ActualTopic { partitions: count(partitions.len()), replicas: count(replicas), settings: BTreeMap::new() };
                found.insert(topic.name().to_owned(), actual);
            }
        }
        for resource in self.described(found.keys())? {
            if let OwnedResourceSpecifier::Topic(name) = &resource.specifier
                && let Some(found) = found.get_mut(name)
            {
                let setting = |entry: &rdkafka::admin::ConfigEntry| Some((entry.name.clone(), entry.value.clone()?));
                found.settings = resource.entries.iter().filter_map(setting).collect();
            }
        }
        Ok(found)
    }

    fn described<'a>(&self, names: impl Iterator<Item = &'a String>) -> Result<Vec<ConfigResource>> {
        let wanted: Vec<ResourceSpecifier<'_>> = names.map(|name| ResourceSpecifier::Topic(name)).collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let answer = self.runtime.block_on(self.client.describe_configs(&wanted, &options()));
        let described = answer.context("the settings of topics are not readable")?;
        let rejected = |code| rejection("the settings of a topic are not readable", "DescribeConfigs", code);
        described.into_iter().map(|resource| resource.map_err(rejected)).collect()
    }

    /// Creates a topic with these settings. A topic that exists already stays as it is.
    ///
    /// # Errors
    /// When the brokers reject the request; the text names the missing right.
    pub fn create(&self, name: &str, partitions: u32, replicas: Option<u32>, settings: &[(&str, String)]) -> Result<()> {
        let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        // -1 is the brokers' default replication.
        let replication = TopicReplication::Fixed(replicas.map_or(-1, number));
        let new = NewTopic::new(name, number(partitions), replication);
        let new = settings.iter().fold(new, |new, (name, value)| new.set(name, value));
        let answer = self.runtime.block_on(self.client.create_topics([&new], &options()));
        match answer.with_context(|| format!("{name} cannot be created"))?.pop() {
            Some(Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(()),
            Some(Err((_, code))) => Err(rejection(&format!("{name} cannot be created"), "Create", code)),
            None => bail!("the brokers do not answer for {name}; run the command again"),
        }
    }

    /// Changes settings of an existing topic. Settings that others made stay.
    ///
    /// # Errors
    /// When the brokers reject the request; the text names the missing right.
    pub fn set(&self, name: &str, settings: &[(&str, String)]) -> Result<()> {
        let described = self.described([name.to_owned()].iter())?;
        let entries = described.first().map(|resource| resource.entries.as_slice()).unwrap_or_default();
        // `AlterConfigs` replaces every setting of the topic, so those of others are sent along.
        let kept = entries.iter().filter(|entry| entry.source == ConfigSource::DynamicTopic);
        let mut all: BTreeMap<&str, &str> =
            kept.filter_map(|entry| Some((entry.name.as_str(), entry.value.as_deref()?))).collect();
        all.extend(settings.iter().map(|(name, value)| (*name, value.as_str())));
        let altered = AlterConfig::new(ResourceSpecifier::Topic(name));
        let altered = all.into_iter().fold(altered, |altered, (name, value)| altered.set(name, value));
        let answer = self.runtime.block_on(self.client.alter_configs([&altered], &options()));
        match answer.with_context(|| format!("the settings of {name} cannot be set"))?.pop() {
            Some(Ok(_)) => Ok(()),
            Some(Err((_, code))) => Err(rejection(&format!("the settings of {name} cannot be set"), "AlterConfigs", code)),
            None => bail!("the brokers do not answer for {name}; run the command again"),
        }
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(ADMIN_REQUEST_TIMEOUT)).operation_timeout(Some(ADMIN_REQUEST_TIMEOUT))
}

/// The brokers' error, with the right that the user lacks.
fn rejection(what: &str, right: &str, code: RDKafkaErrorCode) -> Error {
    let source = Error::new(KafkaError::AdminOp(code));
    match code {
        RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::ClusterAuthorizationFailed => {
            source.context(format!("{what}: this user lacks the right {right}; grant it on the topics of kafka.prefix"))
        }
        _ => source.context(what.to_owned()),
    }
}
