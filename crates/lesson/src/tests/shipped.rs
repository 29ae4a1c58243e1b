//! The lessons that come with the program.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    Lesson,
    sentences::{Sentences, is_sentences},
};

fn web() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web")
}

fn files() -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(web().join("lessons")).expect("the folder");
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let lessons = paths.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    lessons.map(|path| (path.clone(), fs::read_to_string(path).expect("a file"))).collect()
}

#[test]
fn every_lesson_is_one_and_is_called_after_its_file() {
    let mut seen = 0;
    for (path, source) in files().iter().filter(|(_, source)| !is_sentences(source)) {
        let lesson = Lesson::read(source).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(lesson.id.as_str()));
        for path in lesson.paths().into_iter().filter(|path| !path.starts_with("programs/")) {
            assert!(web().join("lessons").join(path).is_file(), "{} names {path}", lesson.id);
        }
        seen += 1;
    }
    assert!(seen >= 5, "{seen}");
}

#[test]
fn the_course_has_its_numbers_once_and_says_what_each_lesson_teaches_and_needs() {
    let all = files();
    let read = |source: &String| Lesson::read(source).expect("a lesson");
    let lessons: Vec<_> =
        all.iter().map(|(_, source)| source).filter(|source| !is_sentences(source)).map(read).collect();
    let mut numbers: Vec<_> = lessons.iter().filter_map(|lesson| lesson.number).collect();
    numbers.sort_unstable();
    numbers.windows(2).for_each(|pair| assert!(pair[0] < pair[1], "two lessons have number {}", pair[0]));
    for lesson in &lessons {
        assert!(!lesson.teaches.is_empty(), "{} says nothing of what it teaches", lesson.id);
        for need in &lesson.needs {
            let before = lessons.iter().find(|one| one.id == *need);
            assert!(before.is_some_and(|one| one.order < lesson.order), "{} needs {need}", lesson.id);
        }
    }
}

#[test]
fn every_step_can_be_done_for_the_learner_and_says_what_was_seen() {
    for (path, source) in files().iter().filter(|(_, source)| !is_sentences(source)) {
        let lesson = Lesson::read(source).expect("a lesson");
        for step in lesson.parts.iter().flat_map(|part| &part.steps) {
            assert!(
                !step.does.is_empty()
                    && !step.see.is_empty()
                    && (!step.hint.is_empty() || !step.clues.is_empty()),
                "{}: {}",
                path.display(),
                step.title
            );
        }
    }
}

#[test]
fn lines_of_their_programs_fit_the_column() {
    for folder in fs::read_dir(web().join("lessons")).expect("the folder").filter_map(Result::ok) {
        for file in fs::read_dir(folder.path()).into_iter().flatten().filter_map(Result::ok) {
            let source = fs::read_to_string(file.path()).expect("a source");
            let long = source.lines().find(|line| line.chars().count() > 42);
            assert_eq!(long, None, "{}", file.path().display());
        }
    }
}

#[test]
fn all_sentences_of_the_tutorial_are_there_in_their_order() {
    let all = files();
    let (_, source) = all.iter().find(|(_, source)| is_sentences(source)).expect("the file");
    let sentences = Sentences::read(source).unwrap_or_else(|error| panic!("{error}"));
    let ids: Vec<_> = sentences.sentences.iter().map(|one| one.id.clone()).collect();
    assert_eq!(ids, (1..=28).map(|number| format!("S{number}")).collect::<Vec<_>>());
    let lessons: Vec<_> = all.iter().filter_map(|(_, source)| Some(Lesson::read(source).ok()?.id)).collect();
    for one in &sentences.sentences {
        assert!(
            one.lesson.as_ref().is_none_or(|lesson| lessons.contains(lesson)),
            "{} names {:?}",
            one.id,
            one.lesson
        );
    }
}
