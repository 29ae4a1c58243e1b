//! What `deploy/` has is true of this program: its flags are ours, and HAProxy takes the doors as they are made of it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::harness::{root, server::program};

/// Flags of others: podman's and docker's, apt's, those of the package's script.
const OTHERS: [&str; 10] = [
    "--binary",
    "--cap-add",
    "--cap-drop",
    "--device",
    "--from",
    "--no-install-recommends",
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
    ] {
        let text = deployed(file);
        let wrong: Vec<_> =
            flags(&text).into_iter().filter(|flag| !known.contains(flag) && !OTHERS.contains(flag)).collect();
        assert!(wrong.is_empty(), "{file}: {wrong:?}");
    }
}

/// A folder that is gone at the end.
struct Folder(PathBuf);

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
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("doors-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let folder = Folder(folder);

    // What the container of compose.yaml runs, with other paths: `$$` is a `$` there.
    let compose = deployed("compose.yaml");
    let (_, script) = compose.split_once("      - >-\n").expect("its command");
    let script: String = script
        .lines()
        .take_while(|line| line.starts_with("        "))
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ");
    let (script, _) = script.split_once(" && exec haproxy").expect("it runs HAProxy");
    let made = folder.0.join("compose.cfg");
    let shipped = root().join("deploy/haproxy-nodes.cfg");
    let script = script
        .replace("$$", "$")
        .replace("/door/haproxy-nodes.cfg", &shipped.to_string_lossy())
        .replace("/tmp/haproxy.cfg", &made.to_string_lossy());
    assert!(Command::new("sh").args(["-c", &script]).status().expect("sh").success(), "{script}");
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
