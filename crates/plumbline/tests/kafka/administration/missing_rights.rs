//! A user without rights: the log names each right that is missing.

use scorecard::time::calendar::Timestamp;

use crate::broker::{Brokers, TestTools, USER};
use crate::deployment_under_test::{DeploymentPlan, Role, TestDeployment, WEEKLY, real_now};
use crate::topic_writer::until;

/// Everything is allowed without a user, and nothing to the user of the secured listener.
const AUTHORIZER: &str =
    "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer;super.users=User:ANONYMOUS";

/// A start without any right ends with the operation and the topic of the first refused request.
pub fn a_missing_right_is_named_with_its_topic(_: &TestTools) {
    let brokers = Brokers::start_with(1, AUTHORIZER);
    let first = WEEKLY.at_or_after(Timestamp(real_now()));
    let inputs = Vec::new();
    let plan =
        DeploymentPlan { name: "acl", bootstrap: &brokers.bootstrap, partitions: 1, inputs, grid: WEEKLY, first, registry: "" };
    let deployment = TestDeployment::new(&plan);
    let (address, certificate) = brokers.secured();
    let properties = [
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanism", "SCRAM-SHA-256"),
        ("sasl.username", USER.0),
        ("sasl.password", USER.1),
        ("ssl.ca.location", &certificate.display().to_string()),
    ];
    deployment.secure(&address, properties.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    let process = deployment.start(Role::Tally);
    let wanted = ["the brokers refuse Describe on topic ", "registry", "docs/operate/kafka.md#access-control"];
    until("the missing right is named", || wanted.iter().all(|word| process.log_text().contains(word)));
    eprintln!("{}", process.log_text());
}
