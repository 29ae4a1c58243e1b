//! The clock and the timer of a worker or page.

use std::time::Duration;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(handler: &JsValue, milliseconds: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}

/// Time since this worker began.
pub(super) fn now() -> Duration {
    Duration::from_secs_f64(performance_now() / 1000.0)
}

/// One timer that can be set again and again. Dropping it stops it.
pub(super) struct Timer {
    handler: Closure<dyn FnMut()>,
    set: Option<(Duration, JsValue)>,
}

impl Timer {
    pub(super) fn new(handler: impl FnMut() + 'static) -> Self {
        Self { handler: Closure::new(handler), set: None }
    }

    /// Rings at `at`, and at no other time set before; never if none.
    pub(super) fn set(&mut self, at: Option<Duration>) {
        if self.set.as_ref().map(|(at, _)| *at) == at {
            return;
        }
        self.stop();
        if let Some(at) = at {
            let wait = at.saturating_sub(now()).as_millis().min(60_000);
            // One more, since the browser cuts times off and a timer must not ring early.
            let timer = set_timeout(self.handler.as_ref(), i32::try_from(wait).unwrap_or(i32::MAX) + 1);
            self.set = Some((at, timer));
        }
    }

    /// Forgets that it was set: it has rung.
    pub(super) fn rang(&mut self) {
        self.set = None;
    }

    fn stop(&mut self) {
        if let Some((_, timer)) = self.set.take() {
            clear_timeout(&timer);
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.stop();
    }
}
