//! The rules by which a request is refused that reached none of the limits.

proto::rules! {
    /// Why a request is refused. Some are a matter of policy, some of the protocol, some of what is there now: the answer's class
    /// says which.
    HttpRule {
        /// A request names, once, an address that this server is known by.
        Host "host";
        /// What changes something comes from a page of this server, or of an origin that its operator named.
        Origin "origin";
        /// There is nothing at this address.
        Path "path";
        /// This address does not know that method.
        Method "method";
        /// A body comes with its length, and in one piece.
        Length "length";
        /// The body has the form that this address asks for.
        Body "body";
        /// What is asked for stands in the query, as this address reads it.
        Query "query";
        /// Only JSON is spoken here.
        Format "format";
        /// A room's socket is asked for by a WebSocket's handshake (RFC 6455).
        Upgrade "upgrade";
        /// This server speaks version 13 of the WebSocket protocol.
        WebSocketVersion "websocket-version";
        /// A WebSocket's key is 16 bytes in base64.
        WebSocketKey "websocket-key";
        /// A WebSocket offers the subprotocol that this server speaks.
        Subprotocol "subprotocol";
        /// This needs a key that the request does not come with.
        Key "key";
        /// The counts are for whoever runs this server.
        Metrics "metrics";
        /// This server is going away, and makes nothing new.
        Draining "draining";
        /// This server is still finding out whether it can make rooms.
        Starting "starting";
        /// This server cannot make rooms, and says why.
        Isolation "isolation";
        /// The room could not be made, or did not last.
        Room "room";
        /// The machine that has this class does not answer, or there is no such class.
        Node "node";
        /// This server keeps no recordings.
        Shares "shares";
        /// What keeps recordings for this server could not do it.
        Shelf "shelf";
        /// This recording cannot be read here.
        Recording "recording";
        /// The picture of this recording could not be painted.
        Picture "picture";
        /// One recording is done again at a time, and others were before.
        AgainTurn "again-turn";
        /// The recording could not be done again in time.
        AgainTime "again-time";
        /// Classes are made by whoever runs this server.
        Classes "classes";
        /// There is no such class, or it could not do that.
        Class "class";
        /// Nothing of a class is offered after its end.
        ClassOffer "class-offer";
        /// There is no such seat in this class, or none is free.
        Seat "seat";
        /// The class's lesson has no such step.
        Step "step";
        /// There is no such lesson.
        Lesson "lesson";
        /// The seat's room has no such event.
        Event "event";
        /// A name is needed, without characters that hide or turn text.
        Name "name";
        /// A file for all has a plain name, and goes to client or server.
        File "file";
        /// What rooms of a class begin with is the fragment of a copy's link.
        Start "start";
    }
}
