//! The metrics of the clients of the brokers and of the schema registry.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::kafka::contact::{Contact, Counters};
use crate::kafka::schema_registry::registry::RegistryCounts;
use crate::process::metric_registry::MetricRegistry;

/// Adds the metrics of everything that uses this contact.
pub fn register(registry: &MetricRegistry, contact: &Contact) {
    let counter = |name, help, value: fn(&Counters) -> &AtomicU64| {
        let contact = contact.clone();
        registry.counter(name, help, move || load(value(&contact.0)));
    };
    let help = "Changes of the partitions that the consumer groups assign to this process. High: instances come and go, or are too slow.";
    counter("plumbline_rebalances_total", help, |counters| &counters.rebalances);
    let help = "Tasks that failed and were restarted from the log. High: see the log of this instance; often the brokers refuse something.";
    counter("plumbline_task_restarts_total", help, |counters| &counters.restarts);
    let read = contact.clone();
    let help = "Errors that clients of the brokers reported, whether they recovered or not. all_down: no broker was reachable. \
                High: see the brokers.";
    registry.counters("plumbline_broker_errors_total", help, ["kind"], move || {
        let (errors, all_down) = (load(&read.0.errors), load(&read.0.all_down));
        vec![(["all_down"], all_down), (["other"], errors.saturating_sub(all_down))]
    });
    let read = contact.clone();
    let help = "Transactions of runs, by end. Fenced: another publisher took over, usual at a restart. Aborted: the transaction failed, \
                or its end is unknown; high: see the brokers.";
    registry.counters("plumbline_transactions_total", help, ["end"], move || {
        let Counters { committed, fenced, aborted, .. } = &*read.0;
        vec![(["committed"], load(committed)), (["fenced"], load(fenced)), (["aborted"], load(aborted))]
    });
    let read = contact.clone();
    let help = "Records that were sent and are not acknowledged yet. High: the brokers are slow or unreachable.";
    registry.gauge("plumbline_producer_waiting_records", help, move || {
        u64::try_from(read.0.waiting.load(Ordering::Relaxed)).unwrap_or(0)
    });
    contact.0.timings.register(registry);
}

/// Adds the metrics of a schema registry's client.
pub fn register_schema_registry(registry: &MetricRegistry, counts: impl Fn() -> RegistryCounts + Send + Sync + 'static) {
    let help = "Requests to the schema registry for an unknown id, by outcome. High for failed: records with new ids wait, and their \
                partitions with them.";
    registry.counters("plumbline_schema_questions_total", help, ["outcome"], move || {
        let RegistryCounts { answered, failed } = counts();
        vec![(["answered"], answered), (["failed"], failed)]
    });
}

fn load(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
