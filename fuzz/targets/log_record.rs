//! Any bytes in Plumbline's own topics: a record that decodes is unchanged after it was encoded again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scorecard::record::log_record::Record;

fuzz_target!(|bytes: &[u8]| {
    let record = codec::avro::encoding::decode(bytes);
    if matches!(record, Record::Undecodable(_)) {
        return;
    }
    let mut again = Vec::new();
    codec::avro::encoding::encode(&record, &mut again).expect("what was read can be written");
    // Texts, for a number that is not one does not equal itself.
    assert_eq!(format!("{:?}", codec::avro::encoding::decode(&again)), format!("{record:?}"));
});
