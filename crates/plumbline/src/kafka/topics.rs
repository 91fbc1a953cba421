//! Asks the brokers how topics are, makes them and sets their settings.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, ConfigResource, ConfigSource, NewTopic, OwnedResourceSpecifier, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::error::RDKafkaErrorCode;
use tokio::runtime::Runtime;

use crate::kafka::contact::Contact;
use crate::kafka::settings::KafkaSettings;
use crate::kafka::topic_plan::ActualTopic;

/// So long the brokers may take for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The topics of some brokers.
pub struct Topics {
    client: AdminClient<Contact>,
    brokers: String,
    runtime: Runtime,
}

impl Topics {
    /// Reaches for the brokers only when it is asked something.
    ///
    /// # Errors
    /// When the properties do not make a client.
    pub fn of(settings: &KafkaSettings) -> Result<Topics> {
        let client =
            settings.asking().create_with_context(Contact::default()).context("a client of the brokers cannot be made")?;
        let runtime = tokio::runtime::Builder::new_current_thread().build().context("the brokers cannot be waited for")?;
        Ok(Topics { client, brokers: settings.brokers.clone(), runtime })
    }

    /// Those of these names that are there.
    ///
    /// # Errors
    /// When the brokers cannot be reached or refuse to tell.
    pub fn found(&self, names: &[String]) -> Result<BTreeMap<String, ActualTopic>> {
        let unreachable = || format!("the brokers at {} cannot be asked; see kafka.brokers and kafka.properties", self.brokers);
        // All topics: to ask for one that is not there may make it, as brokers are set.
        let metadata = self.client.inner().fetch_metadata(None, PATIENCE).with_context(unreachable)?;
        let mut found = BTreeMap::new();
        for topic in metadata.topics().iter().filter(|topic| topic.error().is_none()) {
            if names.iter().any(|name| name == topic.name()) {
                let partitions = topic.partitions();
                let replicas = partitions.first().map_or(0, |partition| partition.replicas().len());
                let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
                let one =
                    ActualTopic { partitions: count(partitions.len()), replicas: count(replicas), settings: BTreeMap::new() };
                found.insert(topic.name().to_owned(), one);
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
        let asked = self.runtime.block_on(self.client.describe_configs(&wanted, &options()));
        let described = asked.context("the brokers do not tell the settings of topics")?;
        described.into_iter().map(|one| one.map_err(|code| refused("the settings of a topic", "DescribeConfigs", code))).collect()
    }

    /// Makes a topic with these settings; one that somebody made in the meantime is left as it is.
    ///
    /// # Errors
    /// When the brokers refuse; the text says why.
    pub fn make(&self, name: &str, partitions: u32, replicas: Option<u32>, settings: &[(&str, String)]) -> Result<()> {
        let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        // -1 is whatever the brokers do by default.
        let replication = TopicReplication::Fixed(replicas.map_or(-1, number));
        let new = NewTopic::new(name, number(partitions), replication);
        let new = settings.iter().fold(new, |new, (name, value)| new.set(name, value));
        let asked = self.runtime.block_on(self.client.create_topics([&new], &options()));
        match asked.with_context(|| format!("{name} cannot be made"))?.pop() {
            Some(Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(()),
            Some(Err((_, code))) => Err(refused(name, "Create", code)),
            None => bail!("the brokers say nothing of {name}"),
        }
    }

    /// Sets settings of a topic that is there; others that somebody set stay.
    ///
    /// # Errors
    /// When the brokers refuse; the text says why.
    pub fn set(&self, name: &str, settings: &[(&str, String)]) -> Result<()> {
        let described = self.described([name.to_owned()].iter())?;
        let entries = described.first().map(|resource| resource.entries.as_slice()).unwrap_or_default();
        // The call replaces everything that was ever set on the topic.
        let kept = entries.iter().filter(|entry| entry.source == ConfigSource::DynamicTopic);
        let mut all: BTreeMap<&str, &str> =
            kept.filter_map(|entry| Some((entry.name.as_str(), entry.value.as_deref()?))).collect();
        all.extend(settings.iter().map(|(name, value)| (*name, value.as_str())));
        let altered = AlterConfig::new(ResourceSpecifier::Topic(name));
        let altered = all.into_iter().fold(altered, |altered, (name, value)| altered.set(name, value));
        let asked = self.runtime.block_on(self.client.alter_configs([&altered], &options()));
        match asked.with_context(|| format!("the settings of {name} cannot be set"))?.pop() {
            Some(Ok(_)) => Ok(()),
            Some(Err((_, code))) => Err(refused(name, "AlterConfigs", code)),
            None => bail!("the brokers say nothing of {name}"),
        }
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(PATIENCE)).operation_timeout(Some(PATIENCE))
}

/// What the brokers said, with the right that it takes where they miss one.
fn refused(what: &str, right: &str, code: RDKafkaErrorCode) -> anyhow::Error {
    match code {
        RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::ClusterAuthorizationFailed => {
            anyhow!("{what}: the brokers do not let this user; give it the right {right} on the topics of the prefix")
        }
        code => anyhow!("{what}: the brokers refuse: {code}"),
    }
}
