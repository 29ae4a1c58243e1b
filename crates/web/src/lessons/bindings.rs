//! The lesson as JavaScript sees it. Every answer is plain data; a sentence is a list of pieces, never markup.

use lesson::Malformed;
use proto::room::StepOutcome;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::{
    drawn,
    room_lesson::{Memory, RoomLesson},
};
use crate::view::store::Seed;

/// A socket by the name that a prompt has for it.
#[derive(Debug, Deserialize)]
struct HandName {
    name: String,
    fd: i32,
}

/// The lesson a person is in, fed with the same bytes as `View.push`.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct LessonView {
    lesson: RoomLesson,
}

#[wasm_bindgen]
impl LessonView {
    /// No lesson yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// The room's id, and what it consists of, as `View.seed` takes it; `member` is who looks, `watches`
    /// whether they do only that.
    pub fn seed(&mut self, room: &str, snapshot: JsValue) -> Result<(), JsError> {
        let seed: Seed = serde_wasm_bindgen::from_value(snapshot)?;
        self.lesson.seed(room, &seed);
        Ok(())
    }

    /// The number of the machine that lessons call `client`.
    pub fn left(&mut self, host: u32) {
        self.lesson.left_is(host);
    }

    /// Opens a lesson. `guest`: the person came with a machine of their own. `memory` is what `memory()` gave, here or
    /// in another room.
    ///
    /// # Errors
    /// The line and the reason why it is none.
    pub fn open(&mut self, source: &str, guest: bool, memory: Option<String>) -> Result<(), JsError> {
        // What a browser kept may be older than this page: then it begins anew.
        let memory = memory.and_then(|text| serde_json::from_str::<Memory>(&text).ok());
        self.lesson.open(source, guest, memory.as_ref()).map_err(|error| malformed(&error))
    }

    /// What to remember, as text.
    pub fn memory(&self) -> Option<String> {
        serde_json::to_string(&self.lesson.memory()?).ok()
    }

    /// Takes events in the wire format, in order; repeated ones do no harm. Whether anything changed.
    pub fn push(&mut self, events: &[u8]) -> Result<bool, JsError> {
        Ok(self.lesson.push(events)?)
    }

    /// Everything the strip draws; undefined without a lesson.
    #[wasm_bindgen(unchecked_return_type = "Drawn | undefined")]
    pub fn drawn(&self) -> Result<JsValue, JsError> {
        let (next, way) = (self.lesson.next(), self.lesson.in_the_way());
        object(&self.lesson.progress().map(|progress| drawn::drawn(progress, next.as_ref(), &way)))
    }

    /// The sockets that this page's prompt on a machine has names for: `[{ name, fd }]`.
    pub fn hand(&mut self, host: u32, names: JsValue) -> Result<(), JsError> {
        let names: Vec<HandName> = serde_wasm_bindgen::from_value(names)?;
        self.lesson.hand_is(host, names.into_iter().map(|one| (one.name, one.fd)));
        Ok(())
    }

    /// Begins a try to do the current step for the learner; false where there is none. From the beginning of its part
    /// where the last try came to nothing: then `helpIsAnew` is true.
    #[wasm_bindgen(js_name = helpBegin)]
    pub fn help_begin(&mut self) -> bool {
        self.lesson.help_begin()
    }

    /// Whether the try does the part from its beginning.
    #[wasm_bindgen(js_name = helpIsAnew)]
    pub fn help_is_anew(&self) -> bool {
        self.lesson.help_is_anew()
    }

    /// What the page does now: `{ is: "do", doing }`, `{ is: "wait" }`, `{ is: "blocked", because }`, `{ is: "again" }`
    /// or `{ is: "passed" }`.
    #[wasm_bindgen(js_name = helpTodo, unchecked_return_type = "DrawnTodo")]
    pub fn help_todo(&mut self) -> Result<JsValue, JsError> {
        object(&drawn::todo(self.lesson.help_todo()))
    }

    /// What `helpTodo` said is being done.
    #[wasm_bindgen(js_name = helpDoes)]
    pub fn help_does(&mut self) {
        self.lesson.help_does();
    }

