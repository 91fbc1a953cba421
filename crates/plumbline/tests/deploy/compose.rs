//! `docker-compose.yml`: Plumbline with Kafka, Prometheus and Grafana on one machine.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::files::{document, path, sound, strings, text};

const COMPOSE: &str = "docker-compose.yml";

fn services() -> BTreeMap<String, Value> {
    let compose = document(COMPOSE);
    compose["services"].as_object().expect("services").clone().into_iter().collect()
}

/// Whether a service ends by itself.
fn ends(service: &Value) -> bool {
    service["restart"] == "no"
}

fn dependencies(service: &Value) -> Vec<(String, String)> {
    let depends = service["depends_on"].as_object().cloned().unwrap_or_default();
    depends.into_iter().map(|(name, how)| (name, how["condition"].as_str().expect("a condition").to_owned())).collect()
}

#[test]
fn every_image_is_pinned_to_a_version() {
    for (name, service) in services() {
        pinned(service["image"].as_str().unwrap_or_default(), &name);
    }
}

/// A tag with a major and a minor number at least.
pub fn pinned(image: &str, of: &str) {
    let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag);
    let numbers = tag.trim_start_matches('v').split('.').map_while(|part| part.parse::<u32>().ok()).count();
    assert!(numbers >= 2, "{of}: {image:?} names no version");
}

#[test]
fn every_lasting_service_has_a_health_check() {
    for (name, service) in services().iter().filter(|(_, service)| !ends(service)) {
        let test = strings(&service["healthcheck"]["test"]);
        assert!(test.len() >= 2 && test[0] == "CMD", "{name} has no health check");
        for bound in ["interval", "timeout", "retries"] {
            assert!(!service["healthcheck"][bound].is_null(), "{name}: its check has no {bound}");
        }
    }
}

#[test]
fn every_dependency_is_a_service_that_can_fulfil_its_condition() {
    let services = services();
    for (name, service) in &services {
        for (wanted, condition) in dependencies(service) {
            let found = services.get(&wanted).unwrap_or_else(|| panic!("{name} waits for {wanted}, which does not exist"));
            let fits = match condition.as_str() {
                "service_healthy" => !found["healthcheck"].is_null(),
                "service_completed_successfully" => ends(found),
                _ => false,
            };
            assert!(fits, "{name} waits for {wanted} to be {condition}, which never happens");
        }
    }
}

#[test]
fn no_services_wait_for_each_other() {
    let services = services();
    let mut begun: BTreeSet<&str> = BTreeSet::new();
    while begun.len() < services.len() {
        let met = |service: &Value| dependencies(service).iter().all(|(wanted, _)| begun.contains(wanted.as_str()));
        let next = services.iter().find(|(name, service)| !begun.contains(name.as_str()) && met(service));
        begun.insert(next.unwrap_or_else(|| panic!("only {begun:?} can begin")).0);
    }
}

#[test]
fn every_mounted_file_exists_and_every_volume_is_declared() {
    let compose = document(COMPOSE);
    for (name, service) in services() {
        for volume in strings(&service["volumes"]) {
            let source = volume.split(':').next().expect("a source");
            let there = match source.strip_prefix("./") {
                Some(file) => path(file).exists() && volume.ends_with(":ro"),
                None => compose["volumes"].as_object().expect("volumes").contains_key(source),
            };
            assert!(there, "{name}: {volume} does not exist, or is writable");
        }
    }
}

#[test]
fn published_ports_are_the_machines_own_and_do_not_clash() {
    let mut taken = BTreeSet::new();
    for (name, service) in services() {
        for port in strings(&service["ports"]) {
            let parts: Vec<&str> = port.split(':').collect();
            assert!(parts.len() == 3 && parts[0] == "127.0.0.1", "{name}: {port} is open to others");
            assert!(taken.insert(parts[1].to_owned()), "{name}: {port} is taken");
        }
    }
}

/// `host:port` of other containers, as configurations name them.
#[test]
fn addresses_of_other_containers_are_those_of_services() {
    let services = services();
    let config: toml::Table = text("deploy/compose/plumbline.toml").parse().expect("a configuration");
    let registry = config["kafka"]["schema-registry"].as_str().expect("an address");
    let sources = document("deploy/grafana/provisioning/datasources/prometheus.yml");
    let scraped = document("deploy/prometheus/prometheus.yml");
    let mut addresses = vec![
        config["kafka"]["brokers"].as_str().expect("an address").to_owned(),
        registry.trim_start_matches("http://").split('/').next().expect("a host").to_owned(),
        sources["datasources"][0]["url"].as_str().expect("an address").trim_start_matches("http://").to_owned(),
    ];
    for job in scraped["scrape_configs"].as_array().expect("jobs") {
        addresses.extend(job["static_configs"].as_array().expect("targets").iter().flat_map(|one| strings(&one["targets"])));
    }
    for address in addresses.iter().filter(|address| !address.starts_with("localhost:")) {
        let host = address.split(':').next().expect("a host");
        assert!(services.contains_key(host), "{address} is not a service of {COMPOSE}");
    }
    let listeners = services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].as_str().expect("listeners");
    assert!(listeners.contains(&format!("//{}", addresses[0])), "{listeners} has no {}", addresses[0]);
    let port = config["listen"].as_str().expect("an address").rsplit_once(':').expect("a port").1.to_owned();
    assert!(addresses.contains(&format!("plumbline:{port}")), "Prometheus scrapes another port than {port}");
}

#[test]
fn plumbline_accepts_the_configuration_and_reads_the_topics_of_the_practices() {
    sound(&text("deploy/compose/plumbline.toml"), &[]);
    let config: toml::Table = text("deploy/compose/plumbline.toml").parse().expect("a configuration");
    let services = services();
    for input in config["inputs"].as_table().expect("inputs").keys() {
        for service in ["practice-topic", "practice"] {
            assert!(strings(&services[service]["command"]).join(" ").contains(input.as_str()), "{service} does not know {input}");
        }
    }
}

#[test]
fn plumbline_knows_its_commands() {
    use clap::Parser;
    for (name, service) in services() {
        if service["image"].as_str().is_some_and(|image| image.starts_with("plumbline:")) {
            let args = strings(&service["command"]);
            let parsed = plumbline::cli::Cli::try_parse_from(["plumbline".to_owned()].into_iter().chain(args));
            assert!(parsed.is_ok(), "{name}: {}", parsed.expect_err("it is no Ok"));
        }
    }
}
