//! The metrics of the store of rejected records.

use crate::intake::rejects::reject_store::RejectStore;
use crate::process::metric_registry::MetricRegistry;

/// Adds the metrics of this store.
pub fn register(registry: &MetricRegistry, rejects: &RejectStore) {
    let store = rejects.clone();
    let help = "Rejected elements that the store dropped because of its size or their age, since the folder was created. High: nobody \
                retries them in time, or the room of the option `refused` is too small.";
    registry.counter("plumbline_refused_dropped_total", help, move || store.dropped().elements);
    let store = rejects.clone();
    let help = "Files of raw records that wait for a repair and a retry. High: see `plumbline rejects list`.";
    registry.gauge("plumbline_refused_files", help, move || store.files().ok().map(|files| files.len() as u64));
}
