//! A reload: reads configuration, registry, codes and measures again, and replaces what a running service can replace.
//!
//! Everything is read and checked before anything is replaced. A mistake leaves all as it was.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use codec::identity::pseudonym::Pseudonyms;
use scorecard::measure::measure_set::MeasureSet;
use serde::Serialize;
use stream::deployment::Deployment;
use stream::feed_rules::FeedRules;
use tracing::{error, info};

use crate::config::authorizer::Authorizer;
use crate::config::config_file::{self, ConfigSources};
use crate::config::decoder_settings::decoder_config;
use crate::config::keys_file;
use crate::config::options::Config;
use crate::deployment::configured_files::{Files, files};
use crate::deployment::data_directory::{DataDirectory, first_day};
use crate::deployment::protected_registry::protected;
use crate::deployment::registry_change::RegistryChange;
use crate::intake::intake_decoder::IntakeDecoder;
use crate::log::any_log::AnyLog;
use crate::logs;
use crate::process::metric_registry::MetricRegistry;
use crate::process::reloadable::Reloadable;
use crate::process::roles::{ProcessRole, ProcessRoles};

/// Options that a reload applies; with a dot at the end, all that begin so.
const APPLIED: [&str; 10] = [
    "built-in-measures",
    "codes.",
    "feeds.",
    "first-day",
    "log.level",
    "measures",
    "no-contact",
    "reference",
    "registry",
    "tokens.",
];

/// The values that a reload replaces.
#[derive(Clone, Debug)]
pub struct ReloadedValues {
    /// The tokens.
    pub gate: Reloadable<Authorizer>,
    /// The decoder with its feeds, of requests and retries.
    pub decoder: Reloadable<IntakeDecoder>,
    /// The measures with their codes.
    pub measures: Reloadable<MeasureSet>,
}

/// The result of a reload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReloadOutcome {
    /// Options and files that are in force now and were not before.
    pub changed: Vec<String>,
    /// Changed options that need a restart. The old values stay in force.
    pub needs_restart: Vec<String>,
    /// Entries that the registry file added to the log.
    pub registry_entries: usize,
    /// Details of persons that the registry file changed.
    pub people: usize,
}

/// Reloads the configuration of one service. Clones share it.
#[derive(Clone, Debug)]
pub struct ConfigurationReload(Arc<ReloadState>);

#[derive(Debug)]
struct ReloadState {
    sources: ConfigSources,
    roles: ProcessRoles,
    values: ReloadedValues,
    deployment: Deployment,
    log: AnyLog,
    /// The configuration in force. One reload at a time.
    config: Mutex<Config>,
    applied: AtomicU64,
    refused: AtomicU64,
}

impl ReloadedValues {
    /// The values of a start.
    #[must_use]
    pub fn of(config: &Config, data: &DataDirectory) -> ReloadedValues {
        ReloadedValues {
            gate: Reloadable::new(config.gate.clone()),
            decoder: Reloadable::new(data.decoder.clone()),
            measures: Reloadable::new(data.deployment.measures.clone()),
        }
    }
}

impl ConfigurationReload {
    /// The reload of a service that started with this configuration.
    #[must_use]
    pub fn new(
        sources: ConfigSources,
        config: &Config,
        roles: ProcessRoles,
        values: ReloadedValues,
        data: &DataDirectory,
    ) -> ConfigurationReload {
        ConfigurationReload(Arc::new(ReloadState {
            sources,
            roles,
            values,
            deployment: data.deployment.clone(),
            log: data.log.clone(),
            config: Mutex::new(config.clone()),
            applied: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }))
    }

    /// Reads everything again, and replaces what differs. The log says what changed, or why nothing did.
    ///
    /// # Errors
    /// The mistakes of the configuration and its files, and the failure of the log. The old configuration stays in force.
    pub fn run(&self) -> Result<ReloadOutcome> {
        let ReloadState { config, applied, refused, .. } = &*self.0;
        let mut config = config.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = self.0.replaced(&mut config);
        match &outcome {
            Ok(outcome) => {
                applied.fetch_add(1, Ordering::Relaxed);
                let (changed, needs_restart) = (outcome.changed.join(", "), outcome.needs_restart.join(", "));
                info!(changed, needs_restart, registry_entries = outcome.registry_entries, "configuration reloaded");
            }
            Err(failed) => {
                refused.fetch_add(1, Ordering::Relaxed);
                error!(error = format!("{failed:#}"), "configuration not reloaded; the old one stays in force");
            }
        }
        outcome
    }

