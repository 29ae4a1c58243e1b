//! Exercises that are written: what each begins with does not pass it, and two solutions that differ do. On real rooms,
//! with the calls that the programs make.

use std::time::Duration;

use lesson::{doing, prose};

use super::{page::Page, source};
use crate::harness::{room::NewRoom, server::TestServer};

/// How long the room may take to tell what was done.
const TOLD: Duration = Duration::from_secs(10);

/// An exercise, by its lesson: what does not pass it, each with what is said to who is stuck, and what does.
struct Exercise {
    lesson: &'static str,
    wrong: &'static [(&'static [&'static str], &'static str)],
    right: &'static [&'static [&'static str]],
}

const EXERCISES: [Exercise; 7] = [
    Exercise {
        lesson: "socket",
        wrong: &[(&["run client: three_sockets.py"], "made socket number 5 while the others were open")],
        right: &[&["run client: three_done.py"], &["run client: three_mine.py"]],
    },
    Exercise {
        lesson: "names",
        wrong: &[
            (&["run client: by_name.py"], "connected to 10.0.0.1, and that gave ECONNREFUSED"),
            (&["run client: by_heart.py"], "your program never asked who has that address"),
        ],
        right: &[&["run client: by_answer.py"], &["run client: by_list.py"]],
    },
    Exercise {
        lesson: "bind",
        wrong: &[
            (&["run server: home_only.py &", "run client: visit.py"], "asked for 10.0.0.1, and was refused"),
            (
                &["run server: one_door.py &", "run client: visit.py", "run server: from_inside.py"],
                "client is let in, but server asked for 127.0.0.1",
            ),
        ],
        right: &[
            &["run server: for_all.py &", "run client: visit.py", "run server: from_inside.py"],
            &["run server: two_doors.py &", "run client: visit.py", "run server: from_inside.py"],
        ],
    },
    Exercise {
        lesson: "listen",
        wrong: &[(&["run server: deaf.py &", "run client: says_hello.py"], "On server nobody listened")],
        right: &[
            &["run server: hears.py &", "run client: says_hello.py"],
            &["run server: hears_more.py &", "run client: says_hello.py"],
        ],
    },
    Exercise {
        lesson: "accept",
        wrong: &[
            (&["run server: letters.py &", "run client: two_callers.py"], "Caller 2 waited"),
            (&["run server: both_to_one.py &", "run client: two_callers.py"], "Caller 2 waited"),
        ],
        right: &[
            &["run server: two_letters.py &", "run client: two_callers.py"],
            &["run server: letter_loop.py &", "run client: two_callers.py"],
        ],
    },
    Exercise {
        lesson: "close",
        wrong: &[(
            &["run server: rude.py &", "run client: asks.py"],
            "After 24 bytes the connection was broken off",
        )],
        right: &[
            &["run server: polite.py &", "run client: asks.py"],
            &["run server: half.py &", "run client: asks.py"],
        ],
    },
    Exercise {
        lesson: "restart",
        wrong: &[
            (
                &[
                    "run server: again.py &",
                    "run client: call_once.py",
                    "stop server: again.py",
                    "run server: again.py",
                ],
                "the socket was not told to reuse the address",
            ),
            (
                &[
                    "run server: again.py &",
                    "run client: call_once.py",
                    "stop server: again.py",
                    "run server: at_once.py",
                ],
                "The program before did not have it",
            ),
        ],
        right: &[
            &[
                "run server: at_once.py &",
                "run client: call_once.py",
                "stop server: at_once.py",
                "run server: at_once.py &",
            ],
            &[
                "run server: waits.py &",
                "run client: call_once.py",
                "stop server: waits.py",
                "run server: waits.py &",
            ],
        ],
    },
];

/// A program may come only after the server listens.
async fn perform(page: &mut Page, lines: &[&str]) {
    for line in lines {
        let doing = doing::parse(line).expect(line);
        let ended = page.perform(&doing).await;
        assert!(ended.is_ok(), "{line}: {ended:?}");
        if line.ends_with('&') {
            page.waits_for_something().await;
        }
    }
}

async fn exercise(server: std::sync::Arc<TestServer>, exercise: &'static Exercise) {
    let room = NewRoom::create(&server).await;
    let mut page = Page::open(&room).await;
    page.open_lesson(&source(exercise.lesson));
    let parts = page.lesson.progress().expect("a lesson").parts();
    let at = parts.iter().enumerate().find_map(|(part, standing)| {
        standing.standings.iter().position(|one| one.step.exercise).map(|step| (part, step))
    });
    let at = at.expect("an exercise");
    let is_open = |page: &Page| page.lesson.progress().and_then(lesson::Progress::current_at) == Some(at);
    for (lines, said) in exercise.wrong {
        page.clean().await;
        page.lesson.go_to(at);
        perform(&mut page, lines).await;
        let hint = |page: &mut Page| {
            page.drawn().current.map(|current| prose::plain(&current.hint)).unwrap_or_default()
        };
        let helped = page.until(TOLD, |page| hint(page).contains(said)).await;
        assert!(helped, "{lines:?} in {}: {:?} and not {said:?}", exercise.lesson, hint(&mut page));
        assert!(is_open(&page), "{lines:?} pass the exercise of {}", exercise.lesson);
    }
    for lines in exercise.right {
        page.clean().await;
        page.lesson.go_to(at);
        perform(&mut page, lines).await;
        let passed = page.until(TOLD, |page| !is_open(page)).await;
        let drawn = page.drawn().current.map(|current| (current.missing, current.hint));
        assert!(passed, "{lines:?} do not pass the exercise of {}: {drawn:#?}", exercise.lesson);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_written_exercise_is_passed_by_two_solutions_and_not_by_what_it_begins_with() {
    let server = TestServer::shared();
    let all: Vec<_> = EXERCISES
        .iter()
        .map(|one| (one.lesson, tokio::spawn(exercise(std::sync::Arc::clone(&server), one))))
        .collect();
    for (lesson, one) in all {
        one.await.unwrap_or_else(|error| panic!("{lesson}: {error}"));
    }
}
