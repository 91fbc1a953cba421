//! Bytes: JSON, FHIR and Avro in; rows, marks and cards out; every schema version; pseudonyms.
