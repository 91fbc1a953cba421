//! `topics`: creates the topics of a deployment on its brokers, or reports their faults.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use scorecard::record::log_record::Record;
use stream::log::{Log, Topic};

use crate::cli;
use crate::config::options::Config;
use crate::deployment::read_only_log::log_to_read;
use crate::kafka::settings::KafkaSettings;
use crate::kafka::topic_fault::TopicFault;
use crate::kafka::topic_plan::{ActualTopic, TopicPlan, faults, settings};
use crate::kafka::topics::Topics;
use crate::process::limits::{TOPIC_CREATION_POLL, TOPIC_CREATION_WAIT};
use crate::terminal::count::counted;

const NO_BROKERS: &str = "kafka.brokers is not set; set it. The embedded log needs no topics";

/// Creates or checks the topics, and writes a line for each.
///
/// # Errors
/// When the brokers do not answer or refuse, and when a topic has a fault.
pub fn topics(args: &cli::TopicsArgs, config: &Config, out: &mut impl Write) -> Result<()> {
    let brokers = config.kafka.as_ref().context(NO_BROKERS)?;
    let deployment = Topics::of(brokers)?;
    let mut state = State::asked(&deployment, brokers, config)?;
    if args.apply {
        ensure!(!state.has_lasting(), "{}\nnothing was changed", state.described_faults().join("\n"));
        create(&deployment, &state, out)?;
        state = until_all_are_there(&deployment, brokers, config)?;
        set(&deployment, &state, out)?;
        state = State::asked(&deployment, brokers, config)?;
    }
    for line in state.described() {
        writeln!(out, "{line}")?;
    }
    let wrong = state.described_faults().len() as u64;
    ensure!(
        wrong == 0,
        "{} of the topics must be corrected; `plumbline topics --apply` corrects what it can",
        counted(wrong, "property", "properties")
    );
    Ok(())
}

/// The topics on the brokers, and their required properties.
struct State {
    names: Vec<(Topic, String)>,
    found: BTreeMap<String, ActualTopic>,
    plan: TopicPlan,
    absent_inputs: Vec<String>,
    /// A topic with records and its end, where `events` or `registry` does not exist.
    holder: Option<(String, u64)>,
}

impl State {
    fn asked(deployment: &Topics, brokers: &KafkaSettings, config: &Config) -> Result<State> {
        let names: Vec<(Topic, String)> = Topic::ALL.iter().map(|topic| (*topic, brokers.topic(*topic))).collect();
        let inputs = config.inputs.keys().cloned();
        let asked: Vec<String> = names.iter().map(|(_, name)| name.clone()).chain(inputs).collect();
        let found = deployment.found(&asked)?;
        let begun = found.contains_key(&brokers.topic(Topic::Registry));
        let plan = TopicPlan {
            partitions: config.partitions,
            replicas: brokers.replication,
            begun_with: if begun { begun_with(config)? } else { None },
        };
        let absent_inputs = config.inputs.keys().filter(|name| !found.contains_key(*name)).cloned().collect();
        let is_absent = |topic| !found.contains_key(&brokers.topic(topic));
        let holder = if ROOTS.into_iter().any(is_absent) { holder(config, &names, &found)? } else { None };
        Ok(State { names, found, plan, absent_inputs, holder })
    }

    fn faults(&self, topic: Topic, name: &str) -> Vec<TopicFault> {
        match (self.found.get(name), &self.holder) {
            (Some(found), _) => faults(topic, found, &self.plan),
            (None, Some((holder, end))) if ROOTS.contains(&topic) => vec![TopicFault::Lost { holder: holder.clone(), end: *end }],
            (None, _) => vec![TopicFault::Missing],
        }
    }

    fn has_lasting(&self) -> bool {
        self.names.iter().flat_map(|(topic, name)| self.faults(*topic, name)).any(|fault| fault.is_lasting())
    }

