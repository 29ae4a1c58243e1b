//! What `deploy/` has is true of this program: its flags are ours, and HAProxy takes the doors as they are made of it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::harness::{
    http,
    room::NewRoom,
    root,
    server::{TestServer, program},
};

/// Flags of others: podman's and docker's, apt's, the store's, those of the package's script.
const OTHERS: [&str; 12] = [
    "--binary",
    "--cap-add",
    "--cap-drop",
    "--device",
    "--from",
    "--no-block",
    "--no-install-recommends",
    "--port",
    "--rm",
    "--security-opt",
    "--user",
    "--now",
];

fn deployed(file: &str) -> String {
    let path = root().join("deploy").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All words of a text that begin with two hyphens, without what follows them.
fn flags(text: &str) -> BTreeSet<&str> {
    let letter = |letter: char| letter.is_ascii_lowercase() || letter == '-';
    let words = text.split(|between: char| !(letter(between) || between.is_ascii_digit()));
    words.filter(|word| word.starts_with("--") && word.len() > 3).collect()
}

#[test]
fn every_flag_that_deploy_names_is_one_of_the_programs() {
    let help = Command::new(program()).arg("--help").output().expect("it runs").stdout;
    let help = String::from_utf8(help).expect("UTF-8");
    let known = flags(&help);
    assert!(known.contains("--trusted-proxy") && known.contains("--agent"), "{known:?}");
    for file in [
        "Containerfile",
        "compose.yaml",
        "haproxy.cfg",
        "haproxy-nodes.cfg",
        "kubernetes/blue.yaml",
        "kubernetes/door.yaml",
        "wireside.service",
        "wireside@.service",
    ] {
        let text = deployed(file);
        let wrong: Vec<_> =
            flags(&text).into_iter().filter(|flag| !known.contains(flag) && !OTHERS.contains(flag)).collect();
        assert!(wrong.is_empty(), "{file}: {wrong:?}");
    }
}

/// The documents of a YAML file of `deploy/`, read by what Python has for it.
pub(crate) fn documents(file: &str) -> Vec<Value> {
    let program =
        "import json, sys, yaml; json.dump(list(yaml.safe_load_all(open(sys.argv[1]))), sys.stdout)";
    let path = root().join("deploy").join(file);
    let read = Command::new("python3").args(["-c", program]).arg(path).output().expect("python3 runs");
    let said = String::from_utf8_lossy(&read.stderr);
    assert!(read.status.success(), "{file} (Debian's python3-yaml reads it): {said}");
    serde_json::from_slice(&read.stdout).expect("a list of documents")
}

/// A text of compose.yaml as compose has it where nobody set anything but the password: `${NAME:-usual}`, `${NAME:?why}`, `$$`.
pub(crate) fn composed(text: &str) -> String {
    let mut made = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        made.push_str(before);
        rest = if let Some(after) = after.strip_prefix('$') {
            made.push('$');
            after
        } else {
            let after = after.strip_prefix('{').unwrap_or_else(|| panic!("a lone $ in {text:?}"));
            let (variable, after) = after.split_once('}').expect("its end");
            let (_, usual) = variable.split_once(":-").unwrap_or(("WIRESIDE_PASSWORD", "secret"));
            made.push_str(usual);
            after
        };
    }
    made + rest
}

/// HAProxy's configuration as the container `door` of compose.yaml makes it, by its very command, in a file of this folder.
pub(crate) fn door_of_compose(folder: &Path) -> PathBuf {
    let compose = documents("compose.yaml").remove(0);
    let script = composed(compose["services"]["door"]["command"][0].as_str().expect("its command"));
    let (script, _) = script.split_once(" && exec haproxy").expect("it runs HAProxy");
    let made = folder.join("compose.cfg");
    let shipped = root().join("deploy/haproxy-nodes.cfg");
    let script = script
        .replace("/door/haproxy-nodes.cfg", &shipped.to_string_lossy())
        .replace("/tmp/haproxy.cfg", &made.to_string_lossy());
    assert!(Command::new("sh").args(["-c", &script]).status().expect("sh").success(), "{script}");
    made
}

/// A folder that is gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(of: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{of}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.0);
    }
}

