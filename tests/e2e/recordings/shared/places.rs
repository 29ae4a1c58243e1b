//! A PostgreSQL and a store that speaks S3, each on a free port of loopback, with nothing in them.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, geteuid, kill_process};

use crate::harness::{http, in_time};

/// The database's, which no log may have.
pub(super) const PASSWORD: &str = "correct-horse-battery";
/// PostgreSQL refuses to run as root: then it runs as the user nobody.
const NOBODY: u32 = 65_534;

/// A port that was free a moment ago.
fn free() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("bound")
}

/// A database of this test's own.
pub(super) struct Database {
    folder: PathBuf,
    programs: PathBuf,
    port: u16,
    process: Option<Child>,
}

impl Database {
    pub(super) fn start() -> Self {
        // Where others may go, too: not below a home.
        let folder = std::env::temp_dir().join(format!("wireside-database-{}", std::process::id()));
        let _none_yet = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).expect("a folder");
        let password = folder.join("password");
        fs::write(&password, PASSWORD).expect("written");
        if geteuid().is_root() {
            for path in [&folder, &password] {
                chown(path, Some(NOBODY), Some(NOBODY)).expect("ours to give");
            }
        }
        let mut database = Self { folder, programs: programs(), port: free().port(), process: None };
        let mut make = database.command("initdb");
        make.args([
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
            "--username=wireside",
            "--auth=scram-sha-256",
        ]);
        make.arg(format!("--pwfile={}", password.display())).stdout(Stdio::null());
        assert!(make.status().expect("initdb (Debian's package postgresql) runs").success());
        database.run();
        database
    }

    /// One of PostgreSQL's programs, on this database's files.
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(&self.folder).env("PGDATA", self.folder.join("data")).stdin(Stdio::null());
        if geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    /// Starts it, and waits until it says that it takes connections.
    pub(super) fn run(&mut self) {
        let mut command = self.command("postgres");
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-c", "unix_socket_directories="]);
        command.args(["-c", "fsync=off", "-c", "max_connections=40"]).stderr(Stdio::piped());
        let mut process = command.spawn().expect("postgres runs");
        let mut said = String::new();
        let mut log = BufReader::new(process.stderr.take().expect("piped"));
        while !said.contains("ready to accept connections") {
            assert_ne!(log.read_line(&mut said).expect("its log"), 0, "postgres has ended: {said}");
        }
        // Somebody has to read what it says.
        std::thread::spawn(move || log.lines().map_while(Result::ok).for_each(drop));
        self.process = Some(process);
    }

    /// Ends it, with the connections that there are.
    pub(super) fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        let _gone = kill_process(Pid::from_child(&process), Signal::INT);
        let _status = process.wait();
    }

    pub(super) fn address(&self) -> String {
        format!("postgres://wireside:{PASSWORD}@127.0.0.1:{}/postgres", self.port)
    }

    /// What it answers, a row a line.
    pub(super) fn ask(&self, query: &str) -> String {
        let asked = self.command("psql").args(["-XAtq", "-c", query, &self.address()]).output();
        let asked = asked.expect("psql runs");
        assert!(asked.status.success(), "{query}: {}", String::from_utf8_lossy(&asked.stderr));
        String::from_utf8_lossy(&asked.stdout).trim().to_owned()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.stop();
        let _gone = fs::remove_dir_all(&self.folder);
    }
}

/// The folder of PostgreSQL's programs: Debian has a folder for each version, and none of them in the path.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let debian = versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").exists());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let elsewhere = std::env::split_paths(&path).find(|folder| folder.join("initdb").exists());
    debian.max().or(elsewhere).expect("PostgreSQL (Debian's package postgresql) is here")
}

/// A store of this test's own: moto, which forgets everything when it ends.
pub(super) struct Store {
    address: SocketAddr,
    process: Option<Child>,
}

impl Store {
    pub(super) async fn start() -> Self {
        let mut store = Self { address: free(), process: None };
        store.run().await;
        store
    }

    pub(super) async fn run(&mut self) {
        let mut command = Command::new("moto_server");
        command.args(["-H", "127.0.0.1", "-p", &self.address.port().to_string()]);
        command.current_dir(Path::new("/")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(command.spawn().expect("moto_server (moto[s3,server] of PyPI) runs"));
        in_time("the store", async {
            while tokio::net::TcpStream::connect(self.address).await.is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    pub(super) fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        let _gone = process.kill();
        let _status = process.wait();
    }

    pub(super) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes a bucket.
    pub(super) async fn make(&self, bucket: &str) {
        let head = format!("PUT /{bucket} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\n", self.address);
        let made = http::request(self.address, &head).await;
        assert_eq!(made.status, 200, "{made:?}");
    }

    /// The names in it.
    pub(super) async fn names(&self, bucket: &str) -> Vec<String> {
        let listed = http::get(self.address, &format!("/{bucket}?list-type=2")).await;
        assert_eq!(listed.status, 200, "{listed:?}");
        let names = listed.body.split("<Key>").skip(1);
        names.map(|rest| rest.split("</Key>").next().unwrap_or_default().to_owned()).collect()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.stop();
    }
}
