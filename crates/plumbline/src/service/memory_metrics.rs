//! The memory of the process by its parts, as far as they count their bytes.

use std::sync::{Arc, RwLock};

use crate::log::local_log::LocalLog;
use crate::process::metric_registry::MetricRegistry;
use crate::process::process_metrics::resident_bytes;
use crate::process::service_status::ServiceStatus;
use crate::published_cards::card_index::{CardIndex, read_index};

/// Adds the gauge of the parts.
pub(crate) fn register(
    registry: &MetricRegistry,
    status: &Arc<ServiceStatus>,
    cards: Option<Arc<RwLock<CardIndex>>>,
    log: Option<LocalLog>,
) {
    let help = "Memory by part: facts; card_index; log_write_buffers and log_cache of the embedded log. The part other is the rest of \
                process_resident_memory_bytes: rows of open months, versions of rows that publish holds, free memory of the allocator.";
    let status = status.clone();
    registry.gauges("plumbline_memory_bytes", help, ["part"], move || {
        let parts = parts(&status, cards.as_ref(), log.as_ref());
        let counted: u64 = parts.iter().map(|(_, bytes)| bytes).sum();
        let other = resident_bytes().map(|resident| ("other", (resident - counted as f64).max(0.0)));
        parts.into_iter().map(|(part, bytes)| (part, bytes as f64)).chain(other).map(|(part, bytes)| ([part], bytes)).collect()
    });
}

fn parts(status: &ServiceStatus, cards: Option<&Arc<RwLock<CardIndex>>>, log: Option<&LocalLog>) -> Vec<(&'static str, u64)> {
    let mut parts = vec![("facts", status.total(|partition| partition.fact_bytes))];
    parts.extend(cards.map(|cards| ("card_index", read_index(cards, |index| index.bytes()))));
    if let Some(log) = log {
        let memory = log.records().memory();
        parts.extend([("log_write_buffers", memory.write_buffers), ("log_cache", memory.cache)]);
    }
    parts
}
