//! What a lesson's author and a learner can rely on.

mod progress;
mod reading;
mod room;
mod shipped;