    /// Adds the metrics of reloads.
    pub fn register_metrics(&self, registry: &MetricRegistry) {
        let state = self.0.clone();
        let help =
            "Reloads of the configuration since the start. Refused: the log names the mistakes, and the old one is in force.";
        registry.counters("plumbline_reloads_total", help, ["outcome"], move || {
            let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
            vec![(["applied"], count(&state.applied)), (["refused"], count(&state.refused))]
        });
    }
}

impl ReloadState {
    fn replaced(&self, running: &mut Config) -> Result<ReloadOutcome> {
        let read = config_file::read(&self.sources)?;
        let mut outcome = ReloadOutcome::default();
        for key in changed_options(running, &read) {
            if is_applied(&key) { outcome.changed.push(key) } else { outcome.needs_restart.push(key) }
        }
        let config = with_applied(running, read);
        let Files { measures, registry } = files(&config)?;
        let mut log = self.log.clone();
        let rules = FeedRules::read(&mut log)?;
        let keys = keys_file::read(&config.keys).context("the keys of the running service")?;
        let registry = protected(registry, &Pseudonyms::new(&keys));
        let decoder = IntakeDecoder::new(decoder_config(&config, keys, first_day(&config, &self.deployment))?);
        rules.all().for_each(|rule| decoder.records.fix_versioning(&rule.feed, rule.versioning));
        config.feeds.values().try_for_each(|feed| rules.check(&decoder.records.feed(&feed.name)))?;
        let filter = logs::filter_of(&config.log_level)?;
        // Everything is checked. Only the log can still fail, and what it has then is right.
        if self.roles.has(ProcessRole::Intake) {
            let change = RegistryChange::of(&registry, &mut log)?;
            change.add(&mut log, self.deployment.partitions)?;
            (outcome.registry_entries, outcome.people) = (change.entries.len(), change.people.len());
        }
        if *self.values.gate.get() != config.gate {
            self.values.gate.set(Arc::new(config.gate.clone()));
            outcome.changed.push("tokens".to_owned());
        }
        if self.values.measures.get().hash() != measures.set.hash() {
            self.values.measures.set(Arc::new(measures.set));
            outcome.changed.push("measures and codes, from the next cut on".to_owned());
        }
        if !config.inputs.is_empty() && outcome.changed.iter().any(|key| key.starts_with("feeds.") || key.starts_with("codes.")) {
            outcome.needs_restart.push("feeds and codes for the input topics".to_owned());
        }
        self.values.decoder.set(Arc::new(decoder));
        logs::reload(filter);
        outcome.changed.sort();
        *running = config;
        Ok(outcome)
    }
}

/// The keys whose values differ, in order.
fn changed_options(one: &Config, other: &Config) -> Vec<String> {
    let values = |config: &Config| -> BTreeMap<String, String> {
        config.shown.iter().map(|shown| (shown.key.clone(), shown.value.clone())).collect()
    };
    let (one, other) = (values(one), values(other));
    let keys: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    keys.into_iter().filter(|key| one.get(*key) != other.get(*key)).cloned().collect()
}

fn is_applied(key: &str) -> bool {
    APPLIED.into_iter().any(|known| if known.ends_with('.') { key.starts_with(known) } else { key == known })
}

/// The running configuration with the values of `read` that a reload applies. An option that needs a restart is named by each reload.
fn with_applied(running: &Config, read: Config) -> Config {
    let kept = running.shown.iter().filter(|shown| !is_applied(&shown.key)).cloned();
    let shown = read.shown.iter().filter(|shown| is_applied(&shown.key)).cloned().chain(kept).collect();
    Config {
        built_in_measures: read.built_in_measures,
        codes: read.codes,
        feeds: read.feeds,
        first_day: read.first_day,
        gate: read.gate,
        log_level: read.log_level,
        measures: read.measures,
        no_contact: read.no_contact,
        reference: read.reference,
        registry: read.registry,
        sends: read.sends,
        shown,
        ..running.clone()
    }
}
