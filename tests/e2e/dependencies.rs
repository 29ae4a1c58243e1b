//! What Wireside is made of, by the rules of `deny.toml`: licences, where packages come from, and what must not be among
//! them. The same file is read by cargo-deny, which knows advisories beside these; building that takes longer than all our
//! tests, so it runs where somebody has it (`script/test`).

use std::{
    collections::{HashMap, HashSet},
    process::Command,
};

use serde_json::Value;
use spdx::{Expression, LicenseReq};

use crate::harness::root;

/// Every package of a build for one of the rules' targets, as cargo reads its manifest.
fn packages(rules: &toml::Table) -> Vec<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1", "--locked", "--all-features"]).current_dir(root());
    for target in listed(rules, "graph", "targets") {
        cargo.args(["--filter-platform", target.as_str().expect("a target")]);
    }
    let output = cargo.output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    // Packages of other targets are named too, but not what they would be needed for.
    let nodes = metadata["resolve"]["nodes"].as_array().expect("what is needed");
    let needed: HashSet<&str> = nodes.iter().filter_map(|node| node["id"].as_str()).collect();
    let packages = metadata["packages"].as_array().expect("packages").iter();
    packages.filter(|package| package["id"].as_str().is_some_and(|id| needed.contains(id))).cloned().collect()
}

fn rules() -> toml::Table {
    let text = std::fs::read_to_string(root().join("deny.toml")).expect("the rules");
    text.parse().expect("TOML")
}

/// Strings of a list in the rules.
fn listed<'rules>(rules: &'rules toml::Table, section: &str, name: &str) -> Vec<&'rules toml::Value> {
    rules[section][name].as_array().expect("a list").iter().collect()
}

/// The licences that a list names.
fn licences(list: &toml::Value) -> Vec<LicenseReq> {
    let one = |licence: &toml::Value| {
        let licence = Expression::parse(licence.as_str().expect("a name")).expect("SPDX");
        licence.requirements().next().expect("one licence").req.clone()
    };
    list.as_array().expect("a list").iter().map(one).collect()
}

fn name(package: &Value) -> &str {
    package["name"].as_str().expect("a name")
}

/// None of ours.
fn foreign(packages: &[Value]) -> impl Iterator<Item = &Value> {
    packages.iter().filter(|package| !package["source"].is_null())
}

#[test]
fn every_licence_is_one_that_is_allowed() {
    let rules = rules();
    let allowed = licences(&rules["licenses"]["allow"]);
    let excepted: HashMap<&str, Vec<LicenseReq>> = listed(&rules, "licenses", "exceptions")
        .into_iter()
        .map(|one| (one["crate"].as_str().expect("a name"), licences(&one["allow"])))
        .collect();
    let packages = packages(&rules);
    let mut seen = 0;
    for package in foreign(&packages) {
        let stated =
            package["license"].as_str().unwrap_or_else(|| panic!("{} names no licence", name(package)));
        // Older packages write `MIT/Apache-2.0`, which is no SPDX.
        let expression = Expression::parse(&stated.replace('/', " OR "));
        let expression = expression.unwrap_or_else(|error| panic!("{}: {error}", name(package)));
        let own = excepted.get(name(package)).into_iter().flatten();
        let may: Vec<&LicenseReq> = allowed.iter().chain(own).collect();
        let fits = expression.evaluate(|asked| may.contains(&asked));
        assert!(fits, "{} is under {stated}", name(package));
        seen += 1;
    }
    assert!(seen > 100, "{seen} packages");
}

#[test]
fn packages_come_from_the_registry_and_none_is_forbidden() {
    let rules = rules();
    let forbidden: Vec<&str> = listed(&rules, "bans", "deny")
        .into_iter()
        .map(|ban| ban["crate"].as_str().expect("a name"))
        .collect();
    assert!(forbidden.contains(&"openssl"), "{forbidden:?}");
    let packages = packages(&rules);
    for package in foreign(&packages) {
        let source = package["source"].as_str().expect("a source");
        assert!(source.starts_with("registry+"), "{} comes from {source}", name(package));
        assert!(!forbidden.contains(&name(package)), "{} is forbidden", name(package));
    }
    for package in packages.iter().filter(|package| package["source"].is_null()) {
        for needed in package["dependencies"].as_array().expect("a list") {
            let any = needed["req"] == "*" && needed["path"].is_null();
            assert!(!any, "{} takes any version of {}", name(package), needed["name"]);
        }
    }
}