fn takes(door: &Path) {
    let checked = Command::new("haproxy").args(["-c", "-f"]).arg(door).output();
    let checked = checked.expect("haproxy (Debian's package) runs");
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{}:\n{said}", door.display());
}

#[test]
fn the_doors_of_compose_and_kubernetes_are_the_shipped_one() {
    let folder = Folder::new("doors");

    let made = door_of_compose(&folder.0);
    takes(&made);
    let text = fs::read_to_string(&made).expect("made");
    assert!(text.contains("server a 172.30.77.11:8080") && !text.contains("ssl"), "{text}");

    // What Kubernetes keeps of it stands there line by line, but for where the nodes are.
    let kubernetes = deployed("kubernetes/door.yaml");
    let (_, text) = kubernetes.split_once("haproxy.cfg: |\n").expect("the door");
    let lines: Vec<_> =
        text.lines().take_while(|line| line.starts_with("    ")).map(|line| &line[4..]).collect();
    let made = folder.0.join("kubernetes.cfg");
    fs::write(&made, format!("{}\n", lines.join("\n"))).expect("written");
    takes(&made);
    let shipped = deployed("haproxy-nodes.cfg");
    let routing = |text: &str| -> Vec<String> {
        let words = [
            "http-request set-var",
            "http-request disable",
            "use-server",
            "balance",
            "http-check",
            "retr",
            "option redispatch",
            "timeout",
        ];
        let lines =
            text.lines().map(str::trim).filter(|line| words.iter().any(|word| line.starts_with(word)));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(routing(&lines.join("\n")), routing(&shipped));
}

/// systemd takes the units as they are shipped, but for where the program is; the one of several nodes waits for its rooms.
#[test]
fn systemd_takes_the_units() {
    let folder = Folder::new("units");
    let units = ["wireside.service", "wireside.socket", "wireside@.service"];
    let program = program();
    for unit in units {
        let text = deployed(unit).replace("/usr/local/bin/wireside", &program.to_string_lossy());
        fs::write(folder.0.join(unit), text).expect("written");
    }
    let several = deployed("wireside@.service");
    assert!(several.contains("TimeoutStopSec=8h 5min") && !several.contains("--drain-limit 0"), "{several}");
    let mut verify = Command::new("systemd-analyze");
    verify.env("SYSTEMD_UNIT_PATH", format!("{}:", folder.0.display())).arg("verify");
    let Ok(said) = verify.args(units.map(|unit| folder.0.join(unit))).output() else { return };
    let text = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success() && !text.contains("wireside"), "{text}");
}

/// The package has what it says: made here of a program that is none of ours, as ours takes a while to pack.
#[test]
fn the_debian_package_has_program_units_and_what_tells_systemd() {
    let folder = Folder::new("package");
    let package = folder.0.join("wireside.deb");
    let made =
        Command::new(root().join("script/package")).args(["--deb", "/bin/true"]).arg(&package).output();
    let made = made.expect("bash");
    // Where there is no Debian there is no package.
    if Command::new("dpkg-deb").arg("--version").output().is_err() {
        return;
    }
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let ask = |what: &str| {
        let said = Command::new("dpkg-deb").arg(what).arg(&package).output().expect("dpkg-deb runs");
        String::from_utf8_lossy(&said.stdout).into_owned()
    };
    let files = ask("--contents");
    for file in [
        "./usr/bin/wireside",
        "./usr/lib/systemd/system/wireside.service",
        "./usr/lib/systemd/system/wireside.socket",
        "./usr/lib/systemd/system/wireside@.service",
        "./usr/share/doc/wireside/examples/haproxy-nodes.cfg",
        "./etc/wireside/",
    ] {
        assert!(files.lines().any(|line| line.ends_with(file)), "{file} is not in\n{files}");
    }
    let about = ask("--info");
    assert!(about.contains("Recommends: ca-certificates") && about.contains("postinst"), "{about}");
}

