//! The keeper by itself, for the tests and benches of this package. The server is its own keeper.

fn main() {
    lab::keeper::run_if_asked();
    eprintln!("This program is started by the server, not by hand.");
    std::process::exit(2);
}
