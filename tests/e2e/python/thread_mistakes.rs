//! What a beginner does wrong, in a thread: the page's Python says of it what this computer's own CPython says.

use std::process::Command;

use super::{in_a_page, js, text};

/// Does a script's mistake in a thread.
const IN_A_THREAD: &str = r#"import threading
def work():
    with open("mistake.py", encoding="utf-8") as file:
        exec(compile(file.read(), "mistake.py", "exec"), {"__name__": "__main__"})
thread = threading.Thread(target=work, name="Mistake")
thread.start()
thread.join()
print("main goes on")
"#;

/// A lock has an owner, or it has none: then any thread may release it.
const LOCKS: &str = r#"import threading
for kind in (threading.Lock, threading.RLock):
    lock = kind()
    holder = threading.Thread(target=lock.acquire)
    holder.start()
    holder.join()
    lock.release()
    print("released")
"#;

/// What is the same in every version: whose mistake it is, where in the script, and the exception.
fn essence(output: &str) -> Vec<String> {
    output
        .lines()
        .filter(|line| line.contains("File \"mistake.py\"") || (!line.starts_with(' ') && !line.is_empty()))
        // Newer versions say more: what was meant, and how many there were.
        .map(|line| line.split(". Did you mean").next().unwrap_or(line).replace(", in <module>", ""))
        .map(|line| line.split(", got ").next().unwrap_or(&line).trim().trim_end_matches(')').to_owned())
        .collect()
}

#[tokio::test]
async fn beginners_mistakes_end_their_thread_as_in_cpython() {
    let folder = crate::harness::root().join("tests/python/mistakes");
    let mut scripts: Vec<(String, String)> = std::fs::read_dir(folder)
        .expect("the mistakes")
        .map(|file| {
            let path = file.expect("a file").path();
            let name = path.file_name().expect("named").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).expect("text"))
        })
        .collect();
    // A name outside of the room is refused by a rule of the lab, which says so (`refusals.rs`).
    scripts.retain(|(name, _)| name != "unknown_name.py");
    scripts.push(("locks".to_owned(), LOCKS.to_owned()));
    scripts.sort();
    assert!(scripts.len() > 20, "{}", scripts.len());
    let table: Vec<String> = scripts.iter().map(|(_, source)| js(source)).collect();
    let result = in_a_page(&format!(
        "const results = [];
        for (const source of [{}]) {{
          const files = [{{ name: 'mistake.py', bytes: new TextEncoder().encode(source) }}];
          results.push(await all(await start('client', 'script.py', {}, {{ files }})));
        }}
        return results;",
        table.join(", "),
        js(IN_A_THREAD)
    ))
    .await;
    let here = std::env::temp_dir().join(format!("wireside-mistakes-{}", std::process::id()));
    std::fs::create_dir_all(&here).expect("a folder");
    let mut different = Vec::new();
    for ((name, source), run) in scripts.iter().zip(result.as_array().expect("runs")) {
        std::fs::write(here.join("mistake.py"), source).expect("a file");
        let plain =
            Command::new("python3").args(["-c", IN_A_THREAD]).current_dir(&here).output().expect("python3");
        let errors = essence(&String::from_utf8_lossy(&plain.stderr));
        assert!(errors.iter().any(|line| line == "Exception in thread Mistake:"), "{name}: {errors:?}");
        // What is printed to standard error stands in braces.
        let (before, rest) =
            text(run).split_once('{').unwrap_or_else(|| panic!("{name} is a mistake: {run}"));
        let (told, after) = rest.rsplit_once('}').unwrap_or_else(|| panic!("{name} goes on: {run}"));
        assert_eq!(format!("{before}{after}"), String::from_utf8_lossy(&plain.stdout), "{name}");
        if essence(told) != errors {
            different.push(format!("{name}: {:#?}, and elsewhere {errors:#?}", essence(told)));
        }
        assert_eq!(run["exit"]["status"], "exited", "{name}: {run}");
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    std::fs::remove_dir_all(&here).expect("it was made");
}
