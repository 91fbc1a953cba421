//! `deploy/kubernetes`: plain manifests, one Deployment for each role.

use std::collections::{BTreeMap, BTreeSet};

use clap::Parser;
use serde_json::Value;

use crate::compose::pinned;
use crate::files::{below, documents, sound, strings, text};

const FOLDER: &str = "deploy/kubernetes";
/// Secrets that an operator creates, see the folder's README.
const BY_HAND: [&str; 2] = ["plumbline-keys", "plumbline-reader"];

fn manifests() -> Vec<Value> {
    below(FOLDER, ".yaml").iter().flat_map(|name| documents(name)).collect()
}

fn of_kind(kind: &str) -> Vec<Value> {
    manifests().into_iter().filter(|manifest| manifest["kind"] == kind).collect()
}

fn name(manifest: &Value) -> &str {
    manifest["metadata"]["name"].as_str().expect("a name")
}

/// Everything that creates pods.
fn workloads() -> Vec<Value> {
    of_kind("Deployment").into_iter().chain(of_kind("Job")).collect()
}

fn pod(workload: &Value) -> &Value {
    &workload["spec"]["template"]["spec"]
}

fn container(workload: &Value) -> &Value {
    &pod(workload)["containers"][0]
}

fn labels(value: &Value) -> BTreeMap<&str, &str> {
    let labels = value.as_object().expect("labels").iter();
    labels.map(|(name, value)| (name.as_str(), value.as_str().expect("text"))).collect()
}

fn configuration() -> String {
    of_kind("ConfigMap")[0]["data"]["plumbline.toml"].as_str().expect("a configuration").to_owned()
}

#[test]
fn every_manifest_has_a_kind_and_its_own_name() {
    let mut seen = BTreeSet::new();
    for manifest in manifests() {
        assert!(manifest["apiVersion"].is_string() && manifest["metadata"]["namespace"] == "plumbline", "{manifest}");
        assert!(seen.insert(format!("{} {}", manifest["kind"], name(&manifest))), "{} exists twice", name(&manifest));
    }
}

#[test]
fn each_role_has_a_deployment_with_a_valid_command() {
    let roles: BTreeSet<String> = of_kind("Deployment").iter().map(|one| strings(&container(one)["args"])[1].clone()).collect();
    assert_eq!(roles.iter().map(String::as_str).collect::<Vec<_>>(), ["intake", "publish", "serve", "tally"]);
    for workload in workloads() {
        let args = ["plumbline".to_owned()].into_iter().chain(strings(&container(&workload)["args"]));
        let parsed = plumbline::cli::Cli::try_parse_from(args);
        assert!(parsed.is_ok(), "{}: {}", name(&workload), parsed.expect_err("it is no Ok"));
        pinned(container(&workload)["image"].as_str().expect("an image"), name(&workload));
    }
}

#[test]
fn pods_have_no_privileges_and_write_only_to_their_volumes() {
    for workload in workloads() {
        let (pod, container) = (pod(&workload), container(&workload));
        assert!(
            pod["securityContext"]["runAsNonRoot"] == true && pod["securityContext"]["runAsUser"] == 65532,
            "{}",
            name(&workload)
        );
        let security = &container["securityContext"];
        assert!(
            security["readOnlyRootFilesystem"] == true && security["allowPrivilegeEscalation"] == false,
            "{}",
            name(&workload)
        );
        assert!(container["resources"]["limits"]["memory"].is_string(), "{} has no limit", name(&workload));
    }
}

#[test]
fn probes_request_existing_routes_at_the_port_of_the_service() {
    let port = port_of_the_configuration();
    for deployment in of_kind("Deployment") {
        let container = container(&deployment);
        let asked = ["livenessProbe", "readinessProbe", "startupProbe"].map(|probe| {
            assert_eq!(container[probe]["httpGet"]["port"], "http");
            container[probe]["httpGet"]["path"].as_str().expect("a path").to_owned()
        });
        assert_eq!(asked, ["/livez", "/readyz", "/livez"], "{}", name(&deployment));
        assert_eq!(
            (&container["ports"][0]["name"], container["ports"][0]["containerPort"].as_u64()),
            (&"http".into(), Some(port))
        );
        let annotations = labels(&deployment["spec"]["template"]["metadata"]["annotations"]);
        assert_eq!(annotations["prometheus.io/port"], port.to_string());
        assert_eq!((annotations["prometheus.io/scrape"], annotations["prometheus.io/path"]), ("true", "/metrics"));
    }
}

fn port_of_the_configuration() -> u64 {
    let config: toml::Table = configuration().parse().expect("a configuration");
    let listen = config["listen"].as_str().expect("an address");
    listen.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port")
}

#[test]
fn selectors_match_their_pods() {
    let pods: Vec<Value> = workloads().iter().map(|one| one["spec"]["template"]["metadata"]["labels"].clone()).collect();
    let finds = |selector: &Value| {
        let wanted = labels(selector);
        pods.iter().any(|pod| wanted.iter().all(|(label, value)| labels(pod).get(label) == Some(value)))
    };
    for deployment in of_kind("Deployment") {
        let own = labels(&deployment["spec"]["selector"]["matchLabels"]);
        assert_eq!(own, labels(&deployment["spec"]["template"]["metadata"]["labels"]), "{}", name(&deployment));
    }
    for service in of_kind("Service") {
        assert!(finds(&service["spec"]["selector"]), "{} finds no pod", name(&service));
    }
    for policy in of_kind("NetworkPolicy") {
        assert!(finds(&policy["spec"]["podSelector"]["matchLabels"]), "{} is about no pod", name(&policy));
    }
}

#[test]
fn every_mounted_volume_is_declared() {
    let maps = of_kind("ConfigMap");
    for workload in workloads() {
        let volumes = pod(&workload)["volumes"].as_array().expect("volumes").clone();
        let declared: BTreeSet<&str> = volumes.iter().map(|volume| volume["name"].as_str().expect("a name")).collect();
        let mounts = container(&workload)["volumeMounts"].as_array().expect("mounts");
        let mounted: BTreeSet<&str> = mounts.iter().map(|mount| mount["name"].as_str().expect("a name")).collect();
        assert_eq!(declared, mounted, "{}", name(&workload));
        for volume in &volumes {
            let map = volume["configMap"]["name"].as_str();
            assert!(map.is_none_or(|wanted| maps.iter().any(|map| name(map) == wanted)), "{volume}");
            let secret = volume["secret"]["secretName"].as_str();
            assert!(secret.is_none_or(|wanted| BY_HAND.contains(&wanted)), "{volume}");
        }
    }
}

#[test]
fn plumbline_accepts_the_configuration_and_the_readme_creates_every_secret() {
    let hash = "0".repeat(64);
    for workload in workloads() {
        let secrets = container(&workload)["env"].as_array().expect("variables").clone();
        let variable = |secret: &Value| {
            let named = secret["valueFrom"]["secretKeyRef"]["name"].as_str().expect("a secret's name");
            assert!(BY_HAND.contains(&named), "{named}");
            (secret["name"].as_str().expect("a name").to_owned(), hash.clone())
        };
        sound(&configuration(), &secrets.iter().map(variable).collect::<Vec<_>>());
    }
    let readme = text(&format!("{FOLDER}/README.md"));
    for secret in BY_HAND {
        assert!(readme.contains(&format!("create secret generic {secret}")), "{secret}");
    }
}