    /// Whether the recording has told of the line that was done last: a prompt may know of its end before.
    #[wasm_bindgen(js_name = helpIsTold)]
    pub fn help_is_told(&self) -> bool {
        self.lesson.help_is_told()
    }

    /// What `helpTodo` said was done.
    #[wasm_bindgen(js_name = helpDid)]
    pub fn help_did(&mut self) {
        self.lesson.help_did();
    }

    /// The try is over. `passed`: it came to something.
    #[wasm_bindgen(js_name = helpEnd)]
    pub fn help_end(&mut self, passed: bool) {
        self.lesson.help_end(passed);
    }

    /// From now on machines are made clean, which passes no step.
    #[wasm_bindgen(js_name = cleanBegins)]
    pub fn clean_begins(&mut self) {
        self.lesson.clean_begins();
    }

    /// Whether the room has told that they are.
    #[wasm_bindgen(js_name = hasCleaned)]
    pub fn has_cleaned(&self) -> bool {
        self.lesson.has_cleaned()
    }

    /// Machines were made clean: what was made before counts no more.
    pub fn cleaned(&mut self) {
        self.lesson.cleaned();
    }

    /// Forgets how far the learner has come in this lesson, here and in other rooms.
    #[wasm_bindgen(js_name = startOver)]
    pub fn start_over(&mut self) {
        if let Some(progress) = self.lesson.progress_mut() {
            progress.start_over();
        }
    }

    /// Steps to tell the room about: `[title, { Passed: { evidence } } | "Skipped"]`, each once.
    #[wasm_bindgen(js_name = takeNews, unchecked_return_type = "[string, StepOutcome][]")]
    pub fn take_news(&mut self) -> Result<JsValue, JsError> {
        let news: Vec<(String, StepOutcome)> =
            self.lesson.progress_mut().map(lesson::Progress::take_news).unwrap_or_default();
        object(&news)
    }

    /// Goes on without the current step.
    pub fn skip(&mut self) {
        if let Some(progress) = self.lesson.progress_mut() {
            progress.skip();
        }
    }

    /// One thing of the current step's doing is done, where the trace does not tell: by its place in `does`.
    pub fn did(&mut self, place: usize) {
        let Some(lesson::plan::Next::Do { doings, .. }) = self.lesson.next() else { return };
        if let (Some(progress), Some(doing)) = (self.lesson.progress_mut(), doings.get(place)) {
            progress.did(doing);
        }
    }

    /// Goes on at a step, by its part and its place there, from 0.
    #[wasm_bindgen(js_name = goTo)]
    pub fn go_to(&mut self, part: usize, step: usize) {
        self.lesson.go_to((part, step));
    }

    /// Answers the current step's question.
    pub fn predict(&mut self, choice: usize) {
        if let Some(progress) = self.lesson.progress_mut() {
            progress.predict(choice);
        }
    }

    /// Puts the current step's cards into this order of their numbers.
    pub fn arrange(&mut self, order: &[usize]) {
        if let Some(progress) = self.lesson.progress_mut() {
            progress.arrange(order);
        }
    }

    /// Reads the tutorial's sentences: `{ id, claim, verdict, truth, does, tidy, lesson }`.
    ///
    /// # Errors
    /// The line and the reason why the file is none.
    #[wasm_bindgen(unchecked_return_type = "DrawnSentence[]")]
    pub fn sentences(&mut self, source: &str) -> Result<JsValue, JsError> {
        let read = self.lesson.read_sentences(source).map_err(|error| malformed(&error))?;
        object(&drawn::sentences(read))
    }

    /// Begins to show a sentence: what happens from now on counts. False where there is no such sentence.
    pub fn show(&mut self, id: &str) -> bool {
        self.lesson.show(id)
    }

    /// The `seq` of the events that show it; undefined until all have happened.
    #[wasm_bindgen(unchecked_return_type = "number[] | undefined")]
    pub fn evidence(&self) -> Result<JsValue, JsError> {
        object(&self.lesson.evidence())
    }
}

fn malformed(error: &Malformed) -> JsError {
    JsError::new(&error.to_string())
}

fn object(value: &impl Serialize) -> Result<JsValue, JsError> {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
    value.serialize(&serializer).map_err(JsError::from)
}
