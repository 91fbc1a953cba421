//! The faults that keep a service from being ready. The thread that finds a fault reports it, and clears it when its work succeeds.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use stream::log::{LogError, with_sources};

/// The place of a fault. A fault of an earlier place hides those of later ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultPlace {
    /// No broker answers.
    Brokers,
    /// The thread that publishes.
    Publish,
    /// The tally of a partition.
    Tally(u32),
    /// The thread that copies published cards.
    Serve,
    /// The intake of topics.
    Intake,
    /// The thread that watches the others.
    Watch,
}

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFault {
    /// The fault, its meaning and its cure.
    pub text: String,
    /// The word of the loss, where the log has lost records.
    pub loss: Option<&'static str>,
}

impl ServiceFault {
    /// A fault that is no loss of the log.
    #[must_use]
    pub fn other(text: impl Into<String>) -> ServiceFault {
        ServiceFault { text: text.into(), loss: None }
    }
}

impl From<&LogError> for ServiceFault {
    fn from(error: &LogError) -> ServiceFault {
        let loss = if let LogError::Loss(loss) = error { Some(loss.word()) } else { None };
        ServiceFault { text: with_sources(error), loss }
    }
}

/// The present faults, by place.
#[derive(Debug, Default)]
pub struct ServiceFaults(Mutex<BTreeMap<FaultPlace, ServiceFault>>);

impl ServiceFaults {
    /// Reports a fault. It replaces an earlier one of the same place.
    pub fn report(&self, place: FaultPlace, fault: ServiceFault) {
        self.all().insert(place, fault);
    }

    /// Clears the fault of a place.
    pub fn clear(&self, place: FaultPlace) {
        self.all().remove(&place);
    }

    /// The fault of a place.
    #[must_use]
    pub fn at(&self, place: FaultPlace) -> Option<ServiceFault> {
        self.all().get(&place).cloned()
    }

    /// The first loss of the log, else the first fault.
    #[must_use]
    pub fn first(&self) -> Option<ServiceFault> {
        let all = self.all();
        all.values().find(|fault| fault.loss.is_some()).or_else(|| all.values().next()).cloned()
    }

    /// The number of places that report this loss.
    #[must_use]
    pub fn count(&self, loss: &str) -> u64 {
        self.all().values().filter(|fault| fault.loss == Some(loss)).count() as u64
    }

    /// A report is complete, so the faults that a panicked thread left are still its last ones.
    fn all(&self) -> MutexGuard<'_, BTreeMap<FaultPlace, ServiceFault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use stream::log_loss::LogLoss;

    use super::*;

    #[test]
    fn a_loss_of_the_log_comes_before_other_faults_until_its_place_clears_it() {
        let faults = ServiceFaults::default();
        assert_eq!(faults.first(), None);
        faults.report(FaultPlace::Brokers, ServiceFault::other("no broker answers"));
        let loss = LogError::Loss(LogLoss::Genesis { topic: "events", partition: 0, end: 7 });
        faults.report(FaultPlace::Tally(3), ServiceFault::from(&loss));
        assert!(faults.first().is_some_and(|fault| fault.text.contains("registry is empty")));
        assert_eq!((faults.count("genesis"), faults.count("end")), (1, 0));
        faults.clear(FaultPlace::Tally(3));
        assert_eq!(faults.first(), Some(ServiceFault::other("no broker answers")));
    }
}
