//! What a lesson's author and a learner can rely on.

mod memory;
mod progress;
mod reading;
mod room;
mod shipped;
