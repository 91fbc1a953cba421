//! Brokers with SASL users over TLS.

use crate::accounts::Delivery;
use crate::broker::{TestTools, USER, with_shared};
use crate::deployment_under_test::Role;
use crate::processes::ProcessGroup;
use crate::traffic_by_cut::{TrafficRun, network};

fn secured_traffic(name: &str, mechanism: &str, password: &str) -> TrafficRun {
    let ((secured, certificate), open) = with_shared(|brokers| (brokers.secured(), brokers.bootstrap.clone()));
    let traffic = TrafficRun::new(name, &open, network(37));
    let properties = [
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanism", mechanism),
        ("sasl.username", USER.0),
        ("sasl.password", password),
        ("ssl.ca.location", &certificate.display().to_string()),
    ];
    let properties = properties.map(|(key, value)| (key.to_owned(), value.to_owned()));
    traffic.deployment.secure(&secured, properties.into());
    traffic
}

/// Every role works over TLS as a SCRAM user.
pub fn a_deployment_works_over_tls_as_a_scram_user(tools: &TestTools) {
    let mut traffic = secured_traffic("scram", "SCRAM-SHA-256", USER.1);
    let processes = ProcessGroup::of(&traffic.deployment, 1);
    traffic.run();
    processes.end();
    traffic.judge(tools, Delivery::ExactlyOnce);
}

/// With a wrong password the log names the failed authentication, without the password.
pub fn a_wrong_password_is_reported(_: &TestTools) {
    for mechanism in ["SCRAM-SHA-256", "PLAIN"] {
        let traffic = secured_traffic("stranger", mechanism, "not-the-password");
        let mut process = traffic.deployment.start(Role::Tally);
        crate::topic_writer::until("the failed authentication is logged", || {
            let log = process.log_text().to_lowercase();
            let is_logged = log.contains("authentication") && !log.contains("not-the-password");
            assert!(is_logged || process.runs(), "it ended and logged only: {log}");
            is_logged
        });
        process.kill();
    }
}
