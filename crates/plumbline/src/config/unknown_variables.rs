//! Environment variables that look like options and are none.

use std::collections::BTreeMap;

use crate::config::did_you_mean::nearest;

/// The texts with which Kubernetes begins the address of a service.
const LINK_SCHEMES: [&str; 3] = ["tcp://", "udp://", "sctp://"];

/// The unknown ones of these variables, each with the cure. `known` are the names of all variables that are read.
#[must_use]
pub fn unknown_variables(prefix: &str, variables: &BTreeMap<String, String>, known: &[String]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, value) in variables.iter().filter(|(name, _)| name.starts_with(prefix)) {
        if known.contains(name) || is_service_link(&name[prefix.len()..], value) {
            continue;
        }
        let cure = match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean {near}?"),
            None => "unset it, or see `plumbline config show` for the options".to_owned(),
        };
        found.push((name.clone(), format!("no option has this variable; {cure}")));
    }
    found
}

/// Whether Kubernetes sets this variable for a service whose name begins like the prefix.
fn is_service_link(rest: &str, value: &str) -> bool {
    let is_address = LINK_SCHEMES.iter().any(|scheme| value.starts_with(scheme));
    let parts: Vec<&str> = rest.split('_').collect();
    let names_host = rest.ends_with("SERVICE_HOST");
    let names_port = parts.windows(2).any(|two| two == ["SERVICE", "PORT"]);
    let names_protocol = parts.windows(3).any(|three| {
        let is_protocol = ["TCP", "UDP", "SCTP"].contains(&three[2]);
        three[0] == "PORT" && !three[1].is_empty() && three[1].bytes().all(|b| b.is_ascii_digit()) && is_protocol
    });
    names_host || names_port || names_protocol || (rest.ends_with("PORT") && is_address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_variable_is_named_and_the_ones_of_kubernetes_are_not() {
        let variables = [
            ("PLUMBLINE_LISTN", "127.0.0.1:1"),
            ("PLUMBLINE_LISTEN", "127.0.0.1:1"),
            ("PLUMBLINE_PORT", "8080"),
            ("PLUMBLINE_API_PORT", "tcp://10.0.0.1:80"),
            ("PLUMBLINE_SERVICE_HOST", "10.0.0.1"),
            ("PLUMBLINE_SERVICE_PORT_HTTP", "80"),
            ("PLUMBLINE_PORT_8080_TCP_ADDR", "10.0.0.1"),
            ("OTHER_LISTEN", "1"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let found = unknown_variables("PLUMBLINE_", &variables, &["PLUMBLINE_LISTEN".to_owned()]);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["PLUMBLINE_LISTN", "PLUMBLINE_PORT"]);
        assert!(found[0].1.contains("did you mean PLUMBLINE_LISTEN?"), "{found:?}");
    }
}
