//! The decoder of a deployment's intake: requests, input topics and retries share it.

use std::collections::BTreeMap;
use std::sync::Arc;

use codec::formats::record_decoder::{DecoderConfig, RecordDecoder};
use scorecard::record::item::Feed;
use scorecard::time::calendar::Zone;

use crate::config::options::feed_named;

/// The record decoder with the feeds of the configuration. Clones share it.
#[derive(Clone, Debug)]
pub struct IntakeDecoder {
    /// Decodes raw records into items.
    pub records: Arc<RecordDecoder>,
    /// Declared feeds, by name.
    pub feeds: Arc<BTreeMap<String, Arc<Feed>>>,
    /// The zone of undeclared feeds.
    pub zone: Zone,
    config: Arc<DecoderConfig>,
}

impl IntakeDecoder {
    /// A decoder for this configuration.
    #[must_use]
    pub fn new(config: DecoderConfig) -> IntakeDecoder {
        let (feeds, zone) = (Arc::new(config.feeds.clone()), config.zone.clone());
        let config = Arc::new(config);
        IntakeDecoder { records: Arc::new(RecordDecoder::new(DecoderConfig::clone(&config))), feeds, zone, config }
    }

    /// A decoder of the same configuration that remembers nothing of this one's records, and this one nothing of its records.
    #[must_use]
    pub fn apart(&self) -> RecordDecoder {
        RecordDecoder::new(DecoderConfig::clone(&self.config))
    }

    /// The feed of this name: as declared, else with the defaults of an undeclared feed.
    #[must_use]
    pub fn feed(&self, name: &str) -> Arc<Feed> {
        feed_named(&self.feeds, &self.zone, name)
    }
}
