//! What becomes of descriptors that were sent and are on their way no more.

use proto::trace::Cause;

use super::Calls;

impl Calls {
    /// Nobody can get a descriptor any more that was sent, or it has been taken.
    pub(in crate::world) fn landed(&mut self, number: u32) {
        if let Some(socket) = self.sockets.land(number) {
            self.release_if_closed(socket, Cause::Service);
        }
    }

    /// Looks which descriptors are on their way no more.
    pub(in crate::world) fn land_all(&mut self) {
        self.sockets.ended_flights().into_iter().for_each(|number| self.landed(number));
    }
}
