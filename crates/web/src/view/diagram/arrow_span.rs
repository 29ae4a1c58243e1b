//! A packet's way across the drawing.

/// Where a packet begins and ends, in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct ArrowSpan {
    pub(super) x1: f64,
    pub(super) x2: f64,
    /// Its tail's height.
    pub(super) tail: f64,
}

impl ArrowSpan {
    /// Half-way.
    pub(super) fn middle(self) -> f64 {
        f64::midpoint(self.x1, self.x2)
    }

    /// -1 to the left, 1 to the right.
    pub(super) fn side(self) -> i8 {
        if self.x2 < self.x1 { -1 } else { 1 }
    }
}