    /// One line for each fault that is no remark.
    fn described_faults(&self) -> Vec<String> {
        let of = |(topic, name): &(Topic, String)| {
            let faults = self.faults(*topic, name).into_iter().filter(|fault| !fault.is_remark());
            faults.map(|fault| format!("{name}: {fault}")).collect::<Vec<_>>()
        };
        self.names.iter().flat_map(of).collect()
    }

    /// One line for each topic without a fault, and for each fault.
    fn described(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (topic, name) in &self.names {
            let faults = self.faults(*topic, name);
            if let Some(remark) = faults.iter().find(|fault| fault.is_remark()) {
                lines.push(format!("{name}: {remark}"));
            }
            match self.found.get(name).filter(|_| faults.iter().all(TopicFault::is_remark)) {
                Some(ActualTopic { partitions, replicas, .. }) => {
                    let partitions = counted(u64::from(*partitions), "partition", "partitions");
                    let replicas = counted(u64::from(*replicas), "replica", "replicas");
                    lines.push(format!("{name}: no faults, {partitions}, {replicas} each"));
                }
                None => {
                    let faults = faults.iter().filter(|fault| !fault.is_remark());
                    lines.extend(faults.map(|fault| format!("{name}: {fault}")));
                }
            }
        }
        let absent = |name| format!("{name}: does not exist; the system that writes it must create it, and intake then reads it");
        lines.extend(self.absent_inputs.iter().map(absent));
        lines
    }
}

/// The topics from which all others are computed.
const ROOTS: [Topic; 2] = [Topic::Events, Topic::Registry];

/// The first existing topic of the deployment that holds records or held some, and its end.
fn holder(config: &Config, names: &[(Topic, String)], found: &BTreeMap<String, ActualTopic>) -> Result<Option<(String, u64)>> {
    let mut log = log_to_read(config)?;
    for (topic, name) in names {
        for partition in 0..found.get(name).map_or(0, |found| found.partitions) {
            let end = log.bounds(*topic, partition)?.end;
            if end > 0 {
                return Ok(Some((name.clone(), end)));
            }
        }
    }
    Ok(None)
}

/// The number of partitions of `events` by the log's first record.
fn begun_with(config: &Config) -> Result<Option<u32>> {
    let mut log = log_to_read(config)?;
    let mut begun = None;
    log.read(Topic::Registry, 0, 0, 1, &mut |entry| {
        if let Record::Genesis(genesis) = entry.record {
            begun = Some(genesis.partitions);
        }
        ControlFlow::Break(())
    })?;
    Ok(begun)
}

fn create(deployment: &Topics, state: &State, out: &mut impl Write) -> Result<()> {
    for (topic, name) in state.names.iter().filter(|(_, name)| !state.found.contains_key(name)) {
        let partitions = topic.partitions(state.plan.partitions);
        let values: Vec<(&str, String)> = settings(*topic).into_iter().map(|(name, wanted)| (name, wanted.value())).collect();
        deployment.create(name, partitions, state.plan.replicas, &values)?;
        writeln!(out, "{name}: created")?;
    }
    Ok(())
}

fn until_all_are_there(deployment: &Topics, brokers: &KafkaSettings, config: &Config) -> Result<State> {
    let begun = Instant::now();
    loop {
        let state = State::asked(deployment, brokers, config)?;
        if state.names.iter().all(|(_, name)| state.found.contains_key(name)) || begun.elapsed() > TOPIC_CREATION_WAIT {
            return Ok(state);
        }
        thread::sleep(TOPIC_CREATION_POLL);
    }
}

fn set(deployment: &Topics, state: &State, out: &mut impl Write) -> Result<()> {
    for (topic, name) in &state.names {
        let values: Vec<(&str, String)> = state
            .faults(*topic, name)
            .into_iter()
            .filter_map(
                |fault| if let TopicFault::Setting { name, wanted, .. } = fault { Some((name, wanted.value())) } else { None },
            )
            .collect();
        if !values.is_empty() {
            deployment.set(name, &values)?;
            let settings: Vec<String> = values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            writeln!(out, "{name}: set {}", settings.join(", "))?;
        }
    }
    Ok(())
}