/// Alerts and dashboard ask for what there is; a name that nobody counts would be silence for ever.
#[tokio::test]
async fn what_deploy_asks_of_metrics_is_there() {
    let server = TestServer::shared();
    let metrics = http::get(server.page, "/metrics").await.body;
    let dashboard: Value = serde_json::from_str(&deployed("dashboard.json")).expect("JSON");
    let mut asked = Vec::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
        let targets = panel["targets"].as_array().expect("what it shows");
        asked.extend(targets.iter().map(|target| target["expr"].as_str().expect("an expression").to_owned()));
    }
    for rule in documents("alerts.yml")[0]["groups"][0]["rules"].as_array().expect("rules") {
        asked.push(rule["expr"].as_str().expect("an expression").to_owned());
    }
    let letter = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let names: BTreeSet<_> = asked
        .iter()
        .flat_map(|expression| expression.split(|between| !letter(between)))
        .filter(|word| word.starts_with("wireside_"))
        .collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        assert!(metrics.contains(&format!("# TYPE {name} ")), "{name} is not in\n{metrics}");
    }
    // What rises from nothing has risen: an alert on the first refusal of its kind has something to compare it with.
    assert!(metrics.contains("wireside_refusals_total{reason=\"server-rooms\"} "), "{metrics}");
    for file in [
        "alerts.yml",
        "compose.yaml",
        "kubernetes/blue.yaml",
        "kubernetes/door.yaml",
        "kubernetes/shared.yaml",
    ] {
        assert!(!documents(file).is_empty(), "{file}");
    }
}

/// HAProxy's resolver appends no search domain: a pod is found by its whole name or not at all.
#[test]
fn the_door_of_kubernetes_names_the_pods_there_are() {
    let shared = documents("kubernetes/shared.yaml");
    let nodes = documents("kubernetes/blue.yaml").remove(0);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let (service, namespace) = (text(&nodes["spec"]["serviceName"]), text(&nodes["metadata"]["namespace"]));
    let is_there = |kind: &str, name: &str| {
        shared.iter().any(|one| one["kind"] == kind && one["metadata"]["name"] == name)
    };
    assert!(is_there("Namespace", &namespace) && is_there("Service", &service), "{shared:?}");
    let all = [shared, documents("kubernetes/door.yaml"), vec![nodes.clone()]].concat();
    for one in all.iter().filter(|one| one["kind"] != "Namespace") {
        assert_eq!(one["metadata"]["namespace"], namespace.as_str(), "{one}");
    }
    let door = deployed("kubernetes/door.yaml");
    for colour in ["blue", "green"] {
        for number in 0..nodes["spec"]["replicas"].as_u64().expect("a number") {
            let server = format!(
                "server {colour}{number} {colour}-{number}.{service}.{namespace}.svc.cluster.local:8080"
            );
            assert!(door.lines().any(|line| line.trim() == server), "{server}");
        }
    }
}

/// compose.yaml and docker run the program as root with three capabilities: the image's folder has to be open to that.
#[tokio::test]
async fn root_without_its_powers_keeps_recordings_in_the_image_s_folder() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let image = deployed("Containerfile");
    let (_, made) = image.split_once("RUN install -d ").expect("the folder for recordings");
    let (how, _) = made.split_once(" /var/lib/wireside").expect("its path");
    let folder = Folder::new("image");
    let made = Command::new("install").arg("-d").args(how.split(' ')).arg(&folder.0).status();
    assert!(made.expect("install").success(), "{how}");
    let compose = documents("compose.yaml").remove(0);
    let node = &compose["services"]["a"];
    assert_eq!((&node["user"], &node["cap_drop"][0]), (&Value::from("0:0"), &Value::from("ALL")));
    let given = node["cap_add"].as_array().expect("capabilities").iter();
    let given: String =
        given.map(|one| format!(",+{}", one.as_str().expect("a name").to_lowercase())).collect();
    let script =
        format!("exec setpriv --clear-groups --bounding-set -all{given} --inh-caps -all{given} \"$@\"");
    let server = TestServer::start_within(&script, &["--data", &folder.0.to_string_lossy()]);
    let room = NewRoom::create(&server).await;
    let (page, id, key) = (server.page, &room.id, room.owner().key_text());
    let head = format!(
        "POST /r/{id}/shares HTTP/1.1\r\nHost: {page}\r\nOrigin: http://{page}\r\nAuthorization: Bearer {key}\r\n"
    );
    let kept = http::request_with(page, &head, "{}").await;
    assert_eq!(kept.status, 201, "{}\n{}", kept.body, server.log());
}
